//! What a certificate says, and whether one is genuine. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{AuditId, CertificateId, SigningKeyId, TenantId};

/// What the first field says, so that nothing else that is ever signed with the same key can pass for one.
pub const KIND: &str = "berth-deletion-certificate-1";

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeletedFigures)]
pub struct Figures {
    /// Servers with their settings and histories.
    pub servers: i64,
    /// Their volumes.
    pub volumes: i64,
    /// What those held when they were last measured.
    pub bytes: i64,
    /// Snapshots of servers.
    pub snapshots: i64,
    /// Backups.
    pub backups: i64,
    /// What they had made their repositories grow by.
    pub backup_bytes: i64,
    /// Repositories of backups whose key was destroyed: what is left of one anywhere opens to nobody but whoever the key was
    /// shown to before.
    pub backup_keys: i64,
    /// Memberships.
    pub memberships: i64,
    /// Accounts of people who were in no other organisation.
    pub people: i64,
    /// API tokens.
    pub tokens: i64,
    /// Open invitations.
    pub invitations: i64,
    /// Mailboxes. Not written where there were none, so that certificates from before there was mail stay what was signed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mailboxes: i64,
    /// What those held.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mail_bytes: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(figure: &i64) -> bool {
    *figure == 0
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CertificateDocument)]
pub struct Document {
    /// `berth-deletion-certificate-1`.
    pub kind: String,
    /// Its id.
    pub certificate: CertificateId,
    /// The organisation that was erased.
    pub tenant: TenantId,
    /// When it was closed.
    pub closed_at: DateTime<Utc>,
    /// Who asked for that: a person's id, or `system`; null if it was not written down.
    pub closed_by: Option<String>,
    /// When the last of it was erased.
    pub purged_at: DateTime<Utc>,
    /// What was erased.
    pub erased: Figures,
    /// The audit event of the erasure. The audit log stays.
    pub audit_event: AuditId,
}

impl Document {
    /// To the byte, what is signed: JSON without white space, fields in the order of the type.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// A certificate as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Certificate)]
pub struct Signed {
    /// What it says.
    pub document: Document,
    /// The key that it was signed with.
    pub key: SigningKeyId,
    /// The public half of that key (Ed25519, base 64). Whoever checks the certificate compares it with what the provider tells.
    pub public_key: String,
    /// The signature of the document as JSON without white space (base 64).
    pub signature: String,
}

/// Why a certificate is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    /// It is another kind of document.
    #[error("this is no certificate of deletion")]
    OtherKind,
    /// Somebody else's key.
    #[error("it was signed with a key that is not this installation's")]
    UnknownKey,
    /// It was changed after it was signed.
    #[error(
        "the signature does not fit: the certificate was changed after it was signed, or was never genuine"
    )]
    Forged,
}

impl Signed {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Whether it is genuine, by the public key that is known to be the installation's.
    pub fn check(&self, public_key: &[u8]) -> Result<(), NotGenuine> {
        if self.document.kind != KIND {
            return Err(NotGenuine::OtherKind);
        }
        if STANDARD.decode(&self.public_key).ok().as_deref() != Some(public_key) {
            return Err(NotGenuine::UnknownKey);
        }
        let text = self.document.text().map_err(|_| NotGenuine::Forged)?;
        let signature = STANDARD.decode(&self.signature).map_err(|_| NotGenuine::Forged)?;
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| NotGenuine::Forged)
    }
}
