//! Gives servers the checks of their template, once each: those that were there before there were checks, and each new one.

use std::time::Duration;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{CheckId, ServerId};
use crate::platform::reconcile::Reconciler;
use crate::servers::{self, model::Server};

use super::super::TOPIC;
use super::super::model::defaults;
use super::super::store;

/// Who made them, for people.
const BY: &str = "the template";

/// Makes a server's checks, of its published ports and of what it uses. Somebody looks at once.
pub async fn make_default_checks(app: &App, tx: &mut SystemTx, server: &Server) -> Result<(), Error> {
    let now = app.now();
    let (_, ports) = servers::reached_at(tx, server).await?;
    for check in defaults(&ports) {
        let id = CheckId::new(&*app.ids, now);
        store::insert(tx, (id, server.tenant, server.id), &check, BY, (now, now)).await?;
        events::emit(tx, Some(server.tenant), TOPIC, Some(id.0)).await?;
    }
    Ok(())
}

/// Gives.
pub(super) struct Giver {
    app: App,
    scope: SystemScope,
}

impl Giver {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "checks"),
        }
    }
}

#[async_trait::async_trait]
impl Reconciler for Giver {
    type Item = ServerId;
    const KIND: &'static str = "check-defaults";
    const CONCURRENCY: usize = 1;
    const PERIOD: Duration = Duration::from_secs(5);

    async fn claim(&self, limit: usize) -> Result<Vec<ServerId>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        store::ungiven(&mut self.scope.begin().await?, limit).await
    }

    async fn reconcile(&self, id: ServerId) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        if !store::set_given(&mut tx, id).await? {
            return Ok(true);
        }
        let server = servers::find(&mut tx, id).await?;
        // A name that somebody gave a check of theirs meanwhile is theirs: whoever made one by hand knows what they want.
        if !server.is_deleted() && store::count(&mut tx, id).await? == 0 {
            make_default_checks(&self.app, &mut tx, &server).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
