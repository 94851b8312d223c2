//! The delivery state of a recipient, which only ever grows worse.
//!
//! Reports come late and in any order: the bounce of a message that was delivered, the complaint of the day after, the
//! second delivery of a message whose first was not noted. So states have ranks, and news of a lesser rank is an event
//! that leaves the state as it is.

use store::RecordError;

use super::kind::EventType;
use crate::email::OutcomeKind;

/// The state of a recipient. What readers do with the mail (opens, clicks) is no part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecipientStatus {
    /// Accepted; it waits for its first attempt.
    #[default]
    Queued,
    /// Accepted for later.
    Scheduled,
    /// On its way.
    Sent,
    /// It waits for another attempt.
    Deferred,
    /// The next hop took it.
    Delivered,
    /// Taken back.
    Canceled,
    /// Not sent: the address does not want mail.
    Suppressed,
    /// It could not be sent.
    Failed,
    /// Refused for good by the recipient's side.
    Bounced,
    /// Delivered, and called spam.
    Complained,
}

impl RecipientStatus {
    /// All of them, in the order of their octets in records, from 0.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Scheduled,
        Self::Sent,
        Self::Deferred,
        Self::Delivered,
        Self::Canceled,
        Self::Suppressed,
        Self::Failed,
        Self::Bounced,
        Self::Complained,
    ];

    /// The state after an event of this type: the event's own, unless that ranks less. Of two ends of one rank the first
    /// stays.
    #[must_use]
    pub fn advance(self, event: EventType) -> Self {
        let news = match event {
            EventType::Queued => Self::Queued,
            EventType::Scheduled => Self::Scheduled,
            EventType::Sent => Self::Sent,
            EventType::Deferred => Self::Deferred,
            EventType::Delivered => Self::Delivered,
            EventType::Bounced => Self::Bounced,
            EventType::Suppressed => Self::Suppressed,
            EventType::Failed => Self::Failed,
            EventType::Canceled => Self::Canceled,
            EventType::Complained => Self::Complained,
            EventType::Opened | EventType::Clicked | EventType::Unsubscribed => return self,
        };
        self.or_worse(news)
    }

    /// Of two states that were told in this order, the one that stands.
    pub(crate) fn or_worse(self, news: Self) -> Self {
        let moves = match self {
            // A held e-mail is queued, and released for its time.
            Self::Queued | Self::Scheduled => news.rank() >= self.rank(),
            _ => news.rank() > self.rank(),
        };
        if moves { news } else { self }
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Scheduled => "scheduled",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Canceled => "canceled",
            Self::Suppressed => "suppressed",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Queued | Self::Scheduled => 0,
            Self::Sent => 1,
            Self::Deferred => 2,
            Self::Delivered => 3,
            Self::Canceled | Self::Suppressed | Self::Failed => 4,
            Self::Bounced => 5,
            Self::Complained => 6,
        }
    }

    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Scheduled => 1,
            Self::Sent => 2,
            Self::Deferred => 3,
            Self::Delivered => 4,
            Self::Canceled => 5,
            Self::Suppressed => 6,
            Self::Failed => 7,
            Self::Bounced => 8,
            Self::Complained => 9,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, RecordError> {
        let status = Self::ALL.get(usize::from(byte)).copied();
        status.ok_or(RecordError::Value("recipient status"))
    }
}

impl From<OutcomeKind> for RecipientStatus {
    fn from(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Delivered => Self::Delivered,
            OutcomeKind::Failed => Self::Failed,
            OutcomeKind::Canceled => Self::Canceled,
            OutcomeKind::Suppressed => Self::Suppressed,
            OutcomeKind::Bounced => Self::Bounced,
            OutcomeKind::Complained => Self::Complained,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each state, what it is after each type of event, in the order of [`EventType::ALL`]; `.` stays.
    const TABLE: [(&str, &str); 10] = [
        // queued scheduled sent deferred delivered bounced suppressed failed canceled complained opened clicked unsub.
        (
            "queued",
            ". scheduled sent deferred delivered bounced suppressed failed canceled complained . . .",
        ),
        (
            "scheduled",
            "queued . sent deferred delivered bounced suppressed failed canceled complained . . .",
        ),
        (
            "sent",
            ". . . deferred delivered bounced suppressed failed canceled complained . . .",
        ),
        (
            "deferred",
            ". . . . delivered bounced suppressed failed canceled complained . . .",
        ),
        (
            "delivered",
            ". . . . . bounced suppressed failed canceled complained . . .",
        ),
        ("canceled", ". . . . . bounced . . . complained . . ."),
        ("suppressed", ". . . . . bounced . . . complained . . ."),
        ("failed", ". . . . . bounced . . . complained . . ."),
        ("bounced", ". . . . . . . . . complained . . ."),
        ("complained", ". . . . . . . . . . . . ."),
    ];

    #[test]
    fn each_event_moves_each_state_as_the_table_says() {
        for (status, (name, row)) in RecipientStatus::ALL.into_iter().zip(TABLE) {
            assert_eq!(status.as_str(), name);
            let row: Vec<&str> = row.split(' ').collect();
            assert_eq!(row.len(), EventType::ALL.len(), "{name}");
            for (event, after) in EventType::ALL.into_iter().zip(row) {
                let after = if after == "." { name } else { after };
                assert_eq!(
                    status.advance(event).as_str(),
                    after,
                    "{name} after {}",
                    event.as_str()
                );
            }
        }
    }

    #[test]
    fn octets_stand_for_one_state_each() {
        for status in RecipientStatus::ALL {
            assert_eq!(RecipientStatus::from_byte(status.to_byte()), Ok(status));
        }
        assert!(RecipientStatus::from_byte(10).is_err());
    }
}
