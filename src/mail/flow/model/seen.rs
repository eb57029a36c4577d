//! Which tenants see a message, how much of it, and what became of it for them.
//!
//! A tenant sees what concerns recipients of its own domains. It sees all of a message that one of its mailboxes sent, and of one
//! in its name unless another tenant's people got it: anybody can write in anybody's name, and learns nothing by it. What mailboxes
//! of others did with it and where their addresses lead it does not see in any case.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::platform::ids::TenantId;

use super::step::Step;

/// Recipients that a list shows and is searched by.
const MOST_RECIPIENTS: usize = 50;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailOutcome)]
pub enum Outcome {
    /// On its way.
    Waiting,
    /// All have it.
    Delivered,
    /// It is tried again.
    Deferred,
    /// Somebody did not get it and never will.
    Failed,
    /// It was not taken.
    Refused,
    /// It is kept until somebody decides.
    Held,
    /// Somebody deleted it from the queue.
    Deleted,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Delivered,
        Self::Deferred,
        Self::Failed,
        Self::Refused,
        Self::Held,
        Self::Deleted,
    ];

    /// As the database and the API write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Deleted => "deleted",
        }
    }

    /// The outcome of a word; one that nobody knows is still on its way.
    pub fn read(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|known| known.word() == word)
            .unwrap_or(Self::Waiting)
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "On its way",
            Self::Delivered => "Delivered",
            Self::Deferred => "Deferred",
            Self::Failed => "Failed",
            Self::Refused => "Refused",
            Self::Held => "Held",
            Self::Deleted => "Deleted",
        }
    }

    /// Which look a page gives it.
    pub fn look(self) -> &'static str {
        match self {
            Self::Waiting => "busy",
            Self::Delivered => "good",
            Self::Deferred | Self::Held => "warn",
            Self::Failed | Self::Refused => "bad",
            Self::Deleted => "idle",
        }
    }
}

/// A step, when it happened and whom it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// When.
    pub at: DateTime<Utc>,
    /// Whom it is about.
    pub recipient: Option<String>,
    /// Whom it was to before an alias led elsewhere.
    pub original: Option<String>,
    /// What happened.
    pub step: Step,
}

/// All that is known of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Its id in the queue.
    pub queue_id: String,
    /// When it was first heard of.
    pub first_at: DateTime<Utc>,
    /// When last.
    pub last_at: DateTime<Utc>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Who sent it.
    pub sender: Option<String>,
    /// How large it is.
    pub bytes: Option<i64>,
    /// Its steps, in their order.
    pub steps: Vec<Kept>,
}

/// What one tenant sees of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub tenant: TenantId,
    /// Those of its domains that the message has to do with.
    pub domains: Vec<String>,
    /// Whether it sees all steps.
    pub sees_all: bool,
    /// The recipients that it sees.
    pub recipients: Vec<String>,
    /// What became of it for them.
    pub outcome: Outcome,
}

/// What stands behind the @.
pub fn domain_of(address: &str) -> Option<&str> {
    address
        .rsplit_once('@')
        .map(|(_, domain)| domain)
        .filter(|domain| !domain.is_empty())
}

impl Kept {
    /// The domains that it is about.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        let both = [self.recipient.as_deref(), self.original.as_deref()];
        both.into_iter().flatten().filter_map(domain_of)
    }
}

/// Who sees it, by whose a domain is.
pub fn seen_by(flow: &Flow, owners: &HashMap<String, TenantId>) -> Vec<Seen> {
    let owner = |domain: &str| owners.get(domain).copied();
    let mut parties: BTreeMap<TenantId, BTreeSet<String>> = BTreeMap::new();
    let sender = flow.sender.as_deref().and_then(domain_of);
    for domain in flow.steps.iter().flat_map(Kept::domains) {
        if let Some(tenant) = owner(domain) {
            parties.entry(tenant).or_default().insert(domain.to_owned());
        }
    }
    let receiving: BTreeSet<TenantId> = parties.keys().copied().collect();
    let logins = flow.steps.iter().filter_map(|kept| match &kept.step {
        Step::Submitted { login, .. } => domain_of(login),
        _ => None,
    });
    let mut senders: BTreeSet<TenantId> = logins.filter_map(owner).collect();
    // What the mail service itself sends, it sends as the mailbox that it is for.
    if flow.steps.iter().any(|kept| kept.step == Step::Made) {
        senders.extend(sender.and_then(owner));
    }
    // Whoever signed in is known; what a mail says of its sender counts only where nobody did.
    let named = sender.and_then(owner).filter(|_| senders.is_empty());
    let named = named.filter(|tenant| receiving.iter().all(|one| one == tenant));
    for tenant in senders.iter().copied().chain(named) {
        let domains = parties.entry(tenant).or_default();
        domains.extend(
            sender
                .filter(|domain| owner(domain) == Some(tenant))
                .map(str::to_owned),
        );
    }
    let seen = parties.into_iter().map(|(tenant, domains)| {
        let sees_all = senders.contains(&tenant) || named == Some(tenant);
        one(flow, tenant, domains, sees_all)
    });
    seen.collect()
}

fn one(flow: &Flow, tenant: TenantId, domains: BTreeSet<String>, sees_all: bool) -> Seen {
    let is_seen = |kept: &&Kept| {
        let is_own = kept.domains().any(|domain| domains.contains(domain));
        let may_know = sees_all || ((is_own || kept.recipient.is_none()) && !kept.step.is_senders());
        may_know && (is_own || !kept.step.is_recipients())
    };
    let steps: Vec<&Kept> = flow.steps.iter().filter(is_seen).collect();
    // Where it was meant to go is what people look for.
    let recipients = steps
        .iter()
        .filter_map(|kept| kept.original.as_ref().or(kept.recipient.as_ref()));
    let recipients: BTreeSet<&String> = recipients.collect();
    Seen {
        tenant,
        sees_all,
        recipients: recipients.into_iter().take(MOST_RECIPIENTS).cloned().collect(),
        outcome: outcome(&steps),
        domains: domains.into_iter().collect(),
    }
}

/// What became of it by these steps.
fn outcome(steps: &[&Kept]) -> Outcome {
    let mut ends: BTreeMap<&str, Outcome> = BTreeMap::new();
    let mut whole = None;
    for kept in steps {
        let end = match kept.step {
            Step::Refused { .. } => return Outcome::Refused,
            Step::Sent { .. } => Outcome::Delivered,
            Step::Deferred { .. } => Outcome::Deferred,
            Step::Bounced { .. } | Step::Expired => Outcome::Failed,
            Step::Held | Step::Deleted | Step::Released => {
                whole = match kept.step {
                    Step::Held => Some(Outcome::Held),
                    Step::Deleted => Some(Outcome::Deleted),
                    _ => None,
                };
                continue;
            }
            _ => continue,
        };
        ends.insert(kept.recipient.as_deref().unwrap_or_default(), end);
    }
    let has = |end: Outcome| ends.values().any(|known| *known == end);
    match whole {
        Some(whole) => whole,
        None if has(Outcome::Failed) => Outcome::Failed,
        None if has(Outcome::Deferred) => Outcome::Deferred,
        None if has(Outcome::Delivered) => Outcome::Delivered,
        None => Outcome::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::step::Client;
    use super::*;

    const A: TenantId = TenantId(Uuid::from_u128(1));
    const B: TenantId = TenantId(Uuid::from_u128(2));

    fn owners() -> HashMap<String, TenantId> {
        [("a.example", A), ("b.example", B)]
            .map(|(domain, tenant)| (domain.to_owned(), tenant))
            .into()
    }

    fn kept(recipient: Option<&str>, step: Step) -> Kept {
        Kept {
            at: DateTime::UNIX_EPOCH,
            recipient: recipient.map(str::to_owned),
            original: None,
            step,
        }
    }

    fn sent() -> Step {
        Step::Sent {
            relay: String::new(),
            reply: String::new(),
            tls: false,
            is_here: true,
        }
    }

    fn flow(sender: &str, steps: Vec<Kept>) -> Flow {
        Flow {
            queue_id: "4SfKbW2kQmz9vQx".to_owned(),
            first_at: DateTime::UNIX_EPOCH,
            last_at: DateTime::UNIX_EPOCH,
            message_id: None,
            sender: Some(sender.to_owned()),
            bytes: None,
            steps,
        }
    }

    fn submitted(login: &str) -> Kept {
        let client = Client::read("x[192.0.2.1]").unwrap();
        let login = login.to_owned();
        kept(None, Step::Submitted { login, client })
    }

    #[test]
    fn who_sent_it_sees_all_and_who_gets_it_their_own() {
        let steps = vec![
            submitted("ann@a.example"),
            kept(Some("bob@b.example"), sent()),
            kept(
                Some("c@else.example"),
                Step::Bounced {
                    relay: String::new(),
                    reply: String::new(),
                },
            ),
        ];
        let [a, b] = <[Seen; 2]>::try_from(seen_by(&flow("ann@a.example", steps), &owners())).unwrap();
        assert_eq!((a.tenant, a.sees_all, a.outcome), (A, true, Outcome::Failed));
        assert_eq!(a.recipients, ["bob@b.example", "c@else.example"]);
        assert_eq!((b.tenant, b.sees_all, b.outcome), (B, false, Outcome::Delivered));
        assert_eq!(
            (b.recipients, b.domains),
            (vec!["bob@b.example".to_owned()], vec!["b.example".to_owned()])
        );
    }

    #[test]
    fn a_forged_sender_shows_nothing_of_others() {
        let forged = |to: &str| seen_by(&flow("ann@a.example", vec![kept(Some(to), sent())]), &owners());
        let seen = forged("bob@b.example");
        assert_eq!(seen.iter().map(|one| one.tenant).collect::<Vec<_>>(), [B]);
        let seen = forged("x@else.example");
        assert_eq!((seen.len(), seen[0].tenant, seen[0].sees_all), (1, A, true));
        assert!(seen_by(&flow("x@y.example", vec![kept(None, Step::Made)]), &owners()).is_empty());
    }

    #[test]
    fn what_a_mailbox_sends_on_is_its_own() {
        let steps = vec![kept(None, Step::Made), kept(Some("bob@b.example"), sent())];
        let seen = seen_by(&flow("ann@a.example", steps), &owners());
        let all: Vec<(TenantId, bool)> = seen.iter().map(|one| (one.tenant, one.sees_all)).collect();
        assert_eq!(all, [(A, true), (B, false)]);
    }

    #[test]
    fn a_login_counts_and_not_the_name_in_a_mail() {
        let steps = vec![submitted("eve@b.example"), kept(Some("ann@a.example"), sent())];
        let seen = seen_by(&flow("ann@a.example", steps), &owners());
        let all: Vec<(TenantId, bool)> = seen.iter().map(|one| (one.tenant, one.sees_all)).collect();
        assert_eq!(all, [(A, false), (B, true)]);
    }

    #[test]
    fn what_became_of_it_is_what_happened_last() {
        let to = Some("ann@a.example");
        let deferred = || Step::Deferred {
            relay: String::new(),
            reply: String::new(),
            age: 1.0,
        };
        let of = |steps: Vec<Kept>| outcome(&steps.iter().collect::<Vec<_>>());
        assert_eq!(of(vec![]), Outcome::Waiting);
        assert_eq!(of(vec![kept(to, deferred())]), Outcome::Deferred);
        assert_eq!(
            of(vec![kept(to, deferred()), kept(to, sent())]),
            Outcome::Delivered
        );
        assert_eq!(of(vec![kept(None, Step::Held)]), Outcome::Held);
        assert_eq!(
            of(vec![kept(None, Step::Held), kept(None, Step::Released)]),
            Outcome::Waiting
        );
        assert_eq!(
            of(vec![kept(to, deferred()), kept(None, Step::Deleted)]),
            Outcome::Deleted
        );
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::read(outcome.word()), outcome);
        }
    }
}
