//! What the operator decided about webhooks.

use std::path::PathBuf;
use std::time::Duration;

use super::Network;

/// Webhooks going out.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// How long a request may take.
    pub timeout: Duration,
    /// Networks to which requests may go although they are not public.
    pub allowed_networks: Vec<Network>,
    /// Hosts, names or addresses in lower case, that may be reached without TLS and at any port.
    pub plain_hosts: Vec<String>,
    /// The certificates of those who may vouch for endpoints; those of the system when there is none.
    pub ca_file: Option<PathBuf>,
}
