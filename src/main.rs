//! The `postrider` program: reads the command line and does what it says.

use std::process::ExitCode;

use clap::Parser;
use postrider::cli::{Cli, run};

/// Buffers of a hundred kilobytes come and go thousands of times a second, here and in the storage engine. The system's
/// allocator maps and unmaps them each time; this one keeps them for a while.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    run(Cli::parse())
}
