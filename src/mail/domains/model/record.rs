//! The records that a domain's owner publishes so that mail arrives, is believed, and programs set themselves up.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::mail::model::DomainName;

use super::key::{Key, MailKeyState};
use super::zone::quoted;

/// How long other mail servers remember the policy: a week (RFC 8461, 3.2).
const POLICY_AGE: u32 = 604_800;
/// What the value of the ownership's record starts with.
const PROOF: &str = "berth-verification=";

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsRecordKind {
    /// It proves the ownership.
    Proof,
    /// It says who takes the domain's mail (RFC 5321, 5.1).
    Mx,
    /// It says who may send from the domain (RFC 7208).
    Spf,
    /// It has a key that the domain's mail is signed with (RFC 6376).
    Dkim,
    /// It says what becomes of mail that neither passes (RFC 7489).
    Dmarc,
    /// It says that the domain's mail is to be brought by TLS (RFC 8461).
    MtaSts,
    /// It leads to the policy about that.
    MtaStsHost,
    /// It says who is told when TLS fails (RFC 8460).
    TlsReports,
    /// It leads Thunderbird and others to their settings.
    Autoconfig,
    /// It leads Outlook to its settings.
    Autodiscover,
    /// It says where programs hand in mail (RFC 8314, 3.3).
    Submissions,
    /// It says where programs read mail by IMAP (RFC 6186, 3.2).
    Imaps,
    /// It says where programs fetch mail by POP3 (RFC 6186, 3.3).
    Pop3s,
}

/// A record's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DnsRecordType {
    /// Text.
    Txt,
    /// A mail exchanger.
    Mx,
    /// Another name.
    Cname,
    /// A service.
    Srv,
}

impl DnsRecordType {
    /// As DNS writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Txt => "TXT",
            Self::Mx => "MX",
            Self::Cname => "CNAME",
            Self::Srv => "SRV",
        }
    }
}

/// A record to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// What for.
    pub kind: DnsRecordKind,
    /// At which name, without a last dot.
    pub name: String,
    /// Its type.
    pub record_type: DnsRecordType,
    /// What it says; of a TXT record the text, whatever strings it is divided into.
    pub value: String,
    /// Whether mail works without it.
    pub is_optional: bool,
}

impl DnsRecord {
    fn new(kind: DnsRecordKind, name: String, record_type: DnsRecordType, value: String) -> Self {
        use DnsRecordKind as K;
        Self {
            is_optional: !matches!(kind, K::Proof | K::Mx | K::Spf | K::Dkim | K::Dmarc),
            kind,
            name,
            record_type,
            value,
        }
    }

    /// Its line of a zone file.
    pub fn zone_line(&self) -> String {
        let value = match self.record_type {
            DnsRecordType::Txt => quoted(&self.value),
            // All others end with a name, which is a whole one.
            _ => format!("{}.", self.value),
        };
        format!("{}. 3600 IN {} {value}", self.name, self.record_type.word())
    }

    /// What it is called, for people.
    pub fn title(&self) -> &'static str {
        use DnsRecordKind as K;
        match self.kind {
            K::Proof => "Ownership",
            K::Mx => "Incoming mail (MX)",
            K::Spf => "Who may send (SPF)",
            K::Dkim => "Signature (DKIM)",
            K::Dmarc => "What becomes of forgeries (DMARC)",
            K::MtaSts => "TLS for incoming mail (MTA-STS)",
            K::MtaStsHost => "Where the MTA-STS policy is",
            K::TlsReports => "Reports about TLS (TLS-RPT)",
            K::Autoconfig => "Set-up of Thunderbird and others",
            K::Autodiscover => "Set-up of Outlook",
            K::Submissions => "Sending by programs",
            K::Imaps => "Reading by programs (IMAP)",
            K::Pop3s => "Fetching by programs (POP3)",
        }
    }
}

/// The names that records lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// The mail service's.
    pub mail: String,
    /// The panel's.
    pub panel: String,
}

/// The record that proves a domain's ownership.
pub fn proof(domain: &DomainName, proof: &str) -> DnsRecord {
    let value = format!("{PROOF}{proof}");
    DnsRecord::new(
        DnsRecordKind::Proof,
        format!("_berth.{domain}"),
        DnsRecordType::Txt,
        value,
    )
}

/// The record of a key.
pub fn dkim(domain: &DomainName, key: &Key) -> DnsRecord {
    let name = format!("{}._domainkey.{domain}", key.selector);
    let value = format!("v=DKIM1; k=rsa; p={}", key.public_key);
    DnsRecord::new(DnsRecordKind::Dkim, name, DnsRecordType::Txt, value)
}

/// What a domain asks of servers that bring it mail (RFC 8461, 3.2). Its mode is `testing`: failures are reported, and mail is
/// brought all the same, because nobody here can promise that the mail service's certificate is one that everybody trusts.
pub fn policy(hosts: &Hosts) -> String {
    format!(
        "version: STSv1\r\nmode: testing\r\nmx: {}\r\nmax_age: {POLICY_AGE}\r\n",
        hosts.mail
    )
}

/// Changes with the policy, which is how others know that there is another one.
fn policy_id(hosts: &Hosts) -> String {
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(policy(hosts))[..8]);
    format!("{:016x}", u64::from_be_bytes(first))
}

/// All that a domain's owner publishes, the important ones first. Ownership has to be proved only once, and retired keys stay for
/// the mail that is under way.
pub fn all(domain: &DomainName, hosts: &Hosts, keys: &[Key], unproved: Option<&str>) -> Vec<DnsRecord> {
    use DnsRecordKind as K;
    use DnsRecordType as T;
    let text = |kind, name: String, value: String| DnsRecord::new(kind, name, T::Txt, value);
    let reports = format!("mailto:postmaster@{domain}");
    let mut all: Vec<DnsRecord> = unproved.map(|text| proof(domain, text)).into_iter().collect();
    all.push(DnsRecord::new(
        K::Mx,
        domain.to_string(),
        T::Mx,
        format!("10 {}", hosts.mail),
    ));
    all.push(text(K::Spf, domain.to_string(), "v=spf1 mx -all".to_owned()));
    let published = keys.iter().filter(|key| key.state != MailKeyState::Retired);
    all.extend(published.map(|key| dkim(domain, key)));
    let dmarc = format!("v=DMARC1; p=quarantine; rua={reports}");
    all.push(text(K::Dmarc, format!("_dmarc.{domain}"), dmarc));
    let sts = format!("v=STSv1; id={}", policy_id(hosts));
    all.push(text(K::MtaSts, format!("_mta-sts.{domain}"), sts));
    let lead =
        |kind, below: &str| DnsRecord::new(kind, format!("{below}.{domain}"), T::Cname, hosts.panel.clone());
    all.push(lead(K::MtaStsHost, "mta-sts"));
    let tls = format!("v=TLSRPTv1; rua={reports}");
    all.push(text(K::TlsReports, format!("_smtp._tls.{domain}"), tls));
    all.push(lead(K::Autoconfig, "autoconfig"));
    all.push(lead(K::Autodiscover, "autodiscover"));
    let service = |kind, service: &str, priority: u16, port: u16| {
        let value = format!("{priority} 1 {port} {}", hosts.mail);
        DnsRecord::new(kind, format!("_{service}._tcp.{domain}"), T::Srv, value)
    };
    all.push(service(K::Submissions, "submissions", 0, 465));
    all.push(service(K::Imaps, "imaps", 0, 993));
    // After IMAP, for programs that know both (RFC 6186, 3.4).
    all.push(service(K::Pop3s, "pop3s", 10, 995));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::ids::MailKeyId;

    fn hosts() -> Hosts {
        Hosts {
            mail: "mx.provider.example".to_owned(),
            panel: "panel.provider.example".to_owned(),
        }
    }

    fn key(selector: &str, state: MailKeyState) -> Key {
        Key {
            id: MailKeyId(uuid::Uuid::nil()),
            selector: selector.to_owned(),
            public_key: "M".repeat(392),
            state,
            created_at: chrono::DateTime::UNIX_EPOCH,
            activated_at: None,
            retired_at: None,
        }
    }

    #[test]
    fn all_records_of_a_domain_are_lines_of_a_zone() {
        let domain = DomainName::parse("a.example").unwrap();
        let keys = [
            key("berth-2026a", MailKeyState::Retired),
            key("berth-2026b", MailKeyState::Active),
        ];
        let lines: Vec<String> = all(&domain, &hosts(), &keys, Some("xyz"))
            .iter()
            .map(DnsRecord::zone_line)
            .collect();
        for line in [
            "_berth.a.example. 3600 IN TXT \"berth-verification=xyz\"",
            "a.example. 3600 IN MX 10 mx.provider.example.",
            "a.example. 3600 IN TXT \"v=spf1 mx -all\"",
            "_dmarc.a.example. 3600 IN TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@a.example\"",
            "mta-sts.a.example. 3600 IN CNAME panel.provider.example.",
            "_submissions._tcp.a.example. 3600 IN SRV 0 1 465 mx.provider.example.",
            "_imaps._tcp.a.example. 3600 IN SRV 0 1 993 mx.provider.example.",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not among {lines:#?}");
        }
        let dkim: Vec<&String> = lines.iter().filter(|line| line.contains("_domainkey")).collect();
        assert_eq!(dkim.len(), 1, "the retired one is not asked for");
        assert!(dkim[0].starts_with("berth-2026b._domainkey.a.example. 3600 IN TXT \"v=DKIM1; k=rsa; p=MMM"));
        assert_eq!(dkim[0].matches('"').count(), 4, "two strings");
    }

    #[test]
    fn the_policy_s_id_changes_with_it_and_is_short_enough() {
        let mut other = hosts();
        other.mail = "mx2.provider.example".to_owned();
        assert_ne!(policy_id(&hosts()), policy_id(&other));
        let id = policy_id(&hosts());
        assert!(id.len() <= 32 && id.chars().all(|c| c.is_ascii_alphanumeric()));
        assert!(policy(&hosts()).starts_with("version: STSv1\r\n"));
    }

    #[test]
    fn a_proved_domain_is_not_asked_again_and_little_is_required() {
        use DnsRecordKind as K;
        let domain = DomainName::parse("a.example").unwrap();
        let records = all(&domain, &hosts(), &[key("k", MailKeyState::Active)], None);
        let required: Vec<DnsRecordKind> = records
            .iter()
            .filter(|one| !one.is_optional)
            .map(|one| one.kind)
            .collect();
        assert_eq!(required, [K::Mx, K::Spf, K::Dkim, K::Dmarc]);
    }
}
