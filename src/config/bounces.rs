//! What the operator decided about refusals.

use std::path::PathBuf;

/// How refusals are read.
#[derive(Clone, Debug)]
pub struct Bounces {
    /// A file of rules that are asked before those of the program.
    pub rules: Option<PathBuf>,
}
