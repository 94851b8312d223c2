//! The knobs of what comes back about mail: by SMTP, and by hook.

use super::Kind::{Host, Networks, PrivateFile};
use super::Preset::{Unset, Value};
use super::{Knob, Section};

pub(super) const REPORTS: Section = Section {
    name: "reports",
    repeated: false,
    about: "Bounces, complaints and unsubscribes that come back about mail of accounts.",
    knobs: &[
        Knob {
            key: "host",
            kind: Host,
            preset: Unset {
                meaning: "reverse paths stay as they are, and nothing comes back",
                example: "\"bounces.example.org\"",
            },
            reason: "The host to which reports are sent. Its MX leads to a listener of the kind `reports`, and an SPF record \
                     of it allows this server. Mail from a domain that publishes a return path of its own uses that \
                     instead.",
        },
        Knob {
            key: "hook_secret_file",
            kind: PrivateFile,
            preset: Unset {
                meaning: "none is asked for",
                example: "\"/etc/postrider/hook.secret\"",
            },
            reason: "File of the secret that `POST /webhooks/bounce` and `/webhooks/complaint` must present as a bearer \
                     token. Without it whoever knows the id of an e-mail, which cannot be guessed, is believed.",
        },
        Knob {
            key: "hook_networks",
            kind: Networks,
            preset: Value("[]"),
            reason: "Networks from which those two are taken; empty means from everywhere.",
        },
    ],
};
