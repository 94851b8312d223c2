use super::*;
use crate::limits::REPLY_LINE_MAX;

fn all() -> Vec<(u16, &'static str)> {
    let session = Line::ALL.iter().map(|line| (line.code(), line.line()));
    let shell = Refusal::ALL
        .iter()
        .map(|refusal| (refusal.code(), refusal.line()));
    session.chain(shell).collect()
}

#[test]
fn the_table_is_as_it_was_agreed_on() {
    let table: String = all()
        .into_iter()
        .map(|(_, line)| line.replace("\r\n", "\n"))
        .collect();
    assert_eq!(
        table,
        include_str!("replies.golden"),
        "if the change is meant, change the golden file too"
    );
}

#[test]
fn every_line_is_a_reply() {
    for (code, line) in all() {
        let text = line.strip_suffix("\r\n").unwrap();
        assert!(
            line.len() <= REPLY_LINE_MAX && text.bytes().all(|octet| matches!(octet, b' '..=b'~')),
            "{line}"
        );
        let mut words = text.split(' ');
        assert_eq!(words.next(), Some(code.to_string().as_str()));
        // RFC 2034 §4: the class of the enhanced code is the first digit of the code.
        let enhanced: Vec<&str> = words.next().unwrap().split('.').collect();
        assert_eq!(enhanced[0], (code / 100).to_string(), "{line}");
        assert!(
            enhanced.len() == 3 && enhanced.iter().all(|part| part.parse::<u16>().is_ok()),
            "{line}"
        );
        assert!(words.next().is_some_and(|word| !word.is_empty()), "{line}");
    }
}

#[test]
fn a_refusal_refuses() {
    for refusal in Refusal::ALL {
        assert!((400..600).contains(&refusal.code()), "{refusal:?}");
    }
}

#[test]
fn an_id_cannot_break_the_line() {
    assert_eq!(accepted("0198-ab"), "250 2.0.0 Ok: queued as 0198-ab\r\n");
    assert_eq!(accepted("a\r\n250 b"), "250 2.0.0 Ok: queued as a250b\r\n");
    assert!(accepted(&"x".repeat(9999)).len() <= REPLY_LINE_MAX);
}
