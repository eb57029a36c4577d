//! Every kind of id of the product, in one registry, and where new ones come from.
//!
//! Inside they are UUIDv7 (RFC 9562, sorted by creation); outside they are `TypeIDs` (specification 0.3): a prefix that
//! says what it is, and the 128 bits in Crockford's base 32, for example `srv_01kb2m4v0xf9ya8e3m1v6gq0ht`.
//! An id of one kind can't be passed for another, neither in code nor in an address.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where ids come from.
pub trait IdGen: Send + Sync + std::fmt::Debug {
    /// A new id that sorts after all that were made before `now`.
    fn uuid(&self, now: DateTime<Utc>) -> Uuid;
}

/// Random UUIDv7.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdGen for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn uuid(&self, now: DateTime<Utc>) -> Uuid {
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            seconds,
            now.timestamp_subsec_nanos(),
        ))
    }
}

/// The text was no id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with {expected}_")]
pub struct IdError {
    expected: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 130 bits in base 32; the first two are zero.
const SUFFIX_LENGTH: usize = 26;

fn encode(prefix: &str, id: Uuid) -> String {
    let bits = id.as_u128();
    let suffix = (0..SUFFIX_LENGTH).rev().map(|place| {
        let digit = (bits >> (5 * place)) & 31;
        char::from(ALPHABET[usize::try_from(digit).unwrap_or_default()])
    });
    prefix.chars().chain(['_']).chain(suffix).collect()
}

fn decode(expected: &'static str, text: &str) -> Result<Uuid, IdError> {
    let error = IdError { expected };
    let suffix = text
        .strip_prefix(expected)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or_else(|| error.clone())?;
    // A first digit above 7 would need more than 128 bits.
    if suffix.len() != SUFFIX_LENGTH || suffix.as_bytes()[0] > b'7' {
        return Err(error);
    }
    let mut bits: u128 = 0;
    for byte in suffix.bytes() {
        let digit = ALPHABET
            .iter()
            .position(|known| *known == byte)
            .ok_or_else(|| error.clone())?;
        bits = bits << 5 | digit as u128;
    }
    Ok(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What its text starts with.
            pub const PREFIX: &'static str = $prefix;

            /// A new one.
            pub fn new(ids: &dyn IdGen, now: DateTime<Utc>) -> Self {
                Self(ids.uuid(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&encode($prefix, self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                decode($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([serde_json::json!(concat!($prefix, "_01kb2m4v0xf9ya8e3m1v6gq0ht"))])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// An installation: a database and what belongs to it on an engine.
    InstallationId = "ins";
    /// A person who may sign in.
    UserId = "usr";
    /// A backup of a server.
    BackupId = "bak";
    /// Something that is got back from a backup.
    BackupRestoreId = "bkr";
    /// A tenant's repository of backups.
    BackupRepositoryId = "rep";
    /// A place that backups go to.
    BackupTargetId = "bkt";
    /// A server's schedule.
    ScheduleId = "sch";
    /// A run of a schedule.
    ScheduleRunId = "scr";
    /// A customer organisation.
    TenantId = "ten";
    /// A mail that the panel sends.
    NotificationId = "ntf";
    /// A warning about storage.
    NoticeId = "ntc";
    /// A plan: the limits that tenants share.
    PlanId = "pln";
    /// A signed-in browser.
    SessionId = "ses";
    /// An API token.
    TokenId = "tok";
    /// A single-use link: set-up, invitation, password.
    LinkId = "lnk";
    /// A place where servers can run.
    LocationId = "loc";
    /// A server.
    ServerId = "srv";
    /// An entry of a server's history.
    ServerEventId = "sev";
    /// A piece of work that a person can watch.
    OperationId = "opn";
    /// An audit event.
    AuditId = "aud";
    /// A network that a tenant made.
    NetworkId = "net";
    /// A share of a file-share server.
    ShareId = "shr";
    /// A person of a server's shares.
    SharePersonId = "shp";
    /// A link to what is in a share.
    ShareLinkId = "shl";
    /// A use of a share.
    ShareUseId = "shu";
    /// A snapshot of a server.
    SnapshotId = "snp";
    /// A volume of a tenant's own.
    VolumeId = "vol";
    /// A stack: servers that were made together.
    StackId = "stk";
    /// A download of all that a tenant has.
    ExitArchiveId = "exa";
    /// A drill that restores a backup.
    DrillId = "drl";
    /// A certificate of deletion.
    CertificateId = "crt";
    /// A key that certificates are signed with.
    SigningKeyId = "sgk";
    /// A domain that mail goes to.
    MailDomainId = "mdo";
    /// A DKIM key of a domain.
    MailKeyId = "mky";
    /// A mailbox.
    MailboxId = "mbx";
    /// A password of a mailbox for one program.
    AppPasswordId = "mpw";
    /// An address that leads elsewhere.
    MailAliasId = "mal";
    /// Mailboxes that are made from a list.
    MailImportId = "mim";
    /// A step of a message's way.
    MailStepId = "mst";
    /// Mailboxes that are fetched from elsewhere.
    MailFetchId = "mft";
    /// A check: how we know that something works.
    CheckId = "chk";
    /// An incident: a time in which something did not work.
    IncidentId = "inc";
    /// A maintenance window.
    MaintenanceId = "mnt";
    /// A ticket.
    TicketId = "tkt";
    /// A reply or a note of a ticket.
    TicketPostId = "tpo";
    /// A file of a ticket.
    AttachmentId = "att";
    /// An answer that is kept to be given again.
    CannedReplyId = "cnd";
    /// A list of what is to be done about a ticket.
    ChecklistId = "ckl";
    /// Time that somebody worked on a ticket.
    TimeEntryId = "tme";
    /// A queue's filter that is kept under a name.
    SavedViewId = "vew";
    /// What an engineer had done from a ticket.
    TicketActId = "act";
    /// A time in which staff may see what is a customer's.
    BreakGlassId = "bgl";
    /// An SLA: what is promised to tenants of a plan.
    SlaPolicyId = "sla";
    /// The hours in which an SLA's clocks run.
    SlaCalendarId = "cal";
    /// A month's SLA report of a tenant.
    SlaReportId = "slr";
    /// A rota of people on call.
    RotaId = "rot";
    /// A time in which somebody else is on call.
    RotaOverrideId = "rov";
    /// Whom to page, one after another.
    EscalationId = "esc";
    /// A page to somebody on call.
    CallId = "cll";
    /// A note of one shift to the next.
    HandoverId = "hnd";
    /// An address that is told what happens.
    WebhookId = "whk";
    /// One thing told to a webhook.
    WebhookDeliveryId = "whd";
    /// A mail that came in for tickets.
    InboundMailId = "inm";
    /// A mail of a ticket to somebody.
    OutboundMailId = "oum";
    /// A page that says how services are.
    StatusPageId = "stp";
    /// A part of a status page.
    StatusComponentId = "stc";
    /// Something said on a status page.
    StatusPostId = "sto";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_the_specification() {
        // valid.json of the TypeID specification, "decode-uuidv7".
        let id: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert_eq!(encode("prefix", id), "prefix_01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn refuses_what_is_no_id() {
        for bad in [
            "",
            "srv",
            "srv_",
            "ten_01h455vb4pex5vsknk084sn02q",
            "srv_81h455vb4pex5vsknk084sn02q",
            "srv_01h455vb4pex5vsknk084sn02",
            "srv_01h455vb4pex5vsknk084sn0il",
            "srv_01H455VB4PEX5VSKNK084SN02Q",
        ] {
            assert!(bad.parse::<ServerId>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn survives_a_round_trip(bits: u128) {
            let id = ServerId(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<ServerId>(), Ok(id));
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text in "\\PC*") {
            let _ = text.parse::<ServerId>();
        }
    }
}
