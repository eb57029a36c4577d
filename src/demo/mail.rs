//! The demo's mail: a domain that nobody has to prove, two mailboxes, and a mail from one to the other.

use std::time::Duration;

use crate::app::App;
use crate::drivers::mail::MailServiceError;
use crate::mail;
use crate::platform::access::{SystemScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::secret::{Secret, random_text};

use super::store::{self, NewMailbox};

/// Reserved for examples (RFC 2606), so it is nobody's, and mail to it from elsewhere does not arrive.
const DOMAIN: &str = "demo.example";
/// Who writes, and who gets it.
const PEOPLE: [(&str, &str); 2] = [("baker", "The Baker"), ("anna", "Anna Harbour")];
const PASSWORD: usize = 20;
/// The mail service may still be starting.
const TRIES: u32 = 10;
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// How to sign in to a mailbox that was made just now.
#[derive(Debug)]
pub struct Login {
    /// Its address, which is the user name, too.
    pub address: String,
    /// Its password, which is kept as a hash only.
    pub password: Secret,
}

/// Makes what is missing. The mailboxes that were made just now, with their passwords.
pub(super) async fn seed(app: &App, system: &SystemScope, scope: &TenantScope) -> Result<Vec<Login>, Error> {
    let tenant = scope.tenant();
    if store::mail_domain(&mut system.begin().await?, tenant, DOMAIN)
        .await?
        .is_none()
    {
        mail::domains::create(app, scope, DOMAIN, None).await?;
    }
    let mut tx = system.begin().await?;
    store::verify(&mut tx, tenant, DOMAIN, app.now()).await?;
    let domain = store::mail_domain(&mut tx, tenant, DOMAIN).await?;
    tx.commit().await?;
    let domain = domain.ok_or(Error::NotFound)?;
    let mut logins = Vec::new();
    for (local, name) in PEOPLE {
        let address = format!("{local}@{DOMAIN}");
        if store::has_mailbox(&mut system.begin().await?, &address).await? {
            continue;
        }
        let password = Secret::new(random_text(PASSWORD));
        let hash = mail::mailboxes::hash_password(password.expose(), &[]).await?;
        let new = NewMailbox {
            id: MailboxId::new(&*app.ids, app.now()),
            tenant,
            domain,
            local,
            address: &address,
            name,
            hash: &hash,
        };
        let mut tx = system.begin().await?;
        store::insert_mailbox(&mut tx, &new, app.now()).await?;
        tx.commit().await?;
        logins.push(Login { address, password });
    }
    Ok(logins)
}

/// Puts a mail from the one into the other's mailbox, if nothing is there yet. Says whether there is one: a mail service that is
/// away, or is none, is no reason not to show the rest.
pub(super) async fn deliver(app: &App, system: &SystemScope) -> Result<bool, Error> {
    let Some(service) = &app.mail else {
        return Ok(false);
    };
    let [(from, from_name), (to, to_name)] = PEOPLE;
    let (from, to) = (format!("{from}@{DOMAIN}"), format!("{to}@{DOMAIN}"));
    if store::has_mail(&mut system.begin().await?, &to).await? {
        return Ok(true);
    }
    let mail = format!(
        "Date: {}\r\nFrom: {from_name} <{from}>\r\nTo: {to_name} <{to}>\r\nSubject: The bread is ready\r\n\
         Message-ID: <first@{DOMAIN}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Good morning,\r\n\r\nthe bread is out of the oven. This mail is real: answer it, and I get yours.\r\n",
        app.now().to_rfc2822()
    );
    for attempt in 1..=TRIES {
        match service.put(&to, &mail).await {
            Ok(()) => return Ok(true),
            Err(MailServiceError::Away(_)) if attempt < TRIES => tokio::time::sleep(TRY_AGAIN).await,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the demo's mail was not delivered"
                );
                return Ok(false);
            }
        }
    }
    Ok(false)
}
