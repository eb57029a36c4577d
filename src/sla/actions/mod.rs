//! What staff do about SLAs: each one transaction with its event and audit.

mod calendars;
mod credit;
mod policies;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;

use super::TOPIC;

pub use calendars::create_calendar;
pub(super) use calendars::{archive_calendar, update_calendar};
pub(super) use credit::{Verdict, decide};
pub(super) use policies::{archive_policy, update_policy};
pub use policies::{choose, create_policy};

/// Asked whether the version that is there may be changed.
pub(super) type Expected<'a> = &'a (dyn Fn(i64) -> Result<(), Error> + Sync);

async fn tell(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    target: &Target<'_>,
    change: &Change,
) -> Result<(), Error> {
    events::emit(tx, target.tenant, TOPIC, target.id).await?;
    app.audit(tx, &scope.who, target, change).await
}
