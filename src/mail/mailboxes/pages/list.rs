//! A tenant's mailboxes: all of them, or those of one domain.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;
use crate::platform::web::{Ctx, Page, Path, Sorted, Unfiltered, ago};

use super::super::actions;
use super::super::model::{Domain, Mailbox};
use super::super::store;
use super::{area, base, deleted_href, domain_href, held, href, last_seen, percent};

struct Row {
    id: String,
    href: String,
    address: String,
    name: String,
    words: (&'static str, &'static str),
    held: String,
    percent: Option<u32>,
    last: String,
    created: String,
    created_ago: String,
}

impl Row {
    fn new(scope: &TenantScope, mailbox: Mailbox, now: DateTime<Utc>) -> Self {
        Self {
            id: mailbox.id.to_string(),
            href: href(scope, mailbox.id),
            address: mailbox.shown(),
            words: mailbox.words(now),
            held: held(&mailbox),
            percent: percent(&mailbox),
            last: last_seen(&mailbox, now),
            created: mailbox.created_at.to_rfc3339(),
            created_ago: ago(mailbox.created_at, now),
            name: mailbox.name,
        }
    }
}

#[derive(Template)]
#[template(path = "mail/mailboxes.html")]
pub(super) struct List {
    ctx: Ctx,
    /// Of which domain; empty for all.
    domain: String,
    hindrance: &'static str,
    area: String,
    path: String,
    new: String,
    deleted: String,
    query: Sorted<Unfiltered>,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    has_domains: bool,
    has_service: bool,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    (ctx, mut query): (Ctx, Sorted<Unfiltered>),
    domain: Option<MailDomainId>,
) -> Result<Page<List>, Error> {
    query.list.sort.get_or_insert_with(|| "address".to_owned());
    let listing = actions::list(scope, domain, &query.list).await?;
    let mut tx = scope.begin().await?;
    let of = match domain {
        Some(id) => Some(store::domain_of(&mut tx, id).await?),
        None => None,
    };
    let has_domains = of.is_some() || !store::own_domains(&mut tx, scope.tenant(), 1).await?.is_empty();
    drop(tx);
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    let (path, new) = match domain {
        Some(id) => (domain_href(scope, id), format!("{}/new?domain={id}", base(scope))),
        None => (base(scope), format!("{}/new", base(scope))),
    };
    Ok(Page(List {
        ctx: ctx.with_crumbs([("Mail", area(scope))]),
        domain: of.as_ref().map(|of| of.name.shown()).unwrap_or_default(),
        hindrance: of.as_ref().map_or("", Domain::hindrance),
        area: area(scope),
        path,
        new,
        deleted: deleted_href(scope),
        rows: listing.map(|mailbox| Row::new(scope, mailbox, now)).items,
        query,
        next,
        may_write: scope.may(Permission::MailWrite),
        has_domains,
        has_service: app.mail.is_some(),
    }))
}

/// Lists all of them.
pub(super) async fn of_tenant(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, (ctx, query), None).await
}

/// Lists a domain's.
pub(super) async fn of_domain(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, domain)): Path<(String, MailDomainId)>,
    query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, (ctx, query), Some(domain)).await
}
