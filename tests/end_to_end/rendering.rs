//! What is put into a document is not seen: a browser draws it as it drew the original, pixel by pixel.

use std::path::Path;

use content::tracking::{Plan, rewrite_html};
use serde_json::Value;

use crate::world::browser::Browser;

fn click_url(number: u16) -> String {
    format!("https://t.example/c/{number}")
}

const PIXEL_URL: &str = "https://t.example/o/x";

#[test]
fn a_tracked_document_looks_like_the_original() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/content/tests/tracking_corpus");
    let plan = Plan {
        click_url: Some(&click_url),
        pixel_url: Some(PIXEL_URL),
        ..Plan::default()
    };
    let mut browser = Browser::start();
    let (mut count, mut unlike) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        count += 1;
        let html = std::fs::read_to_string(&path).unwrap();
        let original = browser.draw(&html, PIXEL_URL);
        let tracked = browser.draw(&rewrite_html(&html, &plan).html, PIXEL_URL);
        if original != tracked {
            unlike.push(format!("{}: {}", path.display(), difference(&original, &tracked)));
        }
    }
    assert!(count >= 60, "{count} documents");
    assert!(unlike.is_empty(), "drawn differently:\n{}", unlike.join("\n"));
}

/// The first element that stands elsewhere.
fn difference(original: &Value, tracked: &Value) -> String {
    let boxes = |drawn: &Value| drawn["boxes"].as_array().cloned().unwrap_or_default();
    let (before, after) = (boxes(original), boxes(tracked));
    let moved = before.iter().zip(&after).find(|(before, after)| before != after);
    match moved {
        Some((before, after)) => format!("{before} became {after}"),
        None if before.len() != after.len() => format!("{} elements became {}", before.len(), after.len()),
        None => "other pixels in the same places".into(),
    }
}
