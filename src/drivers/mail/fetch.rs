//! Fetching a mailbox from another IMAP server: what the mail service is asked, and what it says while it does it
//! (`berth-mail-fetch`, one object of JSON a line). Pure.

use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::json;

use super::MailServiceError;
use crate::platform::secret::Secret;

/// What is to be fetched, from where, and into which mailbox.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Into which mailbox: its address here.
    pub address: String,
    /// The other server's name, which its certificate has to have.
    pub host: String,
    /// Where it is: nothing else is connected to, whatever the name says by then.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: FetchTls,
    /// Who signs in there.
    pub user: String,
    /// By which password.
    pub password: Secret,
    /// Whether junk and trash are fetched as well.
    pub takes_all: bool,
    /// The SHA-256 of the one certificate that is trusted, in hex; without it the certificate has to be valid.
    pub fingerprint: Option<String>,
}

/// How a connection to an IMAP server is encrypted (RFC 8314).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FetchTls {
    /// From the first byte on; usually port 993.
    Implicit,
    /// After the greeting; usually port 143.
    Starttls,
}

impl FetchTls {
    /// The name in the database, in forms and for the program.
    pub fn word(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::Starttls => "starttls",
        }
    }

    /// What a word means.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Implicit, Self::Starttls]
            .into_iter()
            .find(|one| one.word() == word)
    }

    /// The port that is usual for it.
    pub fn port(self) -> u16 {
        match self {
            Self::Implicit => 993,
            Self::Starttls => 143,
        }
    }
}

impl Fetch {
    /// The line that the program reads. It holds the password, so it goes by standard input.
    pub(super) fn line(&self) -> Secret<Vec<u8>> {
        let line = json!({
            "address": self.address,
            "host": self.host,
            "ip": self.ip,
            "port": self.port,
            "tls": self.tls.word(),
            "user": self.user,
            "password": self.password.expose(),
            "folders": if self.takes_all { "all" } else { "without_junk" },
            "fingerprint": self.fingerprint,
        });
        Secret::new(format!("{line}\n").into_bytes())
    }
}

/// How far a fetch is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct FetchAt {
    /// The folder that is open.
    pub folder: String,
    /// How many folders are done.
    pub folders: u32,
    /// How many messages have come; those that were there before are not among them.
    pub messages: u64,
    /// How many bytes have come.
    pub bytes: u64,
}

/// Why a fetch failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchReason {
    /// User name or password are wrong there.
    Password,
    /// Nobody vouches for the certificate, or it is not the one that was accepted.
    Certificate,
    /// There is no encryption that both sides know.
    Tls,
    /// No connection comes about.
    Unreachable,
    /// The other server does not want us now.
    Refused,
    /// What answers does not speak IMAP.
    Protocol,
    /// The connection broke.
    CutOff,
    /// The mailbox here is full.
    Full,
    /// The mailbox here is no more.
    Gone,
    /// Something is in the way for now: here, or there.
    Busy,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// How a fetch failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FetchFailure {
    /// Why.
    pub why: FetchReason,
    /// In the words of whoever refused; may be empty.
    #[serde(default)]
    pub says: String,
    /// The SHA-256 of the certificate that was refused, in hex.
    pub fingerprint: Option<String>,
}

/// What the mail service says of a fetch, in this order; one of the last two ends it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum FetchEvent {
    /// How much is there.
    Found {
        /// Folders that are wanted.
        folders: u32,
        /// Messages in them.
        messages: u64,
    },
    /// How far it is.
    At(FetchAt),
    /// All of it is here. The last [`FetchEvent::At`] before says how much came.
    Done {},
    /// It ended.
    Failed(FetchFailure),
}

impl FetchEvent {
    /// What a line of the program's says.
    pub fn read(line: &str) -> Result<Self, MailServiceError> {
        serde_json::from_str(line)
            .map_err(|_| MailServiceError::Refused("what it says of the fetch can't be read".to_owned()))
    }
}

impl fmt::Display for FetchTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Implicit => "TLS",
            Self::Starttls => "STARTTLS",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_program_says_is_read() {
        let found = FetchEvent::read(r#"{"event": "found", "folders": 7, "messages": 140}"#);
        assert_eq!(
            found,
            Ok(FetchEvent::Found {
                folders: 7,
                messages: 140
            })
        );
        let at =
            r#"{"event": "at", "folder": "Archive/2024", "folders": 1, "messages": 40, "bytes": 40015540}"#;
        assert!(matches!(FetchEvent::read(at), Ok(FetchEvent::At(at)) if at.bytes == 40_015_540));
        let done = r#"{"event": "done", "folders": 7, "messages": 140, "bytes": 140049432}"#;
        assert_eq!(FetchEvent::read(done), Ok(FetchEvent::Done {}));
        let failed = r#"{"event": "failed", "why": "certificate", "says": "self-signed certificate", "fingerprint": "8aa9"}"#;
        let failure = FetchFailure {
            why: FetchReason::Certificate,
            says: "self-signed certificate".to_owned(),
            fingerprint: Some("8aa9".to_owned()),
        };
        assert_eq!(FetchEvent::read(failed), Ok(FetchEvent::Failed(failure)));
        let new = r#"{"event": "failed", "why": "a word of tomorrow", "says": "", "fingerprint": null}"#;
        assert!(
            matches!(FetchEvent::read(new), Ok(FetchEvent::Failed(failure)) if failure.why == FetchReason::Other)
        );
        assert!(FetchEvent::read("Traceback (most recent call last):").is_err());
    }

    #[test]
    fn the_password_is_in_the_line_and_nowhere_else() {
        let fetch = Fetch {
            address: "ann@a.example".to_owned(),
            host: "imap.old.example".to_owned(),
            ip: IpAddr::from([93, 184, 215, 14]),
            port: 993,
            tls: FetchTls::Implicit,
            user: "ann".to_owned(),
            password: Secret::new("hunter\"42".to_owned()),
            takes_all: false,
            fingerprint: None,
        };
        assert!(!format!("{fetch:?}").contains("hunter"));
        let line: serde_json::Value = serde_json::from_slice(fetch.line().expose()).unwrap();
        assert_eq!(
            (&line["password"], &line["ip"]),
            (&json!("hunter\"42"), &json!("93.184.215.14"))
        );
        assert_eq!(line["folders"], "without_junk");
    }

    proptest! {
        #[test]
        fn nothing_that_it_says_breaks_us(line in ".{0,200}") {
            let _ = FetchEvent::read(&line);
        }
    }
}
