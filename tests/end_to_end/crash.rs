//! The promise itself: whatever got its 250 arrives, however often the server is killed.
//!
//! Several clients hand over mail without pause and note each message whose 250 they have read: the acceptance journal,
//! kept in this process, which is not killed. The server is killed with SIGKILL at random moments and started again, ten
//! times here and as often as `CRASH_ROUNDS` says in `make crash`. In the end the queue drains, and the journal is
//! audited against what the receiver has: every message noted must be there. More than once is allowed only where a
//! kill lies between the two arrivals: the receiver had said 250, and the outcome was not yet on disk.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::world::{Client, Host, World};

const CLIENTS: usize = 4;
/// Rounds of plain `cargo test`; `make crash` asks for 200.
const ROUNDS: usize = 10;
/// How long a server may live, at most.
const LIFE_MS_MAX: u64 = 700;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let rounds = std::env::var("CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("CRASH_ROUNDS is a number"));
    let seed = std::env::var("CRASH_SEED").map_or(7, |seed| seed.parse().expect("CRASH_SEED is a number"));
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let load = Load::default();
    let mut chance = Chance(seed);
    let mut kills = Vec::new();

    let program = std::thread::scope(|scope| {
        let _end = EndOfLoad(&load);
        let mut program = world.start();
        for _ in 0..CLIENTS {
            scope.spawn(|| load.run(&world));
        }
        for _ in 0..rounds {
            std::thread::sleep(Duration::from_millis(chance.below(LIFE_MS_MAX)));
            let at = Instant::now();
            program.kill();
            kills.push(Kill {
                at,
                connections: host.connections(),
            });
            program = world.start();
        }
        program
    });
    program.drained();
    audit(&host, &load.acknowledged(), &kills);
}

/// The server was killed.
struct Kill {
    at: Instant,
    /// The receiver had accepted this many connections: all later ones are of the next server.
    connections: usize,
}

impl Kill {
    /// Whether one message was sent by this server and the other by a later one. Arrival times would not tell: what a
    /// dead server has still sent can be read long after.
    fn is_between(&self, first: &Arrival, second: &Arrival) -> bool {
        first.connection <= self.connections && self.connections < second.connection
    }
}

/// How a message came to the receiver.
#[derive(Debug)]
struct Arrival {
    at: Instant,
    connection: usize,
}

/// Compares what was acknowledged with what arrived, and says what it found.
fn audit(host: &Host, acknowledged: &[u64], kills: &[Kill]) {
    let arrivals = arrivals(host);
    let missing: Vec<u64> = acknowledged
        .iter()
        .copied()
        .filter(|number| !arrivals.contains_key(number))
        .collect();
    let mut copies = 0;
    let mut window = Duration::ZERO;
    for (number, arrivals) in arrivals.iter().filter(|(_, arrivals)| arrivals.len() > 1) {
        copies += arrivals.len() - 1;
        for pair in arrivals.windows(2) {
            let kill = kills.iter().find(|kill| kill.is_between(&pair[0], &pair[1]));
            let kill =
                kill.unwrap_or_else(|| panic!("{number} came twice, and no kill in between: {arrivals:?}"));
            window = window.max(kill.at.saturating_duration_since(pair[0].at));
        }
    }
    println!(
        "{} kills, {} messages acknowledged, {} arrived, {} missing, {copies} duplicates \
         (the receiver's 250 at most {} ms before the kill)",
        kills.len(),
        acknowledged.len(),
        arrivals.len(),
        missing.len(),
        window.as_millis()
    );
    assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
    assert!(
        !acknowledged.is_empty(),
        "the clients never got through: nothing was proved"
    );
}

/// How each message arrived, by its number.
fn arrivals(host: &Host) -> HashMap<u64, Vec<Arrival>> {
    let mut arrivals: HashMap<u64, Vec<Arrival>> = HashMap::new();
    host.inspect(|mail| {
        for mail in mail {
            let number = mail
                .text
                .lines()
                .find_map(|line| line.strip_prefix("X-Number: ")?.parse().ok());
            let arrival = Arrival {
                at: mail.at,
                connection: mail.connection,
            };
            arrivals
                .entry(number.expect("every message has a number"))
                .or_default()
                .push(arrival);
        }
    });
    for arrivals in arrivals.values_mut() {
        arrivals.sort_by_key(|arrival| arrival.connection);
    }
    arrivals
}

/// Clients that hand over numbered messages until they are told to stop.
#[derive(Default)]
struct Load {
    numbers: AtomicU64,
    acknowledged: Mutex<Vec<u64>>,
    stopping: AtomicBool,
}

impl Load {
    fn run(&self, world: &World) {
        while !self.stopping.load(Ordering::SeqCst) {
            match Client::try_connect(world.relay()) {
                Some(client) => self.converse(client).unwrap_or(()),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Hands over messages until the connection breaks or the load ends.
    fn converse(&self, mut client: Client) -> Option<()> {
        client.send_and_read("EHLO client.test\r\n")?;
        while !self.stopping.load(Ordering::SeqCst) {
            let number = self.numbers.fetch_add(1, Ordering::SeqCst);
            let text = format!("Subject: crash\r\nX-Number: {number}\r\n\r\n{}", body(number));
            if client.transfer("a@src.test", &["b@dest.test"], &text)?.code == 250 {
                self.acknowledged
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(number);
            }
        }
        Some(())
    }

    fn acknowledged(&self) -> Vec<u64> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Ends the load when dropped, so that a failure in between does not wait for clients that never end.
struct EndOfLoad<'a>(&'a Load);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }
}

/// Mostly small bodies, some larger than the piece in which a body is stored.
fn body(number: u64) -> String {
    let lines = match number % 50 {
        0 => 4000,
        1..=9 => 150,
        _ => 10,
    };
    "sixty-two octets of text and a line end, again and again, so.\r\n".repeat(lines)
}

/// A repeatable source of moments: SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
