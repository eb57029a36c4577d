//! What programs read of fetches. No password is among it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::drivers::mail::FetchTls;
use crate::platform::ids::{MailFetchId, MailboxId, OperationId};

use super::super::model::{Fetch, FetchState, Folders};

/// Mail that is fetched from another server into a mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailFetchOut {
    /// Its id.
    id: MailFetchId,
    /// Into which mailbox.
    mailbox_id: MailboxId,
    /// That one's address.
    #[schema(example = "ann@example.com")]
    address: String,
    /// From which server.
    #[schema(example = "imap.old.example")]
    host: String,
    /// Its port.
    port: u16,
    /// How the connection is encrypted.
    tls: FetchTls,
    /// Who signs in there.
    user: String,
    /// Which folders come.
    folders: Folders,
    /// The certificate that was accepted: its SHA-256 in hex.
    fingerprint: Option<String>,
    /// How far it is.
    state: FetchState,
    /// Whether somebody cancelled it; it may be under way for moments still.
    is_cancelled: bool,
    /// Why it failed: `password`, `certificate`, `tls`, `host`, `inside`, `unreachable`, `protocol`, `refused`, `cut-off`, `full`,
    /// `gone`, `busy`, `dns`, `away` or `other`.
    #[schema(example = "password")]
    reason: Option<String>,
    /// Why it failed, or why the last try did, and what to do.
    error: Option<String>,
    /// The certificate that was refused: its SHA-256 in hex.
    seen_fingerprint: Option<String>,
    /// How much of it is done.
    #[schema(maximum = 100)]
    percent: u32,
    /// Folders that are to come.
    total_folders: i32,
    /// Folders that are done.
    done_folders: i32,
    /// Messages in those folders, there.
    total_messages: i64,
    /// Messages that came. What was here before does not come again.
    done_messages: i64,
    /// Bytes that came.
    done_bytes: i64,
    /// Bytes in a second.
    bytes_per_second: Option<i64>,
    /// The folder that is open.
    folder: String,
    /// The operation that tells of it.
    operation_id: OperationId,
    /// Who asked.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it began.
    started_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
}

/// Fetches that were asked for together.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailFetchesOut {
    /// One for each account.
    pub(super) items: Vec<MailFetchOut>,
}

impl MailFetchOut {
    /// As it is at a moment.
    pub(super) fn new(fetch: Fetch, now: DateTime<Utc>) -> Self {
        Self {
            id: fetch.id,
            percent: fetch.percent(),
            bytes_per_second: fetch.speed(now),
            mailbox_id: fetch.mailbox,
            address: fetch.address,
            host: fetch.wish.host,
            port: fetch.wish.port,
            tls: fetch.wish.tls,
            user: fetch.user,
            folders: fetch.wish.folders,
            fingerprint: fetch.wish.fingerprint,
            state: fetch.state,
            is_cancelled: fetch.is_cancelled,
            reason: fetch.reason,
            error: fetch.error,
            seen_fingerprint: fetch.seen_fingerprint,
            total_folders: fetch.total_folders,
            done_folders: fetch.done_folders,
            total_messages: fetch.total_messages,
            done_messages: fetch.done_messages,
            done_bytes: fetch.done_bytes,
            folder: fetch.folder,
            operation_id: fetch.operation,
            created_by: fetch.created_by,
            created_at: fetch.created_at,
            started_at: fetch.started_at,
            finished_at: fetch.finished_at,
        }
    }
}
