//! A batch of lines: each is made, or says why not, in one transaction with the others.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::accounts;
use crate::app::App;
use crate::mail::aliases::{self, AliasKind, NewAlias, Node};
use crate::mail::domains::Place;
use crate::mail::filters;
use crate::mail::limits::{self, Limits};
use crate::mail::model::kept_hash;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::{MailAliasId, MailboxId};
use crate::platform::secret::Secret;

use super::actions::context;
use super::model::LineKind;
use super::store::{self, Claimed, WaitingRow};

/// A line with the hash that it is made with.
pub(super) struct Ready {
    line: WaitingRow,
    /// Or why there is none.
    hash: Result<Option<String>, String>,
}

impl Ready {
    /// Where it stands in the file.
    pub(super) fn number(&self) -> i32 {
        self.line.line
    }
}

/// Hashes what has to be hashed; it was judged when the list was read. This takes a while, so no transaction is open meanwhile.
pub(super) async fn ready(app: &App, claimed: &Claimed, lines: Vec<WaitingRow>) -> Result<Vec<Ready>, Error> {
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        let hash = match &line.sealed {
            None => Ok(line.password_hash.clone()),
            Some(sealed) => match app.keyring.open(&context(claimed.id, line.line), sealed) {
                Ok(plain) => {
                    let password = String::from_utf8(plain.to_vec()).map_err(Error::internal)?;
                    let hash = accounts::hash_password(&Secret::new(password)).await?;
                    Ok(Some(kept_hash(&hash)))
                }
                Err(_) => Err("The panel's key was changed meanwhile. Upload this line again.".to_owned()),
            },
        };
        all.push(Ready { line, hash });
    }
    Ok(all)
}

/// What all lines of a batch need to know.
pub(super) struct Batch<'a> {
    app: &'a App,
    claimed: &'a Claimed,
    places: HashMap<String, Place>,
    taken: HashSet<String>,
    allowed: Limits,
    /// How many more the plan allows.
    mailboxes_left: i32,
    aliases_left: i32,
    /// Where the aliases lead that were made.
    led_to: Vec<String>,
    now: DateTime<Utc>,
}

impl<'a> Batch<'a> {
    /// Locks the tenant's sums, so that nothing that is known here changes until the transaction ends.
    pub(super) async fn begin(
        app: &'a App,
        tx: &mut SystemTx,
        claimed: &'a Claimed,
        lines: &[Ready],
    ) -> Result<Self, Error> {
        let totals = limits::lock(tx, claimed.tenant).await?;
        let allowed = limits::of_tenant(tx, claimed.tenant).await?;
        let addresses: Vec<String> = lines.iter().map(|ready| ready.line.address.clone()).collect();
        let places = store::places(tx, claimed.tenant, addresses.iter().map(String::as_str)).await?;
        Ok(Self {
            app,
            claimed,
            places,
            taken: store::taken(tx, claimed.tenant, &addresses).await?,
            mailboxes_left: allowed.max_mailboxes - totals.mailboxes,
            aliases_left: allowed.max_aliases - totals.aliases,
            allowed,
            led_to: Vec::new(),
            now: app.now(),
        })
    }

    /// Makes a line, and says why it could not be made.
    pub(super) async fn make(&mut self, tx: &mut SystemTx, ready: &Ready) -> Result<Option<String>, Error> {
        let (line, kind) = (&ready.line, LineKind::read(&ready.line.kind));
        let place = match self.place(line, kind) {
            Ok(place) => place,
            Err(why) => return Ok(Some(why)),
        };
        let hash = match &ready.hash {
            Ok(hash) => hash.as_deref(),
            Err(why) => return Ok(Some(why.clone())),
        };
        if let Some(fault) = self.fault(tx, line, kind).await? {
            return Ok(Some(fault));
        }
        let (tenant, by) = (self.claimed.tenant, self.claimed.by.as_str());
        match kind.alias() {
            None => {
                let id = MailboxId::new(&*self.app.ids, self.now);
                store::insert_mailbox(tx, (id, tenant, place.id), line, hash, (by, self.now)).await?;
                self.mailboxes_left -= 1;
            }
            Some(kind) => {
                let local = line.address.rsplit_once('@').map(|(local, _)| local);
                let new = NewAlias {
                    id: MailAliasId::new(&*self.app.ids, self.now),
                    tenant,
                    domain: place.id,
                    local: local.unwrap_or_default(),
                    address: &line.address,
                    kind,
                    description: &line.description,
                    targets: &line.targets,
                    is_enabled: line.is_enabled,
                    by,
                    now: self.now,
                };
                aliases::insert(tx, &new).await?;
                if kind == AliasKind::Alias {
                    self.led_to.extend(line.targets.iter().cloned());
                }
                self.aliases_left -= 1;
            }
        }
        Ok(None)
    }

    /// Has the automatic replies know of the aliases that were made, which is the last that a batch does.
    pub(super) async fn end(self, tx: &mut SystemTx) -> Result<(), Error> {
        filters::refresh_all(self.app, tx, self.claimed.tenant, &self.led_to).await
    }

    /// Where a line belongs, if there is room for it.
    fn place(&self, line: &WaitingRow, kind: LineKind) -> Result<Place, String> {
        let domain = line.address.rsplit_once('@').map(|(_, domain)| domain);
        let place = domain.and_then(|domain| self.places.get(domain));
        let place = place.ok_or("Its domain is not there any more.")?;
        if let Some(why) = place.refusal() {
            return Err(why);
        }
        if self.taken.contains(&line.address) {
            return Err("This address was taken meanwhile.".to_owned());
        }
        let (left, what) = match kind {
            LineKind::Mailbox => (self.mailboxes_left, "mailboxes"),
            _ => (self.aliases_left, "aliases"),
        };
        if left <= 0 {
            return Err(format!("The plan allows no more {what}."));
        }
        self.allowed.one_mailbox(line.quota_mib)?;
        Ok(place.clone())
    }

    /// What is wrong with where its mail would go.
    async fn fault(
        &self,
        tx: &mut SystemTx,
        line: &WaitingRow,
        kind: LineKind,
    ) -> Result<Option<String>, Error> {
        if line.targets.is_empty() {
            return Ok(None);
        }
        let keeps = kind == LineKind::Mailbox && line.keeps_copy;
        let leads = kind == LineKind::Mailbox || line.is_enabled;
        let node = Node {
            targets: if leads { line.targets.clone() } else { Vec::new() },
            keeps,
        };
        let fault = aliases::fault(tx, self.claimed.tenant, &line.address, node).await?;
        Ok(fault.map(|fault| fault.to_string()))
    }
}
