//! Passwords for single programs, and addresses that a mailbox may send as.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::mail::domains;
use crate::mail::model::Address;
use crate::platform::access::TenantScope;
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{AppPasswordId, MailboxId, TenantId};
use crate::platform::secret::Secret;

use super::super::model::{
    AppPassword, AppPasswordProtocol, MAX_APP_PASSWORDS, MAX_SEND_AS, Mailbox, NewAppPassword, check_title,
};
use super::super::store;
use super::read::there;
use super::{kick, tell};

/// A mailbox with its passwords for single programs.
pub async fn app_passwords(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
) -> Result<(Mailbox, Vec<AppPassword>), Error> {
    let mut tx = scope.begin().await?;
    let mailbox = there(store::find(&mut tx, id).await?, app.now())?;
    let passwords = store::app_passwords(&mut tx, id).await?;
    Ok((mailbox, passwords))
}

/// A password for one program that is asked for.
#[derive(Debug)]
pub struct AppPasswordInput {
    /// Which program on which device has it.
    pub name: String,
    /// What it is good for.
    pub protocols: Vec<AppPasswordProtocol>,
}

impl AppPasswordInput {
    /// The same, judged: each protocol once.
    fn parse(self) -> Result<Self, Error> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", check_title(&self.name));
        if self.protocols.is_empty() {
            errors.add("protocols", "Choose at least one.");
        }
        errors.into_result()?;
        let mut protocols = self.protocols;
        protocols.sort_unstable();
        protocols.dedup();
        Ok(Self {
            name: name.unwrap_or_default(),
            protocols,
        })
    }
}

/// Writes a password for one program into a transaction that has locked the mailbox; says it this once. Whoever works at the
/// mailbox tells of the change and commits.
pub async fn put_app_password(
    app: &App,
    tx: &mut impl Scoped,
    (tenant, mailbox): (TenantId, MailboxId),
    new: AppPasswordInput,
) -> Result<(AppPassword, Secret, Change), Error> {
    let new = new.parse()?;
    if store::count_app_passwords(tx, mailbox).await? >= MAX_APP_PASSWORDS {
        let message =
            format!("A mailbox has at most {MAX_APP_PASSWORDS} app passwords. Remove one that nothing uses.");
        return Err(Error::conflict("too-many-app-passwords", message));
    }
    let made = NewAppPassword::generate();
    let password = AppPassword {
        id: AppPasswordId::new(&*app.ids, app.now()),
        name: new.name,
        protocols: new.protocols,
        created_at: app.now(),
        last_used_at: None,
    };
    store::insert_app_password(tx, (tenant, mailbox), &password, &made.digest).await?;
    let told = json!({ "name": password.name, "protocols": password.protocols });
    Ok((password, made.text, Change::to("mailbox.app_password", told)))
}

/// Takes a password for one program away in such a transaction, and asks that whoever has the mailbox open be signed out: nobody
/// knows by which password they came. Says what it was called.
pub async fn take_app_password(
    app: &App,
    tx: &mut impl Scoped,
    (tenant, mailbox, address): (TenantId, MailboxId, &str),
    password: AppPasswordId,
) -> Result<(String, Change), Error> {
    let name = store::remove_app_password(tx, mailbox, password).await?;
    let name = name.ok_or(Error::NotFound)?;
    kick(app, tx, tenant, address).await?;
    let change = Change {
        action: "mailbox.app_password_remove",
        before: Some(json!({ "name": name })),
        after: None,
    };
    Ok((name, change))
}

/// Makes a password for one program, and says it this once.
pub async fn make_app_password(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    new: AppPasswordInput,
) -> Result<(AppPassword, Secret), Error> {
    let mut tx = scope.begin().await?;
    let mailbox = store::lock(&mut tx, id).await?;
    mailbox.check_stays()?;
    let (password, text, change) = put_app_password(app, &mut tx, (scope.tenant(), id), new).await?;
    tell(app, &mut tx, scope, (id, &mailbox.address), &change).await?;
    tx.commit().await?;
    Ok((password, text))
}

/// Removes a password for one program. What is signed in by it is signed out, with all else that has the mailbox open.
pub async fn remove_app_password(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    password: AppPasswordId,
) -> Result<String, Error> {
    let mut tx = scope.begin().await?;
    let mailbox = there(store::lock(&mut tx, id).await?, app.now())?;
    let whose = (scope.tenant(), id, mailbox.address.as_str());
    let (name, change) = take_app_password(app, &mut tx, whose, password).await?;
    tell(app, &mut tx, scope, (id, &mailbox.address), &change).await?;
    tx.commit().await?;
    Ok(name)
}

/// A mailbox with the addresses that it may send as besides its own and its aliases'.
pub async fn send_as(app: &App, scope: &TenantScope, id: MailboxId) -> Result<(Mailbox, Vec<String>), Error> {
    let mut tx = scope.begin().await?;
    let mailbox = there(store::find(&mut tx, id).await?, app.now())?;
    let addresses = store::send_as(&mut tx, id).await?;
    Ok((mailbox, addresses))
}

/// Lets a mailbox send as an address of one of the tenant's own domains that are proven. Twice is no mistake.
pub async fn allow_send_as(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    address: &str,
) -> Result<Address, Error> {
    let address = Address::parse(address).map_err(|message| Error::invalid("address", message))?;
    let mut tx = scope.begin().await?;
    let mailbox = store::lock(&mut tx, id).await?;
    mailbox.check_stays()?;
    if address.base() == mailbox.address {
        return Err(Error::invalid(
            "address",
            "A mailbox may send as its own address anyway.",
        ));
    }
    let domain = domains::place_named(&mut tx, scope.tenant(), address.domain()).await?;
    let domain = domain.filter(|domain| domain.is_verified);
    let domain = domain.ok_or_else(|| {
        let message = "Use an address of one of your own mail domains that is verified.";
        Error::invalid("address", message)
    })?;
    if store::count_send_as(&mut tx, id).await? >= MAX_SEND_AS {
        let message = format!("A mailbox may send as {MAX_SEND_AS} addresses at most. Remove one first.");
        return Err(Error::conflict("too-many-send-as", message));
    }
    if store::allow_send_as(&mut tx, &mailbox, (domain.id, address.as_str())).await? {
        let change = Change::to("mailbox.send_as", json!({ "address": address.as_str() }));
        tell(app, &mut tx, scope, (id, &mailbox.address), &change).await?;
        tx.commit().await?;
    }
    Ok(address)
}

/// Takes that back, from the next mail on.
pub async fn forbid_send_as(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    address: &str,
) -> Result<(), Error> {
    let address = Address::parse(address).map_err(|_| Error::NotFound)?;
    let mut tx = scope.begin().await?;
    let mailbox = there(store::lock(&mut tx, id).await?, app.now())?;
    if !store::forbid_send_as(&mut tx, id, address.as_str()).await? {
        return Err(Error::NotFound);
    }
    let change = Change {
        action: "mailbox.send_as_remove",
        before: Some(json!({ "address": address.as_str() })),
        after: None,
    };
    tell(app, &mut tx, scope, (id, &mailbox.address), &change).await?;
    tx.commit().await
}
