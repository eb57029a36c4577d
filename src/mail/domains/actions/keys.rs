//! Rotating DKIM keys: the next one is published, takes over when DNS shows it, and the one before goes a week later.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailKeyId};

use super::super::dkim;
use super::super::model::{Domain, Facts, Key, MailKeyState, Verdict, dkim_record, judge, next_selector};
use super::super::store::{self, NewKey};
use super::check::away;
use super::{hosts, tell, year};

/// No rotation needs more at once.
const MAX: usize = 12;
/// The longest reason for what is done without DNS.
const MAX_REASON: usize = 500;

/// The keys of a domain, the newest first.
pub async fn list_keys(tx: &mut impl Scoped, id: MailDomainId) -> Result<(Domain, Vec<Key>), Error> {
    let domain = store::find(tx, id).await?;
    let keys = store::keys(tx, id).await?;
    Ok((domain, keys))
}

fn check_free(keys: &[Key]) -> Result<(), Error> {
    if let Some(key) = keys.iter().find(|key| key.state == MailKeyState::Next) {
        let message = format!(
            "{} waits to take over already. Let it, or remove it first.",
            key.selector
        );
        return Err(Error::conflict("mail-key-waits", message));
    }
    if keys.len() >= MAX {
        let message = format!("This domain has {MAX} keys, as many as it can. Remove retired ones first.");
        return Err(Error::conflict("too-many-mail-keys", message));
    }
    Ok(())
}

fn one(keys: Vec<Key>, id: MailKeyId) -> Result<Key, Error> {
    keys.into_iter().find(|key| key.id == id).ok_or(Error::NotFound)
}

/// Makes the key that is to take over.
pub async fn make_next(app: &App, scope: &TenantScope, id: MailDomainId) -> Result<Key, Error> {
    let (_, known) = list_keys(&mut scope.begin().await?, id).await?;
    check_free(&known)?;
    let pair = dkim::make().await?;
    let mut tx = scope.begin().await?;
    let domain = store::lock(&mut tx, id).await?;
    let keys = store::keys(&mut tx, id).await?;
    check_free(&keys)?;
    let taken: Vec<String> = keys.into_iter().map(|key| key.selector).collect();
    let selector = next_selector(year(app), &taken);
    let new = NewKey {
        id: MailKeyId::new(&*app.ids, app.now()),
        selector: &selector,
        private_key: &pair.private_key,
        public_key: &pair.public_key,
        is_active: false,
    };
    store::insert_key(&mut tx, (domain.tenant, id), &new, app.now()).await?;
    let key = one(store::keys(&mut tx, id).await?, new.id)?;
    let change = Change::to("mail_key.create", json!({ "selector": key.selector }));
    tell(app, &mut tx, scope, &domain, &change).await?;
    tx.commit().await?;
    Ok(key)
}

/// Refuses a key that receivers would not find.
async fn check_published(app: &App, domain: &Domain, key: &Key) -> Result<(), Error> {
    let record = dkim_record(&domain.name, key);
    let found = app.dns.txt(&record.name).await.map_err(|error| away(&error))?;
    let outcome = judge(&record, &hosts(app), &Facts::Texts(found, Vec::new()));
    if outcome.verdict == Verdict::Good {
        return Ok(());
    }
    let message = format!(
        "{} Mail that it signs would be taken for forged. Publish its record first, or say why it is to sign all the same.",
        outcome.says
    );
    Err(Error::conflict("mail-key-not-published", message))
}

fn check_next(key: &Key) -> Result<(), Error> {
    match key.state {
        MailKeyState::Next => Ok(()),
        MailKeyState::Active => Err(Error::conflict(
            "mail-key-not-next",
            format!("{} signs this domain's mail already.", key.selector),
        )),
        MailKeyState::Retired => Err(Error::conflict(
            "mail-key-not-next",
            format!("{} was replaced. Make another key.", key.selector),
        )),
    }
}

/// Has the next key sign from now on, if DNS has it, or if somebody says why it is to sign all the same.
pub async fn activate(
    app: &App,
    scope: &TenantScope,
    (id, key): (MailDomainId, MailKeyId),
    reason: Option<&str>,
) -> Result<Key, Error> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        return Err(Error::invalid(
            "reason",
            format!("Use at most {MAX_REASON} characters."),
        ));
    }
    let is_control = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t');
    if reason.is_some_and(|reason| reason.chars().any(is_control)) {
        return Err(Error::invalid("reason", "Leave out control characters."));
    }
    let (domain, keys) = list_keys(&mut scope.begin().await?, id).await?;
    let known = one(keys, key)?;
    check_next(&known)?;
    if reason.is_none() {
        check_published(app, &domain, &known).await?;
    }
    let mut tx = scope.begin().await?;
    let domain = store::lock(&mut tx, id).await?;
    let keys = store::keys(&mut tx, id).await?;
    let before = keys.iter().find(|key| key.state == MailKeyState::Active);
    let before = before.map(|key| key.selector.clone());
    check_next(&one(keys, key)?)?;
    store::activate(&mut tx, id, key, app.now()).await?;
    let after = one(store::keys(&mut tx, id).await?, key)?;
    let change = Change::between(
        "mail_key.activate",
        json!({ "selector": before }),
        json!({ "selector": after.selector, "unseen_because": reason }),
    );
    tell(app, &mut tx, scope, &domain, &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes a key that signs no more, and of whose mail nothing is under way.
pub async fn delete_key(
    app: &App,
    scope: &TenantScope,
    (id, key): (MailDomainId, MailKeyId),
) -> Result<Key, Error> {
    let mut tx = scope.begin().await?;
    let domain = store::lock(&mut tx, id).await?;
    let key = one(store::keys(&mut tx, id).await?, key)?;
    key.check_removable(app.now())?;
    store::delete_key(&mut tx, id, key.id).await?;
    let change = Change {
        action: "mail_key.delete",
        before: Some(json!({ "selector": key.selector })),
        after: None,
    };
    tell(app, &mut tx, scope, &domain, &change).await?;
    tx.commit().await?;
    Ok(key)
}
