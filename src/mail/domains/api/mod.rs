//! Domains for programs: the same actions as the pages.

mod keys;
mod outs;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::mail::model::searched_name;
use crate::mail::search;
use crate::platform::access::{Permission, Rule, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};
use crate::platform::web::{
    Cursor, IfMatch, Json, ListOut, ListQuery, Listing, Path, Query, Routes, Sorted, Tagged, operation,
};

use super::actions::{self, ChangeInput};
use super::model::{Domain, LOST_AFTER, Said};
use super::store::{self, OfStaff, Sort, StaffRow};
use outs::{MailDomainOut, MailRecordOut, MailRecordsOut, StaffMailDomainOut};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::MailRead);
    let write = Rule::Tenant(Permission::MailWrite);
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(read, operation!(show))
        .api(write, operation!(change))
        .api(write, operation!(remove))
        .api(write, operation!(verify))
        .api(read, operation!(records))
        .api(write, operation!(check))
        .api(Rule::Staff(Permission::StaffMailRead), operation!(staff_list))
        .merge(keys::routes())
}

fn sort_of(query: &ListQuery) -> Result<Sort, Error> {
    let after = query.after.as_deref();
    Ok(match query.sort.as_deref() {
        None | Some("" | "name") => Sort::Name(Cursor::decode(after)?),
        Some("-name") => Sort::NameDown(Cursor::decode(after)?),
        Some("created") => Sort::Created(Cursor::decode(after)?),
        Some("-created") => Sort::CreatedDown(Cursor::decode(after)?),
        Some("mailboxes") => Sort::Mailboxes(Cursor::decode(after)?),
        Some("-mailboxes") => Sort::MailboxesDown(Cursor::decode(after)?),
        Some("used") => Sort::Used(Cursor::decode(after)?),
        Some("-used") => Sort::UsedDown(Cursor::decode(after)?),
        Some(_) => {
            let message = "Use name, created, mailboxes or used, with a minus before it to turn it round.";
            return Err(Error::invalid("sort", message));
        }
    })
}

/// What the list goes on after.
fn key(domain: &Domain, query: &ListQuery) -> Value {
    let id = domain.id.0;
    match query.sort.as_deref().unwrap_or_default().trim_start_matches('-') {
        "created" => json!([domain.created_at, id]),
        "mailboxes" => json!([domain.mailboxes, id]),
        "used" => json!([domain.used_bytes, id]),
        _ => json!([domain.name.as_str(), id]),
    }
}

/// What is searched for, as DNS has it: somebody may type `bücher`.
fn pattern_of(query: &ListQuery) -> Result<Option<String>, Error> {
    search::pattern(query, searched_name)
}

/// A page of a tenant's domains, as it is asked for.
pub(super) async fn page_of(
    tx: &mut impl Scoped,
    tenant: TenantId,
    query: &ListQuery,
) -> Result<Listing<Domain>, Error> {
    let (pattern, limit) = (pattern_of(query)?, query.fetch()?);
    let rows = store::list(tx, (tenant, pattern.as_deref()), sort_of(query)?, limit).await?;
    Listing::new(rows, query, |domain| key(domain, query))
}

/// Which domains staff ask for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StaffMailDomainsQuery {
    /// Those of this tenant only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<TenantId>,
    /// Those only that DNS has shown nothing of for three days: they may be somebody else's by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lost: Option<bool>,
}

/// A page of the domains of all tenants, or of one, as it is asked for.
pub(super) async fn staff_page_of(
    tx: &mut impl Scoped,
    query: &Sorted<StaffMailDomainsQuery>,
    now: DateTime<Utc>,
) -> Result<Listing<StaffRow>, Error> {
    let (filter, query) = (&query.filter, &query.list);
    let (pattern, limit) = (pattern_of(query)?, query.fetch()?);
    let wanted = OfStaff {
        tenant: filter.tenant,
        pattern: pattern.as_deref(),
        lost_since: filter.lost.unwrap_or_default().then(|| now - LOST_AFTER),
    };
    let rows = store::staff_list(tx, &wanted, sort_of(query)?, limit).await?;
    Listing::new(rows, query, |row| key(&row.domain, query))
}

/// A domain to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailDomainIn {
    /// Its name. Letters beyond ASCII become A-labels.
    #[schema(example = "example.com", min_length = 3, max_length = 253)]
    name: String,
    /// The domain of yours whose addresses it is to have as well; without it, it has its own.
    #[schema(value_type = Option<String>, example = "mdo_01h455vb4pex5vsknk084sn02q")]
    alias_of: Option<MailDomainId>,
}

/// What is to be changed of a domain; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailDomainChangeIn {
    /// Whether mail goes in and out.
    is_enabled: Option<bool>,
    /// The domain whose addresses it is to have as well; null for its own.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "mdo_01h455vb4pex5vsknk084sn02q")]
    alias_of: Said<MailDomainId>,
    /// What its mailboxes may hold together, in MiB; null for no limit of its own.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 10240, minimum = 0, maximum = 16_777_216)]
    quota_mib: Said<i64>,
    /// Recipients that its mailboxes may send to in an hour; null for no limit of its own.
    #[serde(default)]
    #[schema(value_type = Option<i32>, example = 500, minimum = 0, maximum = 10_000_000)]
    hourly_limit: Said<i32>,
}

/// List mail domains
///
/// Sorted by `name` (the default), `created`, `mailboxes` or `used`, with a minus before it the other way round; searched by name.
#[utoipa::path(get, path = "/api/v1/mail/domains", tag = "mail", params(ListQuery),
    responses((status = 200, description = "A page of the tenant's domains", body = ListOut<MailDomainOut>)))]
async fn list(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, scope.tenant(), &query).await?;
    Ok(listing.map(MailDomainOut::from).json(&query))
}

/// List the mail domains of all tenants
///
/// Sorted and searched as a tenant's own.
#[utoipa::path(get, path = "/api/v1/staff/mail/domains", tag = "staff mail", params(ListQuery, StaffMailDomainsQuery),
    responses((status = 200, description = "A page of all domains", body = ListOut<StaffMailDomainOut>)))]
async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    query: Sorted<StaffMailDomainsQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = staff_page_of(&mut tx, &query, app.now()).await?;
    Ok(listing.map(StaffMailDomainOut::from).json(&query))
}

/// Add a mail domain
///
/// It counts for the plan at once. No mail goes in or out before its ownership is proved: publish its record of the kind `proof`,
/// then verify it. Its first key is made with it.
#[utoipa::path(post, path = "/api/v1/mail/domains", tag = "mail", request_body = MailDomainIn,
    responses((status = 201, description = "The domain, unverified", body = MailDomainOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<MailDomainIn>,
) -> Result<(StatusCode, Tagged<Json<MailDomainOut>>), Error> {
    let domain = actions::create(&app, &scope, &new.name, new.alias_of).await?;
    Ok((StatusCode::CREATED, tagged(domain)))
}

fn tagged(domain: Domain) -> Tagged<Json<MailDomainOut>> {
    Tagged(domain.version, Json(domain.into()))
}

/// Show a mail domain
///
/// Its records and keys have addresses of their own.
#[utoipa::path(get, path = "/api/v1/mail/domains/{domain}", tag = "mail", params(("domain" = MailDomainId, Path)),
    responses((status = 200, description = "The domain", body = MailDomainOut)))]
async fn show(
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
) -> Result<Tagged<Json<MailDomainOut>>, Error> {
    let mut tx = scope.begin().await?;
    Ok(tagged(store::find(&mut tx, id).await?))
}

/// Change a mail domain
///
/// Its limits, whether it is enabled, and whose addresses it has. All of it holds for the next mail.
#[utoipa::path(patch, path = "/api/v1/mail/domains/{domain}", tag = "mail", params(("domain" = MailDomainId, Path)),
    request_body = MailDomainChangeIn,
    responses((status = 200, description = "The domain", body = MailDomainOut)))]
async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
    if_match: IfMatch,
    Json(new): Json<MailDomainChangeIn>,
) -> Result<Tagged<Json<MailDomainOut>>, Error> {
    let input = ChangeInput {
        is_enabled: new.is_enabled,
        alias_of: new.alias_of,
        quota_mib: Ok(new.quota_mib),
        hourly_limit: Ok(new.hourly_limit),
    };
    let check = |version| if_match.check(version);
    Ok(tagged(actions::change(&app, &scope, id, input, check).await?))
}

/// Remove a mail domain
///
/// One that still has mailboxes, aliases or alias domains is refused. Mailboxes that were deleted and are kept are erased with it.
#[utoipa::path(delete, path = "/api/v1/mail/domains/{domain}", tag = "mail", params(("domain" = MailDomainId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Verify a mail domain
///
/// Looks for its record of the kind `proof` in DNS. One that is verified stays so, whatever becomes of the record.
#[utoipa::path(post, path = "/api/v1/mail/domains/{domain}/verify", tag = "mail",
    params(("domain" = MailDomainId, Path)),
    responses((status = 200, description = "The domain, verified", body = MailDomainOut)))]
async fn verify(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
) -> Result<Tagged<Json<MailDomainOut>>, Error> {
    Ok(tagged(actions::verify(&app, &scope, id).await?))
}

/// List a mail domain's DNS records
///
/// What its owner publishes, each with what was seen of it when somebody looked last.
#[utoipa::path(get, path = "/api/v1/mail/domains/{domain}/records", tag = "mail",
    params(("domain" = MailDomainId, Path)),
    responses((status = 200, description = "The records", body = MailRecordsOut)))]
async fn records(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
) -> Result<Json<MailRecordsOut>, Error> {
    let mut tx = scope.begin().await?;
    let domain = store::find(&mut tx, id).await?;
    records_of(&app, &mut tx, &domain).await
}

async fn records_of(app: &App, tx: &mut impl Scoped, domain: &Domain) -> Result<Json<MailRecordsOut>, Error> {
    let records = actions::seen(app, tx, domain).await?;
    Ok(Json(MailRecordsOut {
        checked_at: domain.checked_at,
        records: records.into_iter().map(MailRecordOut::new).collect(),
    }))
}

/// Check a mail domain's DNS records
///
/// Asks DNS about all of them now, for five seconds at most, and keeps what was seen.
#[utoipa::path(post, path = "/api/v1/mail/domains/{domain}/check", tag = "mail",
    params(("domain" = MailDomainId, Path)),
    responses((status = 200, description = "The records, as DNS has them", body = MailRecordsOut)))]
async fn check(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
) -> Result<Json<MailRecordsOut>, Error> {
    let domain = actions::check(&app, &scope, id).await?;
    records_of(&app, &mut scope.begin().await?, &domain).await
}
