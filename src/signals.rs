//! What the system tells a running server: end, or read the configuration again.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use crate::wiring::Server;

/// Returns when the server is to end, by a signal or by its own failure.
///
/// # Errors
/// The system gives no signals.
pub async fn until_stopped(server: &Server) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let lifecycle = server.lifecycle();
    loop {
        tokio::select! {
            () = lifecycle.stopped() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hangup.recv() => match server.reload() {
                Ok(read) => tracing::info!(what = read.join(", "), "reloaded"),
                Err(error) => tracing::error!(%error, "nothing was reloaded"),
            },
        }
    }
}
