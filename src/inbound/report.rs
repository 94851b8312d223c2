//! What a listener for reports is handed: who it is for is asked at RCPT, and what it means is on disk before the 250.

use queue::QueueError;
use smtp::address::ForwardPath;
use smtp::server::{Answer, Received};

use super::acceptance::{Incoming, receipt};
use crate::clock;
use crate::config::ListenerKind;
use crate::desk::DeskError;
use crate::homecoming::{NotTaken, REPORT_BYTES_MAX};

impl Incoming {
    /// Whether this listener takes reports, and nothing else.
    pub(super) fn is_of_reports(&self) -> bool {
        self.listener.settings.kind == ListenerKind::Reports
    }

    /// Whether a recipient is served: of reports only who can get one, of other mail everybody.
    pub(super) fn may_receive(&self, forward_path: &ForwardPath) -> Answer {
        if !self.is_of_reports() {
            return Answer::Allow;
        }
        match self.shared.homecoming.is_home(forward_path) {
            Ok(()) => Answer::Allow,
            Err(not_taken) => self.not_taken(not_taken),
        }
    }

    /// Keeps the beginning of a report, which tells what it means.
    pub(super) fn keep(&mut self, octets: &[u8]) {
        let room = REPORT_BYTES_MAX - self.report.len();
        self.report.extend(octets.iter().take(room));
    }

    /// Takes a report, or says why not.
    pub(super) async fn take_home(&mut self, received: Received) -> Answer {
        self.keep(&received.tail);
        let report = std::mem::take(&mut self.report);
        match self.shared.homecoming.receive(&received.envelope, report).await {
            Ok(accepted) => {
                self.shared.metrics.accepted(received.size);
                receipt(&accepted, clock::queue_id(clock::now()))
            }
            Err(not_taken) => self.not_taken(not_taken),
        }
    }

    fn not_taken(&self, not_taken: NotTaken) -> Answer {
        match not_taken {
            NotTaken::Refused(refusal) => self.refuse(refusal),
            NotTaken::Failed(DeskError::Queue(QueueError::Store(error))) => self.unavailable(&error),
            NotTaken::Failed(error) => {
                tracing::error!(%error, "a report could not be taken");
                self.refuse(smtp::reply::Refusal::LocalError)
            }
        }
    }
}
