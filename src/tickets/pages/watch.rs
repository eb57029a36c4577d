//! Who watches a ticket, on both sides' pages.

use axum::extract::State;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::model::{Side, Watcher};
use super::super::{store, unwatch, watch};

/// Somebody who watches.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) address: String,
    /// As it stands in an address of the panel.
    pub(super) encoded: String,
    pub(super) is_staff: bool,
}

/// All whom the scope may see.
pub(super) async fn lines(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Line>, Error> {
    let watchers = store::watchers(tx, ticket).await?;
    let line = |one: Watcher| Line {
        encoded: utf8_percent_encode(&one.address, NON_ALPHANUMERIC).to_string(),
        address: one.address,
        is_staff: one.is_staff,
    };
    Ok(watchers.into_iter().map(line).collect())
}

/// Has one of the tenant's people told.
pub(super) async fn add(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, TicketId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let (to, address) = (SeeOther::to(super::href(&slug, id)), data.get("address"));
    let mut tx = scope.begin().await?;
    match watch(&app, &mut tx, &scope.who, (id, Side::Customer), address).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to.good(format!("{address} is told what happens.")))
        }
        Err(error) => to.refused_or_invalid(error),
    }
}

/// Has them told no more.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id, address)): Path<(String, TicketId, String)>,
) -> Result<SeeOther, Error> {
    let mut tx = scope.begin().await?;
    unwatch(&app, &mut tx, &scope.who, id, &address).await?;
    tx.commit().await?;
    Ok(SeeOther::to(super::href(&slug, id)).good(format!("{address} is told no more.")))
}

/// Has anybody told, as staff.
pub(super) async fn staff_add(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let (to, address) = (SeeOther::to(super::staff_href(id)), data.get("address"));
    let mut tx = scope.begin().await?;
    match watch(&app, &mut tx, &scope.who, (id, Side::Staff), address).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to.good(format!("{address} is told what happens.")))
        }
        Err(error) => to.refused_or_invalid(error),
    }
}

/// Has them told no more, as staff.
pub(super) async fn staff_remove(
    State(app): State<App>,
    scope: StaffScope,
    Path((id, address)): Path<(TicketId, String)>,
) -> Result<SeeOther, Error> {
    let mut tx = scope.begin().await?;
    unwatch(&app, &mut tx, &scope.who, id, &address).await?;
    tx.commit().await?;
    Ok(SeeOther::to(super::staff_href(id)).good(format!("{address} is told no more.")))
}
