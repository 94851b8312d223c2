//! Watches for a route that has due mail and settles nothing: an alarm, not a silence. Sleeps while nothing is in memory.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::clock;

/// How often routes are looked at while there is work.
const ROUND: Duration = Duration::from_secs(30);

/// A route that settled nothing for this long is stalled: longer than the longest timeout of one attempt (RFC 5321
/// §4.5.3.2.6 gives the reply to the final dot ten minutes).
const STALLED_AFTER: Duration = Duration::from_secs(15 * 60);

/// Runs until the program ends.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        if shared.queue.live_deliveries() == 0 {
            shared.places.prune();
            shared.metrics.stalled_routes(0);
            shared.stirred.notified().await;
        }
        tokio::time::sleep(ROUND).await;
        look(&shared);
    }
}

fn look(shared: &Shared) {
    let now = clock::now();
    let mut stalled = 0;
    for status in shared.places.routes().iter().map(|route| route.status(now)) {
        if status.stalled_for >= STALLED_AFTER {
            stalled += 1;
            let minutes = status.stalled_for.as_secs() / 60;
            let (site, ready, connections) = (&status.site, status.ready, status.connections);
            tracing::error!(%site, ready, connections, minutes, "due mail and no progress on this route");
        }
    }
    shared.metrics.stalled_routes(stalled);
}
