//! Records and keys as the page of a domain shows them.

use chrono::{DateTime, Utc};

use super::super::model::{Checked, DnsRecord, Domain, KEPT_DAYS, Key, MailKeyState, Verdict, dkim_record};

/// A record to publish, and how it is.
#[derive(Debug)]
pub(super) struct RecordRow {
    /// Unique on the page.
    pub(super) id: String,
    pub(super) title: &'static str,
    pub(super) tone: &'static str,
    pub(super) word: &'static str,
    pub(super) says: String,
    pub(super) found: Vec<String>,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) zone_line: String,
    pub(super) is_optional: bool,
}

fn words(seen: Option<&Checked>) -> (&'static str, &'static str) {
    match seen.map(|seen| seen.verdict) {
        None => ("idle", "Not checked yet"),
        Some(Verdict::Good) => ("good", "Published"),
        Some(Verdict::Missing) => ("bad", "Missing"),
        Some(Verdict::OptionalMissing) => ("idle", "Missing, optional"),
        Some(Verdict::Wrong) => ("bad", "Wrong"),
        Some(Verdict::Unreachable) => ("warn", "DNS did not answer"),
    }
}

impl RecordRow {
    pub(super) fn new(id: String, record: DnsRecord, seen: Option<Checked>) -> Self {
        let (tone, word) = words(seen.as_ref());
        let (says, found) = seen.map(|seen| (seen.says, seen.found)).unwrap_or_default();
        Self {
            id,
            title: record.title(),
            tone,
            word,
            says,
            found,
            kind: record.record_type.word(),
            zone_line: record.zone_line(),
            is_optional: record.is_optional,
            name: record.name,
            value: record.value,
        }
    }
}

/// A key.
#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) selector: String,
    pub(super) tone: &'static str,
    pub(super) word: &'static str,
    pub(super) note: String,
    pub(super) zone_line: String,
    /// It may take over.
    pub(super) is_next: bool,
    /// It may be removed now.
    pub(super) is_removable: bool,
}

impl KeyRow {
    pub(super) fn new(domain: &Domain, key: Key, now: DateTime<Utc>) -> Self {
        let day = |at: Option<DateTime<Utc>>| {
            at.map(|at| at.format("%-d %b %Y").to_string())
                .unwrap_or_default()
        };
        let (tone, word, note) = match key.state {
            MailKeyState::Next => (
                "busy",
                "To take over",
                "Publish its record; then let it sign.".to_owned(),
            ),
            MailKeyState::Active => ("good", "Signs", format!("Since {}.", day(key.activated_at))),
            MailKeyState::Retired => (
                "idle",
                "Retired",
                format!(
                    "Since {}. Keep its record for {KEPT_DAYS} days.",
                    day(key.retired_at)
                ),
            ),
        };
        Self {
            id: key.id.to_string(),
            tone,
            word,
            note,
            zone_line: dkim_record(&domain.name, &key).zone_line(),
            is_next: key.state == MailKeyState::Next,
            is_removable: key.check_removable(now).is_ok(),
            selector: key.selector,
        }
    }
}
