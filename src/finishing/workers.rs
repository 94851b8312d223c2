//! Threads that finish messages: of a lower priority than those that take mail over.
//!
//! A signature takes longer than a session may be kept waiting, and it is nobody's hurry: whoever waits for a 250 comes
//! first. The lower priority only matters while there is more to do than the processors can; it is a share then, so that
//! mail never stops leaving.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// How much nicer these threads are: a sixth of the share that another busy thread gets.
const NICENESS: i32 = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped.
pub(super) struct Workers {
    jobs: Sender<Job>,
}

impl Workers {
    /// One thread for each processor. Jobs wait in line as long as they must: each belongs to a connection, whose number is
    /// bounded.
    pub(super) fn start() -> Self {
        let (jobs, waiting) = channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        for at in 0..count {
            let waiting = Arc::clone(&waiting);
            let spawned = std::thread::Builder::new()
                .name(format!("finish-{at}"))
                .spawn(move || work(&waiting));
            if let Err(error) = spawned {
                tracing::error!(%error, "a thread that finishes messages cannot be started");
            }
        }
        Self { jobs }
    }

    /// What `work` makes. None if it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Whoever asked may be gone: what was made is kept elsewhere.
            let _ = answer.send(work());
        });
        self.jobs.send(job).ok()?;
        answered.await.ok()
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "messages are finished at the same priority as everything else");
    }
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        // The one who asked learns of a panic by the answer that never comes; the thread goes on.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_absent_answer_and_stops_nobody() {
        let workers = Workers::start();
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) + 1 {
            assert_eq!(workers.run(|| panic!("as intended")).await, None::<()>);
        }
        assert_eq!(workers.run(|| 7).await, Some(7));
    }
}
