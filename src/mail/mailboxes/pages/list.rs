//! A tenant's mailboxes: all of them, or those of one domain.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::domains::{self, Place};
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;
use crate::platform::web::{Ctx, Page, Path, Sorted, Unfiltered, ago};

use super::super::actions;
use super::super::model::Mailbox;
use super::{deleted_href, held, last_seen, percent};

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
            href: nav::mailbox(scope, mailbox.id),
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
    area: AreaHead,
    /// Of which domain, if not of all.
    head: Option<domains::Head>,
    hindrance: &'static str,
    /// Where mail begins.
    home: String,
    path: String,
    new: String,
    deleted: String,
    export: String,
    import: String,
    query: Sorted<Unfiltered>,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    has_domains: bool,
    has_service: bool,
}

impl List {
    fn title(&self) -> &str {
        self.head.as_ref().map_or("Mailboxes", |head| head.name.as_str())
    }

    fn sub(&self) -> &'static str {
        if self.head.is_some() {
            "Its mailboxes"
        } else {
            "In all of your domains"
        }
    }
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
    let (of, head) = match domain {
        Some(id) => {
            let named = domains::find(&mut tx, id).await?;
            let head = domains::Head::new(scope, &named, "mailboxes");
            (Some(Place::from(&named)), Some(head))
        }
        None => (None, None),
    };
    let has_domains = of.is_some()
        || !domains::places_offered(&mut tx, scope.tenant(), 1)
            .await?
            .is_empty();
    drop(tx);
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    let (home, all) = (nav::area(scope), Tab::Mailboxes.href(scope));
    let of_domain = domain.map(|id| format!("?domain={id}")).unwrap_or_default();
    Ok(Page(List {
        ctx: nav::crumbs(ctx, scope),
        area: AreaHead::new(scope, Tab::Mailboxes),
        head,
        hindrance: of.as_ref().map_or("", Place::hindrance),
        path: domain.map_or_else(
            || all.clone(),
            |id| format!("{}/mailboxes", nav::domain(scope, id)),
        ),
        new: format!("{all}/new{of_domain}"),
        export: format!("{home}/export.csv{of_domain}"),
        import: format!("{}/new", Tab::Imports.href(scope)),
        home,
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
