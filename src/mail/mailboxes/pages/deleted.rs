//! Deleted mailboxes: until when each is kept, and the way back.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Page, Query, ago};

use super::super::actions;
use super::super::model::Mailbox;
use super::{bytes, deleted_href};

struct Row {
    id: String,
    href: String,
    address: String,
    name: String,
    held: String,
    since: String,
    since_ago: String,
    until: String,
    until_ago: String,
}

impl Row {
    fn new(scope: &TenantScope, mailbox: Mailbox, now: DateTime<Utc>) -> Self {
        let moment = |at: Option<DateTime<Utc>>| {
            let at = at.unwrap_or(now);
            (at.to_rfc3339(), ago(at, now))
        };
        let (since, since_ago) = moment(mailbox.deleted.map(|kept| kept.since));
        let (until, until_ago) = moment(mailbox.deleted.map(|kept| kept.until));
        Self {
            id: mailbox.id.to_string(),
            href: nav::mailbox(scope, mailbox.id),
            address: mailbox.shown(),
            held: bytes(mailbox.used_bytes),
            name: mailbox.name,
            since,
            since_ago,
            until,
            until_ago,
        }
    }
}

#[derive(Template)]
#[template(path = "mail/deleted_mailboxes.html")]
pub(super) struct Deleted {
    ctx: Ctx,
    path: String,
    mailboxes: String,
    days: u32,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<Deleted>, Error> {
    let listing = actions::deleted(&app, &scope, &query).await?;
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    Ok(Page(Deleted {
        ctx: nav::crumbs_below(ctx, &scope, Tab::Mailboxes),
        path: deleted_href(&scope),
        mailboxes: Tab::Mailboxes.href(&scope),
        days: app.config.mailbox_retention_days,
        rows: listing.map(|mailbox| Row::new(&scope, mailbox, now)).items,
        query,
        next,
        may_write: scope.may(Permission::MailWrite),
    }))
}
