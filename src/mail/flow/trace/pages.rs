//! Messages for people.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Listing, Page, Path, Query, ago, first_href};
use crate::usage::bytes;

use super::super::model::{Outcome, Step, sentence};
use super::super::store::{self, Message, Told};
use super::query::{MailMessagesQuery, find};

const TIME: &str = "%Y-%m-%d %H:%M:%S";

#[derive(Template)]
#[template(path = "mail/trace.html")]
struct TracePage {
    ctx: Ctx,
    area: AreaHead,
    path: String,
    query: MailMessagesQuery,
    rows: Vec<Message>,
    first: String,
    next: String,
    wrong: Vec<String>,
    /// Words, labels, and whether each is asked for.
    outcomes: Vec<(&'static str, &'static str, bool)>,
    has_service: bool,
}

impl TracePage {
    fn time(&self, one: &Message) -> String {
        one.at.format(TIME).to_string()
    }

    fn sender(&self, one: &Message) -> String {
        named(one.sender.as_deref())
    }

    fn to(&self, one: &Message) -> String {
        match one.recipients.as_slice() {
            [] => "–".to_owned(),
            [only] => only.clone(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        }
    }
}

/// Who sent a mail, for people.
fn named(sender: Option<&str>) -> String {
    match sender {
        None => "not known".to_owned(),
        Some("") => "a mail server (bounce)".to_owned(),
        Some(sender) => sender.to_owned(),
    }
}

/// Lists messages.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<MailMessagesQuery>,
) -> Result<Response, Error> {
    let (listing, wrong) = match find(&scope, &query).await {
        Ok(listing) => (listing, Vec::new()),
        Err(Error::Invalid(errors)) => {
            let none = Listing {
                items: Vec::new(),
                next: None,
            };
            (none, errors.0.into_iter().map(|error| error.message).collect())
        }
        Err(error) => return Err(error),
    };
    let status = if wrong.is_empty() { 200 } else { 422 };
    let outcomes = Outcome::ALL
        .into_iter()
        .map(|one| (one.word(), one.label(), query.outcome == Some(one)));
    let outcomes: Vec<_> = outcomes.collect();
    let page = TracePage {
        ctx: nav::crumbs(ctx, &scope),
        area: AreaHead::new(&scope, Tab::Trace),
        path: Tab::Trace.href(&scope),
        next: listing.next_href(&query).unwrap_or_default(),
        first: query
            .after
            .as_ref()
            .map(|_| first_href(&query))
            .unwrap_or_default(),
        rows: listing.items,
        outcomes,
        query,
        wrong,
        has_service: app.mail.is_some(),
    };
    Ok(Page(page).status(status))
}

#[derive(Template)]
#[template(path = "mail/message.html")]
pub(super) struct MessagePage {
    ctx: Ctx,
    message: Message,
    sender: String,
    size: String,
    began: (String, String),
    steps: Vec<Told>,
    quarantine: String,
}

impl MessagePage {
    /// Whether somebody has to decide about it.
    fn is_held(&self) -> bool {
        self.message.outcome == Outcome::Held
    }

    fn time(&self, one: &Told) -> String {
        one.at.format(TIME).to_string()
    }

    fn sentence(&self, one: &Told) -> String {
        sentence(&one.step, one.recipient.as_deref())
    }

    fn tone(&self, one: &Told) -> &'static str {
        match one.step {
            Step::Refused { .. } | Step::Bounced { .. } | Step::Expired | Step::Rejected => "bad",
            Step::Deferred { .. } | Step::Held | Step::Deleted | Step::Discarded => "warn",
            Step::Sent { .. } | Step::Stored { .. } | Step::Released => "good",
            _ => "info",
        }
    }

    fn icon(&self, one: &Told) -> &'static str {
        match self.tone(one) {
            "bad" => "circle-x",
            "warn" => "triangle-alert",
            "good" => "circle-check",
            _ => "info",
        }
    }
}

/// One message with its story.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, String)>,
) -> Result<Page<MessagePage>, Error> {
    let mut tx = scope.begin().await?;
    let message = store::find(&mut tx, &id).await?;
    let steps = store::steps(&mut tx, &id).await?;
    Ok(Page(MessagePage {
        ctx: nav::crumbs_below(ctx, &scope, Tab::Trace),
        quarantine: Tab::Quarantine.href(&scope),
        sender: named(message.sender.as_deref()),
        size: message.bytes.map(bytes).unwrap_or_default(),
        began: (message.at.to_rfc3339(), ago(message.at, app.now())),
        message,
        steps,
    }))
}
