//! Taking a mail: who may have written it, and what it does. One transaction, in which it is written down that it was taken.

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::inbox::MailKey;
use crate::platform::access::{SystemScope, Who};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{InboundMailId, TenantId, TicketId, TicketPostId, UserId};
use crate::tickets::{
    self, Author, NewPost, NewTicket, PostKind, Severity, Source, Ticket, Watcher, attachments,
};

use super::model::{
    ANSWERS_AN_HOUR, Desk, Incoming, Outcome, Proof, SENDER_AN_HOUR, STRANGERS_AN_HOUR, answer, beginning,
    may_write, read, unreadable,
};
use super::{TOPIC, key, store};

/// What became of a mail.
struct Taken {
    outcome: Outcome,
    why: String,
    ticket: Option<TicketId>,
}

impl Taken {
    fn nothing(outcome: Outcome, why: &str) -> Self {
        Self {
            outcome,
            why: why.to_owned(),
            ticket: None,
        }
    }

    fn made(outcome: Outcome, ticket: TicketId) -> Self {
        Self {
            outcome,
            why: String::new(),
            ticket: Some(ticket),
        }
    }
}

/// Takes a mail, unless it was taken before.
pub(super) async fn take(
    app: &App,
    scope: &SystemScope,
    desk: &Desk,
    (key, raw): (MailKey, Vec<u8>),
) -> Result<(), Error> {
    let known = desk.clone();
    // A large one takes a while, and one over which the library stumbles must not be tried for ever.
    let read = tokio::task::spawn_blocking(move || read(&raw, &known, key)).await;
    let mail = read.unwrap_or_else(|_| unreadable(key));
    let now = app.now();
    let id = InboundMailId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    if !store::enter(&mut tx, id, key, &mail, now).await? {
        return Ok(());
    }
    let taken = decide(app, &mut tx, &mail).await?;
    store::became(&mut tx, id, (taken.outcome, &taken.why, taken.ticket)).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    tx.commit().await?;
    tracing::info!(mail = %id, outcome = taken.outcome.word(), why = taken.why, "took a mail for tickets");
    Ok(())
}

async fn decide(app: &App, tx: &mut SystemTx, mail: &Incoming) -> Result<Taken, Error> {
    if let Some(why) = mail.automatic {
        return Ok(Taken::nothing(Outcome::Ignored, why));
    }
    let Some(sender) = &mail.sender else {
        return triage(app, tx, mail, "It does not say whom it is from.").await;
    };
    if mail.proof == Proof::Failed {
        return triage(app, tx, mail, "The sender's domain says that it did not send it.").await;
    }
    if !mail.tokens.is_empty() {
        return decide_answer(app, tx, mail, sender).await;
    }
    let since = app.now() - TimeDelta::hours(1);
    if store::of_sender(tx, mail, since).await? >= SENDER_AN_HOUR {
        return Ok(Taken::nothing(
            Outcome::Silenced,
            "More mails of this sender than an hour takes.",
        ));
    }
    let homes = store::homes(tx, sender).await?;
    match (homes.user, &homes.tenants[..]) {
        (None, _) => triage(app, tx, mail, "Nobody here has the sender's address.").await,
        (Some(_), []) => triage(app, tx, mail, "The sender belongs to no organisation.").await,
        (Some(user), [(tenant, role)]) if may_write(role) => {
            let text = beginning(&mail.text);
            let ticket = open(app, tx, mail, (Some(*tenant), Some(user)), &text).await?;
            Ok(Taken::made(Outcome::Opened, ticket))
        }
        (Some(_), [_]) => triage(app, tx, mail, "The sender may not open tickets.").await,
        _ => triage(app, tx, mail, "The sender belongs to several organisations.").await,
    }
}

/// An answer counts if the address is one that we signed, for whoever wrote it or for a ticket of their own tenant.
async fn decide_answer(app: &App, tx: &mut SystemTx, mail: &Incoming, sender: &str) -> Result<Taken, Error> {
    let (signer, now) = (key::signer(app, tx).await?, app.now());
    let opened = mail.tokens.iter().find_map(|token| signer.open(token, now));
    let Some(opened) = opened else {
        return triage(
            app,
            tx,
            mail,
            "It went to an address for answers that is not ours, or has ended.",
        )
        .await;
    };
    let ticket = match tickets::by_number(tx, opened.number).await {
        Err(Error::NotFound) => {
            return triage(app, tx, mail, "It answers in a ticket that is gone.").await;
        }
        ticket => ticket?,
    };
    let standing = store::standing(tx, ticket.id, sender).await?;
    if !standing.may_answer(signer.is_for(&opened, sender)) {
        let why = format!(
            "It answers in #{}, but the sender is none of those who may.",
            ticket.number
        );
        return triage(app, tx, mail, &why).await;
    }
    let limit = if standing.staff_role.is_some() {
        ANSWERS_AN_HOUR
    } else {
        SENDER_AN_HOUR
    };
    if store::of_sender(tx, mail, now - TimeDelta::hours(1)).await? >= limit {
        return Ok(Taken::nothing(
            Outcome::Silenced,
            "More mails of this sender than an hour takes.",
        ));
    }
    reply(app, tx, mail, &ticket, standing.user).await
}

/// Writes it into the ticket; into a new one where that was closed long ago.
async fn reply(
    app: &App,
    tx: &mut SystemTx,
    mail: &Incoming,
    ticket: &Ticket,
    user: Option<UserId>,
) -> Result<Taken, Error> {
    let who = who(mail, user);
    let text = answer(&mail.text);
    match tickets::add_post(app, tx, &who, ticket.id, mail.post(&text, user)).await {
        Ok(post) => {
            keep_files(app, tx, mail, &who, (ticket.id, Some(post))).await?;
            Ok(Taken::made(Outcome::Replied, ticket.id))
        }
        Err(Error::Conflict { .. }) => {
            let text = format!(
                "{text}\n\n*This goes on from #{}, which is closed.*",
                ticket.number
            );
            let new = open(app, tx, mail, (ticket.tenant, user), &text).await?;
            Ok(Taken::made(Outcome::Opened, new))
        }
        Err(error) => Err(error),
    }
}

async fn open(
    app: &App,
    tx: &mut SystemTx,
    mail: &Incoming,
    (tenant, user): (Option<TenantId>, Option<UserId>),
    text: &str,
) -> Result<TicketId, Error> {
    let who = who(mail, user);
    let new = NewTicket {
        tenant,
        subject: mail.subject.clone(),
        severity: Severity::P3,
        source: Source::Mail,
        about: Vec::new(),
        tags: Vec::new(),
        opened_by: user.filter(|_| tenant.is_some()),
        first: Some(mail.post(text, user)),
    };
    let ticket = tickets::open(app, tx, &who, new).await?.id;
    let posts = tickets::posts_of(tx, ticket, None, 1).await?;
    let post = posts.first().map(|post| post.id);
    keep_files(app, tx, mail, &who, (ticket, post)).await?;
    Ok(ticket)
}

/// Why a mail for triage is one too many, if it is. Who has an account here is bounded by what they write themselves: strangers keep
/// out strangers only.
async fn too_many(
    app: &App,
    tx: &mut SystemTx,
    mail: &Incoming,
    is_stranger: bool,
) -> Result<Option<&'static str>, Error> {
    let since = app.now() - TimeDelta::hours(1);
    if store::of_sender(tx, mail, since).await? >= SENDER_AN_HOUR {
        return Ok(Some("More mails of this sender than an hour takes."));
    }
    if !is_stranger {
        return Ok(None);
    }
    if store::of_strangers(tx, since).await? >= STRANGERS_AN_HOUR {
        return Ok(Some("More mails for triage than an hour takes."));
    }
    let sender = mail.sender.as_deref().unwrap_or_default();
    Ok(store::waiting(tx, sender).await?.too_many())
}

/// A ticket of nobody: staff say whose it is, or throw it away. Whoever wrote it is told what they answer.
async fn triage(app: &App, tx: &mut SystemTx, mail: &Incoming, why: &str) -> Result<Taken, Error> {
    let sender = mail.sender.as_deref().unwrap_or_default();
    let user = match &mail.sender {
        Some(sender) => store::homes(tx, sender).await?.user,
        None => None,
    };
    let is_stranger = user.is_none() || mail.proof == Proof::Failed;
    if let Some(why) = too_many(app, tx, mail, is_stranger).await? {
        return Ok(Taken::nothing(Outcome::Silenced, why));
    }
    let ticket = open(app, tx, mail, (None, user), &beginning(&mail.text)).await?;
    note(
        app,
        tx,
        ticket,
        format!("This came by mail from `{sender}` and waits in triage: {why}"),
    )
    .await?;
    if let Some(sender) = &mail.sender {
        let watcher = Watcher {
            address: sender.clone(),
            user,
            is_staff: false,
        };
        tickets::add_watcher(tx, ticket, &watcher, app.now()).await?;
    }
    Ok(Taken {
        outcome: Outcome::Triage,
        why: why.to_owned(),
        ticket: Some(ticket),
    })
}

/// A note for staff.
async fn note(app: &App, tx: &mut SystemTx, ticket: TicketId, body: String) -> Result<(), Error> {
    let note = NewPost {
        kind: PostKind::Note,
        public: false,
        body,
        by: Author::System,
    };
    let who = Who::system("ticket mail");
    tickets::add_post(app, tx, &who, ticket, note).await.map(drop)
}

/// Keeps the files with the post, and the beginning of the whole mail for staff. What there is no room for is told to staff, too: no
/// file is a reason to lose an answer.
async fn keep_files(
    app: &App,
    tx: &mut SystemTx,
    mail: &Incoming,
    who: &Who,
    (ticket, post): (TicketId, Option<TicketPostId>),
) -> Result<(), Error> {
    let mut refused = Vec::new();
    let files = mail
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.bytes.as_slice(), post, true));
    let original = ("original.eml", mail.original.as_bytes(), None, false);
    for (name, bytes, post, public) in files.chain([original]).filter(|(_, bytes, ..)| !bytes.is_empty()) {
        let kept = attachments::keep(app, tx, ticket, post, name, bytes, public, who).await;
        match kept {
            Ok(_) => {}
            Err(error @ (Error::Invalid(_) | Error::LimitReached { .. })) => {
                refused.push(format!("`{}`: {}", name.replace('`', ""), error.sentence()));
            }
            Err(error) => return Err(error),
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    note(
        app,
        tx,
        ticket,
        format!("Of a mail this was not kept:\n\n{}", refused.join("\n\n")),
    )
    .await
}

/// Who it was, for logs: a person with an account, or an address.
fn who(mail: &Incoming, user: Option<UserId>) -> Who {
    Who {
        kind: if user.is_some() { "user" } else { "system" },
        user,
        label: mail.sender.clone().unwrap_or_else(|| "a mail".to_owned()),
        ..Who::system("")
    }
}
