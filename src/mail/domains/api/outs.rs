//! What programs read of domains.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::mail::model::DomainName;
use crate::platform::ids::{MailDomainId, MailKeyId, TenantId};

use super::super::model::{
    Checked, DnsRecord, DnsRecordKind, DnsRecordType, Domain, Key, MailKeyState, State, Verdict, dkim_record,
};
use super::super::store::StaffRow;

/// A domain that mail goes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailDomainOut {
    /// Its id.
    id: MailDomainId,
    /// Its name, as DNS has it (A-labels).
    #[schema(example = "example.com")]
    name: String,
    /// How it is. Mail goes in and out only when it is `active`.
    state: State,
    /// When its ownership was proved; null before.
    verified_at: Option<DateTime<Utc>>,
    /// Whether it is enabled; if not, no mail goes in or out.
    is_enabled: bool,
    /// The domain whose addresses it has as well, instead of its own; null for a domain with its own.
    #[schema(value_type = Option<String>, example = "mdo_01h455vb4pex5vsknk084sn02q")]
    alias_of: Option<MailDomainId>,
    /// What its mailboxes may hold together, in MiB; null for no limit of its own.
    quota_mib: Option<i64>,
    /// Recipients that its mailboxes may send to in an hour; null for no limit of its own.
    hourly_limit: Option<i32>,
    /// What its mailboxes hold, in bytes.
    used_bytes: i64,
    /// How many mailboxes it has.
    mailboxes: i32,
    /// How many aliases, groups and catch-alls it has.
    aliases: i32,
    /// When its records were looked at last; null before they were.
    checked_at: Option<DateTime<Utc>>,
    /// How many of them had to be put right then.
    problems: usize,
    /// Since when DNS has shown neither its proof nor a key of its nor a mail exchanger of here, so that it may be somebody else's by
    /// now; null while it shows any of them.
    lost_at: Option<DateTime<Utc>>,
    /// Who added it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Domain> for MailDomainOut {
    fn from(domain: Domain) -> Self {
        Self {
            id: domain.id,
            state: domain.state(),
            problems: domain.problems(),
            name: domain.name.to_string(),
            verified_at: domain.verified_at,
            is_enabled: domain.is_enabled,
            alias_of: domain.alias_of,
            quota_mib: domain.quota_mib,
            hourly_limit: domain.hourly_limit,
            used_bytes: domain.used_bytes,
            mailboxes: domain.mailboxes,
            aliases: domain.aliases,
            checked_at: domain.checked_at,
            lost_at: domain.lost_at,
            created_by: domain.created_by,
            created_at: domain.created_at,
        }
    }
}

/// A domain, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffMailDomainOut {
    /// The domain.
    #[serde(flatten)]
    domain: MailDomainOut,
    /// Whose.
    tenant_id: TenantId,
    /// What that tenant is called.
    tenant_name: String,
}

impl From<StaffRow> for StaffMailDomainOut {
    fn from(row: StaffRow) -> Self {
        Self {
            tenant_id: row.domain.tenant,
            tenant_name: row.tenant_name,
            domain: row.domain.into(),
        }
    }
}

/// A DNS record to publish, and what was seen of it last.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailRecordOut {
    /// What it is for.
    kind: DnsRecordKind,
    /// At which name, without a last dot.
    #[schema(example = "_dmarc.example.com")]
    name: String,
    /// Its type.
    #[serde(rename = "type")]
    record_type: DnsRecordType,
    /// What it says; of a TXT record the whole text.
    #[schema(example = "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.com")]
    value: String,
    /// Its line of a zone file, long texts divided into strings.
    zone_line: String,
    /// Whether mail suffers without it.
    required: bool,
    /// How it was; null before it was looked at.
    verdict: Option<Verdict>,
    /// What was wrong or could be better, in words; empty where there is nothing to say.
    says: String,
    /// What DNS had.
    found: Vec<String>,
}

impl MailRecordOut {
    pub(super) fn new((record, seen): (DnsRecord, Option<Checked>)) -> Self {
        let (says, found) = seen
            .as_ref()
            .map(|seen| (seen.says.clone(), seen.found.clone()))
            .unwrap_or_default();
        Self {
            kind: record.kind,
            record_type: record.record_type,
            zone_line: record.zone_line(),
            required: !record.is_optional,
            verdict: seen.map(|seen| seen.verdict),
            says,
            found,
            name: record.name,
            value: record.value,
        }
    }
}

/// All records of a domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailRecordsOut {
    /// When they were looked at last; null before they were.
    pub(super) checked_at: Option<DateTime<Utc>>,
    /// The records, the important ones first.
    pub(super) records: Vec<MailRecordOut>,
}

/// A key that signs a domain's mail, without its private half.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailKeyOut {
    /// Its id.
    id: MailKeyId,
    /// Its name in DNS.
    #[schema(example = "berth-2026a")]
    selector: String,
    /// `next` is being published, `active` signs, `retired` signs no more and stays published for a week.
    state: MailKeyState,
    /// The name of its record.
    #[schema(example = "berth-2026a._domainkey.example.com")]
    record_name: String,
    /// What its record says.
    record_value: String,
    /// Its record as a line of a zone file.
    zone_line: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Since when it has signed.
    activated_at: Option<DateTime<Utc>>,
    /// Since when it has signed no more.
    retired_at: Option<DateTime<Utc>>,
    /// From when on it may be removed; null while it signs.
    removable_at: Option<DateTime<Utc>>,
}

impl MailKeyOut {
    pub(super) fn new(domain: &DomainName, key: Key) -> Self {
        let record = dkim_record(domain, &key);
        Self {
            id: key.id,
            state: key.state,
            zone_line: record.zone_line(),
            record_name: record.name,
            record_value: record.value,
            created_at: key.created_at,
            activated_at: key.activated_at,
            retired_at: key.retired_at,
            removable_at: key.free_at(),
            selector: key.selector,
        }
    }
}
