//! The `berth` program: reads the command line and runs one command.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

/// A page of a list is thousands of small strings, made and dropped on any core: the C library's allocator spent a sixth of
/// the panel's time on them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match berth::commands::Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            // The chain says what was tried and why it failed; a backtrace would not help an operator.
            eprintln!("berth: {error:#}");
            ExitCode::FAILURE
        }
    }
}
