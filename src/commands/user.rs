//! `berth user`: what whoever has the server's command line may do with accounts.

use crate::accounts;
use crate::config::Config;
use crate::platform::access::SystemScope;

use super::{ready, start};

/// What to do with people's accounts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum User {
    /// Print a single-use link with which somebody chooses a new password.
    ResetPassword {
        /// The person's e-mail address.
        email: String,
        #[command(flatten)]
        config: Box<Config>,
    },
    /// List everybody who has an account.
    List(Box<Config>),
}

impl User {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::ResetPassword { email, config } => reset_password(ready(*config)?, &email).await,
            Self::List(config) => list(ready(*config)?).await,
        }
    }
}

async fn reset_password(config: Config, email: &str) -> anyhow::Result<()> {
    let urls = start::databases(&config).await?;
    let app = start::app(config, &urls)?;
    let scope = SystemScope::new(app.db.clone(), "berth user");
    match accounts::issue_password_link_by_email(&app, &scope, email).await {
        Ok(link) => println!("{}", link.url),
        Err(crate::platform::error::Error::NotFound) => anyhow::bail!("nobody has the address {email}"),
        Err(error) => return Err(error.into()),
    }
    app.db.close().await;
    Ok(())
}

async fn list(config: Config) -> anyhow::Result<()> {
    let urls = start::databases(&config).await?;
    let app = start::app(config, &urls)?;
    let scope = SystemScope::new(app.db.clone(), "berth user");
    for person in accounts::all_people(&scope).await? {
        let state = if person.disabled_at.is_some() {
            "disabled"
        } else {
            "active"
        };
        println!(
            "{}\t{}\t{}\t{state}\t{}",
            person.email,
            person.name,
            person.role_label(),
            person.tenants.join(", ")
        );
    }
    app.db.close().await;
    Ok(())
}
