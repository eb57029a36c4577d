//! Who else is typing into a ticket, so that no customer gets two answers. It is known for half a minute after the last key.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TicketId, UserId};
use crate::platform::web::{FormData, Json, Path};

use super::super::store;

/// What pages of staff hear when somebody begins to type, or has sent what they typed. No tenant's.
pub(super) const PRESENCE_TOPIC: &str = "ticket_presence";
const LASTS: TimeDelta = TimeDelta::seconds(30);

struct Person {
    user: UserId,
    name: String,
    what: &'static str,
    until: String,
    /// Seconds from now. The page counts them, since its clock may be wrong.
    left: i64,
}

/// The notice above the composer; also what the live stream sends.
#[derive(Template)]
#[template(path = "tickets/typing.html")]
pub(super) struct Typing {
    people: Vec<Person>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Typing {}

impl Typing {
    /// Its element.
    pub(super) const ID: &'static str = "typing";

    /// Everybody but whoever looks.
    pub(super) async fn load(
        tx: &mut StaffTx,
        ticket: TicketId,
        looks: UserId,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let typists = store::pages::typists(tx, (ticket, looks), now).await?;
        let person = |one: store::pages::Typist| Person {
            user: one.user,
            name: one.name,
            what: if one.what == "note" {
                "is writing a note."
            } else {
                "is replying."
            },
            until: one.until.to_rfc3339(),
            left: (one.until - now).num_seconds(),
        };
        Ok(Self {
            people: typists.into_iter().map(person).collect(),
        })
    }
}

/// What somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketTyping)]
pub enum What {
    /// An answer to the customer.
    Reply,
    /// A note among staff.
    Note,
}

/// That somebody types.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketPresenceIn {
    /// What.
    kind: What,
}

/// Says that somebody is typing, by the page that they type into.
pub(super) async fn say(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    data: FormData,
) -> Result<StatusCode, Error> {
    let is_note = data.get("kind") == "note";
    said(
        &app,
        &scope,
        ticket,
        if is_note { What::Note } else { What::Reply },
    )
    .await
}

/// Say that somebody is typing
///
/// Colleagues who look at the ticket see it for half a minute.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/presence", tag = "staff tickets",
    params(("ticket" = TicketId, Path)), request_body = TicketPresenceIn,
    responses((status = 204, description = "They see it")))]
pub(super) async fn say_by_program(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Json(typing): Json<TicketPresenceIn>,
) -> Result<StatusCode, Error> {
    said(&app, &scope, ticket, typing.kind).await
}

async fn said(app: &App, scope: &StaffScope, ticket: TicketId, what: What) -> Result<StatusCode, Error> {
    let what = match what {
        What::Reply => "reply",
        What::Note => "note",
    };
    let mut tx = scope.begin().await?;
    store::find(&mut tx, ticket).await?;
    let now = app.now();
    store::pages::type_on(&mut tx, (ticket, scope.actor.user), what, (now, now + LASTS)).await?;
    events::emit(&mut tx, None, PRESENCE_TOPIC, Some(ticket.0)).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the notice away once what was typed is sent.
pub(super) async fn over(scope: &StaffScope, ticket: TicketId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    if store::pages::type_no_more(&mut tx, (ticket, scope.actor.user)).await? {
        events::emit(&mut tx, None, PRESENCE_TOPIC, Some(ticket.0)).await?;
    }
    tx.commit().await
}
