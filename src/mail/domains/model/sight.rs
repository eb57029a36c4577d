//! Whether DNS still shows that a domain is its tenant's. Domains expire and are sold, and whoever has one next can't prove it while
//! it is somebody's here, and misses the mail that is written from here.

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{DnsRecordKind, Hosts};
use super::verdict::{Checked, Verdict};
use super::{DnsRecord, Domain};

/// So long DNS has to show nothing before anybody is told: zones break, and are moved.
pub const LOST_AFTER: TimeDelta = TimeDelta::days(3);

/// What DNS shows of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// That it is its tenant's: its proof, a key of its, or mail that goes here.
    Here,
    /// None of these.
    Gone,
    /// Nothing, because it does not answer.
    Unknown,
}

impl Sight {
    /// When to look again.
    pub fn again(self) -> TimeDelta {
        match self {
            Self::Here => TimeDelta::days(1),
            Self::Gone => TimeDelta::hours(6),
            Self::Unknown => TimeDelta::hours(1),
        }
    }
}

/// The records that only who has the domain's DNS can publish, and would not for somebody else's mail service.
pub fn telling(records: Vec<DnsRecord>) -> Vec<DnsRecord> {
    let kinds = [DnsRecordKind::Proof, DnsRecordKind::Mx, DnsRecordKind::Dkim];
    records
        .into_iter()
        .filter(|record| kinds.contains(&record.kind))
        .collect()
}

/// What these records, as they were seen, show. Any one is enough: the proof may go once it was seen, mail may arrive elsewhere, and
/// keys belong to who sends.
pub fn sight(hosts: &Hosts, seen: &[Checked]) -> Sight {
    if seen.iter().any(|one| shows(hosts, one)) {
        Sight::Here
    } else if seen.iter().any(|one| one.verdict == Verdict::Unreachable) {
        Sight::Unknown
    } else {
        Sight::Gone
    }
}

fn shows(hosts: &Hosts, seen: &Checked) -> bool {
    // An MX record may be wrong in other ways and lead here all the same.
    let leads_here = || {
        let mut found = seen.found.iter().filter_map(|line| line.split_once(' '));
        found.any(|(_, host)| host == hosts.mail)
    };
    seen.verdict == Verdict::Good || seen.kind == DnsRecordKind::Mx && leads_here()
}

impl Domain {
    /// Whether DNS has shown nothing of it for so long that it may be somebody else's by now.
    pub fn is_lost(&self, now: DateTime<Utc>) -> bool {
        self.lost_at.is_some_and(|since| since + LOST_AFTER <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(kind: DnsRecordKind, verdict: Verdict, found: &[&str]) -> Checked {
        Checked {
            kind,
            name: "a.example".to_owned(),
            verdict,
            says: String::new(),
            found: found.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn one_record_of_three_is_enough_and_silence_is_no_answer() {
        use DnsRecordKind as K;
        use Verdict as V;
        let hosts = Hosts {
            mail: "mx.here.example".to_owned(),
            panel: "here.example".to_owned(),
        };
        let gone = [
            seen(K::Proof, V::Missing, &[]),
            seen(K::Mx, V::Wrong, &["10 mx.elsewhere.example"]),
            seen(K::Dkim, V::Wrong, &["v=DKIM1; p=AAAA"]),
        ];
        assert_eq!(sight(&hosts, &gone), Sight::Gone);
        let beside = seen(K::Mx, V::Wrong, &["5 mx.elsewhere.example", "10 mx.here.example"]);
        for here in [seen(K::Proof, V::Good, &[]), seen(K::Dkim, V::Good, &[]), beside] {
            assert_eq!(sight(&hosts, &[&gone[..], &[here]].concat()), Sight::Here);
        }
        let silent = seen(K::Dkim, V::Unreachable, &[]);
        assert_eq!(sight(&hosts, &[&gone[..], &[silent]].concat()), Sight::Unknown);
        assert_eq!(sight(&hosts, &[]), Sight::Gone);
    }
}
