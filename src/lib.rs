//! Postrider: the program around the crates. Configuration, listeners, delivery, DNS and supervision meet here; the
//! rules of SMTP and of scheduling do not live here.

pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod dns;
pub mod inbound;
pub mod journal;
pub mod keys;
pub mod lifecycle;
pub mod log;
pub mod metrics;
mod operator;
pub mod outbound;
pub mod signals;
pub mod tls;
pub mod wiring;
