//! What nobody may: relay, send as somebody else, go on after a suspension.

use std::time::{Duration, Instant};

use serde_json::json;

use super::world::World;

/// What the issue asks for, from the answer of the API on.
const WITHIN: Duration = Duration::from_secs(1);

#[tokio::test]
async fn nobody_relays_and_nobody_sends_as_somebody_else() {
    let mut world = World::start().await;
    let (smtp, submission) = (world.service.ports.smtp, world.service.ports.submission);
    world.clients.ask("smtp_open", json!(["out", smtp, "none"])).await;
    let relayed = world
        .send("out", ("a@elsewhere.example", &["b@nowhere.example"]), "relay")
        .await;
    assert_eq!(relayed["step"], "rcpt", "{relayed}");
    assert!(
        [554, 550].contains(&relayed["code"].as_i64().unwrap()),
        "{relayed}"
    );
    let login = world
        .clients
        .ask(
            "smtp_login",
            json!(["out", "ann@acme.test", super::world::PASSWORD]),
        )
        .await;
    assert_ne!(login["code"], 235, "port 25 knows no sign-in: {login}");
    world
        .clients
        .ask("smtp_open", json!(["plain", submission, "none"]))
        .await;
    let login = world
        .clients
        .ask(
            "smtp_login",
            json!(["plain", "ann@acme.test", super::world::PASSWORD]),
        )
        .await;
    assert_ne!(login["code"], 235, "no password without TLS: {login}");
    world.submit_as("ann", "ann@acme.test").await;
    for (forged, why) in [
        ("bob@acme.test", "a colleague"),
        ("eve@other.test", "another tenant"),
        ("ceo@bank.example", "a stranger"),
        (
            "\"ann@acme.test\"@other.test",
            "another tenant, behind one's own address",
        ),
    ] {
        let sent = world.send("ann", (forged, &["bob@acme.test"]), "forged").await;
        assert_eq!(sent["code"], 553, "{why}: {sent}");
    }
    let id = world.id_of("ann@acme.test").await;
    world
        .own(
            "POST",
            &format!("/api/v1/mail/mailboxes/{id}/send-as"),
            json!({ "address": "bob@acme.test" }),
            201,
        )
        .await;
    let sent = world
        .send("ann", ("bob@acme.test", &["eve@other.test"]), "allowed")
        .await;
    assert_eq!(sent["step"], "done", "{sent}");
}

#[tokio::test]
async fn a_suspended_tenant_loses_access_within_a_second() {
    let mut world = World::start().await;
    world.submit_as("ann", "ann@acme.test").await;
    let port = world.service.ports.imaps;
    world
        .clients
        .ask(
            "imap_open",
            json!(["ann-reads", port, "ann@acme.test", super::world::PASSWORD]),
        )
        .await;
    world.set_suspended("acme", true).await;
    let begun = Instant::now();
    loop {
        let said = world.clients.ask("imap_say", json!(["ann-reads", "noop"])).await;
        if said["state"] != "OK" {
            break;
        }
        assert!(begun.elapsed() < WITHIN, "a session is open still");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sent = world
        .send("ann", ("ann@acme.test", &["eve@other.test"]), "late")
        .await;
    assert_ne!(
        sent["step"], "done",
        "a session that is open does not help: {sent}"
    );
    let login = world
        .clients
        .ask(
            "imap_open",
            json!(["again", port, "ann@acme.test", super::world::PASSWORD]),
        )
        .await;
    assert_eq!(login["ok"], false, "{login}");
    // Mail to it is kept: it is the default of plans.
    world.submit_as("eve", "eve@other.test").await;
    let kept = world
        .send("eve", ("eve@other.test", &["ann@acme.test"]), "kept")
        .await;
    assert_eq!(kept["step"], "done", "{kept}");
}
