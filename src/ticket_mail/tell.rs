//! Writing the mails that tell people what happened in a ticket, in the transaction that tells the other parts.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use crate::app::App;
use crate::on_call;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::OutboundMailId;
use crate::tickets::{self, Source, Ticket, TicketEvent};

use super::model::{Desk, Draft, MOST_TOLD, News, STORM, Said, Signer, letter};
use super::store::{self, Insert, Reader};
use super::{jobs, key};

/// So many of the staff are told of a new ticket where nobody is on duty.
const MOST_STAFF: usize = 20;

/// Tells those who have to know: of public answers whoever opened the ticket, watches it or works on it; of a new ticket without
/// anybody who works on it those on duty. Nobody is told what they wrote themselves. Nothing is written where there is no mail server.
pub async fn ticket_changed(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    events: &[TicketEvent],
) -> Result<(), Error> {
    if app.mailer.is_none() {
        return Ok(());
    }
    let Some(news) = News::of(ticket, events) else {
        return Ok(());
    };
    let said = match news.posts {
        0 => Vec::new(),
        most => store::newest_posts(tx, ticket, most).await?,
    };
    let telling = Telling {
        app,
        ticket,
        news,
        said,
        reply: reply(app, tx).await,
        slug: match ticket.tenant {
            Some(tenant) => store::slug(tx, tenant).await?,
            None => None,
        },
        mailed: store::mailed_since(tx, ticket.id, app.now() - TimeDelta::hours(1)).await?,
    };
    for (reader, is_staff) in readers(app, tx, ticket, &news).await? {
        telling.tell(tx, &reader, is_staff).await?;
    }
    Ok(())
}

/// How addresses for answers are made. That the secret can't be opened is no reason to tell nobody anything.
async fn reply(app: &App, tx: &mut SystemTx) -> Option<(Desk, Signer)> {
    let desk = key::desk(app)?;
    match key::signer(app, tx).await {
        Ok(signer) => Some((desk, signer)),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "mail of tickets can't be answered"
            );
            None
        }
    }
}

/// Who may have to know, and whether they are told as staff. The customer's side comes first; nobody comes twice.
async fn readers(
    app: &App,
    tx: &mut SystemTx,
    ticket: &Ticket,
    news: &News,
) -> Result<Vec<(Reader, bool)>, Error> {
    let mut customers = store::customers(tx, ticket).await?;
    if let (true, Some(tenant)) = (customers.is_empty(), ticket.tenant) {
        customers = store::owners(tx, tenant).await?;
    }
    let mut staff = store::watching_staff(tx, ticket).await?;
    let is_customers = matches!(ticket.source, Source::Customer | Source::Mail);
    if news.is_new && ticket.assignee.is_none() && is_customers {
        let duty = on_call::on_duty(tx, app.now()).await?;
        let mut users: Vec<_> = duty.into_iter().map(|duty| duty.user).collect();
        if users.is_empty() {
            let all = tickets::staff(tx).await?;
            users.extend(all.into_iter().take(MOST_STAFF).map(|person| person.id));
        }
        staff.extend(store::of_ids(tx, &users).await?);
    }
    let customers = customers
        .into_iter()
        .map(|reader| (reader, false))
        .take(MOST_TOLD);
    let staff = staff.into_iter().map(|reader| (reader, true)).take(MOST_TOLD);
    let mut known = HashSet::new();
    Ok(customers
        .chain(staff)
        .filter(|(reader, _)| known.insert(reader.address.clone()))
        .collect())
}

/// What is told of one ticket.
struct Telling<'a> {
    app: &'a App,
    ticket: &'a Ticket,
    news: News,
    said: Vec<Said>,
    reply: Option<(Desk, Signer)>,
    slug: Option<String>,
    mailed: HashMap<String, i64>,
}

impl Telling<'_> {
    async fn tell(&self, tx: &mut SystemTx, reader: &Reader, is_staff: bool) -> Result<(), Error> {
        let (app, ticket, news) = (self.app, self.ticket, &self.news);
        let others = self.said.iter().filter(|said| !is_by(said, reader));
        let said: Vec<&Said> = others.collect();
        let is_own = reader.user.is_some() && news.resolved_by == reader.user;
        let is_resolved = news.is_resolved && !is_staff && !is_own;
        let is_assigned = is_staff && news.assigned.is_some() && news.assigned == reader.user;
        let before = self.mailed.get(&reader.address).copied().unwrap_or_default();
        if (said.is_empty() && !is_resolved && !is_assigned) || before >= STORM {
            return Ok(());
        }
        let now = app.now();
        let reply_to = self.reply.as_ref().map(|(desk, signer)| {
            let token = signer.sign(ticket.number, &reader.address, now);
            desk.reply_to(&token)
        });
        let words = letter(&Draft {
            ticket,
            said: &said,
            is_resolved,
            is_assigned,
            link: self.link(reader, is_staff),
            can_answer: reply_to.is_some(),
            is_last: before + 1 == STORM,
        });
        let answers = store::last_mail(tx, ticket.id, &reader.address).await?;
        let new = Insert {
            id: OutboundMailId::new(&*app.ids, now),
            ticket: ticket.id,
            event: news.newest,
            recipient: &reader.address,
            words: &words,
            reply_to: reply_to.as_deref(),
            answers: answers.as_deref(),
            now,
        };
        if store::insert(tx, &new).await? {
            jobs::enqueue(tx, new.id).await?;
        }
        Ok(())
    }

    /// Where they read it, if they have an account.
    fn link(&self, reader: &Reader, is_staff: bool) -> Option<String> {
        let id = self.ticket.id;
        let path = match (&self.slug, is_staff) {
            (_, true) => format!("/staff/tickets/{id}"),
            (Some(slug), false) if reader.user.is_some() => format!("/t/{slug}/tickets/{id}"),
            _ => return None,
        };
        Some(self.app.config.link(&path))
    }
}

fn is_by(said: &Said, reader: &Reader) -> bool {
    (said.author.is_some() && said.author == reader.user) || said.address.as_ref() == Some(&reader.address)
}
