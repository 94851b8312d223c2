//! Tracking: whatever a document or a message is, what is put in has its bounds, leads to places over http only, and
//! leaves line ends that a message may have.

use content::tracking::limits::{LINKS_MAX, URL_OCTETS_MAX};
use content::tracking::{Inserted, Outcome, Plan, location, rewrite_html, rewrite_message};

const CLICK: &str = "https://t.example/c/";

fn click_url(number: u16) -> String {
    format!("{CLICK}{number}")
}

fn plan() -> Plan<'static> {
    Plan {
        click_url: Some(&click_url),
        pixel_url: Some("https://t.example/o/x"),
        unsubscribe_url: Some("https://t.example/u/x"),
        excluded_hosts: &["t.example"],
    }
}

/// # Panics
/// If the property does not hold for `octets`, taken for a document and for a message.
pub fn holds(octets: &[u8]) {
    if let Ok(html) = std::str::from_utf8(octets) {
        document(html);
    }
    message(octets);
}

fn document(html: &str) {
    assert_eq!(rewrite_html(html, &Plan::default()).html, html);
    let rewritten = rewrite_html(html, &plan());
    are_bounded(&rewritten.inserted);
    let count = |html: &str| html.matches(CLICK).count();
    // A link of ours can stand in a mark that goes; what is put in is there.
    assert!(count(&rewritten.html) >= rewritten.inserted.links.len());
    assert_eq!(
        rewritten,
        rewrite_html(html, &plan()),
        "the same comes of the same"
    );
}

fn message(octets: &[u8]) {
    assert!(matches!(
        rewrite_message(octets, &Plan::default()),
        Outcome::Unchanged(_)
    ));
    let Outcome::Rewritten(rewritten) = rewrite_message(octets, &plan()) else {
        return;
    };
    are_bounded(&rewritten.inserted);
    assert_ne!(rewritten.octets, octets);
    let bound = 4 * octets.len() + 128 * (LINKS_MAX + 16);
    assert!(rewritten.octets.len() <= bound + 64 * rewritten.inserted.unsubscribe_links);
    if !has_bare_line_end(octets) {
        assert!(!has_bare_line_end(&rewritten.octets));
    }
}

fn are_bounded(inserted: &Inserted) {
    assert!(inserted.links.len() <= LINKS_MAX);
    for link in &inserted.links {
        assert!(link.len() <= URL_OCTETS_MAX);
        let scheme = link.split("://").next().unwrap_or_default();
        assert!(
            ["http", "https"]
                .iter()
                .any(|allowed| scheme.eq_ignore_ascii_case(allowed)),
            "{link:?}"
        );
        let field = location(link);
        assert!(field.bytes().all(|octet| octet.is_ascii_graphic()), "{field:?}");
    }
}

fn has_bare_line_end(octets: &[u8]) -> bool {
    let whole = octets.windows(2).filter(|pair| pair == b"\r\n").count();
    octets
        .iter()
        .filter(|octet| matches!(octet, b'\r' | b'\n'))
        .count()
        != 2 * whole
}
