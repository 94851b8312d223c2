//! The client of the demonstration: `postrider send`, as anybody would run it from another terminal.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A message, and how it is handed over: logged in, with STARTTLS.
#[derive(Clone)]
pub(super) struct Sending {
    pub(super) config: PathBuf,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// Hands the message over and waits until it was accepted.
///
/// # Errors
/// The program cannot be started, or what it said when it failed.
pub(super) async fn send(sending: Sending) -> io::Result<()> {
    let output =
        tokio::task::spawn_blocking(move || sending.command().and_then(|mut command| command.output()));
    let output = output.await??;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(
        String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    ))
}

impl Sending {
    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--config".as_ref(), self.config.as_os_str()]);
        command.args([
            "send",
            "--tls",
            "required",
            "--user",
            &self.username,
            "--from",
            &self.from,
            "--to",
            &self.to,
        ]);
        command
            .env("POSTRIDER_PASSWORD", &self.password)
            .stdin(Stdio::null());
        Ok(command)
    }
}

/// The command as it is typed into a shell.
impl fmt::Display for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = std::env::current_exe().unwrap_or_else(|_| "postrider".into());
        let Self {
            config,
            username,
            password,
            from,
            to,
        } = self;
        let (program, config) = (program.display(), config.display());
        write!(
            f,
            "POSTRIDER_PASSWORD={password} {program} --config {config} send --user {username} --from {from} --to {to}"
        )
    }
}
