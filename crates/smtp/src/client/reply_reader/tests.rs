use super::*;

fn read_all(mut input: &[u8]) -> Vec<Result<Reply, ReplyError>> {
    read_pieces(std::iter::from_fn(|| {
        Some(std::mem::take(&mut input)).filter(|piece| !piece.is_empty())
    }))
}

fn read_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Reply, ReplyError>> {
    let mut reader = ReplyReader::new();
    let mut read = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            match reader.read(&mut piece) {
                Ok(Some(reply)) => read.push(Ok(reply)),
                Ok(None) => {}
                Err(error) => {
                    read.push(Err(error));
                    return read;
                }
            }
        }
    }
    read
}

// `[text] -> [what is displayed] status [line count]`
#[test]
fn replies_are_read_and_shown_on_one_line() {
    for (input, shown, status, lines) in [
        ("250 ok\r\n", "250 ok", "2.0.0", 1),
        ("250 2.1.0 Sender ok\r\n", "250 2.1.0 Sender ok", "2.1.0", 1),
        ("250\r\n", "250", "2.0.0", 1),
        ("250 \r\n", "250", "2.0.0", 1),
        ("250 2.0.0\r\n", "250 2.0.0", "2.0.0", 1),
        ("250 bare line feed\n", "250 bare line feed", "2.0.0", 1),
        ("550 5.1.1 No such user\r\n", "550 5.1.1 No such user", "5.1.1", 1),
        (
            "550-5.1.1 No such\r\n550 5.1.1 user\r\n",
            "550 5.1.1 No such user",
            "5.1.1",
            2,
        ),
        (
            "550-5.1.1 No such\r\n550 user\r\n",
            "550 5.1.1 No such user",
            "5.1.1",
            2,
        ),
        (
            "550-No such\r\n550 5.1.1 user\r\n",
            "550 No such 5.1.1 user",
            "5.0.0",
            2,
        ),
        ("550-\r\n550 gone\r\n", "550 gone", "5.0.0", 2),
        ("250-one\r\n250-\r\n250 two\r\n", "250 one two", "2.0.0", 3),
        // The reply code decides; the enhanced code only explains.
        (
            "450 5.1.1 Contradiction\r\n",
            "450 5.1.1 Contradiction",
            "4.1.1",
            1,
        ),
        (
            "550 4.7.999 Contradiction\r\n",
            "550 4.7.999 Contradiction",
            "5.7.999",
            1,
        ),
        // Not enhanced codes.
        ("550 5.1 Short\r\n", "550 5.1 Short", "5.0.0", 1),
        ("550 5.1.1.1 Long\r\n", "550 5.1.1.1 Long", "5.0.0", 1),
        ("550 3.1.1 Class\r\n", "550 3.1.1 Class", "5.0.0", 1),
        ("550 5.1.1000 Digits\r\n", "550 5.1.1000 Digits", "5.0.0", 1),
        ("550 5.1.01 Zero\r\n", "550 5.1.01 Zero", "5.0.0", 1),
        ("550 5.1.+1 Sign\r\n", "550 5.1.+1 Sign", "5.0.0", 1),
        ("550 5..1 Nothing\r\n", "550 5..1 Nothing", "5.0.0", 1),
        // Made safe to print.
        ("550 a\tb\x07c\x1b[2Jd\re\r\n", "550 a b?c?[2Jd?e", "5.0.0", 1),
        ("550 gr\u{fc}n \u{85}\r\n", "550 gr\u{fc}n ?", "5.0.0", 1),
    ] {
        let replies = read_all(input.as_bytes());
        let [Ok(reply)] = replies.as_slice() else {
            panic!("{input:?}: {replies:?}")
        };
        assert_eq!(reply.to_string(), shown, "{input:?}");
        assert_eq!(reply.status().to_string(), status, "{input:?}");
        assert_eq!(reply.lines().count(), lines, "{input:?}");
    }
}

#[test]
fn octets_that_are_not_utf8_are_replaced() {
    let replies = read_all(b"550 gr\xfcn\r\n");
    assert_eq!(
        replies[0].as_ref().map(Reply::to_string),
        Ok("550 gr\u{fffd}n".into())
    );
}

#[test]
fn what_is_no_reply_is_an_error() {
    let long_line = format!("250 {}\r\n", "x".repeat(REPLY_LINE_READ_MAX));
    let endless_line = "2".repeat(REPLY_LINE_READ_MAX + 1);
    let many_lines = "250-x\r\n".repeat(REPLY_LINES_MAX + 1);
    for (input, error) in [
        ("\r\n", ReplyError::Code),
        ("ok\r\n", ReplyError::Code),
        ("25 ok\r\n", ReplyError::Code),
        ("2500 ok\r\n", ReplyError::Code),
        ("150 wait\r\n", ReplyError::Code),
        ("650 what\r\n", ReplyError::Code),
        ("250\tok\r\n", ReplyError::Code),
        (" 250 ok\r\n", ReplyError::Code),
        ("HTTP/1.1 400 Bad Request\r\n", ReplyError::Code),
        ("250-ok\r\n\r\n", ReplyError::Code),
        ("250-ok\r\n550 no\r\n", ReplyError::CodeChanged),
        (long_line.as_str(), ReplyError::LineTooLong),
        (endless_line.as_str(), ReplyError::LineTooLong),
        (many_lines.as_str(), ReplyError::TooManyLines),
    ] {
        assert_eq!(read_all(input.as_bytes()), [Err(error)], "{:.40}", input);
    }
}

#[test]
fn limits_are_met_exactly() {
    let longest = format!("250 {}\r\n", "x".repeat(REPLY_LINE_READ_MAX - "250 \r\n".len()));
    let most = "250-x\r\n".repeat(REPLY_LINES_MAX - 1) + "250 x\r\n";
    for input in [longest, most] {
        let replies = read_all(input.as_bytes());
        let [Ok(reply)] = replies.as_slice() else {
            panic!("{replies:?}")
        };
        assert!(reply.text.len() <= REPLY_TEXT_MAX);
    }
}

#[test]
fn nothing_of_one_reply_is_left_in_the_next() {
    let replies = read_all(b"550-5.1.1 a\r\n550 5.1.1 b\r\n250 c\r\n354 d\r\n");
    let shown: Vec<String> = replies.iter().flatten().map(Reply::to_string).collect();
    assert_eq!(shown, ["550 5.1.1 a b", "250 c", "354 d"]);
}

#[test]
fn how_the_octets_are_cut_changes_nothing() {
    let long = format!("220 {}\r\n250 ok\r\n", "y".repeat(300));
    for input in [
        "250-mx.example.com\r\n250-SIZE 1000\r\n250 PIPELINING\r\n250 2.1.0 ok\r\n354 go\r\n",
        "550-5.1.1 gr\u{fc}n\r\n550 5.1.1 \u{1f4a9}\n421 bye\r\n",
        "250 ok\r\n250-ok\r\n550 no\r\n250 never read\r\n",
        "250 ok\r\nrubbish\r\n",
        long.as_str(),
    ] {
        let input = input.as_bytes();
        let whole = read_all(input);
        for cut in 0..=input.len() {
            let (head, tail) = input.split_at(cut);
            assert_eq!(read_pieces([head, tail].into_iter()), whole, "cut at {cut}");
        }
        assert_eq!(read_pieces(input.chunks(1)), whole);
    }
}
