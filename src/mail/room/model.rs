//! When the person of a mailbox is warned, and what they read. Pure.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::storage::Level;
use crate::usage::bytes;

/// Bytes of a MiB.
const MIB: i64 = 1 << 20;

/// How full a mailbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fullness {
    /// Its address.
    pub address: String,
    /// What it holds, in bytes.
    pub used: i64,
    /// What it may hold, in MiB, where that is limited.
    pub quota_mib: Option<i64>,
    /// The warning that its person was sent last, in percent.
    pub warned: i16,
}

impl Fullness {
    fn allowed(&self) -> Option<i64> {
        self.quota_mib
            .filter(|mib| *mib > 0)
            .map(|mib| mib.saturating_mul(MIB))
    }

    /// The warning that stands now. One without a limit is never full, and with a limit of 0 nothing comes in at all, so neither
    /// is warned about.
    pub fn level(&self) -> Level {
        let was = Level::of(i64::from(self.warned));
        self.allowed()
            .map_or(Level::Fine, |allowed| was.next(self.used, allowed))
    }

    /// Whether that has to be told.
    pub fn is_news(&self) -> bool {
        self.level() > Level::of(i64::from(self.warned))
    }

    fn subject(&self) -> String {
        match self.level() {
            Level::Full => "Your mailbox is full".to_owned(),
            level => format!("Your mailbox is {} % full", level.percent()),
        }
    }

    fn text(&self) -> String {
        let consequence = if self.level() == Level::Full {
            "Mail to you is refused until there is room, and its senders are told."
        } else {
            "When it is full, mail to you is refused, and its senders are told."
        };
        format!(
            "{} holds {} of {}.\r\n\r\n{consequence}\r\n\r\n\
             Delete mail that you do not need, the largest first, and empty the folders Trash and Junk.\r\n\
             If you need all of it, ask whoever gave you this mailbox for more room.\r\n",
            self.address,
            bytes(self.used),
            bytes(self.allowed().unwrap_or_default()),
        )
    }

    /// The mail (RFC 5322). `Auto-Submitted` (RFC 3834) keeps autoresponders from answering it.
    pub fn mail(&self, sender: &str, (id, host): (&str, &str), now: DateTime<Utc>) -> String {
        let headers = [
            ("Date", now.to_rfc2822()),
            ("From", sender.to_owned()),
            ("To", format!("<{}>", self.address)),
            ("Subject", self.subject()),
            ("Message-ID", format!("<{id}@{host}>")),
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "8bit".to_owned()),
        ];
        let mut mail = String::new();
        for (name, value) in headers {
            let _ = write!(mail, "{name}: {}\r\n", value.replace(['\r', '\n'], " "));
        }
        mail.push_str("\r\n");
        mail.push_str(&self.text());
        mail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(used: i64, quota_mib: Option<i64>, warned: i16) -> Fullness {
        Fullness {
            address: "ada@example.com".to_owned(),
            used,
            quota_mib,
            warned,
        }
    }

    #[test]
    fn each_level_is_told_once_and_again_after_there_was_room() {
        let mut warned = 0;
        let mut told = Vec::new();
        for percent in [10, 79, 80, 85, 79, 80, 92, 100, 120, 99, 97, 40, 95] {
            let now = full(percent * MIB, Some(100), warned);
            if now.is_news() {
                told.push(percent);
            }
            warned = now.level().percent();
        }
        assert_eq!(told, [80, 92, 100, 95]);
    }

    #[test]
    fn without_a_limit_or_with_none_at_all_nobody_is_warned() {
        assert!(!full(i64::MAX, None, 0).is_news());
        assert!(!full(MIB, Some(0), 0).is_news());
        assert_eq!(full(MIB, None, 90).level(), Level::Fine);
    }

    #[test]
    fn the_mail_can_be_read_and_holds_no_line_of_anybody_elses() {
        let mut one = full(91 * MIB, Some(100), 80);
        one.address = "ada@example.com\r\nBcc: all@example.com".to_owned();
        let at = "2026-03-10T12:00:00Z".parse().unwrap();
        let mail = one.mail("Berth <berth@panel.test>", ("full-1", "mail.test"), at);
        let (headers, text) = mail.split_once("\r\n\r\n").unwrap();
        assert!(
            headers.contains("\r\nSubject: Your mailbox is 90 % full\r\n"),
            "{mail}"
        );
        assert!(
            headers.contains("\r\nMessage-ID: <full-1@mail.test>\r\n"),
            "{mail}"
        );
        assert!(!headers.contains("\r\nBcc"), "{mail}");
        assert!(text.contains("91 MiB of 100 MiB"), "{mail}");
        assert!(
            full(MIB, Some(1), 0)
                .mail("a@b", ("1", "c"), at)
                .contains("is full\r\n")
        );
    }
}
