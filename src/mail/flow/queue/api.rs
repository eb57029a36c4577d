//! The queue for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::drivers::mail::{Queue, QueueAct, QueueId, Queued};
use crate::mail::model::DomainName;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Json, ListOut, Path, Query};

use super::super::model;
use super::actions::{self, Done, MailQueueQuery, Which};

/// Mails that one request may name.
pub const MOST_IDS: usize = 200;

/// Somebody who waits for a mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailWaitingOut {
    /// The address. Without the broken glass for whose mail it is, `…` stands before the @.
    #[schema(example = "…@example.org")]
    address: String,
    /// Why they have not got it, as the last try said.
    reason: Option<String>,
}

/// A mail that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailQueuedOut {
    /// Its id in the queue.
    #[schema(example = "4SfKbW2kQmz9vQx")]
    id: String,
    /// Where it waits.
    state: Queue,
    /// Who sent it; empty for a bounce. Without the broken glass for whose mail it is, `…` stands before the @.
    sender: String,
    /// Those who have not got it.
    recipients: Vec<MailWaitingOut>,
    /// Since when.
    arrived_at: DateTime<Utc>,
    /// How large it is.
    bytes: i64,
}

impl From<Queued> for MailQueuedOut {
    fn from(one: Queued) -> Self {
        let recipients = one.recipients.into_iter().map(|waiting| MailWaitingOut {
            address: waiting.address,
            reason: waiting.reason,
        });
        Self {
            id: one.id.as_str().to_owned(),
            state: one.queue,
            sender: one.sender,
            recipients: recipients.collect(),
            arrived_at: one.arrived,
            bytes: one.bytes,
        }
    }
}

/// What waits for a domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailDomainWaitsOut {
    /// Which.
    domain: String,
    /// How many mails.
    count: usize,
    /// How many of them were tried and are tried again.
    deferred: usize,
    /// Since when the oldest waits.
    oldest_at: DateTime<Utc>,
}

/// The queue in figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailQueueFiguresOut {
    /// How many mails wait.
    count: usize,
    /// How large they are together.
    bytes: i64,
    /// Since when the oldest waits that is not held.
    oldest_at: Option<DateTime<Utc>>,
    /// How many were tried and are tried again.
    deferred: usize,
    /// How many are held.
    held: usize,
    /// The domains that mail waits for, those with most first.
    domains: Vec<MailDomainWaitsOut>,
}

/// A header of a mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailHeaderOut {
    /// Its name.
    #[schema(example = "Subject")]
    name: String,
    /// What it says.
    value: String,
}

/// A mail that waits, with some of its headers.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailQueuedDetailsOut {
    #[serde(flatten)]
    mail: MailQueuedOut,
    /// `From`, `To`, `Subject`, `Date`, `Message-ID` and `Received`. The first three are hidden without the broken glass.
    headers: Vec<MailHeaderOut>,
}

/// An id of an address; anything else is not there.
pub fn id(text: &str) -> Result<QueueId, Error> {
    QueueId::parse(text).ok_or(Error::NotFound)
}

/// List the mail queue
///
/// What waits, of all tenants. Held mail is the quarantine: spam, and what staff keeps. Its people are shown to whoever has open access
/// to the mail of all organisations that it is of (`POST /api/v1/staff/break-glass`); these see that somebody looked.
#[utoipa::path(get, path = "/api/v1/staff/mail/queue", tag = "staff mail", params(MailQueueQuery),
    responses((status = 200, description = "A page of mails", body = ListOut<MailQueuedOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<MailQueueQuery>,
) -> Result<Response, Error> {
    let queue = actions::queue(&app).await?;
    let listing = actions::seen(&app, &scope, queue, &query).await?;
    Ok(listing.map(MailQueuedOut::from).json(&query))
}

/// Get the mail queue in figures
#[utoipa::path(get, path = "/api/v1/staff/mail/queue/figures", tag = "staff mail",
    responses((status = 200, description = "The figures", body = MailQueueFiguresOut)))]
pub async fn figures(State(app): State<App>, _scope: StaffScope) -> Result<Json<MailQueueFiguresOut>, Error> {
    let queue = actions::queue(&app).await?;
    let found = model::figures(&queue);
    let domains = model::by_domain(&queue)
        .into_iter()
        .map(|one| MailDomainWaitsOut {
            domain: one.domain,
            count: one.count,
            deferred: one.deferred,
            oldest_at: one.oldest,
        });
    Ok(Json(MailQueueFiguresOut {
        count: found.count,
        bytes: found.bytes,
        oldest_at: found.oldest,
        deferred: found.deferred,
        held: found.held,
        domains: domains.collect(),
    }))
}

/// Get a mail of the queue
///
/// With some of its headers; who looked is in the audit log.
#[utoipa::path(get, path = "/api/v1/staff/mail/queue/{queued}", tag = "staff mail",
    params(("queued" = String, Path, description = "Its id in the queue")),
    responses((status = 200, description = "The mail", body = MailQueuedDetailsOut)))]
pub async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<Json<MailQueuedDetailsOut>, Error> {
    let id = id(&text)?;
    let look = actions::look(&app, &scope, &id).await?;
    let headers = look.headers.into_iter();
    let headers = headers.map(|(name, value)| MailHeaderOut { name, value });
    Ok(Json(MailQueuedDetailsOut {
        mail: look.mail.into(),
        headers: headers.collect(),
    }))
}

/// Retry all mail
///
/// Everything that was deferred is tried again now. Held mail stays.
#[utoipa::path(post, path = "/api/v1/staff/mail/queue/retry", tag = "staff mail",
    responses((status = 204, description = "It is being tried")))]
pub async fn retry_all(State(app): State<App>, scope: StaffScope) -> Result<StatusCode, Error> {
    actions::retry_all(&app, &scope).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is to become of mail.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailQueueActIn {
    /// Try again now.
    Retry,
    /// Keep it until it is released.
    Hold,
    /// Let it go on.
    Release,
    /// Delete it; nobody is told.
    Delete,
}

impl From<MailQueueActIn> for QueueAct {
    fn from(act: MailQueueActIn) -> Self {
        match act {
            MailQueueActIn::Retry => Self::Retry,
            MailQueueActIn::Hold => Self::Hold,
            MailQueueActIn::Release => Self::Release,
            MailQueueActIn::Delete => Self::Delete,
        }
    }
}

/// A decision about several mails: by their ids, or by the domain that they are for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailQueueDecisionIn {
    /// What is to become of them.
    act: MailQueueActIn,
    /// Which.
    #[serde(default)]
    #[schema(max_items = 200)]
    ids: Vec<String>,
    /// All that somebody in this domain waits for.
    #[serde(default)]
    #[schema(example = "example.org", max_length = 253)]
    domain: Option<String>,
}

/// Which mails somebody means.
pub fn which<'a>(ids: impl Iterator<Item = &'a str>, domain: Option<&str>) -> Result<Which, Error> {
    let ids: Option<Vec<QueueId>> = ids.map(QueueId::parse).collect();
    let ids = ids.ok_or_else(|| Error::invalid("ids", "One of them is no id of the queue."))?;
    match (ids.len(), domain) {
        (0, Some(domain)) => {
            let domain = DomainName::parse(domain).map_err(|words| Error::invalid("domain", words))?;
            Ok(Which::Domain(domain.as_str().to_owned()))
        }
        (0, None) => Err(Error::invalid(
            "ids",
            "Choose at least one mail, or name a domain.",
        )),
        (1..=MOST_IDS, None) => Ok(Which::Ids(ids)),
        (_, None) => Err(Error::invalid(
            "ids",
            format!("Name at most {MOST_IDS} mails at once."),
        )),
        (_, Some(_)) => Err(Error::invalid("domain", "Name mails or a domain, not both.")),
    }
}

/// Decide about several mails
///
/// At most 500 at once; `left` says how many there are besides.
#[utoipa::path(post, path = "/api/v1/staff/mail/queue/act", tag = "staff mail", request_body = MailQueueDecisionIn,
    responses((status = 200, description = "What was done", body = Done)))]
pub async fn act(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<MailQueueDecisionIn>,
) -> Result<Json<Done>, Error> {
    let which = which(new.ids.iter().map(String::as_str), new.domain.as_deref())?;
    let done = actions::act_on_many(&app, &scope, &which, new.act.into()).await?;
    Ok(Json(done))
}

/// Retry a mail
#[utoipa::path(post, path = "/api/v1/staff/mail/queue/{queued}/retry", tag = "staff mail",
    params(("queued" = String, Path, description = "Its id in the queue")),
    responses((status = 204, description = "It is being tried")))]
pub async fn retry(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    actions::act_on(&app, &scope, &id(&text)?, QueueAct::Retry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hold a mail
///
/// It is kept in the queue until it is released.
#[utoipa::path(post, path = "/api/v1/staff/mail/queue/{queued}/hold", tag = "staff mail",
    params(("queued" = String, Path, description = "Its id in the queue")),
    responses((status = 204, description = "It is held")))]
pub async fn hold(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    actions::act_on(&app, &scope, &id(&text)?, QueueAct::Hold).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Release a mail
///
/// One that was held goes on.
#[utoipa::path(post, path = "/api/v1/staff/mail/queue/{queued}/release", tag = "staff mail",
    params(("queued" = String, Path, description = "Its id in the queue")),
    responses((status = 204, description = "It goes on")))]
pub async fn release(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    actions::act_on(&app, &scope, &id(&text)?, QueueAct::Release).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a mail
///
/// From the queue; nobody is told.
#[utoipa::path(delete, path = "/api/v1/staff/mail/queue/{queued}", tag = "staff mail",
    params(("queued" = String, Path, description = "Its id in the queue")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    actions::act_on(&app, &scope, &id(&text)?, QueueAct::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}
