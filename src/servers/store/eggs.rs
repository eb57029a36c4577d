//! What only servers of imported templates have: one port for both protocols, and how their folder is filled.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, TenantId};

use super::super::model::Installation;

/// The names of the two rows of the one port.
pub(super) const PAIR: [(&str, &str); 2] = [("main", "tcp"), ("main-udp", "udp")];

/// Gives a new server a number that is free for TCP and UDP, the same inside and outside; none if all are taken.
pub async fn allocate_pair(
    tx: &mut TenantTx,
    (server, tenant, location): (ServerId, TenantId, LocationId),
) -> Result<Option<u16>, Error> {
    let free = sqlx::query_scalar!("select allocate_port_pair($1)", location.0)
        .fetch_one(tx.conn())
        .await?;
    let Some(port) = free else { return Ok(None) };
    for (name, protocol) in PAIR {
        sqlx::query!(
            "insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, host_port) \
             values ($1, $2, $3, $4, $5, $6, $5)",
            server.0,
            tenant.0,
            location.0,
            name,
            port,
            protocol
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(u16::try_from(port).ok())
}

/// Notes that a new server's folder is to be filled before its first start.
pub async fn add_egg(tx: &mut TenantTx, server: ServerId, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_egg (server_id, tenant_id, install) values ($1, $2, 'needed')",
        server.0,
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far a server's folder is filled, and what it wrote.
#[derive(Debug, Clone)]
pub struct EggState {
    /// `needed`, `running`, `done` or `failed`.
    pub install: String,
    /// The end of the script's output.
    pub log: String,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was last filled.
    pub installed_at: Option<DateTime<Utc>>,
    /// The start for which the server said that it is up.
    pub ready_since: Option<DateTime<Utc>>,
}

impl EggState {
    /// What a plan has to know.
    pub fn installation(&self) -> Installation {
        match self.install.as_str() {
            "done" => Installation::Done,
            "running" => Installation::Running,
            _ => Installation::Needed,
        }
    }
}

/// The state of a server of an imported template; nothing for others.
pub async fn egg_state(tx: &mut impl Scoped, server: ServerId) -> Result<Option<EggState>, Error> {
    let row = sqlx::query_as!(
        EggState,
        "select install, install_log as log, install_error as error, installed_at, ready_since from server_egg \
         where server_id = $1",
        server.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Why the last installation failed, if it did and nobody asked for another.
pub async fn install_failure(tx: &mut SystemTx, server: ServerId) -> Result<Option<String>, Error> {
    let state = egg_state(tx, server).await?;
    Ok(state
        .filter(|state| state.install == "failed")
        .map(|state| state.error.unwrap_or_default()))
}

/// What is new about an installation.
#[derive(Debug, Clone, Copy)]
pub enum InstallNews<'a> {
    /// It began.
    Began,
    /// It wrote something.
    Wrote {
        /// All of its output that is kept.
        log: &'a str,
    },
    /// It is over.
    Done {
        /// All of its output that is kept.
        log: &'a str,
    },
    /// It failed.
    Failed {
        /// All of its output that is kept.
        log: &'a str,
        /// Why, in words that go on after the server's name.
        error: &'a str,
    },
    /// It was cut off, and is needed as before.
    Ended,
}

/// Writes what is new about an installation.
pub async fn note_install(
    tx: &mut SystemTx,
    server: ServerId,
    news: InstallNews<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (state, log, error) = match news {
        InstallNews::Began => ("running", Some(""), None),
        InstallNews::Wrote { log } => ("running", Some(log), None),
        InstallNews::Done { log } => ("done", Some(log), None),
        InstallNews::Failed { log, error } => ("failed", Some(log), Some(error)),
        InstallNews::Ended => ("needed", None, None),
    };
    sqlx::query!(
        "update server_egg set install = $2, install_log = coalesce($3, install_log), install_error = $4, \
         installed_at = case when $2 = 'done' then $5 else installed_at end where server_id = $1",
        server.0,
        state,
        log,
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a server said that it is up, for the start at `since`.
pub async fn set_ready(tx: &mut SystemTx, server: ServerId, since: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update server_egg set ready_since = $2 where server_id = $1",
        server.0,
        since
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for another installation, or takes the last one as it is. Says whether the server has one at all.
pub async fn set_install(tx: &mut TenantTx, server: ServerId, needed: bool) -> Result<bool, Error> {
    let state = if needed { "needed" } else { "done" };
    let done = sqlx::query!(
        "update server_egg set install = $2, install_error = null where server_id = $1",
        server.0,
        state
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Writes another version of the template, with the image that the next container is made from.
pub async fn save_template(
    tx: &mut TenantTx,
    server: ServerId,
    template: &str,
    image: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "update server set template = $2, image = $3 where id = $1",
        server.0,
        template,
        image
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
