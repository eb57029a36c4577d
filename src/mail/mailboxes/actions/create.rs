//! Making a mailbox.
//!
//! What takes long or waits is done before the row is written: passwords are hashed before there is a transaction, and the
//! tenant's sums are locked by the very statement that writes the mailbox, last before the commit.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::audit::Change;
use crate::mail::domains;
use crate::mail::limits::{self, Limits};
use crate::mail::model::{Address, DomainName, hindrance};
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId};
use crate::platform::secret::{OneTimeToken, Secret};

use super::super::model::{Entry, Fresh, Mailbox, NewMailbox};
use super::super::store::{self, Made};
use super::entry::{Issued, check_mailer, count_mail, hash_password, link_end, send};
use super::{shown, tell};

/// A mailbox that was made.
#[derive(Debug)]
pub struct Created {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Its set-up link, told this once.
    pub link: Option<Issued>,
    /// What keeps mail from arriving there, in a sentence; empty if nothing.
    pub hindrance: &'static str,
}

/// What proves who somebody is, ready to be kept.
struct Proof {
    hash: Option<Secret>,
    token: Option<OneTimeToken>,
    to: Option<Address>,
}

/// Makes a mailbox. From the commit on it takes mail in and its person can sign in.
pub async fn create(app: &App, scope: &TenantScope, new: NewMailbox) -> Result<Created, Error> {
    let fresh = new.parse()?;
    let proof = prove(app, &fresh).await?;
    let now = app.now();
    let id = MailboxId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    let limits = limits::of_tenant(&mut tx, scope.tenant()).await?;
    check_quota(fresh.quota_mib, None, &limits)?;
    count_mail(&mut tx, scope.tenant(), proof.to.as_ref(), now).await?;
    let mut mailbox = made(scope, (id, &fresh), &proof, now);
    let change = Change::to("mailbox.create", shown(&mailbox));
    tell(app, &mut tx, scope, (id, fresh.address.as_str()), &change).await?;
    let row = Made {
        id,
        tenant: scope.tenant(),
        fresh: &fresh,
        hash: proof.hash.as_ref().map(|hash| hash.expose().as_str()),
        link: proof
            .token
            .as_ref()
            .map(|token| (token.hash.as_slice(), link_end(now))),
        by: &scope.who.label,
        most: limits.max_mailboxes,
        now,
    };
    let Some(place) = store::insert(&mut tx, &row).await? else {
        return Err(refusal(&mut tx, scope, &fresh.address, &limits).await);
    };
    tx.commit().await?;
    mailbox.domain = place.domain;
    let link = match proof.token {
        Some(token) => Some(send(app, &mailbox, token, proof.to).await),
        None => None,
    };
    Ok(Created {
        mailbox,
        link,
        hindrance: hindrance(place.is_verified, place.is_enabled),
    })
}

async fn prove(app: &App, fresh: &Fresh) -> Result<Proof, Error> {
    let (hash, token, to) = match &fresh.entry {
        Entry::Password(password) => {
            let about = [fresh.address.as_str(), fresh.name.as_str()];
            let hash = hash_password(password.expose(), &about).await?;
            (Some(Secret::new(hash)), None, None)
        }
        Entry::Hash(hash) => (Some(hash.clone()), None, None),
        Entry::Link(to) => {
            check_mailer(app, to.as_ref())?;
            (None, Some(OneTimeToken::generate()), to.clone())
        }
    };
    Ok(Proof { hash, token, to })
}

/// Refuses to let a mailbox hold more than the plan allows altogether. One that may already keeps it.
pub(super) fn check_quota(quota: Option<i64>, before: Option<i64>, limits: &Limits) -> Result<(), Error> {
    if quota == before {
        return Ok(());
    }
    limits
        .one_mailbox(quota)
        .map_err(|why| Error::invalid("quota_mib", why))
}

/// The mailbox as the database has it after it is written, so that it need not be read again. Its domain is known then.
fn made(scope: &TenantScope, (id, fresh): (MailboxId, &Fresh), proof: &Proof, now: DateTime<Utc>) -> Mailbox {
    Mailbox {
        id,
        tenant: scope.tenant(),
        domain: MailDomainId(uuid::Uuid::nil()),
        address: fresh.address.as_str().to_owned(),
        name: fresh.name.clone(),
        has_password: proof.hash.is_some(),
        setup_until: proof.token.as_ref().map(|_| link_end(now)),
        is_enabled: true,
        quota_mib: fresh.quota_mib,
        hourly_limit: fresh.hourly_limit,
        forward_to: Vec::new(),
        keeps_copy: true,
        max_own_aliases: fresh.max_own_aliases,
        used_bytes: 0,
        used_messages: 0,
        last_imap_at: None,
        last_pop3_at: None,
        last_smtp_at: None,
        last_sieve_at: None,
        version: 1,
        created_by: scope.who.label.clone(),
        created_at: now,
        updated_at: now,
        deleted: None,
    }
}

/// Why nothing was written.
async fn refusal(tx: &mut TenantTx, scope: &TenantScope, address: &Address, limits: &Limits) -> Error {
    let domain = match domains::place_named(tx, scope.tenant(), address.domain()).await {
        Ok(domain) => domain,
        Err(error) => return error,
    };
    let Some(domain) = domain else {
        let name = DomainName::trusted(address.domain().to_owned()).shown();
        let message = format!("You have no mail domain {name}. Add it first, or choose one that you have.");
        return Error::invalid("address", message);
    };
    if let Err(refusal) = domain.check_takes_addresses() {
        return refusal;
    }
    full(tx, scope, limits).await
}

/// That the plan allows no more mailboxes; or, if one was deleted in this very moment, that it is worth another try.
pub(super) async fn full(tx: &mut TenantTx, scope: &TenantScope, limits: &Limits) -> Error {
    let room = match limits::lock(tx, scope.tenant()).await {
        Ok(totals) => limits.mailboxes(&totals, 1),
        Err(error) => Err(error),
    };
    match room {
        Err(error) => error,
        Ok(()) => Error::conflict(
            "mailbox-limit-moved",
            "The plan's last mailbox was taken and is free again. Try once more.",
        ),
    }
}
