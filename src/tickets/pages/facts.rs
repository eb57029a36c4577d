//! How a ticket is, in a line: the part of its page that changes by itself.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::sla::{self, Clock};

use super::super::model::Ticket;
use super::parts::Facts;

/// The line; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "tickets/facts.html")]
pub(super) struct Head {
    facts: Facts,
    assignee: String,
    clocks: Vec<Clock>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Head {}

impl Head {
    /// Its element.
    pub(super) const ID: &'static str = "ticket-facts";

    /// That of a ticket.
    pub(super) async fn load(
        tx: &mut impl Scoped,
        ticket: &Ticket,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut clocks = sla::clocks(tx, &[ticket.id]).await?;
        Ok(Self {
            facts: Facts::new(ticket, now),
            // Who works on it is told to staff only: a tenant's transaction does not see the name.
            assignee: ticket.assignee_name.clone().unwrap_or_default(),
            clocks: clocks.remove(&ticket.id).unwrap_or_default(),
        })
    }
}
