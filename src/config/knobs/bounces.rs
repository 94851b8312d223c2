//! The knobs of refusals.

use super::Kind::PublicFile;
use super::Preset::Unset;
use super::{Knob, Section};

pub(super) const BOUNCES: Section = Section {
    name: "bounces",
    repeated: false,
    about: "What a refusal means, and with it whether its address gets more mail.",
    knobs: &[Knob {
        key: "rules",
        kind: PublicFile,
        preset: Unset {
            meaning: "only the rules that come with the program",
            example: "\"bounce-rules.toml\"",
        },
        reason: "A file of rules that are asked before those of the program, in the same format; read again with the \
                 configuration. `postrider bounce classify` shows which rule speaks.",
    }],
};
