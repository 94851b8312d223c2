//! Every bound of the score. What lies beyond one is not looked at; none of them is a failure of the message.

/// Octets of each part that are looked at. More than mailbox providers show, by far.
pub const OCTETS_MAX: usize = 2 * 1024 * 1024;

/// Octets of the subject, of the author and of one header field that are looked at.
pub const FIELD_OCTETS_MAX: usize = 16 * 1024;

/// Header fields that are looked at.
pub const FIELDS_MAX: usize = 200;

/// Links that are looked at, in each of the parts.
pub const LINKS_MAX: usize = 1000;

/// Octets of one URL that are looked at.
pub const URL_OCTETS_MAX: usize = 8 * 1024;

/// Images of which alternative text and source are looked at.
pub const IMAGES_MAX: usize = 1000;

/// Elements within each other whose style is followed. Deeper ones have that of the deepest.
pub const DEPTH_MAX: usize = 256;

/// How far up an end tag looks for its element.
pub const END_TAG_REACH: usize = 64;

/// Octets of the value of one attribute that are looked at.
pub const ATTRIBUTE_OCTETS_MAX: usize = URL_OCTETS_MAX;

/// Octets of the anchor text of one link that are kept.
pub const ANCHOR_OCTETS_MAX: usize = 256;

/// Characters of evidence.
pub const EVIDENCE_CHARS_MAX: usize = 200;

/// Issues of one kind that are told.
pub const ISSUES_PER_RULE_MAX: usize = 5;

/// Recommendations that are given.
pub const RECOMMENDATIONS_MAX: usize = 10;

/// Hits of phrases that are looked at.
pub const PHRASE_HITS_MAX: usize = 10_000;

/// Octets of a file of rules.
pub const RULES_OCTETS_MAX: usize = 1024 * 1024;

/// Words in the list of one rule.
pub const LIST_WORDS_MAX: usize = 10_000;

/// Thousandths of a point that one rule may give, or of the threshold.
pub const MILLI_POINTS_MAX: u32 = 1_000_000;

/// What the advice of one rule may take away from the score.
pub const ADVICE_MAX: u32 = 100;

/// What all advice together takes away from the score at most.
pub const ADVICE_TOTAL_MAX: u32 = 40;
