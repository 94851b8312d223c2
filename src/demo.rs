//! `postrider demo`: a real server and a small Internet for it on loopback, one message through, its journey printed.
//!
//! The server is the one that `postrider serve` starts, with a configuration file like any other; only what it finds
//! outside is played: a name service ([`dns`]) and a receiver ([`receiver`]) that checks signatures. Nothing leaves the
//! machine. Afterwards all of it stays up to be tried out, until Ctrl-C.

mod customer;
pub mod dns;
pub mod journey;
pub mod receiver;
mod scene;
mod sender;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

use crate::config::{Config, Faults};
use crate::journal::{Listeners, Log};
use crate::signals::Signals;
use crate::wiring::{Origin, ServeError, Server};
use customer::Customer;
use journey::{Journey, Watch};
use receiver::Arrival;
use scene::Scene;

/// How the demonstration is to be given.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the server keeps its data; a temporary folder, removed at the end, when there is none.
    pub data: Option<PathBuf>,
    /// End when the message has arrived, instead of staying up.
    pub once: bool,
}

/// Why the demonstration came to nothing.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The small Internet cannot be set up.
    #[error("the demonstration cannot be set up: {0}")]
    Setup(#[from] io::Error),
    /// The configuration that was written does not hold.
    #[error("{0}")]
    Config(Faults),
    /// The receiver's certificate cannot be made.
    #[error(transparent)]
    Certificate(#[from] certs::CertError),
    /// The server did not start, or did not end well.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The message was not accepted.
    #[error("the message was not accepted: {0}")]
    Sending(io::Error),
    /// The message did not arrive.
    #[error("the message did not arrive within {} s; it has come this far:\n{so_far}", JOURNEY_PATIENCE.as_secs())]
    Lost {
        /// The steps that were seen.
        so_far: String,
    },
    /// A signature did not hold.
    #[error("a signature does not hold: {0}")]
    Signature(String),
}

/// How long the message may take; it takes milliseconds, but the machine may be busy.
const JOURNEY_PATIENCE: Duration = Duration::from_secs(60);

/// Gives the demonstration, telling of it on standard output.
///
/// # Errors
/// What went wrong; whatever was started has ended.
pub fn run(options: &Options) -> Result<(), DemoError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(give(options, &mut io::stdout()))
}

async fn give(options: &Options, out: &mut (dyn Write + Send)) -> Result<(), DemoError> {
    let scene = Scene::set(options.data.as_deref())?;
    let config = Config::load(&scene.config_path())
        .map_err(DemoError::Config)?
        .config;
    let logging = crate::log::Logging::start(&config.log).map_err(io::Error::other)?;
    let mut arrivals = scene.receiver().await?;
    let (watch, steps) = Watch::new();
    let journal = Arc::new(Listeners::new(vec![Arc::new(Log), Arc::new(watch)]));
    let origin = Origin {
        path: scene.config_path(),
        logging,
    };
    let server = Server::start(config, Some(origin), journal).await?;

    let told = tell(&scene, Journey::new(steps), &mut arrivals, out).await;
    let told = match told {
        Ok(customer) if !options.once => {
            writeln!(out, "{}", scene.what_to_try(&customer))?;
            stay(&server, &mut arrivals, out).await
        }
        told => told.map(|_| ()),
    };
    server.drain().await?;
    told
}

/// Makes the customer, sends a message over SMTP and one over REST, and prints their journeys.
async fn tell(
    scene: &Scene,
    mut journey: Journey,
    arrivals: &mut mpsc::Receiver<Arrival>,
    out: &mut (dyn Write + Send),
) -> Result<Customer, DemoError> {
    writeln!(out, "{}", scene.introduction())?;
    let customer = scene.customer().await?;
    writeln!(out, "Over SMTP:\n")?;
    journey.begin("`postrider send` starts, with STARTTLS and AUTH");
    sender::send(scene.sending(&customer, scene::RECIPIENT))
        .await
        .map_err(DemoError::Sending)?;
    arrive(&mut journey, arrivals, out).await?;
    writeln!(out, "Over REST:\n")?;
    journey.begin("POST /api/send");
    customer.send(scene.email()).await?;
    arrive(&mut journey, arrivals, out).await?;
    Ok(customer)
}

/// Follows a message to its end and prints its journey.
async fn arrive(
    journey: &mut Journey,
    arrivals: &mut mpsc::Receiver<Arrival>,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let finished = tokio::time::timeout(JOURNEY_PATIENCE, journey.follow(arrivals)).await;
    let lost = || DemoError::Lost {
        so_far: journey.to_string(),
    };
    let signatures = finished.map_err(|_| lost())?.ok_or_else(lost)?;
    writeln!(out, "{journey}")?;
    match signatures.iter().find_map(|check| check.result.as_ref().err()) {
        Some(why) => Err(DemoError::Signature(why.clone())),
        None if signatures.is_empty() => Err(DemoError::Signature("there is none".to_owned())),
        None => Ok(()),
    }
}

/// Stays up and tells of every further message, until the server is told to end.
async fn stay(
    server: &Server,
    arrivals: &mut mpsc::Receiver<Arrival>,
    out: &mut (dyn Write + Send),
) -> Result<(), DemoError> {
    let stopped = Signals::listen()?.until_stopped(server);
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return Ok(()),
            Some(arrival) = arrivals.recv() => writeln!(out, "received  {}", journey::summary(&arrival))?,
        }
    }
}
