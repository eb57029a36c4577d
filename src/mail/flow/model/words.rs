//! A sentence for each step, for people who have never seen a log.

use super::step::{Client, Step};

/// Postfix tries again after as long as a mail is old, within these bounds, in seconds.
const SOONEST: f64 = 300.0;
const LATEST: f64 = 4000.0;

/// What happened, as a sentence. `recipient` is whom it was about.
pub fn sentence(step: &Step, recipient: Option<&str>) -> String {
    let whom = recipient.unwrap_or("its recipient");
    match step {
        Step::Accepted { client } => format!("Accepted from {}{}.", named(client), with_tls(client.tls)),
        Step::Submitted { login, client } => {
            format!(
                "Sent by {login}, signed in from {}{}.",
                named(client),
                with_tls(client.tls)
            )
        }
        Step::Made => {
            "Made by the mail service itself: a bounce, an automatic reply, or something sent on.".to_owned()
        }
        Step::Judged {
            score,
            limit,
            action,
            symbols,
        } => judged((*score, *limit), action, symbols),
        Step::Refused { client, reply } => refused(client.as_ref(), reply),
        Step::Held => "Held: it stays in the queue until somebody releases or deletes it.".to_owned(),
        Step::Released => "Released: it goes on.".to_owned(),
        Step::Deleted => "Deleted from the queue. Nobody was told.".to_owned(),
        Step::Expired => {
            "Given up: it was tried for as long as mail is tried, and goes back to its sender.".to_owned()
        }
        Step::Told { is_final: true } => "Its sender was told that it could not be delivered.".to_owned(),
        Step::Told { is_final: false } => "Its sender was told that it takes longer.".to_owned(),
        Step::Stored { folder } => format!("Put into {folder} of {whom}."),
        Step::Forwarded { to } => format!("Sent on from {whom} to {to}."),
        Step::Replied { to } => format!("The automatic reply of {whom} went to {to}."),
        Step::Discarded => format!("Thrown away by a rule of {whom}."),
        Step::Rejected => format!("Refused by a rule of {whom}; its sender is told."),
        _ => delivery(step, whom),
    }
}

fn delivery(step: &Step, whom: &str) -> String {
    match step {
        Step::Sent { is_here: true, .. } => format!("Delivered to the mailbox {whom}."),
        Step::Sent {
            relay, reply, tls, ..
        } => {
            format!(
                "Delivered for {whom} to {}{}: {}",
                server(relay),
                with_tls(*tls),
                ended(reply)
            )
        }
        Step::Deferred { relay, reply, age } => {
            let minutes = (age.clamp(SOONEST, LATEST) / 60.0).round();
            let reply = reply.trim_end_matches('.');
            format!(
                "Deferred for {whom}: {}; next try in about {minutes:.0} minutes.",
                said(relay, reply)
            )
        }
        Step::Bounced { relay, reply } => format!("Failed for {whom}: {}", ended(&said(relay, reply))),
        _ => String::new(),
    }
}

fn judged((score, limit): (f64, f64), action: &str, symbols: &[String]) -> String {
    let outcome = match action {
        "no action" => "let through",
        "add header" | "rewrite subject" => "marked as spam",
        "greylist" | "soft reject" => "asked to come again later",
        "reject" => "too much to be taken",
        "quarantine" => "held",
        other => other,
    };
    let why = if symbols.is_empty() {
        String::new()
    } else {
        format!(" Reasons: {}.", symbols.join(", "))
    };
    let of = if limit > 0.0 {
        format!(" of {limit:.0}")
    } else {
        String::new()
    };
    format!("Spam check: score {score:.1}{of}, {outcome}.{why}")
}

fn refused(client: Option<&Client>, reply: &str) -> String {
    match client {
        Some(client) => format!("Refused. {} was told: {}", named(client), ended(reply)),
        None => format!("Refused: {}", ended(reply)),
    }
}

fn named(client: &Client) -> String {
    if client.name == "unknown" {
        format!("{} (without a name)", client.address)
    } else {
        format!("{} ({})", client.name, client.address)
    }
}

fn with_tls(tls: bool) -> &'static str {
    if tls { " with TLS" } else { "" }
}

/// `name[address]:port` without what nobody needs.
fn server(relay: &str) -> String {
    match relay.split_once('[') {
        Some((name, rest)) if !is_own(relay) => {
            format!("{name} ({})", rest.split(']').next().unwrap_or_default())
        }
        _ => "a server without a name".to_owned(),
    }
}

/// Whether that is a socket of the mail service's own.
fn is_own(relay: &str) -> bool {
    relay.split_once('[').is_some_and(|(_, rest)| rest.contains('/'))
}

/// What another server said begins with `host x[y] said: `; otherwise it is what happened here.
fn said(relay: &str, reply: &str) -> String {
    match reply.split_once(" said: ") {
        Some((host, words)) if host.starts_with("host ") && !host.contains(": ") => {
            if is_own(relay) {
                format!("the mailbox said: {words}")
            } else {
                format!("the other server, {}, said: {words}", server(relay))
            }
        }
        _ => reply.to_owned(),
    }
}

/// The words with an end.
fn ended(words: &str) -> String {
    if words.ends_with(['.', '!', '?']) {
        words.to_owned()
    } else {
        format!("{words}.")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;

    /// What people read of these lines.
    fn told(lines: &[&str]) -> String {
        let mut reader = Reader::default();
        let noted = lines.iter().filter_map(|line| reader.read(line));
        let told = noted.filter_map(|noted| {
            let step = noted.step?;
            Some(sentence(&step, noted.recipient.as_deref()))
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_mail_that_arrives() {
        insta::assert_snapshot!(told(&[
            "postfix/smtpd[77]: connect from mx.example.org[192.0.2.7]",
            "postfix/smtpd[77]: Anonymous TLS connection established from mx.example.org[192.0.2.7]: TLSv1.3 with cipher X",
            "postfix/smtpd[77]: 4SfKbW2kQmz9vQx: client=mx.example.org[192.0.2.7]",
            "rspamd_task_write_log: id: <a@x>, qid: <4SfKbW2kQmz9vQx>, ip: 192.0.2.7, from: <b@x>, (default: F (no action): [2.10/15.00] [BAD_WORDS(2.10){}]), len: 1",
            "lmtp(ann@a.example)<241><gK2CG1sNPV9jMAAAkFrMIg>: sieve: msgid=<a@x>: stored mail into mailbox 'INBOX'",
            "lmtp(ann@a.example)<241><gK2CG1sNPV9jMAAAkFrMIg>: sieve: msgid=<a@x>: sent vacation response to <b@x.example>",
            "postfix/lmtp[4]: 4SfKbW2kQmz9vQx: to=<ann@a.example>, relay=mail[private/dovecot-lmtp], delay=0.42, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <ann@a.example> gK2CG1sNPV9jMAAAkFrMIg Saved)",
        ]), @r"
        Accepted from mx.example.org (192.0.2.7) with TLS.
        Spam check: score 2.1 of 15, let through. Reasons: BAD_WORDS.
        Put into INBOX of ann@a.example.
        The automatic reply of ann@a.example went to b@x.example.
        Delivered to the mailbox ann@a.example.
        ");
    }

    #[test]
    fn a_mail_that_does_not() {
        insta::assert_snapshot!(told(&[
            "postfix/submission/smtpd[7]: 4SfKbW2kQmz9vQx: client=unknown[198.51.100.4], sasl_method=PLAIN, sasl_username=ann@a.example",
            "postfix/smtp[4]: 4SfKbW2kQmz9vQx: to=<bob@b.example>, relay=mx.b.example[192.0.2.9]:25, delay=612, delays=0/0/0/0, dsn=4.7.1, status=deferred (host mx.b.example[192.0.2.9] said: 450 4.7.1 Try later (in reply to RCPT TO command))",
            "postfix/smtp[4]: 4SfKbW2kQmz9vQx: to=<bob@b.example>, relay=none, delay=12, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to mx.b.example[192.0.2.9]:25: Connection timed out)",
            "postfix/smtp[4]: 4SfKbW2kQmz9vQx: to=<bob@b.example>, relay=mx.b.example[192.0.2.9]:25, delay=99999, delays=0/0/0/0, dsn=5.1.1, status=bounced (host mx.b.example[192.0.2.9] said: 550 5.1.1 No such user)",
            "postfix/bounce[6]: 4SfKbW2kQmz9vQx: sender non-delivery notification: 4SfKc11NvTz9vR0",
            "postfix/smtpd[8]: NOQUEUE: reject: RCPT from unknown[198.51.100.4]: 554 5.7.1 <c@d.example>: Relay access denied; from=<a@x.example> to=<c@d.example> proto=ESMTP helo=<x>",
            "postfix/lmtp[4]: 4SfKbW2kQmz9vQx: to=<ann@a.example>, relay=mail[/run/berth-mail/lmtp], delay=1, delays=0/0/0/0, dsn=4.2.2, status=deferred (host mail[/run/berth-mail/lmtp] said: 452 4.2.2 Quota exceeded (in reply to RCPT TO command))",
            "postfix/postsuper[1]: 4SfKbW2kQmz9vQx: placed on hold",
        ]), @r"
        Sent by ann@a.example, signed in from 198.51.100.4 (without a name).
        Deferred for bob@b.example: the other server, mx.b.example (192.0.2.9), said: 450 4.7.1 Try later (in reply to RCPT TO command); next try in about 10 minutes.
        Deferred for bob@b.example: connect to mx.b.example[192.0.2.9]:25: Connection timed out; next try in about 5 minutes.
        Failed for bob@b.example: the other server, mx.b.example (192.0.2.9), said: 550 5.1.1 No such user.
        Its sender was told that it could not be delivered.
        Refused. 198.51.100.4 (without a name) was told: 554 5.7.1 <c@d.example>: Relay access denied.
        Deferred for ann@a.example: the mailbox said: 452 4.2.2 Quota exceeded (in reply to RCPT TO command); next try in about 5 minutes.
        Held: it stays in the queue until somebody releases or deletes it.
        ");
    }
}
