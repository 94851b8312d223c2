//! What refusals mean: any reply has a class, told by a rule that there is; any file of rules is read or refused.

use ledger::bounce::{Class, Reply, Rules};

/// The first octet says how much is known of the reply; its text, the enhanced code, the host and the domain each end
/// with a NUL.
///
/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let Some((&choice, said)) = octets.split_first() else {
        return;
    };
    let Ok(said) = std::str::from_utf8(said) else {
        return;
    };
    let mut pieces = said.splitn(4, '\0');
    let reply = Reply {
        text: pieces.next().unwrap_or_default(),
        enhanced: pieces.next().filter(|code| !code.is_empty()),
        mx: pieces.next().filter(|host| !host.is_empty()),
        domain: pieces.next(),
        code: (choice > 0).then(|| 400 + u16::from(choice)),
        ..Reply::default()
    };
    let rules = Rules::builtin();
    let verdict = rules.classify(&reply);
    assert_eq!(verdict, rules.classify(&reply), "the same comes of the same");
    if verdict.class == Class::Unclassified {
        assert_eq!(verdict.rule_id, "unclassified");
    } else {
        assert!(rules.ids().any(|id| id == verdict.rule_id), "{verdict:?}");
    }
    assert_eq!(
        Class::from_byte(verdict.class.to_byte()).ok(),
        Some(verdict.class)
    );
    if let Ok(operator) = Rules::parse(said) {
        let ids = operator.ids().count();
        if let Ok(extended) = rules.extended_by(&operator) {
            assert!(extended.ids().count() >= rules.ids().count().max(ids));
        }
    }
}
