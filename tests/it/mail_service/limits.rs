//! What a mailbox, a domain and a tenant may hold and send, and what becomes of mail to a tenant that is suspended: said by the
//! service to whoever is connected, and not by a mail afterwards.

use serde_json::{Value, json};

use super::world::World;
use crate::panel::until;

const OUTSIDE: &str = "somebody@elsewhere.example";

/// Asserts that a mail was refused before its text was sent, with this code and these words.
#[track_caller]
fn assert_refused(sent: &Value, code: u16, words: &str) {
    assert_eq!(
        (&sent["step"], &sent["code"]),
        (&json!("rcpt"), &json!(code)),
        "{sent}"
    );
    assert!(sent["text"].as_str().unwrap().contains(words), "{words}: {sent}");
}

#[track_caller]
fn assert_taken(sent: &Value) {
    assert_eq!(sent["step"], "done", "{sent}");
}

/// Opens a session of port 25, as other mail servers do.
async fn from_outside(world: &mut World) {
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
}

#[tokio::test]
async fn mail_to_a_suspended_tenant_is_taken_or_put_off_as_its_plan_says() {
    let mut world = World::start().await;
    from_outside(&mut world).await;
    world.submit_as("eve", "eve@other.test").await;
    let senders = [("out", OUTSIDE), ("eve", "eve@other.test")];
    world.set_suspended("acme", true).await;
    for (session, from) in senders {
        let sent = world.send(session, (from, &["bob@acme.test"]), "kept").await;
        assert_taken(&sent);
    }
    world.allow("acme", json!({ "when_suspended": "refuse" })).await;
    for (session, from) in senders {
        let sent = world.send(session, (from, &["bob@acme.test"]), "refused").await;
        assert_refused(
            &sent,
            450,
            "This domain takes no mail at present, try again later",
        );
    }
    let sent = world.send("out", (OUTSIDE, &["eve@other.test"]), "others").await;
    assert_taken(&sent);
    world.set_suspended("acme", false).await;
    for (session, from) in senders {
        let sent = world.send(session, (from, &["bob@acme.test"]), "resumed").await;
        assert_taken(&sent);
    }
    let mails = world.read("bob@acme.test", "INBOX", 4).await;
    assert!(
        mails.iter().all(|mail| !mail.contains("Subject: refused\r\n")),
        "{mails:?}"
    );
}

/// A text of more than half a MiB.
fn large() -> String {
    "0123456789abcdef\r\n".repeat(30_000)
}

/// Sends a small mail from outside.
async fn small_to(world: &mut World, to: &str) -> Value {
    world.send("out", (OUTSIDE, &[to]), "small").await
}

/// Sends one of more than half a MiB from outside.
async fn large_to(world: &mut World, to: &str) -> Value {
    world
        .send_text("out", (OUTSIDE, &[to]), ("large", &large()))
        .await
}

#[tokio::test]
async fn a_full_domain_and_a_full_tenant_are_refused_while_the_sender_waits() {
    let mut world = World::start().await;
    from_outside(&mut world).await;
    let domains = world
        .own("GET", "/api/v1/mail/domains?q=acme.test", Value::Null, 200)
        .await;
    let path = format!(
        "/api/v1/mail/domains/{}",
        domains["items"][0]["id"].as_str().unwrap()
    );
    let full = "The mailbox is full";
    world.own("PATCH", &path, json!({ "quota_mib": 1 }), 200).await;
    assert_taken(&large_to(&mut world, "ann@acme.test").await);
    until("it is known what the domain holds", async || {
        let domain = world.own("GET", &path, Value::Null, 200).await;
        domain["used_bytes"].as_i64() > Some(500_000)
    })
    .await;
    assert_refused(&large_to(&mut world, "bob@acme.test").await, 552, full);
    assert_taken(&small_to(&mut world, "bob@acme.test").await);
    world.own("PATCH", &path, json!({ "quota_mib": 0 }), 200).await;
    assert_refused(&small_to(&mut world, "bob@acme.test").await, 552, full);
    world.own("PATCH", &path, json!({ "quota_mib": null }), 200).await;

    world.allow("acme", json!({ "max_mail_mib": 1 })).await;
    assert_refused(&large_to(&mut world, "bob@acme.test").await, 552, full);
    assert_taken(&small_to(&mut world, "bob@acme.test").await);
    world.allow("acme", json!({ "max_mail_mib": 0 })).await;
    assert_refused(&small_to(&mut world, "bob@acme.test").await, 552, full);
    assert_taken(&large_to(&mut world, "eve@other.test").await);
    world.allow("acme", json!({ "max_mail_mib": 10 })).await;
    assert_taken(&large_to(&mut world, "bob@acme.test").await);
    world.read("bob@acme.test", "INBOX", 3).await;
}

/// Sends until it is refused, and gives the refusal. Twice as often as an hour allows, since a new one may begin meanwhile.
async fn until_refused(world: &mut World, (session, from): (&str, &str), allowed: usize) -> Value {
    let mut taken = 0;
    loop {
        let sent = world.send(session, (from, &["bob@acme.test"]), "counted").await;
        if sent["step"] != "done" {
            return sent;
        }
        taken += 1;
        assert!(taken <= 2 * allowed, "{from} sent {taken} mails: {sent}");
    }
}

#[tokio::test]
async fn whoever_sends_more_than_the_hour_allows_is_told_so_by_the_service() {
    let mut world = World::start().await;
    world.mailbox("few@acme.test", json!({ "hourly_limit": 2 })).await;
    world
        .mailbox("none@acme.test", json!({ "hourly_limit": 0 }))
        .await;
    for name in ["few", "none", "ann"] {
        world.submit_as(name, &format!("{name}@acme.test")).await;
    }
    world.submit_as("eve", "eve@other.test").await;
    let none = until_refused(&mut world, ("none", "none@acme.test"), 0).await;
    let never = "This mailbox may not send mail: its hourly limit is 0";
    assert_refused(&none, 550, never);
    let few = until_refused(&mut world, ("few", "few@acme.test"), 2).await;
    let words = "Not sent: the hourly limit of this mailbox (2 recipients) is reached, try again after ";
    assert_refused(&few, 450, words);
    let sent = world
        .send("ann", ("ann@acme.test", &["bob@acme.test"]), "others")
        .await;
    assert_taken(&sent);

    world.allow("acme", json!({ "hourly_limit": 5 })).await;
    let all = until_refused(&mut world, ("ann", "ann@acme.test"), 5).await;
    let words = "Not sent: the hourly limit of this organisation (5 recipients) is reached, try again after ";
    assert_refused(&all, 450, words);
    world.allow("acme", json!({ "hourly_limit": 0 })).await;
    let none = until_refused(&mut world, ("ann", "ann@acme.test"), 0).await;
    assert_refused(&none, 550, never);
    let sent = world
        .send("eve", ("eve@other.test", &["bob@acme.test"]), "others")
        .await;
    assert_taken(&sent);
}
