//! The keys of domains, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailKeyId};
use crate::platform::web::{Json, ListOut, ListQuery, Listing, Path, Routes, operation};

use super::super::actions;
use super::super::store;
use super::outs::MailKeyOut;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::MailRead);
    let write = Rule::Tenant(Permission::MailWrite);
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(write, operation!(activate))
        .api(write, operation!(remove))
}

/// Why a key is to sign although DNS does not show it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailKeyActivateIn {
    /// Why it is to sign although DNS does not show it here; without a reason that is refused.
    #[schema(
        example = "The zone moves tomorrow, and DNS is not ours until then.",
        max_length = 500
    )]
    reason: Option<String>,
}

/// List a mail domain's keys
///
/// The newest first. A domain has at most 12.
#[utoipa::path(get, path = "/api/v1/mail/domains/{domain}/keys", tag = "mail", params(("domain" = MailDomainId, Path)),
    responses((status = 200, description = "The keys", body = ListOut<MailKeyOut>)))]
async fn list(scope: TenantScope, Path(id): Path<MailDomainId>) -> Result<Response, Error> {
    let (domain, keys) = actions::list_keys(&mut scope.begin().await?, id).await?;
    let items = keys.into_iter().map(|key| MailKeyOut::new(&domain.name, key));
    let listing = Listing {
        items: items.collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}

/// Make a mail domain's next key
///
/// It signs nothing before it takes over: publish its record first.
#[utoipa::path(post, path = "/api/v1/mail/domains/{domain}/keys", tag = "mail", params(("domain" = MailDomainId, Path)),
    responses((status = 201, description = "The key", body = MailKeyOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailDomainId>,
) -> Result<(StatusCode, Json<MailKeyOut>), Error> {
    let key = actions::make_next(&app, &scope, id).await?;
    let domain = store::find(&mut scope.begin().await?, id).await?;
    Ok((StatusCode::CREATED, Json(MailKeyOut::new(&domain.name, key))))
}

/// Have a mail domain's next key take over
///
/// Refused until DNS shows its record, unless a reason is given. The key before it stays published for a week.
#[utoipa::path(post, path = "/api/v1/mail/domains/{domain}/keys/{key}/activate", tag = "mail",
    params(("domain" = MailDomainId, Path), ("key" = MailKeyId, Path)), request_body = MailKeyActivateIn,
    responses((status = 200, description = "The key, which signs", body = MailKeyOut)))]
async fn activate(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(MailDomainId, MailKeyId)>,
    Json(new): Json<MailKeyActivateIn>,
) -> Result<Json<MailKeyOut>, Error> {
    let key = actions::activate(&app, &scope, at, new.reason.as_deref()).await?;
    let domain = store::find(&mut scope.begin().await?, at.0).await?;
    Ok(Json(MailKeyOut::new(&domain.name, key)))
}

/// Remove a mail domain's key
///
/// One that signs is refused, and one that did until less than a week ago.
#[utoipa::path(delete, path = "/api/v1/mail/domains/{domain}/keys/{key}", tag = "mail",
    params(("domain" = MailDomainId, Path), ("key" = MailKeyId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(MailDomainId, MailKeyId)>,
) -> Result<StatusCode, Error> {
    actions::delete_key(&app, &scope, at).await?;
    Ok(StatusCode::NO_CONTENT)
}
