//! What scoring says: the issues, and the numbers that follow from them.
//!
//! **Invariant.** The numbers are a function of the issues and the threshold; `score.rs` states the formula.

use std::collections::BTreeSet;
use std::fmt;

use super::limits::{ADVICE_TOTAL_MAX, EVIDENCE_CHARS_MAX, ISSUES_PER_RULE_MAX, RECOMMENDATIONS_MAX};
use super::rules::{Category, Rule, Rules, Severity};

/// What reaching the threshold takes away from 100.
const LOST_AT_THRESHOLD: u64 = 51;

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// 0 to 100, 100 is best.
    pub score: u8,
    /// The score as a grade.
    pub grade: Grade,
    /// The sum of the points of the issues. The threshold or more is spam.
    pub spam_score: f64,
    /// The threshold of the rules.
    pub threshold: f64,
    /// In the order of the rules; those of one rule in the order of the message.
    pub issues: Vec<Issue>,
    /// What to do, that which gains most first; each once.
    pub recommendations: Vec<String>,
    /// Which rules these were.
    pub rules_version: String,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// The rule that found it.
    pub id: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad it is.
    pub severity: Severity,
    /// What it adds to the spam score. A rule counts once: its further issues have 0.
    pub points: f64,
    /// What it takes away from the score beside the points, counted once like them.
    pub advice: u32,
    /// What is wrong.
    pub message: String,
    /// Where, in the words of the message: one line, [`EVIDENCE_CHARS_MAX`] characters. Empty if something is missing.
    pub evidence: String,
    /// What to do about it.
    pub fix: String,
}

/// A score in school marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// 0–59.
    F,
    /// 60–69.
    D,
    /// 70–74.
    C,
    /// 75–79.
    CPlus,
    /// 80–84.
    B,
    /// 85–89.
    BPlus,
    /// 90–94.
    A,
    /// 95–100.
    APlus,
}

impl Report {
    /// The numbers of these issues.
    pub(super) fn of(issues: Vec<Issue>, rules: &Rules) -> Self {
        let points: u64 = issues.iter().map(|issue| milli(issue.points)).sum();
        let advice: u64 = issues.iter().map(|issue| u64::from(issue.advice)).sum();
        let threshold = u64::from(rules.threshold_milli());
        let score = score_of(points, threshold, advice);
        Self {
            score,
            grade: Grade::of(score),
            spam_score: points as f64 / 1000.0,
            threshold: threshold as f64 / 1000.0,
            recommendations: recommendations(&issues, threshold),
            issues,
            rules_version: rules.version().to_owned(),
        }
    }

    /// Whether a filter with this threshold would call it spam.
    pub fn is_spam(&self) -> bool {
        milli(self.spam_score) >= milli(self.threshold)
    }
}

/// The formula of the score: points and threshold in thousandths. The threshold is not 0.
fn score_of(points: u64, threshold: u64, advice: u64) -> u8 {
    let lost_milli = lost_by_points(points, threshold) + advice.min(u64::from(ADVICE_TOTAL_MAX)) * 1000;
    u8::try_from(100_000_u64.saturating_sub(lost_milli) / 1000).unwrap_or(100)
}

/// What these points take away, in thousandths, rounded up.
fn lost_by_points(points: u64, threshold: u64) -> u64 {
    (points * LOST_AT_THRESHOLD * 1000).div_ceil(threshold.max(1))
}

/// A number of points in thousandths. Points are made of thousandths, so nothing is lost.
fn milli(points: f64) -> u64 {
    (points * 1000.0).round() as u64
}

/// The issues of one rule.
pub(super) fn issues_of(rule: &Rule, evidence: Vec<String>) -> impl Iterator<Item = Issue> {
    let told = evidence.into_iter().take(ISSUES_PER_RULE_MAX).enumerate();
    told.map(|(place, evidence)| Issue {
        id: rule.id(),
        category: rule.category(),
        severity: rule.severity(),
        points: if place == 0 { rule.points() } else { 0.0 },
        advice: if place == 0 { rule.advice() } else { 0 },
        message: rule.message().to_owned(),
        evidence: one_short_line(&evidence),
        fix: rule.fix().to_owned(),
    })
}

fn recommendations(issues: &[Issue], threshold: u64) -> Vec<String> {
    let gain =
        |issue: &Issue| lost_by_points(milli(issue.points), threshold) + u64::from(issue.advice) * 1000;
    let mut ranked: Vec<&Issue> = issues.iter().collect();
    ranked.sort_by_key(|issue| std::cmp::Reverse((gain(issue), issue.severity)));
    let mut told = BTreeSet::new();
    let each_once = ranked.into_iter().filter(|issue| told.insert(issue.fix.as_str()));
    each_once
        .map(|issue| issue.fix.clone())
        .take(RECOMMENDATIONS_MAX)
        .collect()
}

/// Evidence as it may be shown: what cannot be seen is written as U+XXXX, so that it can.
fn one_short_line(evidence: &str) -> String {
    let mut line = String::new();
    let mut chars = 0;
    for char in evidence.trim().chars() {
        if chars >= EVIDENCE_CHARS_MAX - 1 {
            line.push('…');
            break;
        }
        if char.is_whitespace() {
            line.push(' ');
        } else if super::facts::is_invisible(char) || char.is_control() {
            let shown = format!("<U+{:04X}>", u32::from(char));
            if chars + shown.len() >= EVIDENCE_CHARS_MAX {
                line.push('…');
                break;
            }
            line.push_str(&shown);
            chars += shown.len() - 1;
        } else {
            line.push(char);
        }
        chars += 1;
    }
    line
}

impl Grade {
    /// The grade of a score.
    pub fn of(score: u8) -> Self {
        match score {
            95.. => Self::APlus,
            90.. => Self::A,
            85.. => Self::BPlus,
            80.. => Self::B,
            75.. => Self::CPlus,
            70.. => Self::C,
            60.. => Self::D,
            _ => Self::F,
        }
    }

    /// As it is written: `A+`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::BPlus => "B+",
            Self::B => "B",
            Self::CPlus => "C+",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_formula_is_the_published_one() {
        for (points, advice, score) in [
            (0, 0, 100),
            (0, 7, 93),
            (0, 40, 60),
            (0, 1000, 60),
            (1, 0, 99),
            (2500, 0, 74),
            (2500, 10, 64),
            (4999, 0, 49),
            (5000, 0, 49),
            (5000, 40, 9),
            (10_000, 0, 0),
            (1_000_000, 0, 0),
        ] {
            assert_eq!(score_of(points, 5000, advice), score, "{points} {advice}");
        }
    }

    #[test]
    fn grades_begin_where_the_table_says() {
        for (score, grade) in [
            (100, "A+"),
            (95, "A+"),
            (94, "A"),
            (89, "B+"),
            (84, "B"),
            (79, "C+"),
            (74, "C"),
            (69, "D"),
            (60, "D"),
            (59, "F"),
            (0, "F"),
        ] {
            assert_eq!(Grade::of(score).to_string(), grade, "{score}");
        }
    }

    #[test]
    fn evidence_is_one_short_line() {
        for (evidence, line) in [
            ("  a\r\n\tb ", "a   b"),
            ("x\u{202e}y", "x<U+202E>y"),
            ("\u{0}", "<U+0000>"),
        ] {
            assert_eq!(one_short_line(evidence), line);
        }
        for unit in ["\u{e4}", "\u{200b}", "a\u{202e}"] {
            let line = one_short_line(&unit.repeat(1000));
            assert!(line.chars().count() <= EVIDENCE_CHARS_MAX, "{line}");
            assert!(line.ends_with('…'), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_more_points_and_no_more_advice_raise_the_score(
            points in 0u64..20_000, more in 0u64..20_000, advice in 0u64..100, further in 0u64..100,
            threshold in 1u64..20_000,
        ) {
            let before = score_of(points, threshold, advice);
            prop_assert!(before <= 100);
            prop_assert!(score_of(points + more, threshold, advice + further) <= before);
            prop_assert!(points < threshold || before <= 49);
        }
    }
}
