//! What a group commit costs: the pattern of a relay against the bare limit of the disk.
//!
//! ```text
//! cargo bench --profile release -p store                      the table
//! cargo bench --profile release -p store -- idle              memory and wake-ups of an idle store over 20 s
//! cargo bench --profile release -p store -- case 20 10240 3000 one case: writers, body bytes, think time in us
//! ```
//!
//! A relay's message is one urgent batch (body and three small keys), waited for, and later a patient one
//! that deletes them all, not waited for. `think` is the time a writer spends elsewhere between two messages:
//! half to one and a half times that. Each case runs in a process of its own, so that peak memory and CPU are
//! its own. `POSTRIDER_BENCH_DIR` says where the files go: it must be on the disk to be measured. "store us"
//! is the CPU of the committer and of RocksDB's own threads, "cpu us" that of the whole process.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints a table, or dies"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use store::{Batch, RocksConfig, Store, open_rocksdb};

const RUN: Duration = Duration::from_secs(4);
const IDLE: Duration = Duration::from_secs(20);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Cargo puts `--bench` last.
    let given = match words.as_slice() {
        [given @ .., bench] if bench == "--bench" && !given.is_empty() => given,
        all => all,
    };
    match given.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["case", writers, body, think] => {
            relay(
                writers.parse().unwrap(),
                body.parse().unwrap(),
                think.parse().unwrap(),
            );
        }
        ["bare", batches, body] => bare(batches.parse().unwrap(), body.parse().unwrap()),
        ["idle"] => idle(),
        ["--bench"] => table(),
        _ => println!("no table without --bench, so that `cargo test --all-targets` measures nothing"),
    }
}

fn table() {
    println!(
        "{:<34} {:>8} {:>7} {:>7} {:>7} {:>8} {:>8} {:>8}",
        "case", "msg/s", "sync/m", "p50 us", "p99 us", "cpu us", "store us", "peak MiB"
    );
    for (body, bodies) in [("10240", "10 KB"), ("102400", "100 KB")] {
        for group in ["1", "5", "20"] {
            run(
                &format!("bare append+fdatasync, {group} x {bodies}"),
                &["bare", group, body],
            );
        }
        for (writers, think) in [
            ("1", "0"),
            ("1", "3000"),
            ("20", "0"),
            ("20", "3000"),
            ("100", "0"),
            ("100", "3000"),
        ] {
            let name = format!("store, {writers} writers, think {think} us, {bodies}");
            run(&name, &["case", writers, body, think]);
        }
    }
}

fn run(name: &str, words: &[&str]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(words)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!(
        "{name:<34} {}",
        String::from_utf8_lossy(&output.stdout).trim_end()
    );
}

/// One case of the relay's pattern, as one line.
fn relay(writers: usize, body: usize, think_us: u64) {
    let home = Home::new();
    let store = open_rocksdb(&RocksConfig {
        floor_bytes: 0,
        floor_inodes: 0,
        ..RocksConfig::new(&home.0)
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let phase = Arc::new(Phase::default());
    let sessions: Vec<_> = (0..writers)
        .map(|writer| runtime.spawn(Session::new(&store, writer, body, think_us).run(Arc::clone(&phase))))
        .collect();
    thread::sleep(RUN / 4);
    let (began, cpu, groups) = (Instant::now(), Cpu::now(), store.stats().groups);
    phase.measuring.store(true, Ordering::Relaxed);
    thread::sleep(RUN);
    let (elapsed, cpu, groups) = (
        began.elapsed(),
        Cpu::now().since(cpu),
        store.stats().groups - groups,
    );
    phase.over.store(true, Ordering::Relaxed);
    let mut latencies: Vec<Duration> = sessions
        .into_iter()
        .flat_map(|session| runtime.block_on(session).unwrap())
        .collect();
    latencies.sort_unstable();
    report(latencies.len() as u64, elapsed, groups, &latencies, cpu);
}

#[derive(Default)]
struct Phase {
    measuring: AtomicBool,
    over: AtomicBool,
}

struct Session {
    store: Arc<dyn Store>,
    writer: usize,
    sequence: u64,
    body: Bytes,
    think_us: u64,
    dice: u64,
}

impl Session {
    fn new(store: &Arc<dyn Store>, writer: usize, body: usize, think_us: u64) -> Self {
        let body = Bytes::from(vec![b'x'; body]);
        Self {
            store: Arc::clone(store),
            writer,
            sequence: 0,
            body,
            think_us,
            dice: writer as u64 + 1,
        }
    }

    /// Relays message after message, and gives the latencies of the commits that were measured.
    async fn run(mut self, phase: Arc<Phase>) -> Vec<Duration> {
        let mut latencies = Vec::new();
        while !phase.over.load(Ordering::Relaxed) {
            self.think().await;
            self.sequence += 1;
            let began = Instant::now();
            self.store.commit(self.arrival()).await.unwrap();
            if phase.measuring.load(Ordering::Relaxed) {
                latencies.push(began.elapsed());
            }
            drop(self.store.commit(self.settlement(self.sequence - 1)));
        }
        latencies
    }

    fn arrival(&self) -> Batch {
        let mut batch = Batch::new();
        for (piece, body) in self.body.chunks(store::VALUE_BYTES_MAX).enumerate() {
            batch.put(self.key(0x80, self.sequence, piece), self.body.slice_ref(body));
        }
        for (family, bytes) in [(b'd', 24), (b'e', 180), (b'm', 120)] {
            batch.put(self.key(family, self.sequence, 0), vec![b'v'; bytes]);
        }
        batch.admitting();
        batch
    }

    fn settlement(&self, sequence: u64) -> Batch {
        let mut batch = Batch::new();
        for piece in 0..self.body.len().div_ceil(store::VALUE_BYTES_MAX) {
            batch.delete(self.key(0x80, sequence, piece));
        }
        for family in [b'd', b'e', b'm'] {
            batch.delete(self.key(family, sequence, 0));
        }
        batch.patient();
        batch
    }

    fn key(&self, family: u8, sequence: u64, piece: usize) -> Vec<u8> {
        let mut key = vec![family];
        key.extend(sequence.to_be_bytes());
        key.extend((self.writer as u64).to_be_bytes());
        key.push(piece as u8);
        key
    }

    /// Uniform between half and one and a half of `think_us`.
    async fn think(&mut self) {
        if self.think_us > 0 {
            self.dice = self
                .dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pause = self.think_us / 2 + (self.dice >> 33) % self.think_us;
            tokio::time::sleep(Duration::from_micros(pause)).await;
        }
    }
}

/// The least the disk asks for: the same bytes appended to one file, synced once for `batches` messages.
fn bare(batches: usize, body: usize) {
    let home = Home::new();
    fs::create_dir_all(&home.0).unwrap();
    let mut file = File::create(home.0.join("log")).unwrap();
    let group = vec![b'x'; batches * (body + 500)];
    let (began, cpu) = (Instant::now(), Cpu::now());
    let mut latencies = Vec::new();
    while began.elapsed() < RUN {
        let group_began = Instant::now();
        file.write_all(&group).unwrap();
        file.sync_data().unwrap();
        latencies.push(group_began.elapsed());
        if latencies.len() % 4096 == 0 {
            file = File::create(home.0.join("log")).unwrap();
        }
    }
    let cpu = Cpu::now().since(cpu);
    latencies.sort_unstable();
    report(
        (latencies.len() * batches) as u64,
        began.elapsed(),
        latencies.len() as u64,
        &latencies,
        cpu,
    );
}

fn idle() {
    let home = Home::new();
    let store = open_rocksdb(&RocksConfig::new(&home.0)).unwrap();
    let mut batch = Batch::new();
    batch.put("key", "value");
    store.commit(batch).wait().unwrap();
    let (cpu, switches) = (Cpu::now(), wake_ups());
    thread::sleep(IDLE);
    let cpu = Cpu::now().since(cpu);
    println!(
        "idle for {} s: {} MiB resident, {} wake-ups, {:?} of CPU",
        IDLE.as_secs(),
        status("VmRSS") / 1024,
        wake_ups() - switches,
        cpu.process
    );
}

fn report(messages: u64, elapsed: Duration, syncs: u64, latencies: &[Duration], cpu: Cpu) {
    let per_message = |time: Duration| time.as_secs_f64() * 1e6 / messages as f64;
    let quantile = |q: f64| {
        latencies
            .get((latencies.len() as f64 * q) as usize)
            .map_or(0, |l| l.as_micros())
    };
    println!(
        "{:>8.0} {:>7.2} {:>7} {:>7} {:>8.1} {:>8.1} {:>8}",
        messages as f64 / elapsed.as_secs_f64(),
        syncs as f64 / messages as f64,
        quantile(0.5),
        quantile(0.99),
        per_message(cpu.process),
        per_message(cpu.store),
        status("VmHWM") / 1024,
    );
}

/// CPU time of the threads that live now: of all of them, and of those that belong to the store.
#[derive(Clone, Copy)]
struct Cpu {
    process: Duration,
    store: Duration,
}

impl Cpu {
    fn now() -> Self {
        let mut cpu = Self {
            process: Duration::ZERO,
            store: Duration::ZERO,
        };
        for task in fs::read_dir("/proc/self/task").unwrap() {
            let task = task.unwrap().path();
            let name = fs::read_to_string(task.join("comm")).unwrap();
            // The first number of schedstat is the time on a CPU, in nanoseconds.
            let schedstat = fs::read_to_string(task.join("schedstat")).unwrap();
            let time = Duration::from_nanos(schedstat.split_whitespace().next().unwrap().parse().unwrap());
            cpu.process += time;
            if name.starts_with("store-") || name.starts_with("rocksdb") {
                cpu.store += time;
            }
        }
        cpu
    }

    fn since(self, before: Self) -> Self {
        Self {
            process: self.process - before.process,
            store: self.store - before.store,
        }
    }
}

fn wake_ups() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .map(|task| {
            field(
                &fs::read_to_string(task.unwrap().path().join("status")).unwrap(),
                "voluntary_ctxt_switches",
            )
        })
        .sum()
}

fn status(name: &str) -> u64 {
    field(&fs::read_to_string("/proc/self/status").unwrap(), name)
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A directory on the disk to be measured, gone afterwards.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let parent = std::env::var_os("POSTRIDER_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        Self(parent.join(format!("store-bench-{}", std::process::id())))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
