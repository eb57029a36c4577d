//! What a use is, and which of a server's lines are uses.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{ShareId, ShareUseId};

use super::super::model::{ShareProtocol, check_login, check_name};

/// How long a use is kept.
pub const KEPT: TimeDelta = TimeDelta::days(90);
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
    /// As it is written down.
    pub fn word(self) -> &'static str {
        match self {
            Self::Webdav => ShareProtocol::Webdav.word(),
            Self::Sftp => ShareProtocol::Sftp.word(),
            Self::Smb => ShareProtocol::Smb.word(),
            Self::Link => "link",
        }
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

#[derive(Deserialize)]
struct Line {
    n: i64,
    at: i64,
    login: String,
    share: String,
    by: ShareProtocol,
    what: ShareUseVerb,
    path: String,
    from: String,
}

/// The uses in a server's file with a number above `after`. What is no line of ours is passed over; a time that has not come
/// yet is now.
pub fn seen(file: &[u8], after: i64, now: DateTime<Utc>) -> Vec<Seen> {
    let lines = file.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| serde_json::from_slice(line).ok());
    lines
        .filter(|line: &Line| line.n > after)
        .filter_map(|line| believed(line, now))
        .collect()
}

fn believed(line: Line, now: DateTime<Utc>) -> Option<Seen> {
    check_name(&line.share).ok()?;
    check_login(&line.login).ok()?;
    let at = DateTime::from_timestamp(line.at, 0)?;
    if at < now - KEPT {
        return None;
    }
    Some(Seen {
        number: line.n,
        at: at.min(now),
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
        let mut line = json!({ "n": 5, "at": 1_800_000_000, "login": "ann", "share": "plans", "by": "sftp", "what": "read",
            "path": "a/b.txt", "from": "192.0.2.1" });
        line.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        line.to_string().into_bytes()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_060, 0).unwrap()
    }

    #[test]
    fn a_line_is_a_use() {
        let found = seen(&line(&json!({})), 4, now());
        let expected = Seen {
            number: 5,
            at: now() - TimeDelta::minutes(1),
            share: "plans".to_owned(),
            login: "ann".to_owned(),
            way: ShareUseWay::Sftp,
            verb: ShareUseVerb::Read,
            path: "a/b.txt".to_owned(),
            ip: Some("192.0.2.1".to_owned()),
        };
        assert_eq!(found, [expected]);
        assert_eq!(seen(&line(&json!({})), 5, now()), []);
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
            json!({ "at": i64::MAX }),
            json!({ "at": 0 }),
        ];
        for bad in bad {
            assert_eq!(seen(&line(&bad), 0, now()), [], "{bad}");
        }
        let mut cut = line(&json!({}));
        cut.truncate(20);
        cut.extend(b"\n\xff\xfe\n\n");
        cut.extend(line(&json!({ "n": 6 })));
        assert_eq!(seen(&cut, 0, now()).len(), 1);
    }

    #[test]
    fn what_can_be_is_made_fit() {
        let odd = json!({ "at": 1_900_000_000, "path": format!("a\u{0}b\n{}", "c".repeat(2000)), "from": "::ffff:192.0.2.7" });
        let [found] = &seen(&line(&odd), 0, now())[..] else {
            panic!("it is a use")
        };
        assert_eq!(found.at, now());
        assert!(found.path.starts_with("a\u{fffd}b\u{fffd}c"));
        assert_eq!(found.path.chars().count(), MAX_PATH);
        assert_eq!(found.ip.as_deref(), Some("192.0.2.7"));
        assert_eq!(seen(&line(&json!({ "from": "a host" })), 0, now())[0].ip, None);
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
