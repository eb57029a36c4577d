//! What a use is, and which of a server's lines are uses.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{ShareId, ShareUseId};

use super::super::model::{ShareProtocol, check_login, check_name};

/// How long a use is kept.
pub const KEPT: TimeDelta = TimeDelta::days(90);
/// Uses that are taken at once; of more the newest are, and it is said how many were dropped.
pub const MOST: usize = 5000;
/// How far a server's clock may be ahead.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// A path in characters, at most; more is cut off.
const MAX_PATH: usize = 1000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShareUseVerb {
    /// A folder was looked at, or the share was connected to.
    List,
    /// A file, or a folder as a tar, was fetched.
    Read,
    /// A file was written, or its properties.
    Write,
    /// A file or folder was deleted.
    Delete,
    /// It was renamed or moved; the path is what it was before.
    Rename,
    /// A folder was made.
    MakeFolder,
}

impl ShareUseVerb {
    const ALL: [Self; 6] = [
        Self::List,
        Self::Read,
        Self::Write,
        Self::Delete,
        Self::Rename,
        Self::MakeFolder,
    ];

    /// As it is written down.
    pub fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::MakeFolder => "make-folder",
        }
    }

    /// Reads what was written down.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// By what way it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareUseWay {
    /// A network drive over HTTPS.
    Webdav,
    /// Files over SSH.
    Sftp,
    /// The network drive of Windows and macOS.
    Smb,
    /// A link, without a login.
    Link,
}

impl ShareUseWay {
    /// The protocol, if it is one.
    pub fn protocol(self) -> Option<ShareProtocol> {
        match self {
            Self::Webdav => Some(ShareProtocol::Webdav),
            Self::Sftp => Some(ShareProtocol::Sftp),
            Self::Smb => Some(ShareProtocol::Smb),
            Self::Link => None,
        }
    }

    /// As it is written down.
    pub fn word(self) -> &'static str {
        self.protocol().map_or("link", ShareProtocol::word)
    }

    /// Reads what was written down.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Webdav, Self::Sftp, Self::Smb, Self::Link]
            .into_iter()
            .find(|known| known.word() == word)
    }
}

impl From<ShareProtocol> for ShareUseWay {
    fn from(protocol: ShareProtocol) -> Self {
        match protocol {
            ShareProtocol::Webdav => Self::Webdav,
            ShareProtocol::Sftp => Self::Sftp,
            ShareProtocol::Smb => Self::Smb,
        }
    }
}

/// One use of a share.
#[derive(Debug, Clone)]
pub struct Use {
    /// Its id.
    pub id: ShareUseId,
    /// When.
    pub at: DateTime<Utc>,
    /// Which share; nothing if it is gone.
    pub share: Option<ShareId>,
    /// What it was called then.
    pub share_name: String,
    /// Whose login; nothing for a link.
    pub login: Option<String>,
    /// By what way.
    pub way: ShareUseWay,
    /// What was done.
    pub verb: ShareUseVerb,
    /// With what, below the share's folder; empty for that folder.
    pub path: String,
    /// Where it came from.
    pub ip: Option<String>,
}

/// What was done by a link, as the panel writes it down.
#[derive(Debug)]
pub struct LinkUse<'a> {
    /// Which share, and what it is called.
    pub share: (ShareId, &'a str),
    /// What was done.
    pub verb: ShareUseVerb,
    /// With what, below the share's folder.
    pub path: &'a str,
    /// Where it came from.
    pub ip: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// A use as a server wrote it down.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// A number that only grows.
    pub number: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The share's name.
    pub share: String,
    /// Whose login.
    pub login: String,
    /// By what way.
    pub way: ShareUseWay,
    /// What was done.
    pub verb: ShareUseVerb,
    /// With what.
    pub path: String,
    /// Where it came from.
    pub ip: Option<String>,
}

/// What is new in a server's file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Uses.
    pub uses: Vec<Seen>,
    /// How many the server dropped because the file had become too large.
    pub dropped: i64,
    /// The number of the newest line.
    pub newest: i64,
}

/// Which lines are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Those with a number above this.
    pub after: i64,
    /// Those from then on: a copy of a server has the file of what it was copied from.
    pub from: DateTime<Utc>,
    /// The time now.
    pub now: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Line {
    n: i64,
    /// In milliseconds of Unix time.
    at: i64,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum What {
    Use(UseLine),
    Dropped { dropped: i64 },
}

#[derive(Deserialize)]
struct UseLine {
    login: String,
    share: String,
    by: ShareProtocol,
    what: ShareUseVerb,
    path: String,
    from: String,
}

/// What is new in a server's file, at most [`MOST`] uses. What is no line of ours is passed over; a time that has not come yet is now.
pub fn news(file: &[u8], window: Window) -> News {
    // A number is a time, so that it cannot be so far ahead that nothing ever comes after it.
    let last = (window.now + AHEAD).timestamp_millis();
    let lines = file.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    let mut news = News::default();
    for line in lines.filter(|line| line.n > window.after && line.n <= last) {
        news.newest = news.newest.max(line.n);
        match line.what {
            What::Dropped { dropped } => {
                news.dropped = news.dropped.saturating_add(dropped.clamp(0, i64::from(u16::MAX)));
            }
            What::Use(what) => news.uses.extend(believed(line.n, line.at, what, window)),
        }
    }
    let surplus = news.uses.len().saturating_sub(MOST);
    news.uses.drain(..surplus);
    news.dropped = news
        .dropped
        .saturating_add(i64::try_from(surplus).unwrap_or(i64::MAX));
    news
}

fn believed(number: i64, at: i64, line: UseLine, window: Window) -> Option<Seen> {
    check_name(&line.share).ok()?;
    check_login(&line.login).ok()?;
    let at = DateTime::from_timestamp_millis(at)?;
    if at < window.from.max(window.now - KEPT) {
        return None;
    }
    Some(Seen {
        number,
        at: at.min(window.now),
        share: line.share,
        login: line.login,
        way: line.by.into(),
        verb: line.what,
        path: clean(&line.path),
        ip: line
            .from
            .parse::<IpAddr>()
            .ok()
            .map(|ip| ip.to_canonical().to_string()),
    })
}

/// A path as it can be kept and shown: control characters would move the text around them.
pub fn clean(path: &str) -> String {
    let shown = path
        .chars()
        .map(|one| if one.is_control() { '\u{fffd}' } else { one });
    shown.take(MAX_PATH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(change: &serde_json::Value) -> Vec<u8> {
        let mut line = json!({ "n": 1_800_000_000_005_i64, "at": 1_800_000_000_000_i64, "login": "ann", "share": "plans",
            "by": "sftp", "what": "read", "path": "a/b.txt", "from": "192.0.2.1" });
        line.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        format!("{line}\n").into_bytes()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_060, 0).unwrap()
    }

    fn window() -> Window {
        Window {
            after: 0,
            from: now() - TimeDelta::days(2),
            now: now(),
        }
    }

    fn uses(file: &[u8]) -> Vec<Seen> {
        news(file, window()).uses
    }

    #[test]
    fn a_line_is_a_use() {
        let found = news(&line(&json!({})), window());
        let expected = Seen {
            number: 1_800_000_000_005,
            at: now() - TimeDelta::minutes(1),
            share: "plans".to_owned(),
            login: "ann".to_owned(),
            way: ShareUseWay::Sftp,
            verb: ShareUseVerb::Read,
            path: "a/b.txt".to_owned(),
            ip: Some("192.0.2.1".to_owned()),
        };
        assert_eq!((found.uses, found.newest), (vec![expected], 1_800_000_000_005));
        let known = Window {
            after: 1_800_000_000_005,
            ..window()
        };
        assert_eq!(news(&line(&json!({})), known), News::default());
        let made_since = Window {
            from: now(),
            ..window()
        };
        assert_eq!(
            news(&line(&json!({})), made_since).uses,
            [],
            "it is of the server that was copied"
        );
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        let bad = [
            json!({ "login": "Ann" }),
            json!({ "login": "ann\u{0}" }),
            json!({ "share": "../x" }),
            json!({ "share": "files" }),
            json!({ "by": "link" }),
            json!({ "what": "own" }),
            json!({ "n": "5" }),
            json!({ "n": i64::MAX }),
            json!({ "at": i64::MAX }),
            json!({ "at": 0 }),
        ];
        for bad in bad {
            assert_eq!(uses(&line(&bad)), [], "{bad}");
        }
        let mut cut = line(&json!({}));
        cut.truncate(20);
        cut.extend(b"\n\xff\xfe\n\n{}\n");
        cut.extend(line(&json!({ "n": 6 })));
        assert_eq!(uses(&cut).len(), 1);
    }

    #[test]
    fn what_can_be_is_made_fit() {
        let odd = json!({ "at": 1_900_000_000_000_i64, "path": format!("a\u{0}b\n{}", "c".repeat(2000)), "from": "::ffff:192.0.2.7" });
        let [found] = &uses(&line(&odd))[..] else {
            panic!("it is a use")
        };
        assert_eq!(found.at, now());
        assert!(found.path.starts_with("a\u{fffd}b\u{fffd}c"));
        assert_eq!(found.path.chars().count(), MAX_PATH);
        assert_eq!(found.ip.as_deref(), Some("192.0.2.7"));
        assert_eq!(uses(&line(&json!({ "from": "a host" })))[0].ip, None);
    }

    #[test]
    fn what_was_dropped_is_counted() {
        let mut file = json!({ "n": 1, "at": 0, "dropped": 7 }).to_string().into_bytes();
        file.push(b'\n');
        for number in 0..MOST + 2 {
            file.extend(line(&json!({ "n": number + 2, "path": number.to_string() })));
        }
        let found = news(&file, window());
        assert_eq!((found.uses.len(), found.dropped), (MOST, 9));
        assert_eq!(found.uses[0].path, "2", "the newest are taken");
    }

    #[test]
    fn words_are_read_back() {
        for verb in ShareUseVerb::ALL {
            assert_eq!(ShareUseVerb::read(verb.word()), Some(verb));
            assert_eq!(json!(verb), verb.word());
        }
        for way in ["webdav", "sftp", "smb", "link"] {
            assert_eq!(ShareUseWay::read(way).map(|way| json!(way)), Some(way.into()));
        }
    }
}
