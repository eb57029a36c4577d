//! Changing a part of what happens to a mailbox's mail: one transaction each, which makes the script anew.

use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{MailboxId, TenantId};

use super::desk::Desk;
use super::model::{self, Filter, MailRule, Parts, Reply, Surroundings};
use super::store::{self, Mailbox};

/// A mailbox's parts, and its address.
pub(super) async fn find(desk: &Desk) -> Result<(String, Filter), Error> {
    let mut tx = desk.begin().await?;
    let mailbox = store::mailbox(&mut tx, desk.mailbox()).await?;
    let filter = store::filter(&mut tx, desk.mailbox()).await?;
    Ok((mailbox.address, filter))
}

/// What the audit log says of a part. A reply's text and a script are the person's own affair; that they changed is told.
fn told(parts: &Parts) -> Value {
    let rules: Vec<Value> = parts
        .rules
        .iter()
        .map(|rule| json!({ "name": rule.name, "is_enabled": rule.is_enabled, "does": rule.told() }))
        .collect();
    let reply = &parts.reply;
    json!({
        "spam_score": model::show_score(parts.spam_tenths),
        "allowed": parts.allowed,
        "blocked": parts.blocked,
        "reply": { "is_enabled": reply.is_on, "from": reply.from, "until": reply.until },
        "rules": rules,
        "script_bytes": parts.raw.len(),
    })
}

/// Changes some of the parts. `check_version` refuses if somebody else changed them since they were read.
async fn change(
    app: &App,
    desk: &Desk,
    action: &'static str,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
    edit: impl FnOnce(&mut Parts) -> Result<(), Error> + Send,
) -> Result<Filter, Error> {
    let mut tx = desk.begin().await?;
    let mailbox = store::lock_mailbox(&mut tx, desk.mailbox()).await?;
    let before = store::lock_filter(&mut tx, desk.mailbox()).await?;
    check_version(before.revision)?;
    let mut parts = before.parts.clone();
    edit(&mut parts)?;
    if parts == before.parts && before.revision > 0 {
        return Ok(before);
    }
    let revision = save(app, &mut tx, &mailbox, &parts).await?;
    events::emit(&mut tx, Some(desk.tenant()), crate::mail::TOPIC, Some(mailbox.id)).await?;
    let target = Target {
        kind: "mailbox",
        id: Some(mailbox.id),
        label: &mailbox.address,
        tenant: Some(desk.tenant()),
    };
    let change = Change::between(action, told(&before.parts), told(&parts));
    app.audit(&mut tx, desk.who(), &target, &change).await?;
    tx.commit().await?;
    Ok(Filter { parts, revision })
}

/// Makes the script and keeps it with its parts.
async fn save(app: &App, tx: &mut impl Scoped, mailbox: &Mailbox, parts: &Parts) -> Result<i64, Error> {
    let ids = (MailboxId(mailbox.id), TenantId(mailbox.tenant_id));
    // A zone that this version does not know is UTC, as on the tenant's settings.
    let zone = store::zone(tx, ids.1).await?;
    let zone = zone.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
    let mut addresses = vec![mailbox.address.clone()];
    addresses.extend(store::addresses(tx, ids.0).await?);
    let around = Surroundings { zone, addresses };
    let script = model::compile(parts, &around).map_err(|why| Error::invalid("", why))?;
    store::save(tx, ids, parts, &script, app.now()).await
}

/// Makes a mailbox's script anew from the same parts, because an address was given to it or taken from it, which the automatic
/// reply has to know. A mailbox without parts has no script to be made anew.
pub(in crate::mail) async fn refresh(app: &App, tx: &mut impl Scoped, id: MailboxId) -> Result<(), Error> {
    let filter = store::lock_filter(tx, id).await?;
    if filter.revision == 0 {
        return Ok(());
    }
    let mailbox = store::mailbox(tx, id).await?;
    save(app, tx, &mailbox, &filter.parts).await.map(drop)
}

/// The same for all mailboxes of a tenant that have one of these addresses: an alias leads to them from now on, or does no more.
pub(in crate::mail) async fn refresh_all(
    app: &App,
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: &[String],
) -> Result<(), Error> {
    for id in store::lock_with_parts(tx, tenant, addresses).await? {
        refresh(app, tx, id).await?;
    }
    Ok(())
}

/// Changes the rules, and the script of one's own if there is one to change.
pub(super) async fn set_rules(
    app: &App,
    desk: &Desk,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
    edit: impl FnOnce(&mut Vec<MailRule>) -> Result<(), Error> + Send,
    raw: Option<String>,
) -> Result<Filter, Error> {
    let edit = |parts: &mut Parts| -> Result<(), Error> {
        edit(&mut parts.rules)?;
        model::check_rules(&parts.rules)?;
        if let Some(raw) = raw {
            model::check_raw(&raw).map_err(|why| Error::invalid("script", why))?;
            parts.raw = raw.replace("\r\n", "\n");
        }
        Ok(())
    };
    change(app, desk, "mailbox.rules", check_version, edit).await
}

/// Changes the automatic reply.
pub(super) async fn set_reply(
    app: &App,
    desk: &Desk,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
    reply: Reply,
) -> Result<Filter, Error> {
    let reply = reply.checked()?;
    let edit = |parts: &mut Parts| -> Result<(), Error> {
        parts.reply = reply;
        Ok(())
    };
    change(app, desk, "mailbox.reply", check_version, edit).await
}

/// What somebody says of spam, as typed.
#[derive(Debug)]
pub(super) struct Spam<'a> {
    pub(super) score: &'a str,
    pub(super) allowed: Vec<&'a str>,
    pub(super) blocked: Vec<&'a str>,
}

/// Changes what is spam.
pub(super) async fn set_spam(
    app: &App,
    desk: &Desk,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
    spam: Spam<'_>,
) -> Result<Filter, Error> {
    let mut errors = FieldErrors::default();
    let score = errors.check("score", model::read_score(spam.score));
    let allowed = errors.check("allowed", model::read_senders(spam.allowed));
    let blocked = errors.check("blocked", model::read_senders(spam.blocked));
    let (Some(spam_tenths), Some(allowed), Some(blocked)) = (score, allowed, blocked) else {
        return Err(errors.into());
    };
    let edit = |parts: &mut Parts| -> Result<(), Error> {
        (parts.spam_tenths, parts.allowed, parts.blocked) = (spam_tenths, allowed, blocked);
        Ok(())
    };
    change(app, desk, "mailbox.spam", check_version, edit).await
}
