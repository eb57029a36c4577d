//! What DNS says of a record, judged: whether it is good, and if not, what is wrong in words.

mod texts;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drivers::dns::{Mx, Srv};

use super::record::{DnsRecord, DnsRecordKind, Hosts};

/// How a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailRecordVerdict)]
pub enum Verdict {
    /// It is there and right; `says` may advise something better.
    Good,
    /// It is not there, and mail suffers.
    Missing,
    /// It is not there, and mail works without it.
    OptionalMissing,
    /// It is there, and not right.
    Wrong,
    /// DNS did not answer.
    Unreachable,
}

impl Verdict {
    /// Whether it has to be put right.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Missing | Self::Wrong)
    }
}

/// A verdict in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it is.
    pub verdict: Verdict,
    /// What is wrong or could be better, and what to do; empty where there is nothing to say.
    pub says: String,
    /// What DNS has.
    pub found: Vec<String>,
}

/// What was seen of one record, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What it is for.
    pub kind: DnsRecordKind,
    /// At which name.
    pub name: String,
    /// How it is.
    pub verdict: Verdict,
    /// What is wrong, in words.
    pub says: String,
    /// What DNS has.
    pub found: Vec<String>,
}

impl Checked {
    /// What was seen of a record.
    pub fn new(record: &DnsRecord, outcome: Outcome) -> Self {
        Self {
            kind: record.kind,
            name: record.name.clone(),
            verdict: outcome.verdict,
            says: outcome.says,
            found: outcome.found,
        }
    }
}

/// A mail exchanger, and whether its name is only another name of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MxSeen {
    /// What the record says.
    pub mx: Mx,
    /// What its host is another name of.
    pub cname: Option<String>,
}

/// What DNS answered about a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    /// The mail exchangers, and the addresses of ours.
    Mx(Vec<MxSeen>, Vec<IpAddr>),
    /// Texts, and the addresses of our mail exchanger where they matter.
    Texts(Vec<String>, Vec<IpAddr>),
    /// What a name is another name of, its addresses, and those of the panel.
    Name(Option<String>, Vec<IpAddr>, Vec<IpAddr>),
    /// Services.
    Services(Vec<Srv>),
}

impl Outcome {
    fn good() -> Self {
        Self {
            verdict: Verdict::Good,
            says: String::new(),
            found: Vec::new(),
        }
    }

    /// Good, and could be better.
    fn hint(says: impl Into<String>) -> Self {
        Self {
            says: says.into(),
            ..Self::good()
        }
    }

    fn wrong(says: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Wrong,
            says: says.into(),
            found: Vec::new(),
        }
    }

    fn missing(says: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Missing,
            says: says.into(),
            found: Vec::new(),
        }
    }

    fn found(mut self, found: Vec<String>) -> Self {
        self.found = found;
        self
    }
}

/// DNS did not answer.
pub fn missed(record: &DnsRecord, why: &str) -> Outcome {
    Outcome {
        verdict: Verdict::Unreachable,
        says: format!(
            "DNS did not answer about {}: {why}. Check again in a minute.",
            record.name
        ),
        found: Vec::new(),
    }
}

/// Judges what DNS answered about a record.
pub fn judge(record: &DnsRecord, hosts: &Hosts, facts: &Facts) -> Outcome {
    let mut outcome = match facts {
        Facts::Mx(seen, ours) => mx(record, hosts, (seen, ours)),
        Facts::Texts(found, ours) => texts::judge(record, hosts, (found, ours)),
        Facts::Name(cname, own, panels) => leads(record, hosts, (cname.as_deref(), own, panels)),
        Facts::Services(found) => service(record, hosts, found),
    };
    if outcome.verdict == Verdict::Missing && record.is_optional {
        outcome.verdict = Verdict::OptionalMissing;
    }
    outcome
}

fn mx(record: &DnsRecord, hosts: &Hosts, (seen, ours): (&[MxSeen], &[IpAddr])) -> Outcome {
    let found = seen
        .iter()
        .map(|one| format!("{} {}", one.mx.preference, one.mx.host));
    let found: Vec<String> = found.collect();
    let host = &hosts.mail;
    if seen.is_empty() {
        return Outcome::missing(
            "There is no MX record, so mail for this domain does not come here. Publish it.",
        );
    }
    judge_mx(record, host, (seen, ours)).found(found)
}

fn judge_mx(record: &DnsRecord, host: &str, (seen, ours): (&[MxSeen], &[IpAddr])) -> Outcome {
    let domain = &record.name;
    if let Some(address) = seen.iter().find(|one| one.mx.host.parse::<IpAddr>().is_ok()) {
        return Outcome::wrong(format!(
            "An MX record names {}, which is an address. It has to name a host (RFC 5321, 5.1): publish {host}.",
            address.mx.host
        ));
    }
    if seen.iter().any(|one| one.mx.host.is_empty()) {
        return Outcome::wrong(format!(
            "The record says that {domain} takes no mail at all (RFC 7505). Replace it."
        ));
    }
    let alias = seen.iter().find(|one| one.cname.as_deref() == Some(host));
    if let Some(alias) = alias {
        return Outcome::wrong(format!(
            "The MX record names {}, which is another name (CNAME) of {host}. An MX record has to name the host \
             itself (RFC 2181, 10.3): publish {host}.",
            alias.mx.host
        ));
    }
    let Some(own) = seen.iter().find(|one| one.mx.host == *host) else {
        let others: Vec<&str> = seen.iter().map(|one| one.mx.host.as_str()).collect();
        return Outcome::wrong(format!(
            "Mail for this domain goes to {}, not here. Replace that by {host} when this is where it is to go.",
            others.join(" and ")
        ));
    };
    if let Some(target) = &own.cname {
        return Outcome::wrong(format!(
            "{host} is another name (CNAME) of {target}, which an MX record may not name (RFC 2181, 10.3). Ask your provider."
        ));
    }
    if ours.is_empty() {
        return Outcome::wrong(format!(
            "{host} has no address in DNS, so nobody finds it. Ask your provider."
        ));
    }
    match seen.iter().find(|one| one.mx.host != *host) {
        Some(other) if other.mx.preference <= own.mx.preference => Outcome::wrong(format!(
            "Mail goes to {} as well, which comes before or beside {host}. Remove that MX record.",
            other.mx.host
        )),
        Some(other) => Outcome::hint(format!(
            "Mail goes to {} when {host} does not answer. Remove that MX record unless that host brings it here.",
            other.mx.host
        )),
        None => Outcome::good(),
    }
}

fn leads(
    record: &DnsRecord,
    hosts: &Hosts,
    (cname, own, panels): (Option<&str>, &[IpAddr], &[IpAddr]),
) -> Outcome {
    let panel = &hosts.panel;
    let found = match cname {
        Some(target) => vec![format!("CNAME {target}")],
        None => own.iter().map(ToString::to_string).collect(),
    };
    let is_panel = cname == Some(panel.as_str()) || own.iter().any(|address| panels.contains(address));
    match (found.is_empty(), is_panel) {
        (true, _) => Outcome::missing(format!("{} is not there.", record.name)),
        (false, true) => Outcome::good().found(found),
        (false, false) => Outcome::wrong(format!(
            "{} leads elsewhere: to {}. Make it a CNAME of {panel}.",
            record.name,
            found.join(" and ")
        ))
        .found(found),
    }
}

fn service(record: &DnsRecord, hosts: &Hosts, found: &[Srv]) -> Outcome {
    let told = found
        .iter()
        .map(|srv| format!("{} {} {} {}", srv.priority, srv.weight, srv.port, srv.host));
    let told: Vec<String> = told.collect();
    // The wanted value is priority, weight, port and host.
    let port = record.value.split(' ').nth(2).and_then(|port| port.parse().ok());
    let is_ours = |srv: &Srv| srv.host == hosts.mail && Some(srv.port) == port;
    if found.is_empty() {
        return Outcome::missing("Programs that look for it have to be told the server's name by hand.");
    }
    if found.iter().any(is_ours) {
        return Outcome::good().found(told);
    }
    if found.iter().all(|srv| srv.host.is_empty()) {
        return Outcome::wrong("The record says that this domain has no such service. Replace it.")
            .found(told);
    }
    Outcome::wrong(format!(
        "It leads to {}. Publish {}.",
        told.join(" and "),
        record.value
    ))
    .found(told)
}

#[cfg(test)]
mod tests;
