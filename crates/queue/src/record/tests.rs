use proptest::prelude::*;

use super::*;

fn facts(reverse_path: &str) -> MessageFacts {
    let reverse_path = match reverse_path {
        "" => ReversePath::Null,
        text => ReversePath::Mailbox(mailbox(text).unwrap()),
    };
    MessageFacts {
        received: Timestamp::from_unix_ms(1_700_000_000_000),
        expires: Timestamp::from_unix_ms(u64::MAX),
        reverse_path,
        eight_bit: true,
        smtputf8: false,
        head: Bytes::from_static(b"Received: x\r\n"),
        size: 10_240,
        pieces: 1,
        handling: Handling {
            owner: Some(Owner([7; 16])),
            finish: Finish::Render(QueueId::new(1_700_000_000_000, [1; 10])),
            simulated: true,
            silent: true,
        },
    }
}

fn state() -> DeliveryState {
    let recipient = |address: &str, state, reply: Option<&str>| Recipient {
        forward_path: ForwardPath::from(mailbox(address).unwrap()),
        state,
        last_reply: reply.map(Box::from),
    };
    DeliveryState {
        domain: Domain::parse("d.example").unwrap(),
        attempts: 3,
        due: Timestamp::from_unix_ms(1_700_000_300_000),
        recipients: vec![
            recipient("a@d.example", RecipientState::Waiting, None),
            recipient("b@d.example", RecipientState::Delivered, Some("250 2.0.0 Ok")),
            recipient(
                "\"c c\"@d.example",
                RecipientState::Failed,
                Some("550 5.1.1 no such user"),
            ),
            recipient("d@d.example", RecipientState::Canceled, None),
        ],
    }
}

#[test]
fn records_read_back_as_written() {
    for reverse_path in ["", "a@b.example"] {
        let mut facts = facts(reverse_path);
        for finish in [
            Finish::AsStored,
            Finish::Sign,
            facts.handling.finish,
            Finish::Compose,
        ] {
            facts.handling.finish = finish;
            assert_eq!(decode_message(&encode_message(&facts)), Ok(facts.clone()));
        }
    }
    assert_eq!(decode_delivery(&encode_delivery(&state())), Ok(state()));
}

#[test]
fn every_shortened_or_lengthened_record_is_damage() {
    let record = encode_delivery(&state());
    for end in 0..record.len() {
        assert!(decode_delivery(&record.slice(..end)).is_err(), "cut at {end}");
    }
    let longer = Bytes::from([&record[..], &[0]].concat());
    assert_eq!(decode_delivery(&longer), Err(RecordError::Long));
}

#[test]
fn a_record_that_nobody_could_have_written_is_damage() {
    let mut flagged = encode_message(&facts("")).to_vec();
    flagged[1] = 32;
    assert_eq!(
        decode_message(&Bytes::from(flagged)),
        Err(RecordError::Value("flag"))
    );

    let mut elsewhere = state();
    elsewhere.domain = Domain::parse("other.example").unwrap();
    assert_eq!(
        decode_delivery(&encode_delivery(&elsewhere)),
        Err(RecordError::Value("recipient domain"))
    );

    let mut settled = state();
    settled.recipients.remove(0);
    assert_eq!(
        decode_delivery(&encode_delivery(&settled)),
        Err(RecordError::Value("recipient list"))
    );
}

#[test]
fn a_message_of_the_first_version_is_plain_relaying() {
    let written = facts("a@b.example");
    let plain = MessageFacts {
        handling: Handling::default(),
        ..written
    };
    let mut record = encode_message(&plain).to_vec();
    record[0] = 1;
    record.pop(); // the finish
    assert_eq!(decode_message(&Bytes::from(record)), Ok(plain));
}

#[test]
fn a_newer_version_is_named() {
    let mut record = encode_message(&facts("")).to_vec();
    record[0] = 9;
    assert_eq!(decode_message(&Bytes::from(record)), Err(RecordError::Version(9)));
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        for version in [1, VERSION] {
            let record = Bytes::from([&[version], &octets[..]].concat());
            if let Ok(facts) = decode_message(&record) {
                prop_assert_eq!(decode_message(&encode_message(&facts)), Ok(facts));
            }
        }
        let record = Bytes::from([&[DELIVERY_VERSION], &octets[..]].concat());
        if let Ok(state) = decode_delivery(&record) {
            prop_assert_eq!(decode_delivery(&encode_delivery(&state)), Ok(state));
        }
    }

    #[test]
    fn numbers_of_every_size_survive(number in any::<u64>()) {
        let mut out = RecordWriter::new(VERSION, 16);
        out.number(number);
        let record = out.finish();
        let mut input = RecordReader::new(&record, VERSION).unwrap();
        prop_assert_eq!(input.number(), Ok(number));
    }
}
