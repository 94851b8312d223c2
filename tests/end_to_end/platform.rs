//! The platform: mail of accounts, over REST and over SMTP, through the same spool to the same receivers.

mod browser;
mod bulk;
mod complaints;
mod domains;
mod endpoints;
mod events;
mod events_crash;
mod homecoming;
mod idempotency;
mod mail;
mod quota;
mod replays;
mod reports;
mod sandbox;
mod stopped;
mod submission;
mod tracking;
mod unwanted;
mod webhooks;
