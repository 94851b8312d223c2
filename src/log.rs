//! Where log lines go and what they look like.
//!
//! Lines are gathered for a few milliseconds and written together: a system call for each line would cost a busy relay
//! as much as the commit of the message that the line is about. A process that is killed loses at most those
//! milliseconds; one that ends, or logs more than the buffer holds, writes them out.

mod buffer;

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};
use buffer::Buffer;

/// Logging, running. Dropping it writes out what is gathered.
pub struct Logging {
    filter: reload::Handle<EnvFilter, tracing_subscriber::Registry>,
    buffer: Buffer,
}

impl Logging {
    /// Starts logging to standard error, once per process.
    ///
    /// # Errors
    /// When the filter cannot be read, or the process logs already.
    pub fn start(log: &Log) -> Result<Self, String> {
        let (layer, filter) = reload::Layer::new(parse(&log.filter)?);
        let buffer = Buffer::start(io::stderr()).map_err(|error| error.to_string())?;
        let registry = tracing_subscriber::registry().with(layer);
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(buffer.clone())
            .with_target(false);
        match log.format {
            LogFormat::Pretty => registry
                .with(lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())))
                .try_init(),
            LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        }
        .map_err(|error| error.to_string())?;
        Ok(Self { filter, buffer })
    }

    /// Logs by `filter` from now on.
    ///
    /// # Errors
    /// When `filter` cannot be read.
    pub fn set_filter(&self, filter: &str) -> Result<(), String> {
        self.filter
            .reload(parse(filter)?)
            .map_err(|error| error.to_string())
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.buffer.flush();
    }
}

fn parse(filter: &str) -> Result<EnvFilter, String> {
    filter.parse().map_err(|error| format!("log.filter: {error}"))
}
