//! Whose mail that waits is, and what one of the staff sees of it: its people and its subject only while they have broken the glass for
//! all tenants that it is of. That they looked is written down for these.

use std::collections::{BTreeSet, HashMap};

use crate::app::App;
use crate::break_glass::{self, Grant, Part};
use crate::drivers::mail::{QueueId, Queued};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::{self, domain_of};
use super::super::store;

/// What is open.
#[derive(Debug, Default)]
pub struct Opened {
    grants: HashMap<TenantId, Grant>,
    /// The mails that are shown with their people, and whose they are.
    mails: HashMap<QueueId, BTreeSet<TenantId>>,
}

/// The domains that a mail comes from and goes to.
fn domains(one: &Queued) -> impl Iterator<Item = String> {
    let to = one.recipients.iter().map(|waiting| waiting.address.as_str());
    to.chain([one.sender.as_str()])
        .filter_map(|address| domain_of(address).map(str::to_lowercase))
}

impl Opened {
    /// What of these mails whoever asks may see whole.
    pub async fn of(app: &App, scope: &StaffScope, queue: &[Queued]) -> Result<Self, Error> {
        let mut tx = scope.begin().await?;
        let open = break_glass::open_for_all(&mut tx, scope.actor.user, Part::Mail, app.now()).await?;
        if open.is_empty() {
            return Ok(Self::default());
        }
        let known: BTreeSet<String> = queue.iter().flat_map(domains).collect();
        let known: Vec<String> = known.into_iter().collect();
        let owners = store::owners(&mut tx, &known).await?;
        let grants: HashMap<TenantId, Grant> = open.into_iter().map(|grant| (grant.tenant, grant)).collect();
        let mut mails = HashMap::new();
        for one in queue {
            let whose: BTreeSet<TenantId> = domains(one)
                .filter_map(|domain| owners.get(&domain).copied())
                .collect();
            // What is of no tenant that we know may still be somebody's, such as what is forwarded.
            if !whose.is_empty() && whose.iter().all(|tenant| grants.contains_key(tenant)) {
                mails.insert(one.id.clone(), whose);
            }
        }
        Ok(Self { grants, mails })
    }

    /// Whether a mail is shown whole.
    pub fn has(&self, id: &QueueId) -> bool {
        self.mails.contains_key(id)
    }

    /// The mails as they are shown.
    pub fn shown(&self, queue: Vec<Queued>) -> Vec<Queued> {
        let show = |one: Queued| {
            if self.has(&one.id) {
                one
            } else {
                model::veiled(one)
            }
        };
        queue.into_iter().map(show).collect()
    }

    /// Writes for the tenants of those mails that are shown whole that somebody looks.
    pub async fn note(
        &self,
        app: &App,
        scope: &StaffScope,
        shown: &[Queued],
        what: &str,
    ) -> Result<(), Error> {
        let whose = shown.iter().filter_map(|one| self.mails.get(&one.id)).flatten();
        let whose: BTreeSet<&TenantId> = whose.collect();
        if whose.is_empty() {
            return Ok(());
        }
        let mut tx = scope.begin().await?;
        for grant in whose.into_iter().filter_map(|tenant| self.grants.get(tenant)) {
            break_glass::note_use(app, &mut tx, grant, (Part::Mail, what)).await?;
        }
        tx.commit().await
    }
}
