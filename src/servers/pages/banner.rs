//! What pages about servers say on top while the engine is away or storage is short.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::web::Ctx;
use crate::platform::web::page::Tone;
use crate::storage;

use super::super::store;

/// Says on top that the engine does not answer, if it doesn't, and that storage is filling up, if it is.
pub async fn with_engine_banner(tx: &mut impl Scoped, ctx: Ctx) -> Result<Ctx, Error> {
    Ok(live_page(tx, ctx).await?.0)
}

/// The same for a page that stays live, with the newest event: its stream goes on after that. It is asked before anything that
/// the page shows, so that nothing which happens meanwhile is missed.
pub async fn live_page(tx: &mut impl Scoped, ctx: Ctx) -> Result<(Ctx, i64), Error> {
    let notices = store::notices(tx).await?;
    let ctx = storage::with_warning(ctx, notices.warning.as_ref());
    let ctx = match notices.engine_away_since {
        Some(since) => ctx.with_banner(
            Tone::Warn,
            format!(
                "The container engine has not answered since {}. Servers keep running; changes wait until it is back.",
                since.format("%H:%M UTC")
            ),
        ),
        None => ctx,
    };
    Ok((ctx, notices.newest))
}
