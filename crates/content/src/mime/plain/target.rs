//! What is shown of the target of a link.

/// Schemes of targets that say nothing to a reader.
const UNSHOWN: &[&str] = &["javascript", "data", "vbscript"];

/// Schemes that are followed by what a reader would write down.
const BARE: &[&str] = &["mailto", "tel"];

/// What to show of an `href`, if anything: an address without its scheme, a URL as it is.
pub(super) fn shown(href: &str) -> Option<String> {
    // Browsers ignore line breaks in it (URL Standard §4.4); here they would end the line.
    let target: String = htmlize::unescape_attribute(href)
        .trim()
        .chars()
        .filter(|char| !char.is_control())
        .collect();
    if target.is_empty() || target.starts_with('#') {
        return None;
    }
    let Some((scheme, behind)) = target.split_once(':') else {
        return Some(target);
    };
    let is_among = |schemes: &[&str]| schemes.iter().any(|one| scheme.eq_ignore_ascii_case(one));
    if is_among(UNSHOWN) {
        return None;
    }
    if is_among(BARE) {
        // RFC 6068 §2: what follows the question mark are header fields.
        let address = behind.split('?').next().unwrap_or_default();
        return (!address.is_empty()).then(|| address.to_owned());
    }
    Some(target)
}

/// Whether the text of a link says where it leads. Scheme and last slash may be left out.
pub(super) fn says(words: &str, target: &str) -> bool {
    words == target || bare(words) == bare(target)
}

fn bare(url: &str) -> &str {
    let url = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or(url);
    url.strip_suffix('/').unwrap_or(url)
}
