//! Opening webmail, exchanging what that handed out, and its end.

use chrono::TimeDelta;
use uuid::Uuid;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{MailboxScope, SystemScope, Visitor, Who};
use crate::platform::error::Error;
use crate::platform::ids::{AppPasswordId, TenantId};
use crate::platform::secret::{OneTimeToken, Secret, hash_token, random_text};

use super::store::{self, Pass, Password};

/// How long a session in webmail lasts at most.
const LASTS: TimeDelta = TimeDelta::hours(12);
/// How long the way from the panel to webmail may take.
const PASS_LASTS: TimeDelta = TimeDelta::seconds(60);
/// Letters and digits of 5.95 bits each: 160 bits.
const LENGTH: usize = 27;
/// Longer ones are none of ours, so they need no hash.
const MAX_LENGTH: usize = 200;

/// What webmail signs in with.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) address: String,
    pub(super) password: Secret,
}

/// What the password is sealed for.
fn context(id: AppPasswordId) -> String {
    format!("mailbox_webmail_pass|sealed|{id}")
}

fn target(address: &str, id: Uuid, tenant: TenantId) -> Target<'_> {
    Target {
        kind: "mailbox",
        id: Some(id),
        label: address,
        tenant: Some(tenant),
    }
}

/// Makes a password for a session in webmail and a token to fetch it with. Gives the address that the browser goes to with it.
pub(super) async fn open(app: &App, scope: &MailboxScope) -> Result<Secret, Error> {
    let webmail = app.config.webmail_url.as_deref().ok_or(Error::NotFound)?;
    let now = app.now();
    let id = AppPasswordId::new(&*app.ids, now);
    let (password, token) = (Secret::new(random_text(LENGTH)), OneTimeToken::generate());
    let sealed = app.keyring.seal(&context(id), password.expose().as_bytes())?;
    let (tenant, mailbox) = (scope.tenant(), scope.mailbox());
    let mut tx = scope.begin().await?;
    store::lock(&mut tx, mailbox).await?;
    let made = Password {
        id,
        name: &format!("Webmail {id}"),
        digest: &hash_token(password.expose()),
        created_at: now,
        expires_at: now + LASTS,
    };
    store::insert_password(&mut tx, (tenant, mailbox), &made).await?;
    let pass = Pass {
        token_hash: &token.hash,
        password: id,
        sealed: &sealed,
        expires_at: now + PASS_LASTS,
    };
    store::insert_pass(&mut tx, (tenant, mailbox), &pass).await?;
    let target = target(&scope.owner.address, mailbox.0, tenant);
    app.audit(&mut tx, &scope.who, &target, &Change::plain("mailbox.webmail"))
        .await?;
    tx.commit().await?;
    Ok(Secret::new(format!("{webmail}/?_sso={}", token.text.expose())))
}

/// Gives out what a token stands for, once. `None` for all that is no token any more, or never was.
pub(super) async fn exchange(app: &App, token: &str) -> Result<Option<SignIn>, Error> {
    if token.is_empty() || token.len() > MAX_LENGTH {
        return Ok(None);
    }
    let mut tx = app.db.system().await?;
    let pass = store::take_pass(&mut tx, &hash_token(token), app.now()).await?;
    tx.commit().await?;
    let Some(pass) = pass else {
        return Ok(None);
    };
    let plain = app.keyring.open(&context(pass.password), &pass.sealed)?;
    let password = std::str::from_utf8(&plain).map_err(Error::internal)?;
    Ok(Some(SignIn {
        address: pass.address,
        password: Secret::new(password.to_owned()),
    }))
}

/// Ends the session whose password this is, as its person signed out there. Whoever has it may: it opens the mailbox. Nothing
/// happens if it is no password of webmail's.
pub(super) async fn end(app: &App, visitor: &Visitor, password: &str) -> Result<(), Error> {
    if password.is_empty() || password.len() > MAX_LENGTH {
        return Ok(());
    }
    let mut tx = app.db.system().await?;
    if let Some(ended) = store::delete_password(&mut tx, &hash_token(password)).await? {
        let who = Who::mailbox(&ended.address, &visitor.ip, &visitor.request_id);
        let target = target(&ended.address, ended.mailbox_id, TenantId(ended.tenant_id));
        app.audit(&mut tx, &who, &target, &Change::plain("mailbox.webmail_end"))
            .await?;
    }
    tx.commit().await
}

/// Forgets passwords that have ended, and ways into webmail that nobody took. Nothing depends on it: neither works any more.
/// Harmless twice.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::purge(&mut tx, app.now()).await?;
    tx.commit().await?;
    Ok(count)
}
