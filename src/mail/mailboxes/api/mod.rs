//! Mailboxes for programs: the same actions as the pages.

mod outs;
pub(super) mod parts;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId};
use crate::platform::secret::Secret;
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Sorted, Tagged};

use super::actions::{self, NewPassword};
use super::model::{Mailbox, NewMailbox, Settings, Stated};
use outs::{MailboxMadeOut, MailboxOut, SetUpLinkOut};

/// Which mailboxes.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MailboxFilter {
    /// Those of one domain only.
    #[param(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<MailDomainId>,
}

/// List mailboxes
///
/// Without those that are deleted. `q` is found in the address and the name. `sort` is `address` (if nothing is said); of one
/// `domain` also `-address`, `created`, `-created`, `used` or `-used`.
#[utoipa::path(get, path = "/api/v1/mail/mailboxes", tag = "mail", params(MailboxFilter, ListQuery),
    responses((status = 200, description = "A page of mailboxes", body = ListOut<MailboxOut>)))]
pub async fn list(scope: TenantScope, query: Sorted<MailboxFilter>) -> Result<Response, Error> {
    let listing = actions::list(&scope, query.filter.domain, &query.list).await?;
    Ok(listing.map(MailboxOut::from).json(&query))
}

/// List deleted mailboxes
///
/// Those that can still be restored, the one first that was deleted last. `q` is found in the address and the name.
#[utoipa::path(get, path = "/api/v1/mail/deleted-mailboxes", tag = "mail", params(ListQuery),
    responses((status = 200, description = "A page of deleted mailboxes", body = ListOut<MailboxOut>)))]
pub async fn deleted(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let listing = actions::deleted(&app, &scope, &query).await?;
    Ok(listing.map(MailboxOut::from).json(&query))
}

/// A mailbox to be made, and one of the three ways for its person to get in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxIn {
    /// Its address, in one of the tenant's own mail domains.
    #[schema(example = "ann@example.com", max_length = 254)]
    address: String,
    /// The person's name.
    #[serde(default)]
    #[schema(example = "Ann Smith", max_length = 100)]
    name: String,
    /// A password; long, and hard to guess.
    #[schema(min_length = 12, max_length = 1024)]
    password: Option<String>,
    /// A hash of one, with its scheme before it: `{ARGON2ID}$argon2id$v=19$m=…,t=…,p=1$…`, `{BLF-CRYPT}$2y$…` or
    /// `{SHA512-CRYPT}$6$…`.
    #[schema(max_length = 300)]
    password_hash: Option<String>,
    /// Whether a link is made by which the person chooses a password.
    #[serde(default)]
    set_up_link: bool,
    /// Where that link is mailed to, besides being told in the answer.
    #[schema(example = "ann@elsewhere.example", max_length = 254)]
    send_link_to: Option<String>,
    /// What it may hold, in MiB; null for no limit of its own, and with 0 it takes nothing in.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 2048, minimum = 0, maximum = 16_777_216)]
    quota_mib: Stated<i64>,
    /// Recipients in an hour; null for no limit of its own, and with 0 it sends nothing.
    #[serde(default)]
    #[schema(value_type = Option<i32>, example = 200, minimum = 0, maximum = 10_000_000)]
    hourly_limit: Stated<i32>,
    /// How many aliases its person may make.
    #[serde(default)]
    #[schema(value_type = Option<i32>, example = 3, minimum = 0, maximum = 1000)]
    max_own_aliases: Stated<i32>,
}

/// Create a mailbox
///
/// From this answer on it takes mail in, and its person can sign in.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes", tag = "mail", request_body = MailboxIn,
    responses((status = 201, description = "The mailbox", body = MailboxMadeOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<MailboxIn>,
) -> Result<(StatusCode, Tagged<Json<MailboxMadeOut>>), Error> {
    let new = NewMailbox {
        address: new.address,
        name: new.name,
        quota_mib: new.quota_mib,
        hourly_limit: new.hourly_limit,
        max_own_aliases: new.max_own_aliases,
        password: new.password.map(Secret::new),
        password_hash: new.password_hash.map(Secret::new),
        set_up_link: new.set_up_link,
        send_link_to: new.send_link_to,
    };
    let created = actions::create(&app, &scope, new).await?;
    Ok((
        StatusCode::CREATED,
        Tagged(created.mailbox.version, Json(created.into())),
    ))
}

fn tagged(mailbox: Mailbox) -> Tagged<Json<MailboxOut>> {
    Tagged(mailbox.version, Json(mailbox.into()))
}

/// Show a mailbox
///
/// Also one that is deleted, while it is kept.
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}", tag = "mail", params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "The mailbox", body = MailboxOut)))]
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Tagged<Json<MailboxOut>>, Error> {
    let mailbox = actions::find(&app, &scope, id).await?;
    Ok(tagged(mailbox))
}

/// What is to be changed of a mailbox; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxChangeIn {
    /// The person's name.
    #[schema(example = "Ann Smith", max_length = 100)]
    name: Option<String>,
    /// What it may hold, in MiB; null for no limit of its own, and with 0 it takes nothing in.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 2048, minimum = 0, maximum = 16_777_216)]
    quota_mib: Stated<i64>,
    /// Recipients in an hour; null for no limit of its own, and with 0 it sends nothing.
    #[serde(default)]
    #[schema(value_type = Option<i32>, example = 200, minimum = 0, maximum = 10_000_000)]
    hourly_limit: Stated<i32>,
    /// How many aliases its person may make.
    #[serde(default)]
    #[schema(value_type = Option<i32>, example = 3, minimum = 0, maximum = 1000)]
    max_own_aliases: Stated<i32>,
}

/// Change a mailbox
///
/// Its name and its limits. It holds for the next mail.
#[utoipa::path(patch, path = "/api/v1/mail/mailboxes/{mailbox}", tag = "mail", params(("mailbox" = MailboxId, Path)),
    request_body = MailboxChangeIn, responses((status = 200, description = "The mailbox", body = MailboxOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    if_match: IfMatch,
    Json(new): Json<MailboxChangeIn>,
) -> Result<Tagged<Json<MailboxOut>>, Error> {
    let settings = Settings {
        name: new.name,
        quota_mib: new.quota_mib,
        hourly_limit: new.hourly_limit,
        max_own_aliases: new.max_own_aliases,
    };
    let check = |version| if_match.check(version);
    let mailbox = actions::change(&app, &scope, id, settings, check).await?;
    Ok(tagged(mailbox))
}

/// Delete a mailbox
///
/// Nobody signs in and no mail arrives any more, and its address is free. It is kept with its mail until `erased_at`,
/// and can be restored until then. Aliases that its person made for themselves are gone.
#[utoipa::path(delete, path = "/api/v1/mail/mailboxes/{mailbox}", tag = "mail", params(("mailbox" = MailboxId, Path)),
    responses((status = 204, description = "It is deleted")))]
pub async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted mailbox
///
/// With its mail, its passwords and its settings, if its address is free and the plan allows one more.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/restore", tag = "mail",
    params(("mailbox" = MailboxId, Path)), responses((status = 200, description = "The mailbox", body = MailboxOut)))]
pub async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Tagged<Json<MailboxOut>>, Error> {
    let mailbox = actions::restore(&app, &scope, id).await?;
    Ok(tagged(mailbox))
}

/// Erase a deleted mailbox
///
/// With its mail, now and for good.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/erase", tag = "mail",
    params(("mailbox" = MailboxId, Path)), responses((status = 204, description = "It is gone")))]
pub async fn erase(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<StatusCode, Error> {
    actions::erase(&app, &scope, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enable a mailbox
///
/// Its person may sign in and send again.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/enable", tag = "mail",
    params(("mailbox" = MailboxId, Path)), responses((status = 200, description = "The mailbox", body = MailboxOut)))]
pub async fn enable(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Tagged<Json<MailboxOut>>, Error> {
    let mailbox = actions::enable(&app, &scope, id).await?;
    Ok(tagged(mailbox))
}

/// Disable a mailbox
///
/// Its person can't sign in or send, and open sessions end. Mail still arrives and waits, and none is forwarded.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/disable", tag = "mail",
    params(("mailbox" = MailboxId, Path)), responses((status = 200, description = "The mailbox", body = MailboxOut)))]
pub async fn disable(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Tagged<Json<MailboxOut>>, Error> {
    let mailbox = actions::disable(&app, &scope, id).await?;
    Ok(tagged(mailbox))
}

/// Another password for a mailbox: itself, or a hash of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxPasswordIn {
    /// The password; long, and hard to guess.
    #[schema(min_length = 12, max_length = 1024)]
    password: Option<String>,
    /// A hash of one, as for a new mailbox.
    #[schema(max_length = 300)]
    password_hash: Option<String>,
    /// Whether all app passwords are removed as well.
    #[serde(default)]
    remove_app_passwords: bool,
}

/// Set a mailbox's password
///
/// Open sessions end, and a set-up link that was not used works no more.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/password", tag = "mail",
    params(("mailbox" = MailboxId, Path)), request_body = MailboxPasswordIn,
    responses((status = 200, description = "The mailbox", body = MailboxOut)))]
pub async fn password(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    Json(new): Json<MailboxPasswordIn>,
) -> Result<Tagged<Json<MailboxOut>>, Error> {
    let new = NewPassword {
        password: new.password.map(Secret::new),
        password_hash: new.password_hash.map(Secret::new),
        ends_app_passwords: new.remove_app_passwords,
    };
    let mailbox = actions::set_password(&app, &scope, id, new).await?;
    Ok(tagged(mailbox))
}

/// Where a set-up link is mailed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpLinkIn {
    /// The address; the link is told in the answer in any case.
    #[schema(example = "ann@elsewhere.example", max_length = 254)]
    send_link_to: Option<String>,
}

/// Make a set-up link
///
/// By which the mailbox's person chooses a password. It works once, for 7 days, and the one before works no more; a password that
/// there is stays until then.
#[utoipa::path(post, path = "/api/v1/mail/mailboxes/{mailbox}/set-up-link", tag = "mail",
    params(("mailbox" = MailboxId, Path)), request_body = SetUpLinkIn,
    responses((status = 201, description = "The link", body = SetUpLinkOut)))]
pub async fn set_up_link(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    Json(new): Json<SetUpLinkIn>,
) -> Result<(StatusCode, Json<SetUpLinkOut>), Error> {
    let (_, issued) = actions::issue_link(&app, &scope, id, new.send_link_to.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(issued.into())))
}
