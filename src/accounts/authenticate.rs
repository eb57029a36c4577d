//! From a cookie or bearer token to the person behind it, in one query a request.
//!
//! Nothing is remembered between requests: a changed role, a suspension, a revoked token or a disabled account acts on the
//! very next one. Limits are checked here, whether the clean-up has run or not.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::app::App;
use crate::config::Config;
use crate::platform::access::{Actor, Authenticate, Glass, Guest, Member, StaffRole, Via};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, may_ask_again};
use crate::platform::error::Error;
use crate::platform::ids::{SessionId, TenantId, TokenId, UserId};
use crate::platform::secret::hash_token;

use super::model::is_token;
use super::store::{self, SessionOwner, TokenOwner};

/// "Last seen" is kept to the minute: a write for every request would cost more than the requests.
const TOUCH_AFTER: Duration = Duration::minutes(1);
/// Longer cookies and tokens are none of ours, so they need no hash.
const MAX_LENGTH: usize = 200;

/// Answers for `accounts` who is asking. A part of the app, so it does not hold the app.
#[derive(Debug, Clone)]
pub struct Authenticator {
    clock: Arc<dyn Clock>,
    idle: Duration,
}

impl Authenticator {
    /// With the app's clock and limits.
    pub fn new(clock: Arc<dyn Clock>, config: &Config) -> Self {
        Self {
            clock,
            idle: idle(config),
        }
    }
}

async fn session_owner(
    db: &Db,
    hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<SessionOwner>, Error> {
    let mut conn = db.login().await?;
    let owner = store::session_owner(&mut conn, hash, now, idle_since).await?;
    conn.keep();
    Ok(owner)
}

async fn token_owner(db: &Db, hash: &[u8], now: DateTime<Utc>) -> Result<Option<TokenOwner>, Error> {
    let mut conn = db.login().await?;
    let owner = store::token_owner(&mut conn, hash, now).await?;
    conn.keep();
    Ok(owner)
}

fn idle(config: &Config) -> Duration {
    Duration::minutes(i64::from(config.session_idle_minutes))
}

/// Sessions last used before this have ended.
pub(super) fn idle_since(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    now - idle(&app.config)
}

#[async_trait::async_trait]
impl Authenticate for Authenticator {
    async fn session(&self, db: &Db, cookie: &str) -> Result<Option<Actor>, Error> {
        if cookie.is_empty() || cookie.len() > MAX_LENGTH {
            return Ok(None);
        }
        let (now, hash) = (self.clock.now(), hash_token(cookie));
        let ask = || session_owner(db, &hash, now, now - self.idle);
        let owner = match ask().await {
            Err(error) if may_ask_again(&error) => ask().await?,
            outcome => outcome?,
        };
        if let Some(owner) = &owner
            && now - owner.last_seen_at >= TOUCH_AFTER
        {
            let mut tx = db.system().await?;
            store::touch_session(&mut tx, owner.id, now).await?;
            tx.commit().await?;
        }
        owner.map(session_actor).transpose()
    }

    async fn token(&self, db: &Db, bearer: &str) -> Result<Option<Actor>, Error> {
        if !is_token(bearer) {
            return Ok(None);
        }
        let (now, hash) = (self.clock.now(), hash_token(bearer));
        let ask = || token_owner(db, &hash, now);
        let owner = match ask().await {
            Err(error) if may_ask_again(&error) => ask().await?,
            outcome => outcome?,
        };
        if let Some(owner) = &owner
            && owner.last_used_at.is_none_or(|last| now - last >= TOUCH_AFTER)
        {
            let mut tx = db.system().await?;
            store::touch_token(&mut tx, owner.id, now).await?;
            tx.commit().await?;
        }
        Ok(owner.map(token_actor).transpose()?.flatten())
    }
}

fn staff_role(text: Option<&str>) -> Result<Option<StaffRole>, Error> {
    text.map(str::parse).transpose().map_err(Error::internal)
}

fn session_actor(owner: SessionOwner) -> Result<Actor, Error> {
    Ok(Actor {
        user: UserId(owner.user_id),
        staff: staff_role(owner.staff_role.as_deref())?,
        name: owner.name,
        email: owner.email,
        memberships: owner.memberships.0.into_iter().map(Member::from).collect(),
        guests: owner.guests.0.into_iter().map(Guest::from).collect(),
        glass: owner.glass.0.into_iter().map(Glass::from).collect(),
        via: Via::Session(SessionId(owner.id)),
    })
}

/// Nobody, if the ground that the token stood on is gone: the membership ended, the server is not shared any more, the tenant closed,
/// the role taken back.
fn token_actor(owner: TokenOwner) -> Result<Option<Actor>, Error> {
    let staff = staff_role(owner.staff_role.as_deref())?;
    let tenant = owner.tenant_id.map(TenantId);
    let memberships: Vec<Member> = owner
        .membership
        .into_iter()
        .map(|row| Member::from(row.0))
        .collect();
    let guests: Vec<Guest> = owner.guest.into_iter().map(|row| Guest::from(row.0)).collect();
    let has_ground = if tenant.is_some() {
        !memberships.is_empty() || !guests.is_empty()
    } else {
        staff.is_some()
    };
    Ok(has_ground.then(|| Actor {
        user: UserId(owner.user_id),
        staff: staff.filter(|_| tenant.is_none()),
        name: owner.name,
        email: owner.email,
        memberships,
        guests,
        glass: Vec::new(),
        via: Via::Token {
            id: TokenId(owner.id),
            tenant,
            // A scope that a later version took away gives no right.
            scopes: owner
                .scopes
                .iter()
                .filter_map(|scope| scope.parse().ok())
                .collect(),
        },
    }))
}
