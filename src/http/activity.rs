//! Whether anything happens on a connection.
//!
//! A connection is *quiet* while no request is being handled and no part of a reply is fetched to be sent. One that is
//! quiet for too long is of no use to its client, or its client does not take what it asked for; both hold a place that
//! others want.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// The activity on one connection.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

struct State {
    last: Instant,
    handled: usize,
    ever: bool,
}

/// A request that is being handled, until it is dropped.
pub(super) struct Handling(Activity);

/// A reply's body, each part of which is activity.
pub(super) struct Watched {
    body: Body,
    activity: Activity,
}

impl Activity {
    /// A connection that begins now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            last: Instant::now(),
            handled: 0,
            ever: false,
        })))
    }

    /// A request has come.
    pub(super) fn begin(&self) -> Handling {
        let mut state = self.state();
        state.handled += 1;
        state.ever = true;
        drop(state);
        Handling(self.clone())
    }

    /// The reply's body, watched.
    pub(super) fn watch(&self, body: Body) -> Watched {
        Watched {
            body,
            activity: self.clone(),
        }
    }

    /// Waits until the connection has been quiet for `lapse`, or for `first` if there never was a request.
    pub(super) async fn quiet(&self, first: Duration, lapse: Duration) {
        while let Some(until) = self.quiet_at(first, lapse) {
            tokio::time::sleep_until(until).await;
        }
    }

    /// When to look again; `None` when it is quiet now.
    fn quiet_at(&self, first: Duration, lapse: Duration) -> Option<Instant> {
        let now = Instant::now();
        let state = self.state();
        let until = match (state.handled, state.ever) {
            (0, false) => state.last + first,
            (0, true) => state.last + lapse,
            _ => now + lapse,
        };
        (until > now).then_some(until)
    }

    fn touch(&self) {
        self.state().last = Instant::now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.handled -= 1;
        state.last = Instant::now();
    }
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.activity.touch();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);
    const LAPSE: Duration = Duration::from_secs(10);

    fn wait(activity: &Activity) -> Option<Duration> {
        let now = Instant::now();
        activity
            .quiet_at(FIRST, LAPSE)
            .map(|until| until.duration_since(now))
    }

    #[test]
    fn a_connection_is_quiet_while_nothing_is_handled() {
        let activity = Activity::new();
        assert!(wait(&activity).unwrap() <= FIRST, "before the first request");
        let handling = activity.begin();
        activity.state().last -= 2 * LAPSE;
        assert!(
            wait(&activity).unwrap() >= LAPSE,
            "a handler may take longer than any bound here"
        );
        drop(handling);
        assert!(wait(&activity).unwrap() > FIRST, "between two requests");
        activity.state().last -= 2 * LAPSE;
        assert_eq!(wait(&activity), None);
        activity.touch();
        assert!(wait(&activity).is_some(), "a part of a reply is activity");
    }
}
