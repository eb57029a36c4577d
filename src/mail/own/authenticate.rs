//! From a cookie to the mailbox's person behind it, in one query a request, as `accounts` does it for users.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::config::Config;
use crate::platform::access::{AuthenticateMailbox, MailboxOwner};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, may_ask_again};
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};
use crate::platform::secret::hash_token;

use super::store::{self, SessionOwner};

/// "Last seen" is kept to the minute: a write for every request would cost more than the requests.
const TOUCH_AFTER: Duration = Duration::minutes(1);
/// Longer cookies are none of ours, so they need no hash.
const MAX_LENGTH: usize = 200;

/// Tells who is signed in to a mailbox.
#[derive(Debug, Clone)]
pub struct MailboxAuthenticator {
    clock: Arc<dyn Clock>,
    idle: Duration,
}

impl MailboxAuthenticator {
    /// With the app's clock and limits.
    pub fn new(clock: Arc<dyn Clock>, config: &Config) -> Self {
        Self {
            clock,
            idle: idle(config),
        }
    }
}

/// How long a session lasts that is not used.
pub(super) fn idle(config: &Config) -> Duration {
    Duration::minutes(i64::from(config.session_idle_minutes))
}

async fn owner(
    db: &Db,
    hash: &[u8],
    (now, idle_since): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<SessionOwner>, Error> {
    let mut conn = db.login().await?;
    let owner = store::session_owner(&mut conn, hash, now, idle_since).await?;
    conn.keep();
    Ok(owner)
}

#[async_trait::async_trait]
impl AuthenticateMailbox for MailboxAuthenticator {
    async fn session(&self, db: &Db, cookie: &str) -> Result<Option<MailboxOwner>, Error> {
        if cookie.is_empty() || cookie.len() > MAX_LENGTH {
            return Ok(None);
        }
        let (now, hash) = (self.clock.now(), hash_token(cookie));
        let ask = || owner(db, &hash, (now, now - self.idle));
        let found = match ask().await {
            Err(error) if may_ask_again(&error) => ask().await?,
            outcome => outcome?,
        };
        if let Some(found) = &found
            && now - found.last_seen_at >= TOUCH_AFTER
        {
            let mut tx = db.system().await?;
            store::touch_session(&mut tx, found.id, now).await?;
            tx.commit().await?;
        }
        Ok(found.map(|found| MailboxOwner {
            mailbox: MailboxId(found.mailbox_id),
            tenant: TenantId(found.tenant_id),
            address: found.address,
            session: found.id,
            suspended: found.suspended,
        }))
    }
}
