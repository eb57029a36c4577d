//! What a ticket is about, with the state that servers have now.

use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::servers::{self, model::Phase};

use super::super::model::{About, Thing};
use super::super::store;

#[derive(Debug)]
struct Line {
    label: String,
    href: Option<String>,
    /// Empty for what has no state.
    look: &'static str,
    state: &'static str,
}

/// The list of them; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "tickets/things.html")]
pub(super) struct Things {
    lines: Vec<Line>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Things {}

/// Where a thing has its page: below a tenant's area, or among the staff's.
fn href(area: &str, about: About) -> Option<String> {
    match about {
        About::Server(id) => Some(format!("{area}/servers/{id}")),
        // Of mail staff have lists only.
        _ if area == "/staff" => None,
        About::Mailbox(id) => Some(format!("{area}/mail/mailboxes/{id}")),
        About::Domain(id) => Some(format!("{area}/mail/domains/{id}")),
    }
}

impl Things {
    /// Its element.
    pub(super) const ID: &'static str = "ticket-things";

    /// All of a ticket, as the scope may see them.
    pub(super) async fn load(
        tx: &mut impl Scoped,
        ticket: TicketId,
        area: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut lines = Vec::new();
        for Thing { about, label } in store::things(tx, ticket).await? {
            let phase = match about {
                Some(About::Server(id)) => match servers::find(tx, id).await {
                    Ok(server) => Some(server.status(now).phase),
                    Err(Error::NotFound) => None,
                    Err(error) => return Err(error),
                },
                _ => None,
            };
            lines.push(Line {
                href: about.and_then(|about| href(area, about)),
                look: phase.map_or("", Phase::look),
                state: phase.map_or("", Phase::label),
                label,
            });
        }
        Ok(Self { lines })
    }
}

/// The servers among what a ticket is about.
pub(super) async fn servers_of(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Uuid>, Error> {
    let about = store::about(tx, ticket).await?;
    let server = |about: About| match about {
        About::Server(id) => Some(id.0),
        About::Mailbox(_) | About::Domain(_) => None,
    };
    Ok(about.into_iter().filter_map(server).collect())
}
