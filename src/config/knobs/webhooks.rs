//! The knobs of webhooks.

use super::Kind::{Lapse, Many, Networks, PublicFile, Text};
use super::Preset::{Unset, Value};
use super::{Knob, Section, seconds};

pub(super) const WEBHOOKS: Section = Section {
    name: "webhooks",
    repeated: false,
    about: "Requests that tell customers' endpoints of events.",
    knobs: &[
        Knob {
            key: "timeout",
            kind: Lapse {
                min: seconds(1),
                max: seconds(60),
            },
            preset: Value("\"20s\""),
            reason: "How long a request may take, from resolving the name to the head of the answer. Standard Webhooks \
                     recommends 15 to 30 seconds.",
        },
        Knob {
            key: "allowed_networks",
            kind: Networks,
            preset: Value("[]"),
            reason: "Networks to which requests may go although they are not public. Customers choose the URLs: what is \
                     named here, any of them can reach from this machine.",
        },
        Knob {
            key: "plain_hosts",
            kind: Many(&Text),
            preset: Value("[]"),
            reason: "Hosts, names or addresses, that may be reached over clear-text HTTP and at any port: for development.",
        },
        Knob {
            key: "ca_file",
            kind: PublicFile,
            preset: Unset {
                meaning: "those that the system trusts",
                example: "\"/etc/postrider/endpoint-roots.pem\"",
            },
            reason: "PEM file of the root certificates that may vouch for endpoints.",
        },
    ],
};
