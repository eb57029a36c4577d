//! Reading mailboxes, one and many.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::app::App;
use crate::mail::model::searched_text;
use crate::mail::{domains, search};
use crate::platform::access::TenantScope;
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId};
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::super::model::Mailbox;
use super::super::store::{self, Sort};

/// One mailbox. One whose time is over is found no more, although its row may still be there.
pub async fn find(app: &App, scope: &TenantScope, id: MailboxId) -> Result<Mailbox, Error> {
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id)
        .await
        .and_then(|found| there(found, app.now()))
}

/// The same of one that was read already.
pub(super) fn there(mailbox: Mailbox, now: DateTime<Utc>) -> Result<Mailbox, Error> {
    match mailbox.deleted {
        Some(kept) if kept.until <= now => Err(Error::NotFound),
        _ => Ok(mailbox),
    }
}

fn pattern_of(query: &ListQuery) -> Result<Option<String>, Error> {
    search::pattern(query, searched_text)
}

/// A page of a domain's mailboxes, or of all that the tenant has.
pub async fn list(
    scope: &TenantScope,
    domain: Option<MailDomainId>,
    query: &ListQuery,
) -> Result<Listing<Mailbox>, Error> {
    match domain {
        Some(domain) => of_domain(scope, domain, query).await,
        None => of_all(scope, query).await,
    }
}

async fn of_domain(
    scope: &TenantScope,
    domain: MailDomainId,
    query: &ListQuery,
) -> Result<Listing<Mailbox>, Error> {
    let after = query.after.as_deref();
    let sort = match query.sort.as_deref() {
        None | Some("" | "address") => Sort::Address(Cursor::decode(after)?),
        Some("-address") => Sort::AddressDown(Cursor::decode(after)?),
        Some("created") => Sort::Created(Cursor::decode(after)?),
        Some("-created") => Sort::CreatedDown(Cursor::decode(after)?),
        Some("used") => Sort::Used(Cursor::decode(after)?),
        Some("-used") => Sort::UsedDown(Cursor::decode(after)?),
        Some(_) => {
            return Err(Error::invalid(
                "sort",
                "Use address, created or used, with a minus before it to turn it round.",
            ));
        }
    };
    let key: fn(&Mailbox) -> Value = match &sort {
        Sort::Address(_) | Sort::AddressDown(_) => |one: &Mailbox| json!([one.address, one.id.0]),
        Sort::Created(_) | Sort::CreatedDown(_) => |one: &Mailbox| json!([one.created_at, one.id.0]),
        Sort::Used(_) | Sort::UsedDown(_) => |one: &Mailbox| json!([one.used_bytes, one.id.0]),
    };
    let (pattern, limit) = (pattern_of(query)?, query.fetch()?);
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let rows = store::list(&mut tx, domain, pattern.as_deref(), sort, limit).await?;
    if rows.is_empty() {
        // Nobody's domain is told from one without mailboxes.
        domains::place(&mut tx, domain).await?;
    }
    Listing::new(rows, query, key)
}

async fn of_all(scope: &TenantScope, query: &ListQuery) -> Result<Listing<Mailbox>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("" | "address")) {
        return Err(Error::invalid(
            "sort",
            "Use address, or name a domain: its mailboxes are sorted by created and used as well.",
        ));
    }
    let after = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (pattern_of(query)?, query.fetch()?);
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let rows = store::of_tenant(&mut tx, scope.tenant(), pattern.as_deref(), after, limit).await?;
    Listing::new(rows, query, |one| (one.address.clone(), one.id.0))
}

/// A page of the tenant's deleted mailboxes, those first that were deleted last.
pub async fn deleted(app: &App, scope: &TenantScope, query: &ListQuery) -> Result<Listing<Mailbox>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("" | "-deleted")) {
        return Err(Error::invalid("sort", "Use -deleted, or nothing."));
    }
    let after = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (pattern_of(query)?, query.fetch()?);
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let page = (app.now(), limit);
    let rows = store::deleted(&mut tx, scope.tenant(), pattern.as_deref(), after, page).await?;
    Listing::new(rows, query, |one| (one.deleted.map(|kept| kept.since), one.id.0))
}
