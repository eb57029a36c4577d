//! All aliases of a tenant or of a domain, and the domain's catch-all.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::domains;
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::{Permission as P, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;
use crate::platform::web::{Ctx, Page, Path, Sorted, Unfiltered, ago};

use super::super::actions;
use super::super::model::{Alias, shown};
use super::super::store;
use super::{base, href, of_domain};

/// How many targets a line names.
const NAMED: usize = 3;

struct Row {
    href: String,
    address: String,
    targets: String,
    created_ago: String,
    alias: Alias,
}

impl Row {
    fn new(scope: &TenantScope, alias: Alias, now: DateTime<Utc>) -> Self {
        Self {
            href: href(scope, alias.id),
            address: alias.shown(),
            targets: some(&alias.targets),
            created_ago: ago(alias.created_at, now),
            alias,
        }
    }

    fn kind(&self) -> &'static str {
        self.alias.kind.title()
    }

    fn created(&self) -> String {
        self.alias.created_at.to_rfc3339()
    }
}

/// The first addresses of a list, and how many more there are.
fn some(targets: &[String]) -> String {
    let named: Vec<String> = targets.iter().take(NAMED).map(|target| shown(target)).collect();
    let named = named.join(", ");
    match targets.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What a domain's page has besides.
struct OfDomain {
    id: MailDomainId,
    name: String,
    catch_all: Option<Row>,
    takes_addresses: bool,
}

#[derive(Template)]
#[template(path = "mail/aliases/list.html")]
pub(super) struct List {
    ctx: Ctx,
    area: AreaHead,
    head: Option<domains::Head>,
    path: String,
    mail: String,
    base: String,
    query: Sorted<Unfiltered>,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    domain: Option<OfDomain>,
}

impl List {
    fn title(&self) -> &str {
        self.head.as_ref().map_or("Aliases", |head| head.name.as_str())
    }

    fn sub(&self) -> &'static str {
        if self.head.is_some() {
            "Its aliases, groups and catch-all"
        } else {
            "Addresses that lead to mailboxes, to other addresses, or to people elsewhere"
        }
    }

    /// The form that makes another one.
    fn new_href(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{}/new?domain={}", self.base, domain.id),
            None => format!("{}/new", self.base),
        }
    }

    fn may_make(&self) -> bool {
        self.may_write && self.domain.as_ref().is_none_or(|domain| domain.takes_addresses)
    }

    fn is_searched(&self) -> bool {
        !self.query.list.text().is_empty()
    }

    fn import_href(&self) -> String {
        format!("{}/imports/new", self.mail)
    }

    fn export_href(&self) -> String {
        let all = format!("{}/export.csv", self.mail);
        match &self.domain {
            Some(domain) => format!("{all}?domain={}", domain.id),
            None => all,
        }
    }
}

/// Lists all.
pub(super) async fn all(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    list(&app, &scope, ctx, query, None).await
}

/// Lists a domain's.
pub(super) async fn of_one(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailDomainId)>,
    query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    let domain = domains::find(&mut scope.begin().await?, id).await?;
    list(&app, &scope, ctx, query, Some(domain)).await
}

async fn list(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    mut query: Sorted<Unfiltered>,
    domain: Option<domains::Domain>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let now = app.now();
    query.list.sort.get_or_insert_with(|| "address".to_owned());
    let id = domain.as_ref().map(|domain| domain.id);
    let listing = actions::page_of(&mut tx, scope.tenant(), id, &query.list).await?;
    let catch_all = match id {
        Some(id) => store::catch_all(&mut tx, id).await?,
        None => None,
    };
    let head = domain
        .as_ref()
        .map(|domain| domains::Head::new(scope, domain, "aliases"));
    Ok(Page(List {
        ctx: nav::crumbs(ctx, scope),
        area: AreaHead::new(scope, Tab::Aliases),
        head,
        path: id.map_or_else(|| base(scope), |id| of_domain(scope, id)),
        mail: nav::area(scope),
        base: base(scope),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(|alias| Row::new(scope, alias, now)).items,
        may_write: scope.may(P::MailWrite),
        domain: domain.map(|domain| OfDomain {
            id: domain.id,
            name: domain.name.shown(),
            catch_all: catch_all.map(|alias| Row::new(scope, alias, now)),
            takes_addresses: domain.alias_of.is_none(),
        }),
        query,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_three() {
        let targets: Vec<String> = ["a", "b", "c", "d", "e"]
            .map(|name| format!("{name}@x.example"))
            .into();
        assert_eq!(some(&targets[..2]), "a@x.example, b@x.example");
        assert_eq!(some(&targets), "a@x.example, b@x.example, c@x.example and 2 more");
    }
}
