//! Postrider: the program around the crates. Configuration, listeners, delivery, DNS and supervision meet here; the
//! rules of SMTP and of scheduling do not live here.

mod caretaker;
mod chronicle;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
mod desk;
pub mod dns;
mod finishing;
mod homecoming;
pub mod http;
pub mod inbound;
pub mod journal;
pub mod keys;
pub mod lifecycle;
pub mod log;
pub mod metrics;
mod operator;
pub mod outbound;
pub mod password;
mod platform;
pub mod rules;
pub mod signals;
mod slots;
pub mod tls;
pub mod tracking;
mod verification;
pub mod webhooks;
pub mod wiring;
