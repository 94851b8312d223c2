//! What the system tells a running server: end, or read the configuration again.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::wiring::Server;

/// The signals that a server listens to.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on. Whoever is told that a server is ready may tell it to end in the same moment: listen before
    /// it starts.
    ///
    /// # Errors
    /// The system gives no signals.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the server is to end, by a signal or by its own failure.
    pub async fn until_stopped(mut self, server: &Server) {
        let lifecycle = server.lifecycle();
        loop {
            tokio::select! {
                () = lifecycle.stopped() => return,
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => match server.reload() {
                    Ok(read) => tracing::info!(what = read.join(", "), "reloaded"),
                    Err(error) => tracing::error!(%error, "nothing was reloaded"),
                },
            }
        }
    }
}
