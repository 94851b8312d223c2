//! The `postrider` binary as a process.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Settings, eventually};

/// A running `postrider serve`, killed when dropped.
pub struct Program {
    child: Child,
    settings: Settings,
    log: PathBuf,
}

impl Program {
    /// Starts the server as `command` says and waits until it answers 200 at `health`.
    pub fn start_under(settings: &Settings, command: Command, health: &str) -> Self {
        let mut program = Self::spawn(settings, command);
        eventually(&format!("{health} to say yes"), || {
            if let Some(status) = program.child.try_wait().expect("a child can be asked") {
                panic!("the server ended with {status} instead:\n{}", program.log());
            }
            http(settings, "", "GET", health).filter(|(status, _)| *status == 200)
        });
        program
    }

    /// Starts the server as `command` says without waiting for anything.
    pub fn spawn(settings: &Settings, mut command: Command) -> Self {
        let log = settings.path().with_file_name("log");
        let sink = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(sink.try_clone().expect("a second handle"))
            .stderr(sink)
            .spawn()
            .expect("the binary starts");
        Self {
            child,
            settings: settings.clone(),
            log,
        }
    }

    /// `postrider serve` with these settings.
    pub fn command(settings: &Settings) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
        command.arg("--config").arg(settings.path()).arg("serve");
        command
    }

    /// Everything that the server has logged, over all its starts in this world.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id")).expect("not zero");
        kill_process(id, signal).expect("the process is ours");
    }

    /// Kills the server as a power cut would end it, and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("the process is ours");
        self.child.wait().expect("it ends");
    }

    /// Asks the server to end in order, and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits until the server has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the server to end", || {
            self.child.try_wait().expect("a child can be asked")
        })
    }

    /// Where the customers' HTTP is.
    pub fn api(&self) -> std::net::SocketAddr {
        self.settings.api()
    }

    /// The operator token.
    pub fn token(&self) -> String {
        operator_token(&self.settings)
    }

    /// The status and body of an operator request.
    pub fn http(&self, method: &str, path: &str) -> (u16, String) {
        self.http_as(&self.token(), method, path)
    }

    /// The same for somebody who presents another token.
    pub fn http_as(&self, token: &str, method: &str, path: &str) -> (u16, String) {
        eventually(&format!("an answer to {method} {path}"), || {
            http(&self.settings, token, method, path)
        })
    }

    /// A metric's value, summed over its labels; 0 before it first counts.
    pub fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.http("GET", "/metrics");
        text.lines()
            .filter(|line| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(' ') || rest.starts_with('{'))
            })
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// Runs a command of the same binary with the same configuration, as an operator would.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        cli(self.settings.path(), arguments)
    }

    /// The JSON that a command prints with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.cli(&[arguments, &["--json"]].concat());
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "{arguments:?}: {error}: {}",
                String::from_utf8_lossy(&output.stdout)
            )
        })
    }

    /// How many deliveries wait in the queue.
    pub fn queued(&self) -> u64 {
        let (status, body) = self.http("GET", "/admin/queue/summary");
        assert_eq!(status, 200, "{body}");
        let summary: Value = serde_json::from_str(&body).expect("JSON");
        summary["deliveries"].as_u64().expect("a number of deliveries")
    }

    /// Waits until so much is left to deliver: outcomes are settled a little after they are heard.
    pub fn queue_shrinks_to(&self, count: u64) {
        eventually(&format!("a queue of {count}"), || {
            (self.queued() == count).then_some(())
        });
    }

    /// Waits until nothing is left to deliver.
    pub fn drained(&self) {
        eventually("an empty queue", || (self.queued() == 0).then_some(()));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only for a process that has already been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

/// Runs `postrider --config CONFIG ARGUMENTS`.
pub fn cli(config: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_postrider"))
        .arg("--config")
        .arg(config)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts")
}

fn operator_token(settings: &Settings) -> String {
    let file = settings.data_dir().join("operator.token");
    let token = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    token.trim().to_owned()
}

/// One HTTP/1.1 request; none while nobody answers.
fn http(settings: &Settings, token: &str, method: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&settings.operator(), Duration::from_secs(5)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
