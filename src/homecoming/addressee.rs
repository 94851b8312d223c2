//! Which recipient of an e-mail a report is about.

use crate::tracking::homeward::number_of;

/// The recipient among `to`: the only one there is, else the one that a token names by `number`, else the first that the
/// report calls by its address. A report that calls only others is about none: it may be of a message that was passed on.
pub(super) fn addressed<'a>(to: &'a [String], number: u16, called: &[String]) -> Option<&'a str> {
    if let [only] = to {
        return Some(only);
    }
    let mut numbered = to.iter().filter(|address| number_of(address) == number);
    if let (Some(address), None) = (numbered.next(), numbered.next()) {
        return Some(address);
    }
    called
        .iter()
        .find_map(|name| to.iter().find(|address| address.eq_ignore_ascii_case(name)))
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_about_the_recipient_that_it_can_only_mean() {
        let list = |addresses: &[&str]| -> Vec<String> { addresses.iter().map(|&a| a.to_owned()).collect() };
        let three = list(&["a@dest.test", "b@dest.test", "C@other.test"]);
        let number = number_of("b@dest.test");
        for (to, number, called, expected) in [
            (list(&["a@dest.test"]), 0, list(&[]), Some("a@dest.test")),
            // Whatever it was forwarded to.
            (
                list(&["a@dest.test"]),
                0,
                list(&["x@far.test"]),
                Some("a@dest.test"),
            ),
            (three.clone(), number, list(&["x@far.test"]), Some("b@dest.test")),
            (three.clone(), number, list(&["a@dest.test"]), Some("b@dest.test")),
            (
                three.clone(),
                0,
                list(&["x@far.test", "c@OTHER.test"]),
                Some("C@other.test"),
            ),
            (three.clone(), 0, list(&["x@far.test"]), None),
            (three.clone(), 0, list(&[]), None),
            (list(&[]), 0, list(&["a@dest.test"]), None),
            // A number that two recipients share names neither.
            (
                list(&["a@dest.test", "A@dest.test"]),
                number_of("a@dest.test"),
                list(&[]),
                None,
            ),
        ] {
            assert_eq!(addressed(&to, number, &called), expected, "{to:?} {called:?}");
        }
    }
}
