//! What is to be said of one record.

use crate::RecordState;

/// What is to be said of one record, with the reason for whoever publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Valid,
    /// Surely not published.
    Absent(String),
    /// Published, and of no use as it is.
    Wrong(String),
    /// Not known: a look-up failed.
    Undecided(String),
}

impl Verdict {
    /// As it is kept: only what was seen to be wrong is invalid, the rest may still come.
    pub(super) fn state(&self) -> RecordState {
        match self {
            Self::Valid => RecordState::Valid,
            Self::Absent(_) | Self::Undecided(_) => RecordState::Pending,
            Self::Wrong(_) => RecordState::Invalid,
        }
    }

    /// What is wrong and what to do; empty when nothing is.
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::Valid => String::new(),
            Self::Absent(reason) | Self::Wrong(reason) | Self::Undecided(reason) => reason,
        }
    }
}
