//! The content score: any message has one, within its scale, with evidence that is one line.

use std::sync::LazyLock;

use content::score::{Grade, Input, Rules, score};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::parse(Rules::TEXT).expect("our own rules"));

/// Subject, author and text each end with NUL; the HTML is what is left.
///
/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let Ok(message) = std::str::from_utf8(octets) else {
        return;
    };
    let mut pieces = message.splitn(4, '\0');
    let input = Input {
        subject: pieces.next().unwrap_or_default(),
        from: pieces.next().filter(|from| !from.is_empty()),
        text: pieces.next().filter(|text| !text.is_empty()),
        html: pieces.next(),
        headers: &[],
    };
    let report = score(&input, &RULES);
    assert!(report.score <= 100);
    assert_eq!(report.grade, Grade::of(report.score));
    let points: f64 = report.issues.iter().map(|issue| issue.points).sum();
    assert!(
        (points - report.spam_score).abs() < 1e-6,
        "{points} in {report:?}"
    );
    for issue in &report.issues {
        assert!(!issue.evidence.contains(['\r', '\n']), "{issue:?}");
    }
    assert_eq!(report, score(&input, &RULES), "the same comes of the same");
}
