//! Lines of Postfix 3.7 with long queue ids (`enable_long_queue_ids = yes`).

use std::net::IpAddr;

use crate::drivers::mail::QueueId;

use super::reader::{Line, Noted, address, bracketed, kept};
use super::step::{Client, Step};

/// What a line says of a mail.
pub(super) fn read(line: Line<'_>, is_encrypted: bool) -> Option<Noted> {
    if let Some(text) = line.text.strip_prefix("NOQUEUE: ") {
        return refusal(text, is_encrypted);
    }
    let (id, text) = line.text.split_once(": ")?;
    let id = queue_id(id)?;
    let mut noted = match line.program {
        "smtpd" => smtpd(text, is_encrypted)?,
        "cleanup" => cleanup(text)?,
        "pickup" => pickup(text)?,
        "qmgr" => qmgr(text)?,
        "bounce" => bounce(text)?,
        "postsuper" => postsuper(text)?,
        // Whatever delivers says it in the same way.
        _ => delivery(line.program, text, is_encrypted)?,
    };
    // A recipient that is refused is no part of the mail that the others get.
    if noted.queue_id.is_none() && !is_of_recipient(text) {
        noted.queue_id = Some(id);
    }
    Some(noted)
}

/// A long id has no vowels, so that it is never a word.
fn queue_id(text: &str) -> Option<String> {
    let is_word = text.bytes().any(|b| b"aeiouAEIOU".contains(&b));
    if is_word || text.len() < 8 {
        return None;
    }
    QueueId::parse(text).map(|id| id.as_str().to_owned())
}

fn is_of_recipient(text: &str) -> bool {
    [
        "reject: RCPT ",
        "reject: MAIL ",
        "milter-reject: RCPT ",
        "milter-reject: MAIL ",
    ]
    .iter()
    .any(|begin| text.starts_with(begin))
}

fn smtpd(text: &str, is_encrypted: bool) -> Option<Noted> {
    let Some(rest) = text.strip_prefix("client=") else {
        return refusal(text, is_encrypted);
    };
    let (client, rest) = rest.split_once(", ").unwrap_or((rest, ""));
    let client = Client {
        tls: is_encrypted,
        ..Client::read(client)?
    };
    let login = rest
        .split(", ")
        .find_map(|part| part.strip_prefix("sasl_username="));
    // Dovecot sends what mailboxes answer and send on from there; nobody else does.
    let is_own = client
        .address
        .parse()
        .is_ok_and(|address: IpAddr| address.is_loopback());
    Some(Noted {
        step: Some(match login.and_then(address) {
            Some(login) => Step::Submitted { login, client },
            None if is_own => Step::Made,
            None => Step::Accepted { client },
        }),
        ..Noted::default()
    })
}

/// `reject: RCPT from name[address]: 554 5.7.1 …; from=<a> to=<b> proto=ESMTP helo=<c>`, and a milter's words.
fn refusal(text: &str, is_encrypted: bool) -> Option<Noted> {
    let (kind, rest) = text.split_once(": ")?;
    let step = |client: Option<Client>, reply: &str| match kind {
        "reject" | "milter-reject" => Some(Step::Refused {
            client,
            reply: kept(reply),
        }),
        "hold" | "milter-hold" => Some(Step::Held),
        _ => None,
    };
    let (_, rest) = rest.split_once(" from ")?;
    let (client, rest) = rest.split_once("]: ")?;
    // What comes last, the name that a client gives itself, may look like what Postfix adds before it.
    let (reply, facts) = rest.split_once("; from=").unwrap_or((rest, ""));
    let client = Client::read(&format!("{client}]")).map(|client| Client {
        tls: is_encrypted,
        ..client
    });
    let mut noted = Noted {
        step: Some(step(client, reply)?),
        ..Noted::default()
    };
    if let Some((sender, facts)) = bracketed(facts, "") {
        noted.sender = address(sender);
        noted.recipient = bracketed(facts.trim_start(), "to=").and_then(|(to, _)| address(to));
    }
    Some(noted)
}

fn cleanup(text: &str) -> Option<Noted> {
    let Some(id) = text.strip_prefix("message-id=") else {
        return refusal(text, false);
    };
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    Some(Noted {
        message_id: Some(kept(id)).filter(|id| !id.is_empty()),
        ..Noted::default()
    })
}

/// `uid=0 from=<root>`.
fn pickup(text: &str) -> Option<Noted> {
    text.starts_with("uid=").then(|| Noted {
        step: Some(Step::Made),
        ..Noted::default()
    })
}

/// `from=<a@b>, size=1, nrcpt=1 (queue active)`, or `from=<a@b>, status=expired, returned to sender`.
fn qmgr(text: &str) -> Option<Noted> {
    let (sender, rest) = bracketed(text, "from=")?;
    let mut noted = Noted {
        sender: address(sender),
        ..Noted::default()
    };
    if rest.starts_with(", status=expired") {
        noted.step = Some(Step::Expired);
        return Some(noted);
    }
    let size = rest.strip_prefix(", size=")?.split(',').next()?;
    noted.bytes = size.parse().ok();
    Some(noted)
}

/// `sender non-delivery notification: ID`, `sender delay notification: ID`.
fn bounce(text: &str) -> Option<Noted> {
    let is_final = match text.split_once(": ")?.0 {
        "sender non-delivery notification" => true,
        "sender delay notification" => false,
        _ => return None,
    };
    Some(Noted {
        step: Some(Step::Told { is_final }),
        ..Noted::default()
    })
}

fn postsuper(text: &str) -> Option<Noted> {
    let step = match text.trim() {
        "placed on hold" => Step::Held,
        "released from hold" => Step::Released,
        "removed" => Step::Deleted,
        _ => return None,
    };
    Some(Noted {
        step: Some(step),
        ..Noted::default()
    })
}

/// The fields between a recipient and the end of a line of delivery, and what the other side said.
struct Delivery<'a> {
    relay: &'a str,
    age: f64,
    status: &'a str,
    reply: &'a str,
}

impl<'a> Delivery<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (facts, rest) = text.split_once(", status=")?;
        let (status, reply) = rest.split_once(' ').unwrap_or((rest, ""));
        let reply = reply.strip_prefix('(').unwrap_or(reply);
        let of = |name: &str| facts.split(", ").find_map(|part| part.strip_prefix(name));
        Some(Self {
            relay: of("relay=").unwrap_or_default(),
            age: of("delay=")
                .and_then(|age| age.parse().ok())
                // JSON has no other numbers.
                .filter(|age: &f64| age.is_finite())
                .unwrap_or_default(),
            status,
            reply: reply.strip_suffix(')').unwrap_or(reply),
        })
    }
}

/// `to=<a@b>, orig_to=<c@d>, relay=x[y]:25, delay=0.5, delays=…, dsn=2.0.0, status=sent (250 …)`.
fn delivery(program: &str, text: &str, is_encrypted: bool) -> Option<Noted> {
    let (recipient, rest) = bracketed(text, "to=")?;
    let original = bracketed(rest, ", orig_to=");
    let (original, rest) = original.map_or((None, rest), |(original, rest)| (Some(original), rest));
    let found = Delivery::read(rest)?;
    let (relay, reply) = (kept(found.relay), kept(found.reply));
    let is_here = matches!(program, "lmtp" | "virtual" | "local" | "pipe");
    let session = (program == "lmtp" && found.status == "sent").then(|| session(found.reply));
    let step = match found.status {
        "sent" => Step::Sent {
            relay,
            reply,
            tls: is_encrypted && program == "smtp",
            is_here,
        },
        "deferred" => Step::Deferred {
            relay,
            reply,
            age: found.age,
        },
        "bounced" | "undeliverable" => Step::Bounced { relay, reply },
        _ => return None,
    };
    Some(Noted {
        recipient: address(recipient),
        original: original.and_then(address),
        session: session.flatten(),
        step: Some(step),
        ..Noted::default()
    })
}

/// The name of Dovecot's delivery in its answer: `250 2.0.0 <ann@a.example> gK2CG1sNPV9jMAAAkFrMIg Saved`.
fn session(reply: &str) -> Option<String> {
    let words = reply.strip_suffix(" Saved")?;
    let name = words.rsplit(' ').next()?;
    let is_good = (8..=64).contains(&name.len()) && !name.contains(['<', '>', '@']);
    is_good.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;

    fn read(line: &str) -> Noted {
        Reader::default()
            .read(line)
            .unwrap_or_else(|| panic!("not read: {line}"))
    }

    #[test]
    fn a_mail_comes_in() {
        let noted = read(
            "Nov 30 10:12:03 mail postfix/smtpd[812]: 4SfKbW2kQmz9vQx: client=mx.example.org[192.0.2.7]",
        );
        assert_eq!(noted.queue_id.as_deref(), Some("4SfKbW2kQmz9vQx"));
        let client = Client::read("mx.example.org[192.0.2.7]").unwrap();
        assert_eq!(noted.step, Some(Step::Accepted { client }));
        let noted = read(
            "postfix/submission/smtpd[9]: 4SfKbW2kQmz9vQx: client=unknown[2001:db8::1], sasl_method=PLAIN, sasl_username=Ann@A.example",
        );
        let Some(Step::Submitted { login, client }) = noted.step else {
            panic!("{noted:?}")
        };
        assert_eq!(
            (login.as_str(), client.address.as_str()),
            ("ann@a.example", "2001:db8::1")
        );
        let noted = read("postfix/cleanup[9]: 4SfKbW2kQmz9vQx: message-id=<abc.1@mx.example.org>");
        assert_eq!(noted.message_id.as_deref(), Some("abc.1@mx.example.org"));
        let noted =
            read("postfix/qmgr[7]: 4SfKbW2kQmz9vQx: from=<Bob@X.example>, size=2841, nrcpt=2 (queue active)");
        assert_eq!(
            (noted.sender.as_deref(), noted.bytes, noted.step),
            (Some("bob@x.example"), Some(2841), None)
        );
        let noted = read("postfix/pickup[5]: 4SfKbW2kQmz9vQx: uid=0 from=<root>");
        assert_eq!(noted.step, Some(Step::Made));
        let noted = read("postfix/dovecot/smtpd[5]: 4SfKbW2kQmz9vQx: client=localhost[127.0.0.1]");
        assert_eq!(noted.step, Some(Step::Made));
    }

    #[test]
    fn a_mail_is_delivered_deferred_or_bounced() {
        let noted = read(
            "postfix/lmtp[4]: 4SfKbW2kQmz9vQx: to=<ann@a.example>, orig_to=<info@a.example>, relay=mail[private/dovecot-lmtp], \
             delay=0.42, delays=0.3/0.01/0.05/0.06, dsn=2.0.0, status=sent (250 2.0.0 <ann@a.example> gK2CG1sNPV9jMAAAkFrMIg Saved)",
        );
        assert_eq!(noted.original.as_deref(), Some("info@a.example"));
        assert_eq!(noted.session.as_deref(), Some("gK2CG1sNPV9jMAAAkFrMIg"));
        assert!(matches!(noted.step, Some(Step::Sent { is_here: true, .. })));
        let noted = read(
            "postfix/smtp[4]: 4SfKbW2kQmz9vQx: to=<bob@b.example>, relay=mx.b.example[192.0.2.9]:25, conn_use=2, delay=612, \
             delays=600/0/10/2, dsn=4.7.1, status=deferred (host mx.b.example[192.0.2.9] said: 450 4.7.1 Try, status=sent later (in reply to RCPT TO command))",
        );
        let Some(Step::Deferred { reply, age, relay }) = noted.step else {
            panic!("{noted:?}")
        };
        assert_eq!((relay.as_str(), age), ("mx.b.example[192.0.2.9]:25", 612.0));
        assert!(
            reply.ends_with("status=sent later (in reply to RCPT TO command)"),
            "{reply}"
        );
        let noted = read(
            "postfix/smtp[4]: 4SfKbW2kQmz9vQx: to=<x@nowhere.example>, relay=none, delay=0.1, delays=0/0/0/0, dsn=5.4.4, \
             status=bounced (Host or domain name not found. Name service error for name=nowhere.example type=MX: Host not found)",
        );
        assert!(matches!(noted.step, Some(Step::Bounced { .. })));
        assert_eq!(
            read("postfix/bounce[6]: 4SfKbW2kQmz9vQx: sender non-delivery notification: 4SfKc11NvTz9vR0")
                .step,
            Some(Step::Told { is_final: true })
        );
        assert_eq!(
            read(
                "postfix/qmgr[6]: 4SfKbW2kQmz9vQx: from=<ann@a.example>, status=expired, returned to sender"
            )
            .step,
            Some(Step::Expired)
        );
    }

    #[test]
    fn a_mail_is_refused_held_and_deleted() {
        let noted = read(
            "postfix/smtpd[8]: NOQUEUE: reject: RCPT from unknown[198.51.100.4]: 554 5.7.1 <c@d.example>: Relay access denied; \
             from=<ann@a.example> to=<c@d.example> proto=ESMTP helo=<x; from=<y@z.example> to=<q@z.example>>",
        );
        assert_eq!(
            (noted.queue_id.as_deref(), noted.sender.as_deref()),
            (None, Some("ann@a.example"))
        );
        assert!(matches!(noted.step, Some(Step::Refused { .. })));
        let noted = read(
            "postfix/smtpd[8]: NOQUEUE: reject: RCPT from mx.x.example[198.51.100.4]: 552 5.2.2 <ann@a.example>: Recipient address \
             rejected: Mailbox is full; from=<bob@x.example> to=<Ann@a.example> proto=ESMTP helo=<mx.x.example>",
        );
        let Some(Step::Refused { reply, .. }) = &noted.step else {
            panic!("{noted:?}")
        };
        assert!(reply.ends_with("Mailbox is full"), "{reply}");
        assert_eq!(
            (noted.sender.as_deref(), noted.recipient.as_deref()),
            (Some("bob@x.example"), Some("ann@a.example"))
        );
        let refused = "reject: RCPT from mx.x.example[198.51.100.4]: 550 5.1.1 <no@a.example>: no; from=<b@x.example> to=<no@a.example> proto=SMTP";
        assert_eq!(
            read(&format!("postfix/smtpd[8]: 4SfKbW2kQmz9vQx: {refused}")).queue_id,
            None
        );
        let noted = read(
            "postfix/cleanup[8]: 4SfKbW2kQmz9vQx: milter-reject: END-OF-MESSAGE from mx.x.example[198.51.100.4]: 5.7.1 Spam message \
             rejected; from=<b@x.example> to=<ann@a.example> proto=ESMTP helo=<mx.x.example>",
        );
        assert_eq!(noted.queue_id.as_deref(), Some("4SfKbW2kQmz9vQx"));
        assert!(matches!(noted.step, Some(Step::Refused { .. })));
        let noted = read(
            "postfix/cleanup[8]: 4SfKbW2kQmz9vQx: milter-hold: END-OF-MESSAGE from mx.x.example[198.51.100.4]: milter triggers HOLD \
             action; from=<b@x.example> to=<ann@a.example> proto=ESMTP helo=<mx.x.example>",
        );
        assert_eq!(noted.step, Some(Step::Held));
        for (words, step) in [
            ("placed on hold", Step::Held),
            ("released from hold", Step::Released),
            ("removed", Step::Deleted),
        ] {
            assert_eq!(
                read(&format!("postfix/postsuper[1]: 4SfKbW2kQmz9vQx: {words}")).step,
                Some(step)
            );
        }
    }

    #[test]
    fn what_is_no_step_is_passed_over() {
        for line in [
            "postfix/qmgr[7]: 4SfKbW2kQmz9vQx: removed",
            "postfix/smtpd[7]: warning: hostname x does not resolve to address 192.0.2.1",
            "postfix/smtpd[7]: lost connection after AUTH from unknown[192.0.2.1]",
            "postfix/anvil[7]: statistics: max connection rate 1/60s for (smtp:192.0.2.1) at Nov 30 10:00:00",
            "postfix/postfix-script[1]: starting the Postfix mail system",
            "postfix/smtpd[x]: 4SfKbW2kQmz9vQx: client=a[b]",
            "postfix/smtpd[7]: NOQUEUE: reject: ",
        ] {
            assert_eq!(Reader::default().read(line), None, "{line}");
        }
    }
}
