//! The command line: one file per command. What a command prints on standard output is its result; logs go to standard
//! error.
#![expect(clippy::print_stdout, reason = "printing the result is what a command is for")]

mod backup;
mod catalogue;
mod certificate;
mod database;
mod demo;
mod doctor;
mod key;
mod migrate;
mod openapi;
mod pool;
mod routes;
mod serve;
mod start;
mod status;
mod user;
mod volume_driver;
mod worker;

use std::process::ExitCode;

#[cfg(feature = "testing")]
pub(crate) use start::authenticator;

use crate::config::Config;
use crate::platform::telemetry;

/// What is no flag, since everybody on the machine can read a program's arguments.
const BY_ENVIRONMENT: &str = "By environment only, or as the name of a file with it in …_FILE:
  DATABASE_URL              PostgreSQL, as the login role `berth`; without it a private cluster is used
  BERTH_DATABASE_ADMIN_URL  PostgreSQL, as an administrator: makes roles and runs migrations at start
  BERTH_MAIL_READER_PASSWORD  what the mail service signs in to PostgreSQL with; a private cluster makes one
  BERTH_SMTP_URL            the server that mail goes through
  BERTH_TICKET_INBOX        the mailbox that mail for tickets comes to, imaps://user:password@host";

/// Berth: a managed hosting control panel.
#[derive(Debug, clap::Parser)]
#[command(version, about, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run the panel: web and background work.
    #[command(after_help = BY_ENVIRONMENT)]
    Serve(Box<Config>),
    /// Run background work only, for a panel that runs with --no-worker.
    Worker(Box<Config>),
    /// Create the database's roles and run its migrations.
    Migrate(Box<Config>),
    /// Manage the private PostgreSQL cluster that is used where `DATABASE_URL` is not set.
    #[command(subcommand)]
    Database(database::Database),
    /// Write the panel's database, keys, settings and catalogue into one file. It may run meanwhile.
    #[command(after_help = BY_ENVIRONMENT)]
    Backup(Box<backup::Backup>),
    /// Put a backup of the panel into an empty database.
    #[command(after_help = BY_ENVIRONMENT)]
    Restore(Box<backup::Restore>),
    /// Build the catalogue's images, or check its templates.
    #[command(subcommand)]
    Catalogue(catalogue::Catalogue),
    /// Manage the keys of secrets at rest.
    #[command(subcommand)]
    Key(key::Key),
    /// Check certificates of deletion.
    #[command(subcommand)]
    Certificate(certificate::Certificate),
    /// Write status pages as files, to live elsewhere.
    #[command(subcommand)]
    Status(status::Status),
    /// List accounts, or make a link for a new password.
    #[command(subcommand)]
    User(user::User),
    /// Serve a pool of storage to the engine, as its volume plugin.
    VolumeDriver(volume_driver::VolumeDriver),
    /// Make a pool of storage and look after it.
    #[command(subcommand)]
    Pool(pool::Pool),
    /// Make a demo tenant with a real server in a running panel, and print where to look.
    Demo(Box<demo::Demo>),
    /// Check everything the panel rests on, and say how to mend what is wrong.
    Doctor(Box<doctor::Doctor>),
    /// Print every route with its access rule.
    Routes,
    /// Print the API's description (OpenAPI).
    Openapi,
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(config) => serve::run(ready(*config)?).await?,
            Command::Worker(config) => worker::run(ready(*config)?).await?,
            Command::Migrate(config) => migrate::run(&ready(*config)?).await?,
            Command::Database(command) => command.run().await?,
            Command::Backup(command) => command.run().await?,
            Command::Restore(command) => command.run().await?,
            Command::Catalogue(command) => return command.run().await,
            Command::Key(command) => command.run().await?,
            Command::Certificate(command) => command.run().await?,
            Command::Status(command) => command.run().await?,
            Command::User(command) => command.run().await?,
            Command::VolumeDriver(command) => command.run().await?,
            Command::Pool(command) => return command.run().await,
            Command::Demo(command) => command.run().await?,
            Command::Doctor(command) => return doctor::run(*command).await,
            Command::Routes => print!("{}", routes::table()),
            Command::Openapi => println!("{}", openapi::document()?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Adds the secrets and starts logging.
fn ready(config: Config) -> anyhow::Result<Config> {
    let config = config.with_secrets()?;
    telemetry::start(config.log_format, &config.log);
    Ok(config)
}
