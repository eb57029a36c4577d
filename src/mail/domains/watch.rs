//! Looks at verified domains again, each about once a day, whether DNS still shows that they are their tenants'.
//!
//! Nothing is taken from anybody by this: DNS breaks, and who moves away may do so slowly. Staff and the tenant are told, and it is
//! written down when a domain was lost sight of and when it was seen again. A look that fails says nothing. Claiming a domain puts its
//! next look off, so a process that dies on it leaves it to the next one.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::TOPIC;
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::MailDomainId;
use crate::platform::reconcile::{Poke, Reconciler, drive};

use super::actions::hosts;
use super::look;
use super::model::{Domain, Sight, records, sight, telling};
use super::store;

/// Whoever holds one for longer has died.
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// The reconciler.
#[derive(Debug, Clone)]
pub struct Watch {
    app: App,
}

impl Watch {
    /// The reconciler of all tenants' domains.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    async fn look(&self, id: MailDomainId) -> Result<Option<Sight>, Error> {
        let mut tx = self.app.db.system().await?;
        let domain = match store::find(&mut tx, id).await {
            Err(Error::NotFound) => return Ok(None),
            other => other?,
        };
        let keys = store::keys(&mut tx, id).await?;
        drop(tx);
        let hosts = hosts(&self.app);
        let records = telling(records(&domain.name, &hosts, &keys, Some(domain.proof.as_str())));
        let seen = look::at_all(&*self.app.dns, &hosts, &records, look::LIMIT).await;
        Ok(Some(sight(&hosts, &seen)))
    }

    /// Tells that a domain was lost sight of, or is seen again.
    async fn tell(&self, tx: &mut SystemTx, domain: &Domain) -> Result<(), Error> {
        let verb = if domain.lost_at.is_some() {
            "mail_domain.lose"
        } else {
            "mail_domain.find"
        };
        let target = Target {
            kind: "mail_domain",
            id: Some(domain.id.0),
            label: domain.name.as_str(),
            tenant: Some(domain.tenant),
        };
        let change = Change::to(verb, json!({ "lost_at": domain.lost_at }));
        events::emit(tx, Some(domain.tenant), TOPIC, Some(domain.id.0)).await?;
        self.app.audit(tx, &Who::system("mail"), &target, &change).await
    }
}

/// Starts looking in the background of this process.
pub fn begin(app: &App) {
    let watch = Arc::new(Watch::new(app));
    app.tasks.spawn(drive(watch, Poke::default(), app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Watch {
    type Item = MailDomainId;
    const KIND: &'static str = "mail-domain";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_mins(1);

    async fn claim(&self, limit: usize) -> Result<Vec<MailDomainId>, Error> {
        let now = self.app.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim_looks(&mut tx, (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, id: MailDomainId) -> Result<bool, Error> {
        let Some(sight) = self.look(id).await? else {
            return Ok(true);
        };
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        if store::save_sight(&mut tx, id, sight, now).await? {
            let domain = store::find(&mut tx, id).await?;
            self.tell(&mut tx, &domain).await?;
        }
        tx.commit().await?;
        Ok(sight != Sight::Unknown)
    }
}
