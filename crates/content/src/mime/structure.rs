//! Which part stands in which: the tree of a message's body (RFC 2046 §5.1, RFC 2387).

use aws_lc_rs::digest;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

use super::attachment::Attachment;
use super::encoding::{self, BOUNDARY_PREFIX};
use super::{Composition, text_of_html};

/// Octets of the digest in a boundary: enough that nobody meets one by chance.
const DIGEST_OCTETS: usize = 16;

/// The body of the message.
pub(super) fn body<'a>(composition: &Composition<'a>) -> MimePart<'a> {
    let boundaries = Boundaries::of(composition.message_id);
    // Without HTML there is nothing that could show them: they are files like the others.
    let is_shown = |file: &&Attachment<'_>| composition.html.is_some() && file.content_id().is_some();
    let (shown, files): (Vec<_>, Vec<_>) = composition.attachments.iter().partition(is_shown);
    let content = match composition.html {
        Some(html) => with_html(composition.text, html, &shown, &boundaries),
        None => text_part("text/plain", composition.text.unwrap_or_default()),
    };
    if files.is_empty() {
        return content;
    }
    let mut parts = vec![content];
    parts.extend(files.into_iter().map(|file| file_part(file, "attachment")));
    multipart(boundaries.content_type("mixed"), parts)
}

fn with_html<'a>(
    text: Option<&str>,
    html: &str,
    shown: &[&Attachment<'a>],
    boundaries: &Boundaries,
) -> MimePart<'a> {
    let mut html_part = text_part("text/html", html);
    if !shown.is_empty() {
        let mut parts = vec![html_part];
        parts.extend(shown.iter().map(|file| shown_part(file)));
        // RFC 2387 §3.1: the type of the part that is shown first must be named.
        let content_type = boundaries.content_type("related").attribute("type", "text/html");
        html_part = multipart(content_type, parts);
    }
    let made = if text.is_none() { text_of_html(html) } else { None };
    match text.or(made.as_deref()) {
        // RFC 2046 §5.1.4: the plainest comes first.
        Some(text) => {
            let parts = vec![text_part("text/plain", text), html_part];
            multipart(boundaries.content_type("alternative"), parts)
        }
        None => html_part,
    }
}

fn multipart<'a>(content_type: ContentType<'a>, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    MimePart::new(content_type, parts)
}

fn text_part<'a>(media_type: &'static str, text: &str) -> MimePart<'a> {
    let (encoding, body) = encoding::text_body(text);
    let content_type = ContentType::new(media_type).attribute("charset", "utf-8");
    MimePart::new(content_type, body).transfer_encoding(encoding)
}

fn shown_part<'a>(file: &Attachment<'a>) -> MimePart<'a> {
    let content_id = format!("<{}>", file.content_id().unwrap_or_default());
    file_part(file, "inline").header("Content-ID", Raw::new(content_id))
}

/// The name stands in both fields: as RFC 2231 and RFC 2183 have it, and for those who read neither.
fn file_part<'a>(file: &Attachment<'a>, disposition: &'static str) -> MimePart<'a> {
    let (encoding, body) = encoding::file_body(file.content());
    let name = encoding::fallback_parameter("name", file.filename());
    let content_type = format!("{}; {name}", file.media_type());
    let disposition = ContentType::new(disposition).attribute("filename", file.filename().to_owned());
    MimePart::raw(BodyPart::Text(body.into()))
        .header("Content-Type", Raw::new(content_type))
        .header("Content-Disposition", disposition)
        .transfer_encoding(encoding)
}

/// Boundaries are told apart by what they enclose, messages by their Message-ID. A part cannot contain one: see
/// [`BOUNDARY_PREFIX`].
struct Boundaries {
    digest: String,
}

impl Boundaries {
    fn of(message_id: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, message_id.as_bytes());
        let digest = digest.as_ref().iter().take(DIGEST_OCTETS);
        Self {
            digest: digest.map(|octet| format!("{octet:02x}")).collect(),
        }
    }

    fn content_type<'a>(&self, subtype: &str) -> ContentType<'a> {
        ContentType::new(format!("multipart/{subtype}"))
            .attribute("boundary", format!("{BOUNDARY_PREFIX}{subtype}_{}", self.digest))
    }
}
