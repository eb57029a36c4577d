//! What the mail service rests on goes away, and its own programs die: what was taken in arrives.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::MailClient;
use super::world::{PASSWORD, World};
use crate::panel::{until, until_within};

/// The database lets the mail service in no longer, and ends what it has open.
const AWAY: &str = "do $$ begin
  execute format('grant connect on database %I to berth', current_database());
  execute format('revoke connect on database %I from public, mail_reader', current_database());
  perform pg_terminate_backend(pid) from pg_stat_activity where usename = 'mail_reader' and datname = current_database();
end $$";
const BACK: &str = "do $$ begin
  execute format('grant connect on database %I to mail_reader', current_database());
end $$";
const OUTSIDE: &str = "somebody@elsewhere.example";
/// How many mails are in the queue while the database goes, from each of two senders.
const WAITING: usize = 5;
/// What was put off once is tried again after half a minute, and what was put off twice after a minute.
const FLOWS: Duration = Duration::from_mins(3);

/// Programs that carry mail. Each dies while mails are delivered.
const VICTIMS: [&str; 8] = [
    "smtpd", "cleanup", "qmgr", "lmtp", "master", "dovecot", "auth", "rspamd",
];
/// How long it may take to have the mails of one of them taken, most of which it is away for.
const POURED: Duration = Duration::from_mins(2);

/// How many mails are taken in while programs die: a thousand, or as many as `BERTH_MAILS` says for a long run (docs/benchmarks.md).
#[expect(
    clippy::disallowed_methods,
    reason = "how long a test is to be is no setting of the product"
)]
fn mails() -> usize {
    let asked = std::env::var("BERTH_MAILS").ok();
    asked.map_or(1_000, |text| text.parse().expect("BERTH_MAILS is a number"))
}

/// Whether a mail from a new session of port 25 is taken.
async fn comes_in(world: &mut World, to: &str) -> bool {
    let port = world.service.ports.smtp;
    let opened = world
        .clients
        .try_ask("smtp_open", json!(["again", port, "none"]))
        .await;
    if opened["code"] != 250 {
        return false;
    }
    let sent = world.send("again", (OUTSIDE, &[to]), "after").await;
    world.clients.try_ask("close", json!(["again"])).await;
    sent["step"] == "done"
}

/// What is answered to who signs in at submission in a session of its own.
async fn sign_in(world: &mut World, session: &str, address: &str) -> Value {
    let port = world.service.ports.submission;
    let opened = world
        .clients
        .try_ask("smtp_open", json!([session, port, "starttls"]))
        .await;
    if opened.get("broken").is_some() {
        return opened;
    }
    world
        .clients
        .try_ask("smtp_login", json!([session, address, PASSWORD]))
        .await
}

/// Asserts that an answer puts the mail off.
#[track_caller]
fn assert_later(sent: &Value, why: &str) {
    let code = sent["code"].as_i64().unwrap_or_default();
    assert!((400..500).contains(&code), "{why}: {sent}");
}

/// Fills the queue with mails that are delivered to nobody yet, because the program that would is halted.
async fn fill(world: &mut World) {
    until("what came before is gone from the queue", async || {
        world.service.queue().await.is_empty()
    })
    .await;
    world.service.signal("SIGSTOP", "qmgr").await;
    for number in 0..WAITING {
        let subject = format!("waits-{number}");
        let inside = world
            .send("ann", ("ann@acme.test", &["bob@acme.test"]), &subject)
            .await;
        let outside = world.send("out", (OUTSIDE, &["eve@other.test"]), &subject).await;
        for sent in [inside, outside] {
            assert_eq!(sent["step"], "done", "{sent}");
        }
    }
    assert_eq!(world.service.queue().await.len(), 2 * WAITING);
}

#[tokio::test]
async fn without_its_database_mail_waits_and_nothing_is_bounced() {
    let mut world = World::start().await;
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
    world.submit_as("ann", "ann@acme.test").await;
    let before = world.send("out", (OUTSIDE, &["bob@acme.test"]), "before").await;
    assert_eq!(before["step"], "done", "{before}");
    world.read("bob@acme.test", "INBOX", 1).await;
    fill(&mut world).await;
    world.app.administer(AWAY).await;
    world.service.signal("SIGCONT", "qmgr").await;
    nothing_is_decided(&mut world).await;
    world.app.administer(BACK).await;
    all_flows(&mut world).await;
}

/// While the database is away, everybody is told to come again, and what waits goes on waiting.
async fn nothing_is_decided(world: &mut World) {
    for to in ["bob@acme.test", "nobody@acme.test"] {
        let sent = world.send("out", (OUTSIDE, &[to]), "meanwhile").await;
        assert_later(&sent, "nobody is said to be unknown");
    }
    for to in ["bob@acme.test", "nobody@acme.test", "eve@other.test"] {
        let sent = world.send("ann", ("ann@acme.test", &[to]), "meanwhile").await;
        assert_later(&sent, "a session that was there before is put off");
    }
    for _ in 0..3 {
        let login = sign_in(world, "late", "ann@acme.test").await;
        assert_eq!(
            login["code"], 454,
            "nobody is told that a password is wrong: {login}"
        );
    }
    let imaps = world.service.ports.imaps;
    let login = world
        .clients
        .try_ask("imap_open", json!(["bob", imaps, "bob@acme.test", PASSWORD]))
        .await;
    assert_ne!(login["ok"], true, "{login}");
    until_within(FLOWS, "all that waited was tried, and waits still", async || {
        let queue = world.service.queue().await;
        queue.len() == 2 * WAITING && queue.iter().all(|mail| mail["queue_name"] == "deferred")
    })
    .await;
}

/// When the database is back, all that waited arrives by itself, new mail comes in and goes out, and nobody got a bounce.
async fn all_flows(world: &mut World) {
    until("mail comes in again", async || {
        comes_in(world, "bob@acme.test").await
    })
    .await;
    until("people sign in again", async || {
        sign_in(world, "again", "ann@acme.test").await["code"] == 235
    })
    .await;
    let sent = world
        .send("again", ("ann@acme.test", &["eve@other.test"]), "after")
        .await;
    assert_eq!(sent["step"], "done", "{sent}");
    until_within(FLOWS, "the queue is empty", async || {
        world.service.queue().await.is_empty()
    })
    .await;
    // Of bob's, one came before and one after.
    for (address, count) in [("bob@acme.test", WAITING + 2), ("eve@other.test", WAITING + 1)] {
        let mails = world.read(address, "INBOX", count).await;
        for number in 0..WAITING {
            let subject = format!("Subject: waits-{number}\r\n");
            assert!(
                mails.iter().any(|mail| mail.contains(&subject)),
                "{address}: {subject}"
            );
        }
    }
    let bounces = world.read("ann@acme.test", "INBOX", 0).await;
    assert!(bounces.is_empty(), "{bounces:?}");
}

#[tokio::test]
async fn without_a_panel_mail_goes_on() {
    let mut world = World::start().await;
    let all = json!({ "address": "all@acme.test", "kind": "group", "targets": ["bob@acme.test", "eve@other.test"] });
    world.own("POST", "/api/v1/mail/aliases", all, 201).await;
    world.mailbox("none@acme.test", json!({ "quota_mib": 0 })).await;
    let id = world.id_of("bob@acme.test").await;
    world.without_panel().await;
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
    for (to, code) in [
        ("bob@acme.test", 250),
        ("all@acme.test", 250),
        ("none@acme.test", 552),
        ("nobody@acme.test", 550),
    ] {
        let sent = world.send("out", (OUTSIDE, &[to]), "in").await;
        assert_eq!(sent["code"], code, "{to}: {sent}");
    }
    world.submit_as("ann", "ann@acme.test").await;
    let sent = world
        .send("ann", ("ann@acme.test", &["bob@acme.test"]), "out")
        .await;
    assert_eq!(sent["step"], "done", "{sent}");
    let mails = world.read("bob@acme.test", "INBOX", 3).await;
    let out = mails.iter().find(|mail| mail.contains("Subject: out\r\n"));
    assert!(out.unwrap().contains("DKIM-Signature: "), "it is signed: {out:?}");
    world.read("eve@other.test", "INBOX", 1).await;
    assert!(world.service.is_healthy().await);

    world.with_panel().await;
    let bob = world
        .own("GET", &format!("/api/v1/mail/mailboxes/{id}"), Value::Null, 200)
        .await;
    assert!(
        bob["used_bytes"].as_i64() > Some(0) && !bob["last_imap_at"].is_null(),
        "it knows what came meanwhile: {bob}"
    );
}

/// Opens bob's mailbox as soon as that is possible again.
async fn open_bob(clients: &mut MailClient, port: u16) {
    until("bob signs in", async || {
        let asked = json!(["bob", port, "bob@acme.test", PASSWORD]);
        clients.try_ask("imap_open", asked).await["ok"] == true
    })
    .await;
}

/// Has so many mails to bob taken, while a program dies in the middle of their delivery. Gives their ids.
async fn pour(world: &mut World, sender: &mut MailClient, victim: &str, count: usize) -> Vec<String> {
    let (submission, imaps) = (world.service.ports.submission, world.service.ports.imaps);
    open_bob(&mut world.clients, imaps).await;
    let there = world.clients.ask("imap_count", json!(["bob", "INBOX", 0])).await;
    let middle = there["count"].as_u64().unwrap() + u64::try_from(count / 4).unwrap();
    let (clients, service) = (&mut world.clients, &world.service);
    let (from, to) = ("ann@acme.test", "bob@acme.test");
    let mails = json!([submission, from, PASSWORD, to, count, victim, POURED.as_secs()]);
    let (poured, ()) = tokio::join!(sender.ask("smtp_pour", mails), async {
        clients.ask("imap_count", json!(["bob", "INBOX", middle])).await;
        service.kill(victim).await;
    });
    world.clients.try_ask("close", json!(["bob"])).await;
    let taken: Vec<String> = serde_json::from_value(poured["taken"].clone()).unwrap();
    assert!(
        taken.len() >= count,
        "{victim}: only {} of {count} were taken",
        taken.len()
    );
    taken
}

#[tokio::test]
async fn programs_that_die_lose_no_mail() {
    let mut world = World::start().await;
    // A tenant may usually send to less than that in an hour.
    world.allow("acme", json!({ "hourly_limit": 10_000_000 })).await;
    let mut sender = MailClient::start();
    let count = mails().div_ceil(VICTIMS.len());
    let mut taken = BTreeSet::new();
    for victim in VICTIMS {
        taken.extend(pour(&mut world, &mut sender, victim, count).await);
        until(&format!("all works again after {victim}"), async || {
            world.service.is_healthy().await
        })
        .await;
    }
    assert!(taken.len() >= mails(), "only {} were taken", taken.len());
    // What was put off would be tried by itself, in some minutes.
    world.service.run(&["berth-mail", "retry"]).await;
    open_bob(&mut world.clients, world.service.ports.imaps).await;
    let wanted = json!(["bob", "INBOX", taken, FLOWS.as_secs()]);
    let arrived = world.clients.ask("imap_missing", wanted).await;
    assert_eq!(arrived["missing"], json!([]), "of {} mails", taken.len());
    let bounces = world.read("ann@acme.test", "INBOX", 0).await;
    assert!(bounces.is_empty(), "{bounces:?}");
}
