//! The knobs of how long things are kept.

use super::Kind::Lapse;
use super::Preset::Value;
use super::{Knob, Section, days};

pub(super) const RETENTION: Section = Section {
    name: "retention",
    repeated: false,
    about: "How long it is kept what became of mail. Statistics are kept for ever.",
    knobs: &[
        Knob {
            key: "events",
            kind: Lapse {
                min: days(40),
                max: days(3650),
            },
            preset: Value("\"90d\""),
            reason: "Age at which an e-mail's record, its events and where its links lead are removed. A bounce that comes \
                     later finds nothing. Not less than mail may wait and be reported on.",
        },
        Knob {
            key: "logs",
            kind: Lapse {
                min: days(4),
                max: days(3650),
            },
            preset: Value("\"30d\""),
            reason: "Age at which messages to webhooks and the record of each attempt are removed. Not less than the 75 \
                     hours for which they are sent.",
        },
    ],
};
