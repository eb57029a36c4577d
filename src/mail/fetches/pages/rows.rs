//! The rows of both lists, which are also what the live streams send.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::drivers::pool::show_size;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::web::ago;

use super::super::model::{Fetch, FetchState, Folders};
use super::{base, href};

/// A fetch as a row.
pub(super) struct Row {
    id: String,
    /// The mailbox's address, and where its fetches are.
    address: String,
    href: String,
    from: String,
    tone: &'static str,
    word: &'static str,
    percent: u32,
    how_far: String,
    note: String,
    error: String,
    seen: String,
    created: String,
    created_ago: String,
    by: String,
    cancel: String,
    may_cancel: bool,
    is_running: bool,
}

/// All rows, or what to do where there are none.
#[derive(Template)]
#[template(path = "mail/fetch_rows.html")]
pub(super) struct Rows {
    all: Vec<Row>,
    may_write: bool,
    is_of_one: bool,
    /// What is said where there are none.
    empty: &'static str,
    next: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

fn size(bytes: i64) -> String {
    show_size(u64::try_from(bytes).unwrap_or_default())
}

fn words(fetch: &Fetch) -> (&'static str, &'static str) {
    match fetch.state {
        FetchState::Waiting | FetchState::Running if fetch.is_cancelled => ("warn", "Being cancelled"),
        FetchState::Waiting if fetch.error.is_some() => ("warn", "Tried again soon"),
        FetchState::Waiting => ("idle", "Waiting"),
        FetchState::Running => ("busy", "Under way"),
        FetchState::Done => ("good", "Done"),
        FetchState::Failed => ("bad", "Failed"),
        FetchState::Cancelled => ("idle", "Cancelled"),
    }
}

/// How many messages and bytes came, in words.
fn how_far(fetch: &Fetch) -> String {
    if fetch.started_at.is_none() {
        return String::new();
    }
    let size = size(fetch.done_bytes);
    let came = format!(
        "{} of {} mails, {size}",
        fetch.done_messages, fetch.total_messages
    );
    match fetch.state {
        FetchState::Done if fetch.done_messages == 0 => "All of it was here already".to_owned(),
        _ => came,
    }
}

/// The folder and the speed while it is under way.
fn note(fetch: &Fetch, now: DateTime<Utc>) -> String {
    if fetch.state != FetchState::Running {
        return String::new();
    }
    let folders = format!("{} of {} folders", fetch.done_folders, fetch.total_folders);
    let open = if fetch.folder.is_empty() {
        String::new()
    } else {
        format!("; now {}", fetch.folder)
    };
    let speed = fetch
        .speed(now)
        .map(|speed| format!("; {} a second", size(speed)));
    format!("{folders}{open}{}", speed.unwrap_or_default())
}

impl Row {
    fn new(scope: &TenantScope, fetch: Fetch, now: DateTime<Utc>) -> Self {
        let (tone, word) = words(&fetch);
        let wish = &fetch.wish;
        let folders = match wish.folders {
            Folders::All => "",
            Folders::WithoutJunk => ", without junk and trash",
        };
        Self {
            id: fetch.id.to_string(),
            href: href(scope, fetch.mailbox),
            from: format!(
                "{} at {}:{} by {}{folders}",
                fetch.user, wish.host, wish.port, wish.tls
            ),
            tone,
            word,
            percent: fetch.percent(),
            how_far: how_far(&fetch),
            note: note(&fetch, now),
            created: fetch.created_at.to_rfc3339(),
            created_ago: ago(fetch.created_at, now),
            cancel: format!("{}/{}/cancel", base(scope), fetch.id),
            may_cancel: !fetch.state.is_over() && !fetch.is_cancelled,
            is_running: fetch.state == FetchState::Running,
            address: fetch.address,
            by: fetch.created_by,
            error: fetch.error.unwrap_or_default(),
            seen: fetch.seen_fingerprint.unwrap_or_default(),
        }
    }
}

impl Rows {
    /// The element that the streams replace.
    pub(super) const ID: &str = "fetch-rows";

    /// Of what was found. `is_of_one` if all of it is of one mailbox.
    pub(super) fn new(scope: &TenantScope, all: Vec<Fetch>, is_of_one: bool, now: DateTime<Utc>) -> Self {
        Self {
            all: all.into_iter().map(|fetch| Row::new(scope, fetch, now)).collect(),
            may_write: scope.may(Permission::MailWrite),
            is_of_one,
            empty: "When somebody moves in from another provider, their mail is fetched from there while new mail arrives here.",
            next: String::new(),
        }
    }

    /// A page of a list that goes on there, of what was searched for.
    pub(super) fn page(mut self, next: Option<String>, is_searched: bool) -> Self {
        self.next = next.unwrap_or_default();
        if is_searched {
            self.empty =
                "None matches. Search for another part of the address or of the other server's name.";
        }
        self
    }
}
