//! All domains of a tenant: where mail begins.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::model::DomainName;
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Sorted, Unfiltered, ago};

use super::super::api::page_of;
use super::super::model::Domain;
use super::{held, words};

/// One line of the list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    /// Empty where there is no page of it to go to.
    pub(super) href: String,
    pub(super) name: String,
    /// The name in A-labels, where that is another one than people write.
    pub(super) in_dns: String,
    /// Whether DNS has shown nothing of it for days.
    pub(super) is_lost: bool,
    /// The tenant that has it, in the provider's list.
    pub(super) tenant: String,
    pub(super) tenant_href: String,
    pub(super) alias_of: String,
    pub(super) words: (&'static str, &'static str, String),
    pub(super) mailboxes: i32,
    pub(super) held: String,
    pub(super) created: String,
    pub(super) created_ago: String,
}

impl Row {
    pub(super) fn new(domain: &Domain, href: String, now: DateTime<Utc>) -> Self {
        Self {
            id: domain.id.to_string(),
            href,
            name: domain.name.shown(),
            in_dns: domain.name.in_dns().unwrap_or_default().to_owned(),
            is_lost: domain.is_lost(now),
            tenant: String::new(),
            tenant_href: String::new(),
            alias_of: domain
                .alias_name
                .as_ref()
                .map(DomainName::shown)
                .unwrap_or_default(),
            words: words(domain),
            mailboxes: domain.mailboxes,
            held: held(domain),
            created: domain.created_at.to_rfc3339(),
            created_ago: ago(domain.created_at, now),
        }
    }
}

#[derive(Template)]
#[template(path = "mail/domains.html")]
pub(super) struct List {
    ctx: Ctx,
    area: AreaHead,
    base: String,
    query: Sorted<Unfiltered>,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    /// Whether there is a mail service to bring the mail.
    has_service: bool,
}

/// Lists the domains.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    mut query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    query.list.sort.get_or_insert_with(|| "name".to_owned());
    let listing = page_of(&mut tx, scope.tenant(), &query.list).await?;
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    let row = |domain: Domain| Row::new(&domain, nav::domain(&scope, domain.id), now);
    Ok(Page(List {
        ctx,
        area: AreaHead::new(&scope, Tab::Domains),
        rows: listing.map(row).items,
        base: nav::area(&scope),
        may_write: scope.may(Permission::MailWrite),
        has_service: app.mail.is_some(),
        query,
        next,
    }))
}
