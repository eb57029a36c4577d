//! `berth demo`: makes the demo tenant in a running panel's database, and says where to look.

use std::time::Duration;

use anyhow::Context as _;

use crate::config::Config;
use crate::demo;

use super::{ready, start};

/// The first server's image is built before it starts.
const PATIENCE: Duration = Duration::from_mins(10);

/// What to make.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    #[command(flatten)]
    config: Config,
    /// Make no new invitation: one that was made before is still good.
    #[arg(long)]
    no_invitation: bool,
}

impl Demo {
    /// Makes the demo and waits until its server answers; the running panel does the work.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let config = ready(self.config)?;
        let urls = start::databases(&config).await?;
        let app = start::app(config, &urls)?;
        let shown = demo::seed(&app, !self.no_invitation)
            .await
            .context("making the demo")?;
        let address = demo::wait(&app, shown.server, PATIENCE)
            .await
            .context("looking at the demo's server")?;
        let address = address
            .context("the demo's server does not run: is the panel running? Look at its page and log")?;
        start::learn(&app)
            .await
            .context("learning which installation this is")?;
        let broke = demo::break_once(&app, &shown)
            .await
            .context("breaking the demo's server once")?;
        println!("server={address}");
        match broke {
            Some(ticket) => println!("breakdown={} #{}", ticket.link, ticket.number),
            None => eprintln!("no ticket tells of the demo's breakdown yet: run it again"),
        }
        if let Some(link) = &shown.status_page {
            println!("status={link}");
        }
        if let Some(link) = shown.invitation {
            println!("invitation={link}");
        }
        for login in &shown.mailboxes {
            println!("mailbox={} {}", login.address, login.password.expose());
        }
        if app.mail.is_some() && !shown.has_mail {
            eprintln!(
                "the mail service does not answer, so there is no mail in the demo's mailbox yet: run it again"
            );
        }
        app.db.close().await;
        Ok(())
    }
}
