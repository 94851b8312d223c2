//! Images, and whether there are words beside them: clients show no images until they are asked to.

use super::super::facts::{Image, beginning};
use super::{Check, Context, Found, each, in_page, when};

/// Octets of a source that are shown.
const SHOWN_OCTETS: usize = 120;

pub(super) const CHECKS: &[Check] = &[
    Check::with_limit("image_only", |context| {
        letters_beside_images(context, 0, context.rule.limit())
    }),
    Check::with_limit("image_mostly", |context| {
        letters_beside_images(context, context.rule.limit() / 4, context.rule.limit())
    }),
    Check::with_limit("image_link_short", |context| {
        in_page(context, |page| {
            let linked = page.images.iter().find(|image| image.linked && !image.pixel);
            each(
                linked
                    .filter(|_| page.letters_seen < context.rule.limit())
                    .map(source),
            )
        })
    }),
    Check::new("image_alt_missing", |context| {
        of_images(context, |image| image.alt.is_none() && !image.pixel)
    }),
    Check::new("image_link_alt_empty", |context| {
        // A link of which nothing remains when images are not shown.
        of_images(context, |image| {
            image.linked && image.alt.as_deref().is_some_and(|alt| alt.trim().is_empty())
        })
    }),
    Check::new("image_source_missing", |context| {
        of_images(context, |image| image.src.is_empty())
    }),
    Check::new("image_size_missing", |context| {
        of_images(context, |image| !image.sized)
    }),
    Check::new("image_data", |context| {
        of_images(context, |image| has_scheme(image, "data:"))
    }),
    Check::new("image_not_https", |context| {
        of_images(context, |image| has_scheme(image, "http:"))
    }),
    Check::new("image_relative", |context| {
        of_images(context, |image| {
            let placeholder = image.src.contains("{{");
            !image.src.is_empty() && !placeholder && !image.src.contains(':') && !image.src.starts_with("//")
        })
    }),
    Check::with_limit("image_many", |context| {
        in_page(context, |page| {
            when(page.images.len() > context.rule.limit(), || {
                format!("{} images", page.images.len())
            })
        })
    }),
    Check::with_limit("image_pixels", |context| {
        in_page(context, |page| {
            let pixels: Vec<&Image> = page.images.iter().filter(|image| image.pixel).collect();
            each(
                pixels
                    .first()
                    .filter(|_| pixels.len() > context.rule.limit())
                    .map(|image| source(image)),
            )
        })
    }),
];

/// There are images, and from `from` to less than `below` letters that are seen.
fn letters_beside_images(context: &Context<'_>, from: usize, below: usize) -> Found {
    in_page(context, |page| {
        let images = page.images.iter().filter(|image| !image.pixel).count();
        let letters = page.letters_seen;
        when(images > 0 && (from..below).contains(&letters), || {
            format!("images: {images}, letters: {letters}")
        })
    })
}

fn of_images(context: &Context<'_>, wrong: impl Fn(&Image) -> bool) -> Found {
    in_page(context, |page| {
        each(page.images.iter().filter(|image| wrong(image)).map(source))
    })
}

fn source(image: &Image) -> String {
    format!("<img src=\"{}\">", beginning(&image.src, SHOWN_OCTETS))
}

fn has_scheme(image: &Image, scheme: &str) -> bool {
    image
        .src
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}
