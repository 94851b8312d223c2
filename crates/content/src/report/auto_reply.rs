//! Answers that no person wrote (RFC 3834 §5, and what was there before it).
//!
//! The subject alone proves nothing: people write "out of office" too.

use super::Evidence;
use super::value::field;
use crate::header::{decoded_field, fields};

const SUBJECTS: [&str; 10] = [
    "out of office",
    "out of the office",
    "automatic reply",
    "auto-reply",
    "autoreply",
    "auto:",
    "vacation",
    "automatische antwort",
    "abwesenheit",
    "r\u{e9}ponse automatique",
];

pub(super) fn evidence(head: &[u8]) -> Option<Evidence> {
    let lower = |name| field(head, name).map(|value| value.to_ascii_lowercase());
    // `no` may have parameters and comments after it.
    let submitted = lower("Auto-Submitted");
    if submitted.is_some_and(|value| value.split([';', ' ', '(']).next() != Some("no")) {
        return Some(Evidence::AutoSubmitted);
    }
    if ["X-Autoreply", "X-Autorespond", "X-Autoreply-From"]
        .into_iter()
        .any(|name| lower(name).is_some_and(|value| value != "no"))
    {
        return Some(Evidence::XAutoreply);
    }
    if lower("X-Auto-Response-Suppress").is_some_and(|value| value != "none") {
        return Some(Evidence::ResponseSuppress);
    }
    match lower("Precedence").as_deref() {
        Some("auto_reply" | "auto-reply") => Some(Evidence::Precedence),
        Some("bulk" | "junk") if subject_says_so(head) => Some(Evidence::Precedence),
        _ => None,
    }
}

fn subject_says_so(head: &[u8]) -> bool {
    fields(head).any(|field| field.is("Subject"))
        && decoded_field(head, "Subject").is_some_and(|subject| {
            let subject = subject.to_lowercase();
            SUBJECTS.iter().any(|known| subject.contains(known))
        })
}
