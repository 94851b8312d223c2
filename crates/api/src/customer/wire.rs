//! The JSON of the customers' requests and replies. Unknown fields are refused: a misspelt one must not pass silently.

mod account;
mod content_score;
mod domains;
mod events;
mod health;
mod sending;
mod statistics;
mod suppressions;
mod webhooks;

use serde::Deserialize;

pub(crate) use account::*;
pub(crate) use content_score::*;
pub(crate) use domains::*;
pub(crate) use events::*;
pub(crate) use health::*;
pub(crate) use sending::*;
pub(crate) use statistics::*;
pub(crate) use suppressions::*;
pub(crate) use webhooks::*;

/// Tells null from absent.
pub(crate) fn nullable<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(input).map(Some)
}
