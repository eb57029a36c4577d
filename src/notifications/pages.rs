//! What was sent and what was not, for staff.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::NotificationId;
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, Path, Query, SeeOther, ago};

use super::actions;
use super::model::{Notification, State as How};
use super::store;

const HOME: &str = "/staff/notifications";

struct Row {
    id: NotificationId,
    recipient: String,
    subject: String,
    tenant: Option<(String, String)>,
    state: How,
    error: String,
    created: String,
    created_ago: String,
}

#[derive(Template)]
#[template(path = "notifications/list.html")]
pub(super) struct NotificationsPage {
    ctx: Ctx,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
    /// The mail server and whom mail comes from; nothing if none is set.
    server: Option<(String, String)>,
    may_manage: bool,
}

/// The page of notifications that is asked for.
pub(super) async fn listing(scope: &StaffScope, query: &ListQuery) -> Result<Listing<Notification>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("-created")) {
        return Err(Error::invalid("sort", "Use -created, or nothing."));
    }
    let before = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let mut tx = scope.begin().await?;
    let found = store::list(&mut tx, pattern.as_deref(), before, limit).await?;
    Listing::new(found, query, |one| (one.created_at, one.id.0))
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<NotificationsPage>, Error> {
    let listing = listing(&scope, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let now = app.now();
    let row = |one: Notification| Row {
        id: one.id,
        tenant: one
            .tenant
            .map(|(id, name)| (format!("/staff/tenants/{id}"), name)),
        state: one.state,
        error: one.error.unwrap_or_default(),
        created: one.created_at.to_rfc3339(),
        created_ago: ago(one.created_at, now),
        recipient: one.recipient,
        subject: one.subject,
    };
    let mailer = app.mailer.as_ref();
    Ok(Page(NotificationsPage {
        ctx,
        rows: listing.map(row).items,
        query,
        next,
        server: mailer.map(|mailer| (mailer.address(), mailer.sender())),
        may_manage: scope.may(Permission::StaffSystemManage),
    }))
}

fn back(asked: Result<Notification, Error>) -> Result<SeeOther, Error> {
    let to = SeeOther::to(HOME);
    match asked {
        Ok(one) => Ok(to.info(format!("On its way to {}.", one.recipient))),
        Err(error) => to.refused(error),
    }
}

/// Sends a mail to whoever asks.
pub(super) async fn test(State(app): State<App>, scope: StaffScope) -> Result<SeeOther, Error> {
    back(actions::test(&app, &scope).await)
}

/// Sends one again.
pub(super) async fn retry(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<NotificationId>,
) -> Result<SeeOther, Error> {
    back(actions::retry(&app, &scope, id).await)
}
