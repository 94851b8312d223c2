//! Whether the program is running, ending, or has failed.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

/// One program's life, shared by its parts.
#[derive(Clone)]
pub struct Lifecycle {
    stopping: watch::Sender<bool>,
    failure: Arc<OnceLock<String>>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            stopping: watch::Sender::new(false),
            failure: Arc::default(),
        }
    }
}

impl Lifecycle {
    /// Asks every part to finish what it has and end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends the program because it cannot keep its promise any more. The first reason is the one that is told.
    pub fn fail(&self, why: String) {
        tracing::error!(why, "fatal");
        // Later reasons follow from the first.
        let _ = self.failure.set(why);
        self.stop();
    }

    /// Why the program failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Whether the program is ending.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Turns true once, when the program is ending.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Waits until the program is to end.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`.
        let _ = self.stopping().wait_for(|stopping| *stopping).await;
    }
}
