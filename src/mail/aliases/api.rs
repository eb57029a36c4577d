//! Aliases for programs: the same actions as the pages.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::mail::domains;
use crate::mail::model::DomainName;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{MailAliasId, MailDomainId, MailboxId};
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Routes, Sorted, Tagged, operation};

use super::actions::{self, ChangeWish, Wish};
use super::model::{Alias, AliasKind};
use super::store;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(read, operation!(show))
        .api(write, operation!(change))
        .api(write, operation!(remove))
        .api(read, operation!(recipients))
}

/// An address that leads elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailAliasOut {
    /// Its id.
    id: MailAliasId,
    /// The domain that it is in.
    domain_id: MailDomainId,
    /// The address; of a catch-all, without a name before the @.
    #[schema(example = "sales@example.com")]
    address: String,
    /// What kind.
    kind: AliasKind,
    /// Where it leads.
    targets: Vec<String>,
    /// What it is for.
    description: String,
    /// Whether it leads there; if not, its mail is refused.
    is_enabled: bool,
    /// The mailbox whose person made it; null if somebody of the organisation did.
    owner_mailbox_id: Option<MailboxId>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<Alias> for MailAliasOut {
    fn from(alias: Alias) -> Self {
        Self {
            id: alias.id,
            domain_id: alias.domain.0,
            address: alias.address,
            kind: alias.kind,
            targets: alias.targets,
            description: alias.description,
            is_enabled: alias.is_enabled,
            owner_mailbox_id: alias.owner,
            created_by: alias.created_by,
            created_at: alias.created_at,
            updated_at: alias.updated_at,
        }
    }
}

/// An alias that was made or changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailAliasMadeOut {
    /// The alias.
    #[serde(flatten)]
    alias: MailAliasOut,
    /// What keeps mail from arriving, there or at anybody that it leads to; null if nothing does.
    #[schema(example = "No mail arrives before the domain is proven to be yours.")]
    hindrance: Option<String>,
}

impl MailAliasMadeOut {
    fn new(alias: Alias, hindrance: String) -> Self {
        Self {
            alias: alias.into(),
            hindrance: Some(hindrance).filter(|told| !told.is_empty()),
        }
    }
}

/// Which aliases.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfDomain {
    /// Those of this domain only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<MailDomainId>,
}

/// List aliases
///
/// With groups and catch-alls. `q` is found in the address, what it leads to, and the description; `sort` is `address` (the
/// default), `-address`, `created` or `-created`.
#[utoipa::path(get, path = "/api/v1/mail/aliases", tag = "mail", params(ListQuery, OfDomain),
    responses((status = 200, description = "A page of aliases", body = ListOut<MailAliasOut>)))]
async fn list(scope: TenantScope, query: Sorted<OfDomain>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let listing = actions::page_of(&mut tx, scope.tenant(), query.filter.domain, &query.list).await?;
    Ok(listing.map(MailAliasOut::from).json(&query))
}

fn yes() -> bool {
    true
}

/// An alias to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailAliasIn {
    /// The address, in one of the tenant's own mail domains; of a catch-all, without a name before the @.
    #[schema(example = "sales@example.com", max_length = 254)]
    address: String,
    /// What kind; without it what the address says, an `alias` or a `catch_all`. An alias and a catch-all lead to 100 addresses at
    /// most, a group to 1,000.
    kind: Option<AliasKind>,
    /// Where it leads: mailboxes, other aliases, addresses elsewhere.
    #[schema(min_items = 1, max_items = 1000)]
    targets: Vec<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 500)]
    description: String,
    /// Whether it leads there at once.
    #[serde(default = "yes")]
    is_enabled: bool,
}

/// The kind that an address is of: without a name before the @ it is a catch-all's, and no other one is.
fn kind_of(address: &str, stated: Option<AliasKind>) -> Result<AliasKind, Error> {
    match (address.trim_start().starts_with('@'), stated) {
        (true, None | Some(AliasKind::CatchAll)) => Ok(AliasKind::CatchAll),
        (true, Some(_)) => Err(Error::invalid(
            "kind",
            "This is a catch-all: it has no name before the @. Put one there, or leave the kind out.",
        )),
        (false, Some(AliasKind::CatchAll)) => Err(Error::invalid(
            "kind",
            "A catch-all's address has no name before the @, such as @example.com.",
        )),
        (false, stated) => Ok(stated.unwrap_or(AliasKind::Alias)),
    }
}

/// The name before the @, and the tenant's domain behind it.
async fn place_of(scope: &TenantScope, address: &str) -> Result<(String, MailDomainId), Error> {
    let Some((local, name)) = address.trim().rsplit_once('@') else {
        let message = "Enter an address such as sales@example.com, or @example.com for a catch-all.";
        return Err(Error::invalid("address", message));
    };
    let name = DomainName::parse(name).map_err(|why| Error::invalid("address", why))?;
    let mut tx = scope.begin().await?;
    let domain = domains::place_named(&mut tx, scope.tenant(), name.as_str()).await?;
    let domain = domain.ok_or_else(|| {
        let name = name.shown();
        let message = format!("You have no mail domain {name}. Add it first, or choose one that you have.");
        Error::invalid("address", message)
    })?;
    Ok((local.to_owned(), domain.id))
}

/// The same refusals, under the name that the address has here.
fn at_address(error: Error) -> Error {
    match error {
        Error::Invalid(mut errors) => {
            for error in &mut errors.0 {
                if matches!(error.field.as_str(), "local_part" | "kind") {
                    "address".clone_into(&mut error.field);
                }
            }
            Error::Invalid(errors)
        }
        error => error,
    }
}

/// Create an alias
///
/// It leads there at once. What would lead in a circle, be sent on more than 20 times, or reach more than 1,000 recipients is
/// refused with the chain. What leads to nobody at present is made, and told.
#[utoipa::path(post, path = "/api/v1/mail/aliases", tag = "mail", request_body = MailAliasIn,
    responses((status = 201, description = "The alias", body = MailAliasMadeOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<MailAliasIn>,
) -> Result<Response, Error> {
    let kind = kind_of(&new.address, new.kind)?;
    let (local, domain) = place_of(&scope, &new.address).await?;
    let wish = Wish {
        domain,
        kind,
        local,
        targets: new.targets.join("\n"),
        description: new.description,
        is_enabled: new.is_enabled,
    };
    let (alias, hindrance) = actions::create(&app, &scope, &wish).await.map_err(at_address)?;
    let version = alias.version;
    let made = MailAliasMadeOut::new(alias, hindrance);
    Ok(Tagged(version, (StatusCode::CREATED, Json(made))).into_response())
}

/// Show an alias
#[utoipa::path(get, path = "/api/v1/mail/aliases/{alias}", tag = "mail", params(("alias" = MailAliasId, Path)),
    responses((status = 200, description = "The alias", body = MailAliasOut)))]
async fn show(scope: TenantScope, Path(id): Path<MailAliasId>) -> Result<Tagged<Json<MailAliasOut>>, Error> {
    let alias = store::find(&mut scope.begin().await?, id).await?;
    Ok(Tagged(alias.version, Json(alias.into())))
}

/// What is to be changed of an alias; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailAliasChangeIn {
    /// `group` for an alias that needs more than 100 targets, or back. A catch-all stays one.
    kind: Option<AliasKind>,
    /// Where it leads, all of it.
    #[schema(min_items = 1, max_items = 1000)]
    targets: Option<Vec<String>>,
    /// What it is for.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Whether it leads there.
    is_enabled: Option<bool>,
}

/// Change an alias
///
/// The address stays: make another alias for another one.
#[utoipa::path(patch, path = "/api/v1/mail/aliases/{alias}", tag = "mail", params(("alias" = MailAliasId, Path)),
    request_body = MailAliasChangeIn, responses((status = 200, description = "The alias", body = MailAliasMadeOut)))]
async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailAliasId>,
    if_match: IfMatch,
    Json(new): Json<MailAliasChangeIn>,
) -> Result<Tagged<Json<MailAliasMadeOut>>, Error> {
    let wish = ChangeWish {
        kind: new.kind,
        targets: new.targets.map(|targets| targets.join("\n")),
        description: new.description,
        is_enabled: new.is_enabled,
    };
    let check = |version| if_match.check(version);
    let (alias, hindrance) = actions::change(&app, &scope, id, wish, check).await?;
    Ok(Tagged(
        alias.version,
        Json(MailAliasMadeOut::new(alias, hindrance)),
    ))
}

/// Delete an alias
///
/// Mail to it is refused from now on, or goes to the catch-all of its domain.
#[utoipa::path(delete, path = "/api/v1/mail/aliases/{alias}", tag = "mail", params(("alias" = MailAliasId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailAliasId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who gets mail to an alias.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailRecipientsOut {
    /// Mailboxes of the organisation, and addresses elsewhere.
    recipients: BTreeSet<String>,
    /// Addresses of the organisation on the way at which the mail is refused: nobody has them, or they are turned off.
    refused: BTreeSet<String>,
    /// The ways to these, step by step; 100 at most.
    dead_ends: Vec<Vec<String>>,
    /// Why it can't be told: it leads in a circle or to too many since something else was changed.
    error: Option<String>,
}

/// Show who gets an alias's mail
///
/// Through other aliases, groups, forwards of mailboxes, and domains that stand for others. What happens at other providers
/// nobody can tell.
#[utoipa::path(get, path = "/api/v1/mail/aliases/{alias}/recipients", tag = "mail", params(("alias" = MailAliasId, Path)),
    responses((status = 200, description = "Who gets it", body = MailRecipientsOut)))]
async fn recipients(
    scope: TenantScope,
    Path(id): Path<MailAliasId>,
) -> Result<Json<MailRecipientsOut>, Error> {
    let (_, reach) = actions::look(&scope, id).await?;
    let error = reach.as_ref().err().map(ToString::to_string);
    let reach = reach.unwrap_or_default();
    Ok(Json(MailRecipientsOut {
        recipients: reach.recipients,
        refused: reach.refused,
        dead_ends: reach.dead_ends,
        error,
    }))
}
