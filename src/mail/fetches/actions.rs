//! The verbs: each one transaction with its event and its audit.

use chrono::DateTime;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::model::Address;
use crate::platform::access::TenantScope;
use crate::platform::db::{Plans, TenantTx};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{MailFetchId, MailboxId, OperationId};
use crate::platform::operations::{self, NewOperation};
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::TOPIC;
use super::model::{Account, Fetch, Host, NewFetch, Wish};
use super::place::{self, Nowhere};
use super::reseal::context;
use super::store::{self, Made};

/// How many of a tenant's fetches may wait or be under way.
const MOST_OPEN: i64 = 100;
/// What the operations and audit events are called.
const ACTION: &str = "mailbox.fetch";
/// After every fetch there can be, so that the first page asks the same question as the others.
const END_OF_TIME: i64 = 253_402_300_799;

/// Asks for mail to be fetched into one or many mailboxes: all of them, or none if anything is wrong. `field` says where an account's
/// part is in what was sent, by its place.
pub async fn create(
    app: &App,
    scope: &TenantScope,
    new: NewFetch,
    field: impl Fn(usize, &str) -> String + Send + Sync,
) -> Result<Vec<Fetch>, Error> {
    let (host, wish) = new.parse(app.config.mail_fetch_inside, &field)?;
    if app.mail.is_none() {
        let message = "This installation has no mail service, so nothing can be fetched. Ask your provider.";
        return Err(Error::conflict("no-mail-service", message));
    }
    check_place(app, &host).await?;
    let mut tx = scope.begin().await?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    check_room(&mut tx, scope, new.accounts.len()).await?;
    let mailboxes = mailboxes(&mut tx, scope, &new.accounts, &field).await?;
    let mut made = Vec::new();
    for (mailbox, account) in mailboxes.iter().zip(&new.accounts) {
        let id = insert(app, scope, &mut tx, (mailbox, account, &wish)).await?;
        made.push(store::find(&mut tx, id).await?);
    }
    tx.commit().await?;
    Ok(made)
}

/// Tells early what a try would find. A name that is not answered for at this moment is left to the tries.
async fn check_place(app: &App, host: &Host) -> Result<(), Error> {
    match place::find(app, host).await {
        Ok(_) | Err(Nowhere::Away) => Ok(()),
        Err(nowhere) => Err(Error::invalid("host", nowhere.sentence(&host.text()))),
    }
}

async fn check_room(tx: &mut TenantTx, scope: &TenantScope, more: usize) -> Result<(), Error> {
    let open = store::open_ones(tx, scope.tenant()).await?;
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    if open.saturating_add(more) <= MOST_OPEN {
        return Ok(());
    }
    let message = format!(
        "At most {MOST_OPEN} mailboxes may wait or be under way at once, and {open} are. Ask again when some have ended."
    );
    Err(Error::conflict("too-many-mail-fetches", message))
}

/// The mailboxes that the accounts are for, in their order, and their addresses.
async fn mailboxes(
    tx: &mut TenantTx,
    scope: &TenantScope,
    accounts: &[Account],
    field: &(impl Fn(usize, &str) -> String + Sync),
) -> Result<Vec<(MailboxId, Address)>, Error> {
    let (mut found, mut errors) = (Vec::<(MailboxId, Address)>::new(), FieldErrors::default());
    for (place, account) in accounts.iter().enumerate() {
        let address =
            Address::parse(&account.address).map_err(|message| Error::invalid("mailbox", message))?;
        let Some(id) = store::mailbox_at(tx, scope.tenant(), address.as_str()).await? else {
            let message = format!("You have no mailbox {}. Create it first.", address.shown());
            errors.add(&field(place, "mailbox"), message);
            continue;
        };
        if found.iter().any(|(other, _)| *other == id) {
            errors.add(
                &field(place, "mailbox"),
                "This mailbox is named twice. Leave one of them out.",
            );
        }
        found.push((id, address));
    }
    errors.into_result()?;
    Ok(found)
}

async fn insert(
    app: &App,
    scope: &TenantScope,
    tx: &mut TenantTx,
    ((mailbox, address), account, wish): (&(MailboxId, Address), &Account, &Wish),
) -> Result<MailFetchId, Error> {
    let (now, mailbox) = (app.now(), *mailbox);
    let id = MailFetchId::new(&*app.ids, now);
    let operation = NewOperation {
        id: OperationId::new(&*app.ids, now),
        tenant: Some(scope.tenant()),
        kind: ACTION,
        // Not the mailbox, so that steps of two fetches into one are told apart.
        target_kind: "mail-fetch",
        target: Some(id.0),
        label: address.as_str(),
        generation: None,
        actor: &scope.who.label,
        now,
    };
    operations::open(tx, &operation).await?;
    let sealed = app
        .keyring
        .seal(&context(id), account.password.expose().as_bytes())
        .map_err(Error::internal)?;
    let made = Made {
        id,
        tenant: scope.tenant(),
        mailbox,
        wish,
        user: account.user.trim(),
        sealed: &sealed,
        operation: operation.id,
        by: &scope.who.label,
        now,
    };
    store::insert(tx, &made).await?;
    let told = json!({
        "host": wish.host,
        "port": wish.port,
        "tls": wish.tls.word(),
        "user": made.user,
        "folders": wish.folders.word(),
        "fingerprint": wish.fingerprint,
    });
    tell(
        app,
        scope,
        tx,
        (mailbox, address.as_str()),
        &Change::to(ACTION, told),
    )
    .await?;
    Ok(id)
}

/// Says that a fetch is not wanted any more. It ends within moments; what came stays. One that is over already stays as it is.
pub async fn cancel(app: &App, scope: &TenantScope, id: MailFetchId) -> Result<Fetch, Error> {
    let mut tx = scope.begin().await?;
    let fetch = store::find(&mut tx, id).await?;
    if !store::cancel(&mut tx, id, app.now()).await? || fetch.is_cancelled {
        return Ok(fetch);
    }
    let change = Change::plain("mailbox.fetch_cancel");
    tell(app, scope, &mut tx, (fetch.mailbox, &fetch.address), &change).await?;
    let fetch = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(fetch)
}

/// Writes the event and the audit of what happens to a mailbox into its transaction.
async fn tell(
    app: &App,
    scope: &TenantScope,
    tx: &mut TenantTx,
    (mailbox, address): (MailboxId, &str),
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "mailbox",
        id: Some(mailbox.0),
        label: address,
        tenant: Some(scope.tenant()),
    };
    events::emit(tx, Some(scope.tenant()), TOPIC, Some(mailbox.0)).await?;
    app.audit(tx, &scope.who, &target, change).await
}

/// One fetch.
pub async fn find(scope: &TenantScope, id: MailFetchId) -> Result<Fetch, Error> {
    store::find(&mut scope.begin().await?, id).await
}

/// A page of the tenant's fetches, or of one mailbox, the newest first.
pub async fn list(
    scope: &TenantScope,
    mailbox: Option<MailboxId>,
    query: &ListQuery,
) -> Result<Listing<Fetch>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    list_in(&mut tx, scope, mailbox, query).await
}

/// The same in a transaction of the caller's.
pub async fn list_in(
    tx: &mut TenantTx,
    scope: &TenantScope,
    mailbox: Option<MailboxId>,
    query: &ListQuery,
) -> Result<Listing<Fetch>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("" | "-created")) {
        return Err(Error::invalid("sort", "Use -created, or nothing."));
    }
    let end = (
        DateTime::from_timestamp(END_OF_TIME, 0).unwrap_or_default(),
        Uuid::max(),
    );
    let after = Cursor::decode(query.after.as_deref())?.unwrap_or(end);
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let pattern = pattern.as_deref();
    let rows = match mailbox {
        Some(mailbox) => {
            // Nobody's mailbox is told from one without fetches.
            store::address_of(tx, mailbox).await?;
            store::of_mailbox(tx, mailbox, pattern, after, limit).await?
        }
        None => store::list(tx, scope.tenant(), pattern, after, limit).await?,
    };
    Listing::new(rows, query, |one| (one.created_at, one.id.0))
}

/// A mailbox's address, if it is the tenant's and not deleted.
pub async fn address_of(scope: &TenantScope, mailbox: MailboxId) -> Result<String, Error> {
    store::address_of(&mut scope.begin().await?, mailbox).await
}
