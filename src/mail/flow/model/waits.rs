//! The queue in figures, in pieces, and by whose it is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::drivers::mail::{Queue, Queued};
use crate::platform::ids::TenantId;

use super::seen::domain_of;

/// The headers of a mail that staff may look at: what tells a queue's trouble, and nothing of what is in it.
const SHOWN: [&str; 6] = ["from", "to", "subject", "date", "message-id", "received"];
/// Headers that are shown at most, and how much of each.
const MOST_HEADERS: usize = 60;
const LONGEST_HEADER: usize = 1000;

/// The queue in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many mails wait.
    pub count: usize,
    /// How large they are together.
    pub bytes: i64,
    /// Since when the oldest does that is not held.
    pub oldest: Option<DateTime<Utc>>,
    /// How many were tried and are tried again.
    pub deferred: usize,
    /// How many are held.
    pub held: usize,
}

/// The queue in figures.
pub fn figures(queue: &[Queued]) -> Figures {
    let of = |which: Queue| queue.iter().filter(|one| one.queue == which).count();
    let moving = queue.iter().filter(|one| one.queue != Queue::Held);
    Figures {
        count: queue.len(),
        bytes: queue.iter().map(|one| one.bytes).fold(0, i64::saturating_add),
        oldest: moving.map(|one| one.arrived).min(),
        deferred: of(Queue::Deferred),
        held: of(Queue::Held),
    }
}

/// What waits for one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainWaits {
    /// Which.
    pub domain: String,
    /// How many mails.
    pub count: usize,
    /// How many of them were tried and are tried again.
    pub deferred: usize,
    /// Since when the oldest does.
    pub oldest: DateTime<Utc>,
}

/// The domains that mail waits for, those with most first.
pub fn by_domain(queue: &[Queued]) -> Vec<DomainWaits> {
    let mut found: BTreeMap<&str, DomainWaits> = BTreeMap::new();
    for one in queue {
        for domain in domains(one) {
            let entry = found.entry(domain).or_insert_with(|| DomainWaits {
                domain: domain.to_owned(),
                count: 0,
                deferred: 0,
                oldest: one.arrived,
            });
            entry.count += 1;
            entry.deferred += usize::from(one.queue == Queue::Deferred);
            entry.oldest = entry.oldest.min(one.arrived);
        }
    }
    let mut found: Vec<DomainWaits> = found.into_values().collect();
    found.sort_by_key(|one| Reverse(one.count));
    found
}

/// The domains of those who wait for a mail, each once.
fn domains(one: &Queued) -> BTreeSet<&str> {
    one.recipients
        .iter()
        .filter_map(|waiting| domain_of(&waiting.address))
        .collect()
}

/// The order of a list of the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueSort {
    /// The oldest first.
    #[default]
    Oldest,
    /// The newest first.
    Newest,
    /// The largest first.
    Largest,
    /// By sender.
    Sender,
}

/// The place of a mail in the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QueueKey(i64, String, String);

impl QueueSort {
    /// Reads its name; a minus before it turns it round.
    pub fn read(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("arrived") => Some(Self::Oldest),
            Some("-arrived") => Some(Self::Newest),
            Some("-bytes") => Some(Self::Largest),
            Some("sender") => Some(Self::Sender),
            Some(_) => None,
        }
    }

    /// A mail's place.
    pub fn key(self, one: &Queued) -> QueueKey {
        let id = one.id.as_str().to_owned();
        match self {
            Self::Oldest => QueueKey(one.arrived.timestamp(), String::new(), id),
            Self::Newest => QueueKey(-one.arrived.timestamp(), String::new(), id),
            Self::Largest => QueueKey(one.bytes.saturating_neg(), String::new(), id),
            Self::Sender => QueueKey(0, one.sender.clone(), id),
        }
    }
}

/// Those that hold `text` in an address, a reason or their id, in their order, after `after`, `limit` at most.
pub fn chosen(
    mut queue: Vec<Queued>,
    text: &str,
    (sort, after): (QueueSort, Option<&QueueKey>),
    limit: usize,
) -> Vec<Queued> {
    let text = text.trim().to_lowercase();
    let has = |known: &str| known.to_lowercase().contains(&text);
    queue.retain(|one| {
        let is_found = has(one.id.as_str())
            || has(&one.sender)
            || one
                .recipients
                .iter()
                .any(|waiting| has(&waiting.address) || waiting.reason.as_deref().is_some_and(has));
        is_found && after.is_none_or(|after| sort.key(one) > *after)
    });
    queue.sort_by_cached_key(|one| sort.key(one));
    queue.truncate(limit);
    queue
}

/// Whom a mail that waits is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Only people of one tenant.
    Of(TenantId),
    /// People of several tenants, or from elsewhere: only staff may decide about it.
    Staffs,
}

/// Whom a mail is for, by whose a domain is.
pub fn whose(one: &Queued, owners: &HashMap<String, TenantId>) -> Whose {
    let mut tenants = one.recipients.iter().map(|waiting| {
        let domain = domain_of(&waiting.address)?.to_lowercase();
        owners.get(&domain).copied()
    });
    match tenants.next().flatten() {
        Some(first) if tenants.all(|tenant| tenant == Some(first)) => Whose::Of(first),
        _ => Whose::Staffs,
    }
}

/// The headers that staff may look at, with their folds undone.
pub fn headers_shown(raw: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in raw.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found.retain(|(name, _)| SHOWN.contains(&name.to_lowercase().as_str()));
    found.truncate(MOST_HEADERS);
    for (_, value) in &mut found {
        *value = value
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST_HEADER)
            .collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::drivers::mail::{QueueId, Waiting};

    fn queued(id: &str, queue: Queue, to: &[&str], age: i64) -> Queued {
        Queued {
            id: QueueId::parse(id).unwrap(),
            queue,
            sender: format!("{}@x.example", id.to_lowercase()),
            recipients: to
                .iter()
                .map(|address| Waiting {
                    address: (*address).to_owned(),
                    reason: Some("Connection timed out".to_owned()),
                })
                .collect(),
            arrived: DateTime::from_timestamp(1_000_000 - age, 0).unwrap(),
            bytes: age,
        }
    }

    fn queue() -> Vec<Queued> {
        vec![
            queued("QQQQQQQ1", Queue::Deferred, &["a@a.example", "b@b.example"], 100),
            queued("QQQQQQQ2", Queue::Active, &["a@a.example", "c@a.example"], 10),
            queued("QQQQQQQ3", Queue::Held, &["a@a.example"], 500),
        ]
    }

    #[test]
    fn the_queue_in_figures() {
        let found = figures(&queue());
        assert_eq!(
            (found.count, found.bytes, found.deferred, found.held),
            (3, 610, 1, 1)
        );
        assert_eq!(
            found.oldest,
            DateTime::from_timestamp(999_900, 0),
            "what is held does not wait"
        );
        let domains = by_domain(&queue());
        assert_eq!((domains[0].domain.as_str(), domains[0].count), ("a.example", 3));
        assert_eq!(
            (domains[1].domain.as_str(), domains[1].deferred),
            ("b.example", 1)
        );
    }

    #[test]
    fn the_queue_in_pieces() {
        let ids = |sort: QueueSort, after: Option<&QueueKey>, text: &str| -> Vec<String> {
            let found = chosen(queue(), text, (sort, after), 2);
            found.iter().map(|one| one.id.as_str().to_owned()).collect()
        };
        assert_eq!(ids(QueueSort::Oldest, None, ""), ["QQQQQQQ3", "QQQQQQQ1"]);
        let after = QueueSort::Oldest.key(&queue()[0]);
        assert_eq!(ids(QueueSort::Oldest, Some(&after), ""), ["QQQQQQQ2"]);
        assert_eq!(ids(QueueSort::Newest, None, ""), ["QQQQQQQ2", "QQQQQQQ1"]);
        assert_eq!(ids(QueueSort::Largest, None, ""), ["QQQQQQQ3", "QQQQQQQ1"]);
        assert_eq!(ids(QueueSort::Sender, None, "B@B.example"), ["QQQQQQQ1"]);
        assert_eq!(ids(QueueSort::Oldest, None, "timed").len(), 2);
    }

    #[test]
    fn whose_a_mail_is() {
        let (a, b) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let owners = HashMap::from([("a.example".to_owned(), a), ("b.example".to_owned(), b)]);
        let to = |to: &[&str]| whose(&queued("QQQQQQQ1", Queue::Held, to, 1), &owners);
        assert_eq!(to(&["x@a.example", "y@A.example"]), Whose::Of(a));
        assert_eq!(to(&["x@a.example", "y@b.example"]), Whose::Staffs);
        assert_eq!(to(&["x@a.example", "y@else.example"]), Whose::Staffs);
        assert_eq!(to(&["nobody"]), Whose::Staffs);
        assert_eq!(to(&[]), Whose::Staffs);
    }

    #[test]
    fn only_some_headers_are_shown() {
        let raw =
            "Received: from x\r\n\tby y; date\r\nX-Secret: 1\r\nSUBJECT: Hello\r\n there\r\n\r\nFrom: body";
        let shown = headers_shown(raw);
        assert_eq!(
            shown,
            [
                ("Received".to_owned(), "from x by y; date".to_owned()),
                ("SUBJECT".to_owned(), "Hello there".to_owned()),
            ]
        );
    }

    proptest! {
        #[test]
        fn headers_never_break_us(raw in "(?s).{0,300}") {
            prop_assert!(headers_shown(&raw).iter().all(|(_, value)| !value.chars().any(char::is_control)));
        }
    }
}
