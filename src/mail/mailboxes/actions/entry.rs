//! How the person of a mailbox gets in: passwords, and links by which they choose one.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::accounts;
use crate::app::App;
use crate::audit::Change;
use crate::drivers::mailer::{Extra, Mail};
use crate::mail::model::{Address, kept_hash, parse_hash};
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};
use crate::platform::secret::{OneTimeToken, Secret};

use super::super::model::{LINK_DAYS, Mailbox, link_to};
use super::super::store;
use super::{kick, tell};

/// Judges a password as accounts' are, and hashes it the same way, with the scheme before it by which Dovecot knows the hash.
/// `about` are words that a guesser would try first.
pub async fn hash_password(chosen: &str, about: &[&str]) -> Result<String, Error> {
    let hash = accounts::hash_chosen(chosen, about).await?;
    Ok(kept_hash(&hash))
}

/// A set-up link as it is handed out, once.
#[derive(Debug)]
pub struct Issued {
    /// The full address, with the secret in it.
    pub url: Secret,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// Whom it was mailed to.
    pub sent_to: Option<String>,
    /// Why it could not be mailed.
    pub trouble: Option<String>,
}

/// So long after one another links of a mailbox are mailed: nobody's address is filled with them.
const BETWEEN_MAILS: Duration = Duration::minutes(1);

/// Refuses to mail a link so soon after the one before.
fn check_pause(mailbox: &Mailbox, to: Option<&Address>, now: DateTime<Utc>) -> Result<(), Error> {
    let made = mailbox.setup_until.map(|until| until - Duration::days(LINK_DAYS));
    let free = made.map(|made| made + BETWEEN_MAILS).filter(|free| *free > now);
    match (free, to) {
        (Some(free), Some(_)) => Err(Error::TooMany {
            retry_after: (free - now).to_std().unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}

/// As many links as a tenant has mailed in an hour. They can go to anybody's address.
const MAILS_AN_HOUR: i32 = 100;

/// Counts a link that is to be mailed, and refuses one that is too many. It counts only if the transaction is committed.
pub(super) async fn count_mail(
    tx: &mut TenantTx,
    tenant: TenantId,
    to: Option<&Address>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if to.is_none() || store::count_link(tx, tenant, now).await? <= MAILS_AN_HOUR {
        return Ok(());
    }
    let next = now + Duration::hours(1);
    Err(Error::conflict(
        "mailbox-links-limit",
        format!(
            "{MAILS_AN_HOUR} set-up links were mailed in this hour, as many as an organisation may. Go on at {}:00 UTC, or leave the \
             address empty and pass the link on yourself.",
            next.format("%H")
        ),
    ))
}

/// When a link that is made now ends.
pub(super) fn link_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Duration::days(LINK_DAYS)
}

/// Refuses to mail a link where no mail is sent.
pub(super) fn check_mailer(app: &App, to: Option<&Address>) -> Result<(), Error> {
    if to.is_some() && app.mailer.is_none() {
        let message =
            "This panel sends no mail. Leave it empty: the link is shown to you, and you pass it on.";
        return Err(Error::invalid("send_link_to", message));
    }
    Ok(())
}

/// Mails a link that is kept already, if it is to go anywhere. It is not written down for later: whoever asked sees it in any
/// case, and whether it went.
pub(super) async fn send(app: &App, mailbox: &Mailbox, token: OneTimeToken, to: Option<Address>) -> Issued {
    let now = app.now();
    let until = mailbox.setup_until.unwrap_or(now);
    let url = app
        .config
        .link(&format!("/mailbox/set-up/{}", token.text.expose()));
    let mut issued = Issued {
        url: Secret::new(url),
        until,
        sent_to: None,
        trouble: None,
    };
    let (Some(mailer), Some(to)) = (&app.mailer, to) else {
        return issued;
    };
    let mail = Mail {
        id: app.ids.uuid(now).to_string(),
        to: to.as_str().to_owned(),
        subject: format!("Your mailbox {}", mailbox.address),
        text: format!(
            "The mailbox {} was made for you. Choose its password here:\n\n{}\n\nThe link works once, until {}. If you did not \
             expect this, do nothing.\n",
            mailbox.shown(),
            issued.url.expose(),
            until.format("%-d %B %Y, %H:%M UTC"),
        ),
        at: now,
        extra: Extra::default(),
    };
    match mailer.send(&mail).await {
        Ok(()) => issued.sent_to = Some(to.shown()),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a set-up link was not mailed"
            );
            issued.trouble = Some(format!(
                "It could not be mailed to {}: pass it on yourself.",
                to.shown()
            ));
        }
    }
    issued
}

/// Makes a link by which the person chooses a password; the one before works no more. The password that there is stays until
/// then.
pub async fn issue_link(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    send_to: Option<&str>,
) -> Result<(Mailbox, Issued), Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    before.check_stays()?;
    if !before.is_enabled {
        let message = "This mailbox is disabled, so its link would not work. Enable it first.";
        return Err(Error::conflict("mailbox-disabled", message));
    }
    let own = Address::parse(&before.address).ok();
    let to = link_to(send_to, own.as_ref()).map_err(|message| Error::invalid("send_link_to", message))?;
    check_mailer(app, to.as_ref())?;
    check_pause(&before, to.as_ref(), now)?;
    count_mail(&mut tx, scope.tenant(), to.as_ref(), now).await?;
    let token = OneTimeToken::generate();
    let until = link_end(now);
    store::save_link(&mut tx, id, (&token.hash, until), now).await?;
    let told = json!({ "until": until, "sent_to": to.as_ref().map(Address::as_str) });
    let change = Change::to("mailbox.link", told);
    tell(app, &mut tx, scope, (id, &before.address), &change).await?;
    let after = store::find(&mut tx, id).await?;
    tx.commit().await?;
    let issued = send(app, &after, token, to).await;
    Ok((after, issued))
}

/// Another password for a mailbox: one of the two, and whether what programs sign in by goes too.
#[derive(Debug, Default)]
pub struct NewPassword {
    /// The password.
    pub password: Option<Secret>,
    /// A hash of it.
    pub password_hash: Option<Secret>,
    /// Whether all app passwords are removed as well.
    pub ends_app_passwords: bool,
}

/// Sets a password for the person. Whoever has the mailbox open is signed out, and a set-up link works no more.
pub async fn set_password(
    app: &App,
    scope: &TenantScope,
    id: MailboxId,
    new: NewPassword,
) -> Result<Mailbox, Error> {
    // Hashed before the row is locked, because it takes a while.
    let known = store::find(&mut scope.begin().await?, id).await?;
    let hash = match (&new.password, &new.password_hash) {
        (Some(password), None) => hash_password(password.expose(), &[&known.address, &known.name]).await?,
        (None, Some(hash)) => {
            parse_hash(hash.expose()).map_err(|message| Error::invalid("password_hash", message))?
        }
        _ => {
            let message = "Give one of the two: a password, or a hash of one.";
            return Err(Error::invalid("password", message));
        }
    };
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    before.check_stays()?;
    store::save_hash(&mut tx, id, (None, &hash), now).await?;
    let removed = if new.ends_app_passwords {
        store::remove_app_passwords(&mut tx, id).await?
    } else {
        0
    };
    kick(app, &mut tx, scope.tenant(), &before.address).await?;
    let change = Change::to("mailbox.password", json!({ "app_passwords_removed": removed }));
    tell(app, &mut tx, scope, (id, &before.address), &change).await?;
    let after = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}
