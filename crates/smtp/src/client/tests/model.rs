//! Random peers against the session: whatever they say, and wherever they stop saying it, every transaction ends once,
//! and ends as the peer would tell it.

mod peer;

use std::collections::BTreeMap;

use peer::{Peer, Temper};
use proptest::collection::vec;
use proptest::prelude::*;

use super::script::transaction;
use crate::client::{Client, ClientConfig, Output, RecipientResult, TlsUse, Token};

/// What a caller saw of one transaction.
#[derive(Debug, PartialEq)]
enum End {
    Outcome(Vec<RecipientResult>),
    NotTried,
}

struct World {
    client: Client,
    peer: Peer,
    // Recipients of each transaction that is yet to be begun, the next one last.
    plan: Vec<usize>,
    begun: u64,
    ends: BTreeMap<u64, End>,
    counts: BTreeMap<u64, usize>,
    cuts: std::vec::IntoIter<usize>,
    is_closed: bool,
}

impl World {
    fn new(temper: Temper, plan: Vec<usize>, cuts: Vec<usize>) -> Self {
        Self {
            client: Client::new(ClientConfig {
                ehlo_name: "me.example".into(),
                tls: TlsUse::Never,
            }),
            peer: Peer::new(temper),
            plan,
            begun: 0,
            ends: BTreeMap::new(),
            counts: BTreeMap::new(),
            cuts: cuts.into_iter(),
            is_closed: false,
        }
    }

    fn run(&mut self) {
        while !self.is_closed {
            self.take_outputs();
            self.begin_what_is_wanted();
            if !self.take_outputs() {
                self.let_peer_speak();
            }
        }
        assert_eq!(self.client.poll_output(), None, "nothing follows Close");
    }

    fn begin_what_is_wanted(&mut self) {
        while self.client.wants_transaction() {
            let Some(recipients) = self.plan.pop() else { return };
            let token = self.begun;
            let list: Vec<String> = (0..recipients)
                .map(|index| format!("{token}-{index}@y"))
                .collect();
            self.client.begin(
                transaction(&format!("{token}@x {}", list.join(","))),
                Token(token),
            );
            self.begun += 1;
            self.counts.insert(token, recipients);
            let open = self.begun - self.ends.len() as u64;
            assert!(open <= 2, "{open} transactions are open");
        }
    }

    fn take_outputs(&mut self) -> bool {
        let mut any = false;
        while let Some(output) = self.client.poll_output() {
            any = true;
            match output {
                Output::Send(octets) => self.peer.hear(&octets),
                Output::SendBody(token) => {
                    self.peer.hear(format!("body of {}\r\n.\r\n", token.0).as_bytes());
                    self.client.body_sent();
                    // As the shell does it: what comes next goes out together with the body.
                    self.begin_what_is_wanted();
                }
                Output::Outcome { token, recipients } => self.end(token, End::Outcome(recipients)),
                Output::NotTried(token) => self.end(token, End::NotTried),
                Output::Close => self.is_closed = true,
                Output::Ready | Output::Failed(_) => {}
                Output::StartTls => panic!("TLS is never used"),
            }
        }
        any
    }

    fn end(&mut self, token: Token, end: End) {
        let earlier = self.ends.insert(token.0, end);
        assert_eq!(earlier, None, "transaction {} ended twice", token.0);
    }

    fn let_peer_speak(&mut self) {
        let said = self.peer.speak(self.cuts.next().unwrap_or(usize::MAX));
        if !said.is_empty() {
            self.client.handle_input(&said);
        } else if self.client.is_idle() {
            self.client.quit();
        } else if self.peer.has_hung_up() {
            self.client.handle_disconnect();
        } else {
            self.client.handle_timeout();
        }
    }

    fn check(&self) {
        for token in 0..self.begun {
            let end = self
                .ends
                .get(&token)
                .unwrap_or_else(|| panic!("transaction {token} never ended"));
            match end {
                End::NotTried => self.check_not_tried(token),
                End::Outcome(results) => self.check_outcome(token, results),
            }
        }
    }

    fn check_not_tried(&self, token: u64) {
        assert_ne!(token, 0, "the first transaction of a connection is always tried");
        assert!(!self.peer.has_message(token), "transaction {token} was tried");
    }

    fn check_outcome(&self, token: u64, results: &[RecipientResult]) {
        assert_eq!(results.len(), self.counts[&token]);
        for (index, result) in results.iter().enumerate() {
            let (took, refused) = self.peer.tells(token, index);
            match result {
                RecipientResult::Delivered(_) => assert!(took, "{token}-{index}: {result:?}"),
                RecipientResult::Refused(_) => assert!(refused, "{token}-{index}: {result:?}"),
                // A peer may have taken it all the same, if its last word was not heard.
                RecipientResult::Deferred(why) => {
                    let unheard =
                        why.to_string().ends_with("after end of data") || why.to_string().contains("421");
                    assert!(
                        !took || unheard || self.peer.is_garbled(),
                        "{token}-{index}: {result:?}"
                    );
                }
            }
        }
    }
}

fn tempers() -> impl Strategy<Value = Temper> {
    // Most of what a peer says is what one hopes for, or no session would get far.
    let mood = prop_oneof![12 => 0..=5_u8, 1 => 0..=11_u8];
    (any::<bool>(), vec(mood, 0..120)).prop_map(|(pipelining, moods)| Temper { pipelining, moods })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_transaction_ends_once_and_as_the_peer_tells_it(
        temper in tempers(),
        plan in vec(1..5_usize, 0..8),
        cuts in vec(1..40_usize, 0..60),
    ) {
        let mut world = World::new(temper, plan, cuts);
        world.run();
        world.check();
    }

    #[test]
    fn how_the_octets_are_cut_changes_no_end(
        temper in tempers(),
        plan in vec(1..5_usize, 0..8),
        cuts in vec(1..10_usize, 0..300),
    ) {
        let mut whole = World::new(temper.clone(), plan.clone(), Vec::new());
        whole.run();
        let mut cut = World::new(temper, plan, cuts);
        cut.run();
        prop_assert_eq!(whole.ends, cut.ends);
    }
}
