//! Reads the lines of the mail service's programs. What is not understood is no step; nothing that a line holds is an error.
//!
//! Other people write into these lines (their names, addresses, replies), so a value is only looked for where its program
//! puts it, and what a value holds is never read as a field.

use std::collections::HashMap;

use super::step::Step;
use super::{dovecot, postfix, rspamd};

/// A text from elsewhere is at most so long; the rest is cut off.
const LONGEST: usize = 1000;
/// Processes whose connections are remembered.
const MOST_PROCESSES: usize = 4096;

/// What a line says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Noted {
    /// Of which mail of the queue.
    pub queue_id: Option<String>,
    /// By which delivery it is found otherwise.
    pub session: Option<String>,
    /// Who sent it; empty for a bounce.
    pub sender: Option<String>,
    /// How large it is.
    pub bytes: Option<i64>,
    /// Its Message-ID, without brackets.
    pub message_id: Option<String>,
    /// Whom it is about.
    pub recipient: Option<String>,
    /// Whom it was to before an alias led elsewhere.
    pub original: Option<String>,
    /// What happened.
    pub step: Option<Step>,
}

/// A program's line, without what stands before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The program, such as `smtpd`.
    pub(super) program: &'a str,
    /// Its process.
    pub(super) pid: &'a str,
    /// What it wrote.
    pub(super) text: &'a str,
}

/// Reads lines in their order, and remembers which connections are encrypted: Postfix says that in a line of its own.
#[derive(Debug, Default)]
pub struct Reader {
    encrypted: HashMap<String, bool>,
}

impl Reader {
    /// What a line says of a mail, if anything.
    pub fn read(&mut self, line: &str) -> Option<Noted> {
        if let Some(line) = postfix_line(line) {
            self.connection(line);
            let is_encrypted = self.encrypted.get(line.pid).copied().unwrap_or_default();
            return postfix::read(line, is_encrypted);
        }
        dovecot::read(line).or_else(|| rspamd::read(line))
    }

    /// Follows a process from one connection to the next.
    fn connection(&mut self, line: Line<'_>) {
        let begins = line.text.starts_with("connect from ") || line.text.starts_with("disconnect from ");
        let is_handshake = line.text.contains("TLS connection established ")
            && ["Anonymous ", "Untrusted ", "Trusted ", "Verified "]
                .iter()
                .any(|word| line.text.starts_with(word));
        if self.encrypted.len() >= MOST_PROCESSES {
            self.encrypted.clear();
        }
        if begins {
            self.encrypted.remove(line.pid);
        } else if is_handshake {
            self.encrypted.insert(line.pid.to_owned(), true);
        } else if line.program == "smtp" && line.text.contains(", relay=none, ") {
            // The client side says nothing when it connects in the clear; without a connection none is encrypted.
            self.encrypted.remove(line.pid);
        }
    }
}

/// `… postfix/submission/smtpd[123]: text`, whatever a logger puts before it.
fn postfix_line(line: &str) -> Option<Line<'_>> {
    let start = line.find("postfix/")?;
    // Before it stands nothing that others can write.
    if line[..start].contains(['<', '=']) {
        return None;
    }
    let (head, text) = line[start..].split_once("]: ")?;
    let (name, pid) = head.split_once('[')?;
    if pid.is_empty() || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let program = name.rsplit('/').next()?;
    Some(Line { program, pid, text })
}

/// A text from elsewhere, cut to what is kept and without control characters, which PostgreSQL (NUL) or a reader can't take.
pub(super) fn kept(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// An address as it is compared: lower case. What is longer than an address can be (RFC 5321, 4.5.3.1.3) is none.
pub(super) fn address(text: &str) -> Option<String> {
    let text = kept(text.trim()).to_lowercase();
    (text.len() <= 320).then_some(text)
}

/// What stands in the brackets that follow `name` at the beginning of `text`, and what comes behind them.
pub(super) fn bracketed<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(name)?.strip_prefix('<')?;
    let end = rest.find('>')?;
    Some((&rest[..end], &rest[end + 1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_connection_is_encrypted_until_it_ends() {
        let mut reader = Reader::default();
        let client = "Nov 30 10:12:02 mail postfix/smtpd[77]: ";
        let taken = "4SfKbW2kQmz9vQx: client=mx.example.org[192.0.2.7]";
        let mut tls = |text: &str| match reader
            .read(&format!("{client}{text}"))
            .and_then(|noted| noted.step)
        {
            Some(Step::Accepted { client }) => Some(client.tls),
            _ => None,
        };
        assert_eq!(tls("connect from mx.example.org[192.0.2.7]"), None);
        assert_eq!(tls(taken), Some(false));
        let handshake =
            "Anonymous TLS connection established from mx.example.org[192.0.2.7]: TLSv1.3 with cipher X";
        assert_eq!(tls(handshake), None);
        assert_eq!(tls(taken), Some(true));
        assert_eq!(tls("disconnect from mx.example.org[192.0.2.7] ehlo=2"), None);
        assert_eq!(tls(taken), Some(false));
    }

    #[test]
    fn what_others_write_is_no_line_of_a_program() {
        let mut reader = Reader::default();
        let forged =
            "rspamd <a>; from=<postfix/qmgr[1]: 4SfKbW2kQmz9vQx: from=<a@b.example>, size=1, nrcpt=1>";
        assert_eq!(reader.read(forged), None);
    }

    proptest! {
        #[test]
        fn garbage_is_no_error(text in "(?s).{0,200}") {
            let _ = Reader::default().read(&text);
        }

        #[test]
        fn nor_is_garbage_behind_a_programs_name(
            program in "(smtpd|qmgr|lmtp|smtp|cleanup|postsuper|bounce|pickup)",
            begin in "(4SfKbW2kQmz9vQx: |NOQUEUE: |4SfKbW2kQmz9vQx: (to|from|client|milter-reject|reject)[=:] ?<?|)",
            text in "(?s).{0,120}",
        ) {
            let _ = Reader::default().read(&format!("postfix/{program}[1]: {begin}{text}"));
            let _ = Reader::default().read(&format!("lmtp(a@b.c)<1><x>: sieve: msgid=<x>: {text}"));
            let _ = Reader::default().read(&format!("rspamd_task_write_log: id: <x>, qid: <4SfKbW2kQmz9vQx>, {text}"));
        }
    }
}
