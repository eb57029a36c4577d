//! Who reads the log, and how much of it that shows.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;

use super::model::{Event, Filter};
use super::store;

/// The last event of a page.
pub type Key = (DateTime<Utc>, Uuid);

/// A member, who sees the tenant's events, or one of the staff, who sees all.
#[derive(Debug, Clone)]
pub(super) enum Reader {
    Tenant(TenantScope),
    Staff(StaffScope),
}

impl Reader {
    /// At most `limit` events before `after`, the newest first. Each page is a transaction of its own: a slow reader of an
    /// export holds none.
    pub(super) async fn page(
        &self,
        filter: &Filter,
        after: Option<Key>,
        limit: i64,
    ) -> Result<Vec<Event>, Error> {
        match self {
            Self::Tenant(scope) => {
                let mut tx = scope.begin().await?;
                let events = store::list(&mut tx, filter, after, limit).await?;
                tx.commit().await?;
                Ok(events)
            }
            Self::Staff(scope) => {
                let mut tx = scope.begin().await?;
                let events = store::list(&mut tx, filter, after, limit).await?;
                tx.commit().await?;
                Ok(events)
            }
        }
    }
}

/// The place of an event in the order of the log.
pub(super) fn key(event: &Event) -> Key {
    (event.at, event.id.0)
}
