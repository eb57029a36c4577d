//! Whose archive, and the only way to what is in it: transactions that see this tenant and no other, whoever asks.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::Who;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, TenantId, UserId};

/// What an archive is made from.
pub struct Source {
    /// The app.
    pub app: App,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who asks, for the audit log.
    pub who: Who,
    /// When it began.
    pub now: DateTime<Utc>,
    /// Whether secrets are shown.
    pub with_secrets: bool,
    /// Who reads.
    pub user: UserId,
    /// By which open access, if one of the staff takes it.
    pub glass: Option<BreakGlassId>,
}

impl Source {
    /// A transaction inside the tenant, read-only in spirit and short: nothing is kept open while the archive is sent.
    pub async fn begin(&self) -> Result<TenantTx, Error> {
        self.app.db.tenant(self.tenant, self.user).await
    }
}
