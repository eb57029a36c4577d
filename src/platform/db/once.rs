//! Requests that must not be done twice: whatever such a request commits says so in the same transaction.
//!
//! The claim travels with the request's task and not through every action's arguments, so no action can forget it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::platform::error::Error;
use crate::platform::ids::TokenId;

tokio::task_local! {
    static CLAIM: Once;
}

/// A claimed `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Once {
    /// Whose key it is.
    pub token: TokenId,
    /// The key.
    pub key: String,
    /// Which claim of it this is.
    pub claimed_at: DateTime<Utc>,
}

impl Once {
    /// Does `work` under this claim.
    pub async fn during<F: Future>(self, work: F) -> F::Output {
        CLAIM.scope(self, work).await
    }
}

/// Notes, in a transaction that is about to commit, that the request under way has changed something. One that was so
/// slow that a repetition has its claim by now changes nothing any more.
pub(super) async fn note(conn: &mut PgConnection) -> Result<(), Error> {
    let Ok(claim) = CLAIM.try_with(Once::clone) else {
        return Ok(());
    };
    let is_ours = sqlx::query_scalar!(
        r#"select idempotency_done($1, $2, $3) as "ours!""#,
        claim.token.0,
        claim.key,
        claim.claimed_at
    )
    .fetch_one(conn)
    .await?;
    if is_ours {
        return Ok(());
    }
    Err(Error::conflict(
        "idempotency-key-in-use",
        "A repetition of this request is running: wait for it.",
    ))
}
