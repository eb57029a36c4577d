//! Looking at the queue, and deciding about mail in it.
//!
//! Each decision is audited in a transaction that is committed once the mail service did it. A mail that is gone meanwhile is no
//! error where several are meant.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::mail::{MailService, MailServiceError, Queue, QueueAct, QueueId, Queued};
use crate::mail::TOPIC;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::super::model::{self, QueueKey, QueueSort, domain_of};
use super::super::service::{service, told};
use super::veil::Opened;

/// Mails that one request decides about.
const MOST: usize = 500;
/// Commands that run at once.
const AT_ONCE: usize = 8;
/// Ids that the audit log names.
const NAMED: usize = 100;

/// Which mails of the queue.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MailQueueQuery {
    /// Found in the addresses, the reasons and the ids.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those that wait there.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<QueueState>,
    /// `arrived` (the oldest first), `-arrived`, `-bytes` or `sender`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// Where mail waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailQueueState)]
pub enum QueueState {
    /// On its way.
    Active,
    /// Tried, and to be tried again.
    Deferred,
    /// Kept until somebody decides: the quarantine.
    Held,
}

impl QueueState {
    /// The states with their words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Active, "active", "On its way"),
        (Self::Deferred, "deferred", "Deferred"),
        (Self::Held, "held", "Held"),
    ];

    fn queue(self) -> Queue {
        match self {
            Self::Active => Queue::Active,
            Self::Deferred => Queue::Deferred,
            Self::Held => Queue::Held,
        }
    }
}

/// All that waits.
pub async fn queue(app: &App) -> Result<Vec<Queued>, Error> {
    service(app)?.queue().await.map_err(told)
}

/// A page of what waits.
fn page_of(queue: Vec<Queued>, query: &MailQueueQuery) -> Result<Listing<Queued>, Error> {
    let sort = QueueSort::read(query.sort.as_deref())
        .ok_or_else(|| Error::invalid("sort", "Use arrived, -arrived, -bytes or sender."))?;
    let list = ListQuery {
        q: query.q.clone(),
        after: query.after.clone(),
        limit: query.limit,
        ..ListQuery::default()
    };
    list.pattern()?;
    let after: Option<QueueKey> = Cursor::decode(query.after.as_deref())?;
    let state = query.state.map(QueueState::queue);
    let meant = queue
        .into_iter()
        .filter(|one| state.is_none_or(|state| one.queue == state));
    let limit = list.limit()? + 1;
    let rows = model::chosen(meant.collect(), list.text(), (sort, after.as_ref()), limit);
    Listing::new(rows, &list, |one| sort.key(one))
}

/// A page of what waits as one of the staff sees it. Also searched and sorted is only what is shown.
pub async fn seen(
    app: &App,
    scope: &StaffScope,
    queue: Vec<Queued>,
    query: &MailQueueQuery,
) -> Result<Listing<Queued>, Error> {
    let opened = Opened::of(app, scope, &queue).await?;
    let listing = page_of(opened.shown(queue), query)?;
    opened.note(app, scope, &listing.items, "the mail queue").await?;
    Ok(listing)
}

/// A mail of the queue as one of the staff sees it.
#[derive(Debug)]
pub struct Look {
    /// The mail.
    pub mail: Queued,
    /// Its headers that staff may look at.
    pub headers: Vec<(String, String)>,
    /// Whether its people are hidden.
    pub is_veiled: bool,
}

/// Looks at a mail of the queue. Who looked is written down.
pub async fn look(app: &App, scope: &StaffScope, id: &QueueId) -> Result<Look, Error> {
    let mut found = queue(app).await?;
    found.retain(|one| one.id == *id);
    let opened = Opened::of(app, scope, &found).await?;
    let mail = opened.shown(found).pop().ok_or(Error::NotFound)?;
    let mut tx = scope.begin().await?;
    let raw = service(app)?.headers(id).await.map_err(told)?;
    let change = Change::plain("mail.look_at_headers");
    app.audit(&mut tx, &scope.who, &target(id.as_str()), &change)
        .await?;
    tx.commit().await?;
    let what = format!("mail {} in the queue", id.as_str());
    opened
        .note(app, scope, std::slice::from_ref(&mail), &what)
        .await?;
    let (headers, is_veiled) = (model::headers_shown(&raw), !opened.has(id));
    Ok(Look {
        mail,
        headers: if is_veiled {
            model::veiled_headers(headers)
        } else {
            headers
        },
        is_veiled,
    })
}

/// Which mails a decision is about.
#[derive(Debug, Clone)]
pub enum Which {
    /// These.
    Ids(Vec<QueueId>),
    /// Those that somebody in this domain waits for.
    Domain(String),
}

/// What became of a decision about several mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MailQueueDone)]
pub struct Done {
    /// For how many it was done.
    #[schema(example = 12)]
    pub mails: usize,
    /// How many were gone meanwhile.
    #[schema(example = 0)]
    pub gone: usize,
    /// How many there are besides; ask again for them.
    #[schema(example = 0)]
    pub left: usize,
}

fn target(label: &str) -> Target<'_> {
    Target {
        kind: "queued_mail",
        id: None,
        label,
        tenant: None,
    }
}

fn verb(act: QueueAct) -> &'static str {
    match act {
        QueueAct::Retry => "mail.retry",
        QueueAct::Hold => "mail.hold",
        QueueAct::Release => "mail.release",
        QueueAct::Delete => "mail.delete",
    }
}

/// Decides about one mail.
pub async fn act_on(app: &App, scope: &StaffScope, id: &QueueId, act: QueueAct) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let change = Change::plain(verb(act));
    app.audit(&mut tx, &scope.who, &target(id.as_str()), &change)
        .await?;
    events::emit(&mut tx, None, TOPIC, None).await?;
    service(app)?.act(Some(id), act).await.map_err(told)?;
    tx.commit().await
}

/// Has all mail tried again that was deferred.
pub async fn retry_all(app: &App, scope: &StaffScope) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let change = Change::plain(verb(QueueAct::Retry));
    app.audit(&mut tx, &scope.who, &target("all"), &change).await?;
    events::emit(&mut tx, None, TOPIC, None).await?;
    service(app)?.act(None, QueueAct::Retry).await.map_err(told)?;
    tx.commit().await
}

/// The mails that are meant, and how many there are besides.
pub async fn meant(app: &App, which: &Which) -> Result<(Vec<QueueId>, usize), Error> {
    let mut ids = match which {
        Which::Ids(ids) => ids.clone(),
        Which::Domain(domain) => {
            let queue = queue(app).await?;
            let is_for = |one: &&Queued| {
                let mut domains = one
                    .recipients
                    .iter()
                    .filter_map(|waiting| domain_of(&waiting.address));
                domains.any(|known| known.eq_ignore_ascii_case(domain))
            };
            queue.iter().filter(is_for).map(|one| one.id.clone()).collect()
        }
    };
    let left = ids.len().saturating_sub(MOST);
    ids.truncate(MOST);
    Ok((ids, left))
}

/// Decides about several mails.
pub async fn act_on_many(app: &App, scope: &StaffScope, which: &Which, act: QueueAct) -> Result<Done, Error> {
    let (ids, left) = meant(app, which).await?;
    let named: Vec<&str> = ids.iter().take(NAMED).map(QueueId::as_str).collect();
    let label = match which {
        Which::Ids(_) => format!("{} mails", ids.len()),
        Which::Domain(domain) => format!("mail to {domain}"),
    };
    let mut tx = scope.begin().await?;
    let change = Change::to(verb(act), json!({ "count": ids.len(), "ids": named }));
    app.audit(&mut tx, &scope.who, &target(&label), &change).await?;
    events::emit(&mut tx, None, TOPIC, None).await?;
    let (mails, gone) = each(service(app)?, ids, act).await?;
    tx.commit().await?;
    Ok(Done { mails, gone, left })
}

/// Says how many it was done for and how many were gone. A service that goes away meanwhile is an error only if it did nothing.
async fn each(
    service: &Arc<dyn MailService>,
    ids: Vec<QueueId>,
    act: QueueAct,
) -> Result<(usize, usize), Error> {
    let service = Arc::clone(service);
    let ask = move |id: QueueId| {
        let service = Arc::clone(&service);
        async move { service.act(Some(&id), act).await }
    };
    let mut answers = stream::iter(ids).map(ask).buffer_unordered(AT_ONCE);
    let (mut done, mut gone, mut failed) = (0, 0, None);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(()) => done += 1,
            Err(MailServiceError::Gone) => gone += 1,
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if done == 0 => Err(told(error)),
        _ => Ok((done, gone)),
    }
}
