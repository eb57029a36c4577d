//! Mails as people, machines and attackers write them.

use std::fmt::Write as _;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::drivers::inbox::MailKey;
use crate::tickets::{EventKind, Severity, Source, State as TicketState, Ticket, TicketEvent};

const KEY: MailKey = MailKey { validity: 1, uid: 2 };

fn desk() -> Desk {
    Desk {
        address: "support@example.com".to_owned(),
        sender: "berth@example.com".to_owned(),
        is_own_service: true,
    }
}

fn from(raw: impl AsRef<[u8]>) -> Incoming {
    read(raw.as_ref(), &desk(), KEY)
}

const PLAIN: &str = "From: Ada <Ada@Acme.example>\r\nTo: Support <support@example.com>\r\nSubject: =?utf-8?q?Es_br=C3=A4nnt?=\r\n\
    Message-ID: <1@acme.example>\r\n\r\nHelp!\r\n";

/// The plain mail with more headers.
fn with(headers: &str) -> String {
    PLAIN.replacen("\r\n\r\n", &format!("\r\n{headers}\r\n\r\n"), 1)
}

#[test]
fn a_plain_mail_is_read() {
    let mail = from(PLAIN);
    assert_eq!(mail.sender.as_deref(), Some("ada@acme.example"));
    assert_eq!(
        (&*mail.subject, &*mail.message_id),
        ("Es brännt", "1@acme.example")
    );
    assert_eq!(
        (mail.text.trim(), mail.automatic, mail.proof),
        ("Help!", None, Proof::None)
    );
    assert!(mail.tokens.is_empty() && mail.files.is_empty() && mail.left_out.is_empty());
    assert!(mail.original.starts_with("From: Ada"));
    let post = mail.post("Help!", None);
    assert_eq!(post.body, "Help!\n\n*By mail; the sender was not verified.*");
}

#[test]
fn whom_it_is_from_is_one_address_or_nobody() {
    for heads in [
        "From: a@x.example\r\nFrom: b@x.example",
        "From: a@x.example, b@x.example",
        "From: Ada",
        "From: <>",
        "From: \"a@x.example\" <>",
        "Subject: x",
        "From: a@x.example\r\n from: b@x.example\r\nFrom: c@x.example",
    ] {
        assert_eq!(from(format!("{heads}\r\n\r\nx")).sender, None, "{heads}");
    }
    let fake = from("From: \"root@example.org\" <eve@evil.example>\r\n\r\nx");
    assert_eq!(
        fake.sender.as_deref(),
        Some("eve@evil.example"),
        "names are no addresses"
    );
}

#[test]
fn what_nobody_wrote_is_known() {
    for (header, is_automatic) in [
        ("Auto-Submitted: auto-replied", true),
        ("Auto-Submitted: auto-generated; x=y", true),
        ("Auto-Submitted: No", false),
        ("Precedence: Bulk", true),
        ("Precedence: list", true),
        ("Precedence: first-class", false),
        ("X-Auto-Response-Suppress: All", true),
        ("X-Autoreply: yes", true),
        ("Return-Path: <>", true),
        ("Return-Path: <ada@acme.example>", false),
        ("List-Id: <news.example>", true),
        ("List-Unsubscribe: <mailto:x@y.example>", true),
        (
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            true,
        ),
        ("X-Berth-Ticket: tkt_1", true),
    ] {
        assert_eq!(from(with(header)).automatic.is_some(), is_automatic, "{header}");
    }
    for sender in [
        "MAILER-DAEMON@mx.example",
        "postmaster@mx.example",
        "support@example.com",
        "Berth@Example.com",
        "support+abc@example.com",
    ] {
        let mail = from(format!("From: {sender}\r\n\r\nx"));
        assert!(mail.automatic.is_some(), "{sender}");
    }
    assert!(
        from("From: a@x.example\r\nMessage-ID: <oum_1@example.com>\r\n\r\nx")
            .automatic
            .is_some()
    );
}

#[test]
fn tokens_are_found_wherever_the_mail_went() {
    let mail = from(with(
        "Cc: x@y.example, Support <SUPPORT+Abc@Example.COM>\r\nDelivered-To: support+def@example.com\r\nX-Original-To: support@example.com",
    ));
    assert_eq!(mail.tokens, ["Abc", "def"]);
    for other in [
        "support+a@example.org",
        "supporter+a@example.com",
        "support+a@example.com.evil.example",
        "x+a@example.com",
    ] {
        assert!(from(with(&format!("Cc: {other}"))).tokens.is_empty(), "{other}");
    }
    // By its subject it answers nothing.
    assert!(
        from("From: a@x.example\r\nSubject: Re: [#1] support+abc@example.com\r\n\r\nx")
            .tokens
            .is_empty()
    );
}

#[test]
fn senders_are_proven_by_our_own_service_only() {
    let proof = |results: &str| from(with(results)).proof;
    for (results, expected) in [
        (
            "Authentication-Results: mx; dkim=pass header.d=acme.example header.s=k",
            Proof::Verified,
        ),
        (
            "Authentication-Results: mx;\r\n\tspf=pass (mx: ok) smtp.mailfrom=bounce@acme.example",
            Proof::Verified,
        ),
        (
            "Authentication-Results: mx; dmarc=pass (policy=none) header.from=acme.example",
            Proof::Verified,
        ),
        (
            "Authentication-Results: mx; dkim=pass header.d=evil.example",
            Proof::None,
        ),
        (
            "Authentication-Results: mx; dkim=pass header.d=example",
            Proof::None,
        ),
        (
            "Authentication-Results: mx; dkim=pass header.d=me.example",
            Proof::None,
        ),
        (
            "Authentication-Results: mx; dkim=none (dkim=pass header.d=acme.example)",
            Proof::None,
        ),
        (
            "Authentication-Results: mx; dkim=pass header.d=acme.example; dmarc=fail",
            Proof::Failed,
        ),
        (
            "X-Authentication-Results: mx; dkim=pass header.d=acme.example",
            Proof::None,
        ),
        (
            "Authentication-Results: evil; dkim=pass header.d=acme.example\r\nAuthentication-Results: mx; dkim=none",
            Proof::None,
        ),
    ] {
        assert_eq!(proof(results), expected, "{results}");
    }
    let elsewhere = Desk {
        is_own_service: false,
        ..desk()
    };
    let raw = with("Authentication-Results: mx; dkim=pass header.d=acme.example");
    assert_eq!(read(raw.as_bytes(), &elsewhere, KEY).proof, Proof::None);
}

/// A mail of parts, each with its headers.
fn parts(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
    format!(
        "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n",
        parts.concat()
    )
}

#[test]
fn files_are_those_that_tickets_take() {
    let mail = from(parts(&[
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSch=F6n",
        "Content-Type: application/octet-stream; name=\"../../etc/passwd\"\r\nContent-Disposition: attachment\r\n\r\nroot",
        "Content-Type: text/html\r\nContent-Disposition: attachment; filename=\"x`*.html\"\r\n\r\n<html><script>1</script>",
        "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nJVBERi0xLjc=",
    ]));
    assert_eq!(mail.text.trim(), "Schön");
    let names: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["../../etc/passwd", "a.pdf"],
        "tickets make names harmless"
    );
    assert_eq!(mail.left_out.len(), 1);
    assert!(
        mail.left_out[0].starts_with("`x*.html`. Tickets take no HTML"),
        "{}",
        mail.left_out[0]
    );
    assert!(mail.post("x", None).body.contains("*Not kept: `x*.html`."));
    let many = ["Content-Disposition: attachment; filename=a.txt\r\n\r\nx"; 30];
    let mail = from(parts(&many));
    assert_eq!((mail.files.len(), mail.left_out.len()), (10, 10));
}

#[test]
fn html_alone_becomes_text() {
    let mail = from(parts(&[
        "Content-Type: text/html; charset=utf-8\r\n\r\n<p>It <b>broke</b> &amp; burns</p><img src=x onerror=alert(1)>",
    ]));
    assert!(
        mail.text.contains("broke") && mail.text.contains("& burns"),
        "{}",
        mail.text
    );
    assert!(
        !mail.text.contains('<') && !mail.text.contains("onerror"),
        "{}",
        mail.text
    );
    assert_eq!(from("From: a@x.example\r\n\r\n").text, "The mail has no text.");
}

#[test]
fn bombs_end_early() {
    let head = "From: a@x.example\r\nSubject: bomb\r\n";
    // Mails in mails in mails.
    let nested = format!(
        "{head}{}x",
        "Content-Type: message/rfc822\r\n\r\n".repeat(100_000)
    );
    // Parts in parts, each of another kind of boundary.
    let mut deep = head.to_owned();
    for level in 0..2_000 {
        let _ = write!(
            deep,
            "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        );
    }
    let wide = parts(&vec!["Content-Type: text/plain\r\n\r\nx"; 20_000]);
    let dashes = format!(
        "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n\r\n".repeat(200_000)
    );
    let heads = format!("{head}{}\r\nx", "X-A: b\r\n".repeat(500_000));
    let line = format!("{head}X-A: {}", "y".repeat(5 << 20));
    for bomb in [nested, deep, wide, dashes, heads, line] {
        let mail = from(&bomb);
        assert_eq!(mail.sender.as_deref(), Some("a@x.example"));
        assert_eq!(mail.left_out.len().min(1), 1, "{}", &bomb[..80]);
        assert!(mail.files.len() <= 10);
    }
}

#[test]
fn large_mails_are_read_as_far_as_they_fit() {
    let many: Vec<String> = (0..10_000).map(|at| format!("person{at}@example.org")).collect();
    let mail = from(with(&format!(
        "Cc: {},\r\n support+abc@example.com",
        many.join(",\r\n ")
    )));
    assert_eq!((mail.tokens, mail.left_out.len()), (vec!["abc".to_owned()], 0));
    let large = format!("{PLAIN}{}", "All work and no play.\r\n".repeat((50 << 20) / 23));
    let cut = &large.as_bytes()[..MOST_READ];
    let mail = from(cut);
    assert_eq!(mail.left_out.len(), 1);
    assert!(mail.text.len() < 300_000 && mail.original.len() <= 256 << 10);
}

#[test]
fn ids_that_would_break_a_header_are_replaced() {
    for id in ["", "<a b@x>", "<a@x> <b@x>", "<ä@x>"] {
        let mail = from(format!("From: a@x.example\r\nMessage-ID: {id}\r\n\r\nx"));
        let is_plain = mail
            .message_id
            .chars()
            .all(|c| c.is_ascii_graphic() && !"<>".contains(c));
        assert!(
            is_plain && !mail.message_id.is_empty(),
            "{id}: {}",
            mail.message_id
        );
    }
    let (one, other) = (
        from("From: a@x.example\r\n\r\nx"),
        from("From: a@x.example\r\n\r\ny"),
    );
    assert_ne!(one.message_id, other.message_id);
}

proptest! {
    #[test]
    fn no_mail_breaks_us(raw in proptest::collection::vec(any::<u8>(), 0..600), head in "((From|To|Content-Type|Message-ID): [ -~]{0,60}\r\n){0,6}") {
        let mut bytes = head.into_bytes();
        bytes.extend(raw);
        let mail = from(&bytes);
        prop_assert!(!mail.message_id.is_empty() && mail.message_id.len() <= 300);
        prop_assert!(mail.subject.chars().count() <= 200 && !mail.text.is_empty());
    }
}

#[test]
fn only_those_may_answer_who_belong_to_the_ticket() {
    let standing = |role: Option<&str>, staff: Option<&str>, is_watcher| Standing {
        user: None,
        role: role.map(str::to_owned),
        staff_role: staff.map(str::to_owned),
        is_watcher,
    };
    for (standing, with_own, with_others) in [
        (standing(Some("owner"), None, false), true, true),
        (standing(Some("operator"), None, false), true, true),
        (standing(Some("viewer"), None, false), false, false),
        (standing(None, Some("support"), false), true, false),
        (standing(None, Some("auditor"), false), false, false),
        (standing(None, None, true), true, false),
        (standing(None, None, false), false, false),
    ] {
        assert_eq!(standing.may_answer(true), with_own, "{standing:?}");
        assert_eq!(standing.may_answer(false), with_others, "{standing:?}");
    }
}

#[test]
fn triage_has_room_for_so_many_strangers() {
    let waiting = |of_sender, of_domain, in_all| Waiting {
        of_sender,
        of_domain,
        in_all,
    };
    assert_eq!(waiting(9, 99, 999).too_many(), None);
    for full in [waiting(10, 10, 10), waiting(0, 100, 100), waiting(0, 0, 1_000)] {
        assert!(full.too_many().is_some(), "{full:?}");
    }
}

fn ticket(state: TicketState, assignee: Option<UserId>) -> Ticket {
    Ticket {
        id: TicketId(Uuid::nil()),
        number: 12,
        tenant: None,
        tenant_name: None,
        subject: "It burns".to_owned(),
        severity: Severity::P3,
        state,
        source: Source::Mail,
        assignee,
        assignee_name: None,
        team: None,
        tags: Vec::new(),
        opened_by: None,
        opened_at: DateTime::UNIX_EPOCH,
        changed_at: DateTime::UNIX_EPOCH,
        resolved_at: None,
        closed_at: None,
        due_at: None,
        due_what: None,
        merged_into: None,
        version: 1,
    }
}

const ANN: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));

#[test]
fn notes_are_no_news_and_the_rest_is_one_news() {
    let event = |id, kind, public| TicketEvent {
        id,
        ticket: TicketId(Uuid::nil()),
        at: DateTime::UNIX_EPOCH,
        kind,
        actor: Some(BOB),
        public,
    };
    let ours = ticket(TicketState::Resolved, Some(ANN));
    let news = |events: &[TicketEvent]| News::of(&ours, events);
    assert_eq!(
        news(&[
            event(1, EventKind::Noted, false),
            event(2, EventKind::Tagged, true)
        ]),
        None
    );
    assert_eq!(
        news(&[event(1, EventKind::Assigned { to: Some(BOB) }, false)]),
        None,
        "whoever took it knows"
    );
    let to = TicketState::Resolved;
    let all = news(&[
        event(3, EventKind::StaffReplied, true),
        event(4, EventKind::Assigned { to: Some(ANN) }, false),
        event(5, EventKind::CustomerReplied, true),
        event(
            6,
            EventKind::StateChanged {
                from: TicketState::New,
                to,
            },
            true,
        ),
    ]);
    let all = all.unwrap();
    assert_eq!((all.newest, all.posts, all.assigned), (6, 2, Some(ANN)));
    assert!(all.is_resolved && !all.is_new && all.resolved_by == Some(BOB));
}

#[test]
fn many_answers_are_one_mail() {
    let ours = ticket(TicketState::Resolved, Some(ANN));
    let said = Said {
        author: Some(BOB),
        name: "Bob".to_owned(),
        address: None,
        body: "**Yes.**".to_owned(),
    };
    let (subject, text) = letter(&Draft {
        ticket: &ours,
        said: &[&said; 12],
        is_resolved: true,
        is_assigned: false,
        link: Some("https://panel.example/x".to_owned()),
        can_answer: true,
        is_last: true,
    });
    assert_eq!(subject, "[#12] It burns");
    assert!(
        text.starts_with("— Write your answer above this line —\n\n2 answers before these"),
        "{text}"
    );
    assert_eq!(text.matches("Bob wrote:\n\n**Yes.**").count(), 10);
    assert!(text.contains("answer this mail within a week") && text.contains("no more of it for an hour"));
    assert!(text.ends_with("-- \n#12 It burns\nhttps://panel.example/x\n"));
    assert_eq!(
        answer(&format!("Thanks.\n\n{text}")),
        "Thanks.",
        "what we mail is cut from answers"
    );
    assert_eq!(bare("Our panel <Panel@Example.com>"), "panel@example.com");
    assert_eq!(desk().reply_to("abc"), "support+abc@example.com");
}
