//! Lines of Dovecot 2.3's deliveries: `lmtp(ann@a.example)<123><SESSION>: Info: sieve: msgid=<x>: stored mail into mailbox 'Junk'`.
//!
//! They are found by the session, which Postfix is told in the answer, and never by the Message-ID: senders choose that.

use super::reader::{Noted, address, kept};
use super::step::Step;

/// What a line says of a mail.
pub(super) fn read(line: &str) -> Option<Noted> {
    let start = line.find("lmtp(")?;
    if line[..start].contains(['<', '=']) {
        return None;
    }
    let (user, rest) = line[start..].strip_prefix("lmtp(")?.split_once(")<")?;
    let (_, rest) = rest.split_once("><")?;
    let (session, text) = rest.split_once(">: ")?;
    let text = text.strip_prefix("Info: ").unwrap_or(text);
    let text = text.strip_prefix("sieve: ").unwrap_or(text);
    // An id may hold anything but the words that follow it.
    let (_, text) = text
        .strip_prefix("msgid=")?
        .rsplit_once(">: ")
        .or_else(|| text.split_once(": "))?;
    let is_good = !session.is_empty() && session.len() <= 64 && user.contains('@');
    if !is_good {
        return None;
    }
    Some(Noted {
        session: Some(kept(session)),
        recipient: address(user),
        step: Some(step(text)?),
        ..Noted::default()
    })
}

fn step(text: &str) -> Option<Step> {
    let quoted = |begin: &str| {
        let rest = text.strip_prefix(begin)?;
        Some(kept(rest.strip_prefix('\'')?.rsplit_once('\'')?.0))
    };
    let to = |begin: &str| {
        let rest = text.strip_prefix(begin)?;
        address(rest.trim_start_matches('<').split('>').next()?)
    };
    if let Some(folder) = quoted("stored mail into mailbox ").or_else(|| quoted("saved mail to ")) {
        return Some(Step::Stored { folder });
    }
    if let Some(folder) = text.strip_prefix("saved mail to ") {
        return Some(Step::Stored { folder: kept(folder) });
    }
    if let Some(to) = to("forwarded to ") {
        return Some(Step::Forwarded { to });
    }
    if let Some(to) = to("sent vacation response to ") {
        return Some(Step::Replied { to });
    }
    if text.starts_with("marked message to be discarded") || text.starts_with("discarded message") {
        return Some(Step::Discarded);
    }
    text.starts_with("rejected message").then_some(Step::Rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "Nov 30 10:12:03 lmtp(ann@a.example)<241><gK2CG1sNPV9jMAAAkFrMIg>: ";

    #[test]
    fn what_a_mailbox_does_is_read() {
        let step = |text: &str| read(&format!("{BEGIN}{text}")).and_then(|noted| noted.step);
        let folder = |name: &str| {
            Some(Step::Stored {
                folder: name.to_owned(),
            })
        };
        assert_eq!(
            step("Info: sieve: msgid=<a.1@x.example>: stored mail into mailbox 'Junk'"),
            folder("Junk")
        );
        assert_eq!(
            step("sieve: msgid=<a.1@x.example>: stored mail into mailbox 'It's here'"),
            folder("It's here")
        );
        assert_eq!(
            step("Info: msgid=<a.1@x.example>: saved mail to INBOX"),
            folder("INBOX")
        );
        assert_eq!(
            step("sieve: msgid=unspecified: stored mail into mailbox 'INBOX'"),
            folder("INBOX")
        );
        let forged = "sieve: msgid=<x>: stored mail into mailbox 'No': stored mail into mailbox 'INBOX'";
        assert!(step(forged).is_some());
        assert_eq!(
            step("sieve: msgid=<a>: sent vacation response to <Bob@x.example>"),
            Some(Step::Replied {
                to: "bob@x.example".to_owned()
            })
        );
        assert_eq!(
            step("sieve: msgid=<a>: forwarded to <c@d.example>"),
            Some(Step::Forwarded {
                to: "c@d.example".to_owned()
            })
        );
        assert_eq!(
            step(
                "sieve: msgid=<a>: marked message to be discarded if not explicitly delivered (discard action)"
            ),
            Some(Step::Discarded)
        );
        assert_eq!(
            step("Info: sieve: msgid=<a>: rejected message from <c@d.example> (reject)"),
            Some(Step::Rejected)
        );
        assert_eq!(step("Error: sieve: something"), None);
        assert_eq!(
            step("Disconnect from local: Client has quit the connection"),
            None
        );
    }

    #[test]
    fn it_is_found_by_its_session() {
        let noted = read(&format!(
            "{BEGIN}sieve: msgid=<a>: stored mail into mailbox 'INBOX'"
        ))
        .unwrap();
        assert_eq!(noted.session.as_deref(), Some("gK2CG1sNPV9jMAAAkFrMIg"));
        assert_eq!(noted.recipient.as_deref(), Some("ann@a.example"));
        assert_eq!(noted.queue_id, None);
    }
}
