//! Forwarding: where a mailbox's mail goes as well, or instead.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::aliases::{check_forward, forwards_to_nobody};
use crate::mail::model::Address;
use crate::platform::access::MailboxScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;

use super::desk::Desk;
use super::store;

/// How many addresses a mailbox's mail can be forwarded to. More are a group.
const MAX_TARGETS: usize = 20;

/// Where mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forwarding {
    /// The mailbox's address.
    pub(super) address: String,
    /// Where its mail goes.
    pub(super) targets: Vec<String>,
    /// Whether it stays in the mailbox as well.
    pub(super) keeps_copy: bool,
    /// The mailbox's version.
    pub(super) version: i64,
}

impl From<store::Mailbox> for Forwarding {
    fn from(mailbox: store::Mailbox) -> Self {
        Self {
            address: mailbox.address,
            targets: mailbox.forward_to,
            keeps_copy: mailbox.keeps_copy,
            version: mailbox.version,
        }
    }
}

/// Looks.
pub(super) async fn find(desk: &Desk) -> Result<Forwarding, Error> {
    let mut tx = desk.begin().await?;
    Ok(store::mailbox(&mut tx, desk.mailbox()).await?.into())
}

fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<Address>, Error> {
    let mut targets: Vec<Address> = Vec::new();
    for line in lines.into_iter().map(str::trim).filter(|line| !line.is_empty()) {
        let target = Address::parse(line);
        let target = target.map_err(|why| Error::invalid("forward_to", format!("{line:?}: {why}")))?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    if targets.len() > MAX_TARGETS {
        let words = format!("Forward to at most {MAX_TARGETS} addresses. Make a group for more.");
        return Err(Error::invalid("forward_to", words));
    }
    Ok(targets)
}

/// Refuses addresses by which mail to a mailbox's own person would come back. The check looks at the whole tenant, which they do not
/// see: so it is a transaction of its own, and they are not told the way. Two changes at once that make a circle together are stopped
/// by Postfix, which knows its own mail again.
pub(in crate::mail) async fn check_own(
    scope: &MailboxScope,
    from: &Address,
    targets: &[Address],
    field: &str,
) -> Result<(), Error> {
    let mut round = scope.begin_in_tenant().await?;
    let outcome = check_forward(&mut round, from, targets).await;
    round.commit().await?;
    outcome.map_err(|error| match error {
        Error::Invalid(_) => Error::invalid(
            field,
            "Mail would come back by way of others, or go to too many. Choose another address.",
        ),
        error => error,
    })
}

/// Refuses to lead all mail to where nobody gets it. A person of a mailbox is not told the way, which is the tenant's.
async fn check_somebody(tx: &mut impl Scoped, from: &Address, targets: &[Address]) -> Result<(), Error> {
    match forwards_to_nobody(tx, from, targets).await? {
        Some(why) => Err(Error::invalid("forward_to", why)),
        None => Ok(()),
    }
}

async fn check_somebody_own(scope: &MailboxScope, from: &Address, targets: &[Address]) -> Result<(), Error> {
    let mut round = scope.begin_in_tenant().await?;
    let outcome = check_somebody(&mut round, from, targets).await;
    round.commit().await?;
    outcome.map_err(|error| match error {
        Error::Invalid(_) => Error::invalid(
            "forward_to",
            "Nobody would get your mail: nobody has these addresses, or they are turned off. Choose another address, or keep a copy.",
        ),
        error => error,
    })
}

/// Says where mail goes.
pub(super) async fn set(
    app: &App,
    desk: &Desk,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
    (targets, keeps_copy): (Vec<&str>, bool),
) -> Result<Forwarding, Error> {
    let targets = read(targets)?;
    // With nowhere to go mail stays.
    let keeps_copy = keeps_copy || targets.is_empty();
    if let Desk::Own(scope) = desk {
        let from = Address::parse(&scope.owner.address).map_err(Error::internal)?;
        check_own(scope, &from, &targets, "forward_to").await?;
        if !keeps_copy {
            check_somebody_own(scope, &from, &targets).await?;
        }
    }
    let mut tx = desk.begin().await?;
    let before = store::lock_mailbox(&mut tx, desk.mailbox()).await?;
    check_version(before.version)?;
    if let Desk::Tenant(..) = desk {
        let from = Address::parse(&before.address).map_err(Error::internal)?;
        // Whoever else changes where mail goes waits, so that two do not make a circle together.
        store::lock_sums(&mut tx, desk.tenant()).await?;
        check_forward(&mut tx, &from, &targets).await?;
        if !keeps_copy {
            check_somebody(&mut tx, &from, &targets).await?;
        }
    }
    let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
    if before.forward_to == targets && before.keeps_copy == keeps_copy {
        return Ok(before.into());
    }
    store::set_forwarding(&mut tx, desk.mailbox(), (&targets, keeps_copy), app.now()).await?;
    events::emit(&mut tx, Some(desk.tenant()), crate::mail::TOPIC, Some(before.id)).await?;
    let target = Target {
        kind: "mailbox",
        id: Some(before.id),
        label: &before.address,
        tenant: Some(desk.tenant()),
    };
    let change = Change::between(
        "mailbox.forward",
        json!({ "forward_to": before.forward_to, "keeps_copy": before.keeps_copy }),
        json!({ "forward_to": targets, "keeps_copy": keeps_copy }),
    );
    app.audit(&mut tx, desk.who(), &target, &change).await?;
    let after = store::mailbox(&mut tx, desk.mailbox()).await?;
    tx.commit().await?;
    Ok(after.into())
}
