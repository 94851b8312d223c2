//! The command line.
//!
//! Every command prints for people, or with `--json` one JSON value for programs. What goes wrong is told on standard
//! error: what happened, where, and what to do. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the
//! server could not be reached, 4 what was asked for does not exist.

mod account;
mod bounce;
mod config_file;
mod customer;
mod dkim;
mod failure;
mod init;
mod listen;
pub(crate) mod operator;
mod output;
mod peer;
mod queue;
mod send;
mod store;
mod table;
mod tokens;
mod trigger;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Loaded};
use crate::{demo, wiring};

pub use failure::{Exit, Failure};
use output::Output;

/// Where the configuration is looked for when `--config` does not say.
const CONFIG_PLACES: [&str; 2] = ["postrider.toml", "/etc/postrider/postrider.toml"];

/// A mail transfer agent: takes mail over SMTP, keeps it safe, delivers it.
#[derive(Debug, Parser)]
#[command(name = "postrider", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// The configuration file [default: ./postrider.toml, else /etc/postrider/postrider.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 server not reachable, 4 not found.
Start with `postrider init`, then `postrider serve`.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Write a configuration, a data folder, an operator token and a first account
    Init(init::InitArgs),
    /// Check a configuration, or explain it
    #[command(subcommand)]
    Config(config_file::ConfigCommand),
    /// Send a message through the server
    Send(send::SendArgs),
    /// Pass an account's events on to a program on this machine, as a webhook would
    Listen(listen::ListenArgs),
    /// Send a sample of an event to an account's webhooks
    Trigger(trigger::TriggerArgs),
    /// Manage customers: accounts, keys, limits
    #[command(subcommand)]
    Customer(customer::CustomerCommand),
    /// Manage the sending domains of customers
    #[command(subcommand)]
    Domain(customer::DomainCommand),
    /// Manage DKIM keys
    #[command(subcommand)]
    Dkim(dkim::DkimCommand),
    /// Say what refusals mean
    #[command(subcommand)]
    Bounce(bounce::BounceCommand),
    /// Manage the secrets of the tokens in links and return paths
    #[command(subcommand)]
    Tokens(tokens::TokensCommand),
    /// Look at the queue of the running server, and change it
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// Look at the store of a stopped server
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Watch one message travel through a real server, without touching the network outside
    Demo(DemoArgs),
}

#[derive(Args, Debug)]
struct DemoArgs {
    /// Where the server keeps its data [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// End when the message has arrived, instead of staying up
    #[arg(long)]
    once: bool,
}

/// What every command gets: where the configuration is, and where to print.
struct Context<'w> {
    config: Option<PathBuf>,
    output: Output<'w>,
}

impl Context<'_> {
    /// The configuration file that this call is about.
    fn config_path(&self) -> PathBuf {
        let found = || {
            CONFIG_PLACES
                .iter()
                .map(PathBuf::from)
                .find(|place| place.exists())
        };
        let explicit = self.config.clone();
        explicit
            .or_else(found)
            .unwrap_or_else(|| PathBuf::from(CONFIG_PLACES[0]))
    }

    /// The configuration; its warnings are only told by the commands that are about it.
    fn load(&self) -> Result<Loaded, Failure> {
        Config::load(&self.config_path()).map_err(|faults| {
            Failure::usage(format!(
                "the configuration cannot be used:
{faults}"
            ))
        })
    }
}

/// Does what the command line asks.
pub fn run(cli: Cli) -> ExitCode {
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    let context = Context {
        config: cli.config,
        output: Output::new(cli.json, &mut stdout, &mut stderr),
    };
    execute(cli.command, context)
}

fn execute(command: Command, mut context: Context) -> ExitCode {
    match dispatch(command, &mut context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            context.output.failure(&failure);
            failure.exit().into()
        }
    }
}

fn dispatch(command: Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Serve => serve(context),
        Command::Init(args) => init::run(&args, context),
        Command::Config(command) => config_file::run(&command, context),
        Command::Send(args) => send::run(args, context),
        Command::Listen(args) => listen::run(&args, context),
        Command::Trigger(args) => trigger::run(&args, context),
        Command::Customer(command) => customer::run(&command, context),
        Command::Domain(command) => customer::run_domain(&command, context),
        Command::Dkim(command) => dkim::run(&command, context),
        Command::Bounce(command) => bounce::run(&command, context),
        Command::Tokens(command) => tokens::run(&command, context),
        Command::Queue(command) => queue::run(&command, context),
        Command::Store(command) => store::run(&command, context),
        Command::Demo(args) => show_demo(args),
    }
}

fn serve(context: &mut Context) -> Result<(), Failure> {
    let loaded = context.load()?;
    let path = context.config_path();
    context.output.warnings(&loaded.warnings.of(&path));
    wiring::serve(&path, loaded.config).map_err(|error| Failure::failed(error.to_string()))
}

fn show_demo(args: DemoArgs) -> Result<(), Failure> {
    let options = demo::Options {
        data: args.data,
        once: args.once,
    };
    demo::run(&options).map_err(|error| Failure::failed(error.to_string()))
}
