//! Records of any octets.

use proptest::prelude::*;

use super::NOW;
use crate::*;

proptest! {
    #[test]
    fn no_record_makes_a_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let record = [&[1][..], &octets].concat();
        let id = EmailId::new(NOW, [0; 10]);
        if let Ok(account) = Account::decode(&record) {
            prop_assert_eq!(Account::decode(&account.encode()), Ok(account));
        }
        if let Ok(domain) = Domain::decode(&record) {
            prop_assert_eq!(Domain::decode(&domain.encode()), Ok(domain));
        }
        if let Ok(email) = Email::decode(id, &record) {
            prop_assert_eq!(Email::decode(id, &email.encode()), Ok(email));
        }
        if let Ok(snapshot) = crate::health::Snapshot::decode(&record) {
            prop_assert_eq!(crate::health::Snapshot::decode(&snapshot.encode()), Ok(snapshot));
        }
        if let Ok(outcome) = Outcome::decode(b"a@b.example", &record) {
            prop_assert_eq!(Outcome::decode(b"a@b.example", &outcome.encode()), Ok(outcome));
        }
        if let Ok(found) = Suppression::decode(&record)
            && found.reason.as_ref().is_none_or(|reason| reason.len() <= limits::REASON_BYTES_MAX)
        {
            prop_assert_eq!(Suppression::decode(&found.encode()), Ok(found));
        }
    }
}
