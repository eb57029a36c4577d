//! Fetches for programs: the same actions as the pages.

mod outs;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::drivers::mail::FetchTls;
use crate::platform::access::{Side, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{MailFetchId, MailboxId};
use crate::platform::secret::Secret;
use crate::platform::web::{Accepted, Json, ListOut, ListQuery, Path, Sorted};

use super::actions;
use super::model::{Account, Fetch, Folders, NewFetch};
use outs::{MailFetchOut, MailFetchesOut};

/// Which fetches.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FetchFilter {
    /// Those into one mailbox only.
    #[param(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mailbox: Option<MailboxId>,
}

/// List fetches
///
/// Mail that is, or was, fetched from other IMAP servers, the newest first. `q` is found in the mailbox's address and the host.
#[utoipa::path(get, path = "/api/v1/mail/fetches", tag = "mail", params(FetchFilter, ListQuery),
    responses((status = 200, description = "A page of fetches", body = ListOut<MailFetchOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    query: Sorted<FetchFilter>,
) -> Result<Response, Error> {
    let listing = actions::list(&scope, query.filter.mailbox, &query.list).await?;
    let now = app.now();
    Ok(listing.map(|fetch| MailFetchOut::new(fetch, now)).json(&query))
}

/// Who signs in at the other server, and into which mailbox the mail goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailFetchAccountIn {
    /// The mailbox's address here.
    #[schema(example = "ann@example.com", max_length = 254)]
    mailbox: String,
    /// The user name there.
    #[schema(example = "ann", min_length = 1, max_length = 255)]
    user: String,
    /// The password there. It is sealed, wiped when the fetch has ended, and never shown.
    #[schema(min_length = 1, max_length = 1024)]
    password: String,
}

/// Another IMAP server, and whose mail is fetched from it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailFetchesIn {
    /// Its name, as its certificate has it; of the public internet.
    #[schema(example = "imap.old.example", max_length = 253)]
    host: String,
    /// Its port; 993 or, with `starttls`, 143 if nothing is said.
    #[schema(example = 993, minimum = 1, maximum = 65535)]
    port: Option<i64>,
    /// How the connection is encrypted; `implicit` if nothing is said.
    tls: Option<FetchTls>,
    /// Which folders come; `all` if nothing is said.
    #[serde(default)]
    folders: Folders,
    /// The SHA-256 fingerprint of a certificate that is accepted although nobody vouches for it, in hex.
    #[serde(default)]
    #[schema(max_length = 200)]
    fingerprint: String,
    /// Who signs in there, and into which mailbox the mail goes.
    #[schema(min_items = 1, max_items = 100)]
    accounts: Vec<MailFetchAccountIn>,
}

/// Fetch mail from another server
///
/// Into one mailbox or many; all of them are taken, or none. Two are under way at once, the others wait. Nothing is deleted there or
/// here, and what is here already does not come again, so asking again is harmless.
#[utoipa::path(post, path = "/api/v1/mail/fetches", tag = "mail", request_body = MailFetchesIn,
    responses((status = 202, description = "The fetches, in the order of the accounts", body = MailFetchesOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<MailFetchesIn>,
) -> Result<(StatusCode, Json<MailFetchesOut>), Error> {
    let account = |one: MailFetchAccountIn| Account {
        address: one.mailbox,
        user: one.user,
        password: Secret::new(one.password),
    };
    let new = NewFetch {
        host: new.host,
        port: new.port,
        tls: new.tls,
        folders: new.folders,
        fingerprint: new.fingerprint,
        accounts: new.accounts.into_iter().map(account).collect(),
    };
    let field = |place: usize, part: &str| format!("accounts.{place}.{part}");
    let made = actions::create(&app, &scope, new, field).await?;
    let now = app.now();
    let items = made
        .into_iter()
        .map(|fetch| MailFetchOut::new(fetch, now))
        .collect();
    Ok((StatusCode::ACCEPTED, Json(MailFetchesOut { items })))
}

/// Another IMAP server, and who signs in there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailFetchIn {
    /// Its name, as its certificate has it; of the public internet.
    #[schema(example = "imap.old.example", max_length = 253)]
    host: String,
    /// Its port; 993 or, with `starttls`, 143 if nothing is said.
    #[schema(example = 993, minimum = 1, maximum = 65535)]
    port: Option<i64>,
    /// How the connection is encrypted; `implicit` if nothing is said.
    tls: Option<FetchTls>,
    /// Which folders come; `all` if nothing is said.
    #[serde(default)]
    folders: Folders,
    /// The SHA-256 fingerprint of a certificate that is accepted although nobody vouches for it, in hex.
    #[serde(default)]
    #[schema(max_length = 200)]
    fingerprint: String,
    /// The user name there.
    #[schema(example = "ann", min_length = 1, max_length = 255)]
    user: String,
    /// The password there. It is sealed, wiped when the fetch has ended, and never shown.
    #[schema(min_length = 1, max_length = 1024)]
    password: String,
}

/// A fetch, whose operation tells how it goes.
fn accepted(app: &App, fetch: Fetch) -> Accepted<Json<MailFetchOut>> {
    let operation = fetch.operation;
    Accepted(Side::Tenant, operation, Json(MailFetchOut::new(fetch, app.now())))
}

/// Fetch a mailbox's mail from another server
///
/// The same for one mailbox.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/fetch", tag = "mail",
    params(("mailbox" = MailboxId, Path)), request_body = MailFetchIn,
    responses((status = 202, description = "The fetch", body = MailFetchOut)))]
pub async fn create_one(
    State(app): State<App>,
    scope: TenantScope,
    Path(mailbox): Path<MailboxId>,
    Json(new): Json<MailFetchIn>,
) -> Result<Accepted<Json<MailFetchOut>>, Error> {
    let account = Account {
        address: actions::address_of(&scope, mailbox).await?,
        user: new.user,
        password: Secret::new(new.password),
    };
    let new = NewFetch {
        host: new.host,
        port: new.port,
        tls: new.tls,
        folders: new.folders,
        fingerprint: new.fingerprint,
        accounts: vec![account],
    };
    let mut made = actions::create(&app, &scope, new, |_, part| part.to_owned()).await?;
    let fetch = made.pop().ok_or(Error::NotFound)?;
    Ok(accepted(&app, fetch))
}

/// Show a fetch
///
/// How far it is, or how it ended.
#[utoipa::path(get, path = "/api/v1/mail/fetches/{fetch}", tag = "mail", params(("fetch" = MailFetchId, Path)),
    responses((status = 200, description = "The fetch", body = MailFetchOut)))]
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailFetchId>,
) -> Result<Json<MailFetchOut>, Error> {
    let fetch = actions::find(&scope, id).await?;
    Ok(Json(MailFetchOut::new(fetch, app.now())))
}

/// Cancel a fetch
///
/// It ends within moments, and the password is wiped. What came stays. One that is over stays as it is.
#[utoipa::path(post, path = "/api/v1/mail/fetches/{fetch}/cancel", tag = "mail", params(("fetch" = MailFetchId, Path)),
    responses((status = 202, description = "The fetch", body = MailFetchOut)))]
pub async fn cancel(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailFetchId>,
) -> Result<Accepted<Json<MailFetchOut>>, Error> {
    let fetch = actions::cancel(&app, &scope, id).await?;
    Ok(accepted(&app, fetch))
}
