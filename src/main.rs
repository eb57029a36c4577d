//! The `berth` program: reads the command line and runs one command.

use std::process::ExitCode;

use clap::Parser as _;

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
