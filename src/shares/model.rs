//! What a share is, what can be one, and the file that tells a server about all of its shares.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::platform::ids::{ServerId, ShareId, SharePersonId};

/// The template whose servers have shares.
pub const TEMPLATE: &str = "file-share";
/// Shares of one server.
pub const MAX_SHARES: i64 = 50;
/// People of one server's shares.
pub const MAX_PEOPLE: i64 = 200;
/// What a share's name and a person's login may be at most, in characters.
const MAX_NAME: usize = 31;
/// A folder's name, and how deep it lies, at most.
const MAX_PART: usize = 100;
const MAX_DEPTH: usize = 8;
/// A password's length in characters, at least and at most.
const PASSWORD: std::ops::RangeInclusive<usize> = 12..=126;

/// How a share is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareProtocol {
    /// A network drive over HTTPS.
    Webdav,
    /// Files over SSH.
    Sftp,
    /// The network drive of Windows and macOS.
    Smb,
}

impl ShareProtocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Webdav, Self::Sftp, Self::Smb];

    /// As it is written down.
    pub fn word(self) -> &'static str {
        match self {
            Self::Webdav => "webdav",
            Self::Sftp => "sftp",
            Self::Smb => "smb",
        }
    }

    /// Reads what was written down.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// What somebody may do in a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareAccess {
    /// List and fetch.
    Read,
    /// Change, too.
    Write,
}

impl ShareAccess {
    /// By whether writing is allowed.
    pub fn of(may_write: bool) -> Self {
        if may_write { Self::Write } else { Self::Read }
    }
}

/// What is said of a person's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    /// Nothing: it stays as it is.
    #[default]
    Same,
    /// That it is then, or that there is none.
    At(Option<DateTime<Utc>>),
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::At)
    }
}

/// Somebody in a share.
#[derive(Debug, Clone)]
pub struct Member {
    /// The person, the same in all shares of a server.
    pub person: SharePersonId,
    /// What they sign in as.
    pub login: String,
    /// What they may do.
    pub access: ShareAccess,
    /// Until when, everywhere on this server.
    pub until: Option<DateTime<Utc>>,
    /// When they were in this share last, as far as is known.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A share.
#[derive(Debug, Clone)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// What it is called there.
    pub name: String,
    /// Which folder it is, below the server's files.
    pub folder: String,
    /// How it is reached.
    pub protocols: Vec<ShareProtocol>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When anybody used it last, as far as is known.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Who has it.
    pub members: Vec<Member>,
}

/// A share in the list of all that a tenant has.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: ShareId,
    /// What it is called there.
    pub name: String,
    /// Which folder it is, below the server's files.
    pub folder: String,
    /// How it is reached.
    pub protocols: Vec<ShareProtocol>,
    /// The server, and what it is called.
    pub server: (ServerId, String),
    /// How many people have it.
    pub people: i64,
    /// How many links lead into it, those that have ended not counted.
    pub links: i64,
    /// When anybody used it last, as far as is known.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What a server was told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Whether what it was told is what the rows say.
    pub is_in_force: bool,
    /// Why not, if telling it failed.
    pub error: Option<String>,
}

/// The hashes of a password that the programs check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    /// sha512crypt: WebDAV and SFTP.
    pub crypt: String,
    /// MD4 of UTF-16, in hex: SMB.
    pub nt: String,
}

impl Hashes {
    /// As they are sealed.
    pub fn join(&self) -> String {
        format!("{}\n{}", self.crypt, self.nt)
    }

    /// Back from that.
    pub fn split(text: &str) -> Option<Self> {
        let (crypt, nt) = text.split_once('\n')?;
        Some(Self {
            crypt: crypt.to_owned(),
            nt: nt.to_owned(),
        })
    }
}

fn is_word(text: &str, also: &[char]) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || also.contains(&one))
}

/// A share's name: part of addresses and of three programs' settings.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if !is_word(name, &['-']) {
        return Err("Use 1 to 31 small letters, digits and hyphens, beginning with a letter.");
    }
    if name == "files" {
        return Err("This is the name under which the server's own users see all files. Choose another one.");
    }
    if matches!(name, "global" | "homes" | "printers") {
        return Err("This name means something else to network drives. Choose another one.");
    }
    Ok(())
}

/// A person's login.
pub fn check_login(login: &str) -> Result<(), &'static str> {
    if is_word(login, &['-', '_']) {
        Ok(())
    } else {
        Err("Use 1 to 31 small letters, digits, - and _, beginning with a letter.")
    }
}

/// A password that somebody chose.
pub fn check_password(password: &str) -> Result<(), &'static str> {
    if !PASSWORD.contains(&password.chars().count()) {
        return Err("Use 12 to 126 characters, or leave it out and a strong one is made.");
    }
    if password.chars().any(char::is_control) {
        return Err("It has a character that cannot be typed.");
    }
    Ok(())
}

/// Characters that mean nothing to any of the programs, in whose settings the folder stands.
fn is_plain(one: char) -> bool {
    one.is_alphanumeric() || " _-()+,.@&='!~".contains(one)
}

/// A folder below the server's files, such as `work/plans`.
pub fn check_folder(folder: &str) -> Result<(), &'static str> {
    let parts: Vec<&str> = folder.split('/').collect();
    let is_good = |part: &&str| {
        !part.is_empty()
            && part.chars().count() <= MAX_PART
            && part.chars().all(is_plain)
            && !part.starts_with(['.', ' '])
            && !part.ends_with(['.', ' '])
    };
    if parts.len() > MAX_DEPTH || !parts.iter().all(is_good) {
        return Err(
            "Name a folder such as work/plans: at most 8 levels of letters, digits, spaces and -_()+,.@&='!~ that neither begin nor \
             end with a full stop or space.",
        );
    }
    Ok(())
}

/// What the server is told: everything, each time.
pub fn state(shares: &[Share], hashes: &[(SharePersonId, Hashes)]) -> Value {
    let mut people = serde_json::Map::new();
    for member in shares.iter().flat_map(|share| &share.members) {
        let known = hashes.iter().find(|(person, _)| *person == member.person);
        if let Some((_, hashes)) = known {
            let until = member.until.map(|until| until.timestamp());
            let person = json!({ "crypt": hashes.crypt, "nt": hashes.nt, "until": until });
            people.insert(member.login.clone(), person);
        }
    }
    let share = |share: &Share| {
        let members = share.members.iter();
        let people: serde_json::Map<_, _> = members
            .map(|member| (member.login.clone(), json!(member.access)))
            .collect();
        json!({ "name": share.name, "folder": share.folder, "protocols": share.protocols, "people": people })
    };
    let shares: Vec<Value> = shares.iter().map(share).collect();
    json!({ "people": people, "shares": shares })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_logins() {
        for good in ["a", "plans", "year-2026"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let long = "a".repeat(32);
        for bad in [
            "",
            "Plans",
            "9",
            "-a",
            "a_b",
            "a b",
            "files",
            "global",
            "a/b",
            "ä",
            long.as_str(),
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert_eq!(check_login("ann_b"), Ok(()));
        assert!(check_login("Ann").is_err());
    }

    #[test]
    fn folders() {
        for good in ["plans", "work/the plans", "Zürich/it's (1)", "a/b/c/d/e/f/g/h"] {
            assert_eq!(check_folder(good), Ok(()), "{good}");
        }
        let long = "a".repeat(101);
        let bad = [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            ".hidden",
            "a.",
            " a",
            "a\n",
            "a\"b",
            "a%b",
            "a\\b",
            "a$b",
            "a;b",
            "[a]",
            "a/b/c/d/e/f/g/h/i",
            &long,
        ];
        for bad in bad {
            assert!(check_folder(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords() {
        assert_eq!(check_password("twelve chars"), Ok(()));
        assert!(check_password("eleven char").is_err());
        assert!(check_password("twelve\nchars").is_err());
        assert!(check_password(&"a".repeat(127)).is_err());
    }

    #[test]
    fn the_state_names_all_and_nothing_else() {
        let person = SharePersonId(uuid::Uuid::nil());
        let member = Member {
            person,
            login: "ann".to_owned(),
            access: ShareAccess::Read,
            until: DateTime::from_timestamp(1_800_000_000, 0),
            last_used_at: None,
        };
        let share = Share {
            id: ShareId(uuid::Uuid::nil()),
            name: "plans".to_owned(),
            folder: "work/plans".to_owned(),
            protocols: vec![ShareProtocol::Webdav, ShareProtocol::Smb],
            created_by: String::new(),
            created_at: DateTime::default(),
            last_used_at: None,
            members: vec![member],
        };
        let hashes = Hashes {
            crypt: "$6$".to_owned(),
            nt: "00".to_owned(),
        };
        assert_eq!(Hashes::split(&hashes.join()).as_ref(), Some(&hashes));
        let expected = json!({
            "people": { "ann": { "crypt": "$6$", "nt": "00", "until": 1_800_000_000 } },
            "shares": [{
                "name": "plans", "folder": "work/plans", "protocols": ["webdav", "smb"], "people": { "ann": "read" },
            }],
        });
        assert_eq!(state(&[share], &[(person, hashes)]), expected);
    }

    proptest! {
        #[test]
        fn no_folder_leads_out(folder in "[a./\\\\ ]{0,12}") {
            if check_folder(&folder).is_ok() {
                prop_assert!(folder.split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
            }
        }
    }
}
