//! Passwords for single programs, and addresses that a mailbox may send as, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{AppPasswordId, MailboxId};
use crate::platform::web::{Json, ListOut, ListQuery, Listing, Path};

use super::super::actions::{self, AppPasswordInput};
use super::super::model::AppPasswordProtocol;
use super::outs::{AppPasswordMadeOut, AppPasswordOut, SendAsOut};

/// List a mailbox's app passwords
///
/// Passwords for single programs, the newest first; a mailbox has at most 50. Their texts are not told again.
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/app-passwords", tag = "mail",
    params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "The app passwords", body = ListOut<AppPasswordOut>)))]
pub async fn app_passwords(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Response, Error> {
    let (_, passwords) = actions::app_passwords(&app, &scope, id).await?;
    let items = passwords.into_iter().map(AppPasswordOut::from).collect();
    Ok(Listing { items, next: None }.json(&ListQuery::default()))
}

/// A password for one program to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPasswordIn {
    /// Which program on which device has it; unique in the mailbox.
    #[schema(example = "Thunderbird on the laptop", min_length = 1, max_length = 63)]
    name: String,
    /// What it is good for.
    #[schema(min_items = 1, max_items = 4)]
    protocols: Vec<AppPasswordProtocol>,
}

/// Make an app password
///
/// Its text is told this once.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/app-passwords", tag = "mail",
    params(("mailbox" = MailboxId, Path)), request_body = AppPasswordIn,
    responses((status = 201, description = "The app password", body = AppPasswordMadeOut)))]
pub async fn make_app_password(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    Json(new): Json<AppPasswordIn>,
) -> Result<(StatusCode, Json<AppPasswordMadeOut>), Error> {
    let new = AppPasswordInput {
        name: new.name,
        protocols: new.protocols,
    };
    let (password, text) = actions::make_app_password(&app, &scope, id, new).await?;
    Ok((
        StatusCode::CREATED,
        Json(AppPasswordMadeOut::new(password, &text)),
    ))
}

/// Remove an app password
///
/// Open sessions of the mailbox end.
#[utoipa::path(delete, path = "/api/v1/mail/mailboxes/{mailbox}/app-passwords/{app_password}", tag = "mail",
    params(("mailbox" = MailboxId, Path), ("app_password" = AppPasswordId, Path)),
    responses((status = 204, description = "It works no more")))]
pub async fn remove_app_password(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, password)): Path<(MailboxId, AppPasswordId)>,
) -> Result<StatusCode, Error> {
    actions::remove_app_password(&app, &scope, id, password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the addresses that a mailbox may send as
///
/// Besides its own and those of its aliases; at most 100.
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/send-as", tag = "mail",
    params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "The addresses", body = ListOut<SendAsOut>)))]
pub async fn send_as(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Response, Error> {
    let (_, addresses) = actions::send_as(&app, &scope, id).await?;
    let items = addresses.into_iter().map(|address| SendAsOut { address });
    let listing = Listing {
        items: items.collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}

/// An address that a mailbox is to send as.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendAsIn {
    /// The address, in one of the tenant's own mail domains that is proven.
    #[schema(example = "sales@example.com", max_length = 254)]
    address: String,
}

/// Let a mailbox send as an address
///
/// Again is no mistake.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/send-as", tag = "mail",
    params(("mailbox" = MailboxId, Path)), request_body = SendAsIn,
    responses((status = 201, description = "The address", body = SendAsOut)))]
pub async fn allow_send_as(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    Json(new): Json<SendAsIn>,
) -> Result<(StatusCode, Json<SendAsOut>), Error> {
    let address = actions::allow_send_as(&app, &scope, id, &new.address).await?;
    let out = SendAsOut {
        address: address.as_str().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(out)))
}

/// Stop a mailbox from sending as an address
///
/// From the next mail on.
#[utoipa::path(delete, path = "/api/v1/mail/mailboxes/{mailbox}/send-as/{address}", tag = "mail",
    params(("mailbox" = MailboxId, Path), ("address" = String, Path)),
    responses((status = 204, description = "It may no longer")))]
pub async fn forbid_send_as(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, address)): Path<(MailboxId, String)>,
) -> Result<StatusCode, Error> {
    actions::forbid_send_as(&app, &scope, id, &address).await?;
    Ok(StatusCode::NO_CONTENT)
}
