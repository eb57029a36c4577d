//! What other pages show of drills: a server's proof, a tenant's at a glance, and what needs attention.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::web::ago;

use super::model::Proof;
use super::store;

/// So many alerts are shown at once.
const SHOWN: i64 = 10;

/// A server whose backups could not be restored.
#[derive(Debug)]
pub struct Attention {
    /// The server.
    pub server: ServerId,
    /// What it is called.
    pub name: String,
    /// Its tenant's name.
    pub tenant: String,
    /// Since when, and why.
    pub reason: String,
}

/// What needs attention, of a tenant or of all.
pub async fn attention(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> Result<Vec<Attention>, Error> {
    let alerts = store::alerts(tx, tenant, SHOWN).await?.into_iter();
    Ok(alerts
        .map(|alert| Attention {
            server: alert.server,
            name: alert.name,
            tenant: alert.tenant,
            reason: format!(
                "Its backup could not be restored in a drill, {}: {}.",
                ago(alert.since, now),
                alert.reason
            ),
        })
        .collect())
}

/// When a backup of a tenant's was proven last, in words; nothing if it has none to prove.
pub async fn glance(
    tx: &mut impl Scoped,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let (proven_at, servers) = store::tenant_proof(tx, tenant).await?;
    let words = proven_at.map_or_else(|| "never".to_owned(), |at| ago(at, now));
    Ok((servers > 0).then_some(words))
}

/// A server's proof, and the button that asks for another.
#[derive(Template)]
#[template(path = "drills/proof.html")]
pub struct ServerPanel {
    base: String,
    words: String,
    alert: String,
    may_ask: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for ServerPanel {}

impl ServerPanel {
    /// A member's.
    pub async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        server: ServerId,
    ) -> Result<Self, Error> {
        let base = format!("/t/{}/servers/{server}/backups/drills", scope.member.slug);
        let may_ask = scope.may(Permission::BackupWrite);
        Self::new(app, tx, server, (base, may_ask)).await
    }

    pub(super) async fn new(
        app: &App,
        tx: &mut impl Scoped,
        server: ServerId,
        (base, may_ask): (String, bool),
    ) -> Result<Self, Error> {
        let (proof, now) = (store::proof(tx, server).await?, app.now());
        // Without a backup there is nothing to prove.
        let may_ask = may_ask && store::newest_backup(tx, server).await?.is_some();
        Ok(Self {
            base,
            words: words(proof.as_ref(), now),
            alert: proof.as_ref().map(|proof| alert(proof, now)).unwrap_or_default(),
            may_ask,
        })
    }
}

/// When a backup was proven last.
pub(super) fn words(proof: Option<&Proof>, now: DateTime<Utc>) -> String {
    match proof.and_then(|proof| proof.proven_at.zip(proof.proven_backup_at)) {
        Some((at, backup_at)) => format!("{}, of a backup from {}", ago(at, now), ago(backup_at, now)),
        None => "never".to_owned(),
    }
}

/// Why none can be; empty if that is not so.
pub(super) fn alert(proof: &Proof, now: DateTime<Utc>) -> String {
    match (proof.failed_since, &proof.reason) {
        (Some(since), Some(reason)) => format!(
            "The last drill failed, the first time {}: {reason}. Make a new backup and prove it; if that fails, too, ask the provider.",
            ago(since, now)
        ),
        _ => String::new(),
    }
}
