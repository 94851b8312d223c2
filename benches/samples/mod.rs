//! What the benches send, and queues to send it to.

#![allow(dead_code, reason = "not every bench uses all of it")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use queue::{Body, Handling, Queue, QueueConfig, QueueId, RetryPolicy, Submission, Timestamp};
use smtp::address::{ForwardPath, ReversePath};
use smtp::limits::PIECE_BYTES;
use store::{Batch, RocksConfig, Store, open_rocksdb};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// A small message, and a large one.
pub const SIZES: [(&str, usize); 2] = [("10 KB", 10 * 1024), ("100 KB", 100 * 1024)];

/// When everything happens.
pub const NOON: Timestamp = Timestamp::from_unix_ms(1_700_000_000_000);

/// A message of at most `octets` octets: text in lines of usual length, one in thirty of which begins with a dot.
pub fn message(octets: usize) -> Vec<u8> {
    let header = "From: <news@example.com>\r\nTo: <someone@example.org>\r\nSubject: November\r\n\r\n";
    let line = "It was a dark and stormy night; the rain fell in torrents, except at times.\r\n";
    let dots = "... when it was checked by a violent gust of wind which swept up the street\r\n";
    let count = (octets - header.len()) / line.len();
    let lines = [line; 29].into_iter().chain([dots]).cycle().take(count);
    [header].into_iter().chain(lines).collect::<String>().into_bytes()
}

/// The message in pieces, as the store takes them.
pub fn pieces(message: &[u8]) -> Vec<Bytes> {
    message.chunks(PIECE_BYTES).map(Bytes::copy_from_slice).collect()
}

/// Message `number` of one sender to one recipient, as acceptance hands it over.
pub fn submission(number: u64, body: Vec<Bytes>) -> Submission {
    Submission {
        id: id(number),
        received: NOON,
        reverse_path: ReversePath::parse("<news@example.com>").unwrap(),
        recipients: vec![ForwardPath::parse("<someone@example.org>").unwrap()],
        eight_bit: false,
        smtputf8: false,
        head: Bytes::from_static(&[b'x'; 300]),
        body: Body::in_memory(body),
        due: NOON,
        handling: Handling::default(),
    }
}

fn id(number: u64) -> QueueId {
    let mut entropy = [0; 10];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    QueueId::new(NOON.unix_ms(), entropy)
}

/// The queue in `store`, with nothing in memory, as after a start.
pub fn queue(store: &Arc<dyn Store>) -> Arc<Queue> {
    let config = QueueConfig {
        retry: RetryPolicy::default(),
        recipients_per_delivery: 100,
        body_bytes_max: 32 * 1024 * 1024,
        hostname: "relay.example".into(),
    };
    Arc::new(Queue::new(Arc::clone(store), config))
}

/// Two threads of tasks, as in the program on the machine that the figures are for.
pub fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

/// So many sessions, each of which hands over a message, waits for its proof, and goes on to the next. Nothing is
/// delivered: the messages wait in the store.
pub fn hand_over(runtime: &Runtime, queue: &Arc<Queue>, sessions: u64, messages: u64, body: &[Bytes]) {
    let each = messages / sessions;
    let session = |number| {
        let numbers = number * each..(number + 1) * each;
        runtime.spawn(run_session(Arc::clone(queue), numbers, body.to_vec()))
    };
    let running: Vec<_> = (0..sessions).map(session).collect();
    for session in running {
        runtime.block_on(session).unwrap();
    }
}

async fn run_session(queue: Arc<Queue>, numbers: Range<u64>, body: Vec<Bytes>) {
    for number in numbers {
        let submission = submission(number, body.clone());
        let submitted = queue.submit(vec![submission], Batch::new()).await.unwrap();
        submitted
            .ready
            .into_iter()
            .for_each(|delivery| queue.unclaim(delivery));
    }
}

/// A folder on the disk to be measured (`POSTRIDER_BENCH_DIR`, or where temporary files go), gone afterwards.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let parent = std::env::var_os("POSTRIDER_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        Self(tempfile::tempdir_in(parent).unwrap())
    }

    /// Where a plain file can be made.
    pub fn file(&self) -> PathBuf {
        self.0.path().join("file")
    }

    /// A new store.
    pub fn store(&self) -> Arc<dyn Store> {
        open_rocksdb(&RocksConfig::new(self.0.path().join("store"))).unwrap()
    }
}
