//! From one mailbox to another, and what happens on the way: signatures, folders, aliases, quotas, replies.

use serde_json::{Value, json};

use super::world::{PASSWORD, World};
use crate::panel::until;

/// The records of the domain's DKIM keys, by name.
async fn keys(world: &World) -> Value {
    let domains = world
        .own("GET", "/api/v1/mail/domains?q=acme.test", Value::Null, 200)
        .await;
    let path = format!(
        "/api/v1/mail/domains/{}/keys",
        domains["items"][0]["id"].as_str().unwrap()
    );
    let keys = world.own("GET", &path, Value::Null, 200).await;
    let mut records = json!({});
    for key in keys["items"].as_array().unwrap() {
        records[key["record_name"].as_str().unwrap()] = key["record_value"].clone();
    }
    records
}

#[tokio::test]
async fn a_mail_goes_from_one_mailbox_to_another_signed() {
    let mut world = World::start().await;
    world.submit_as("ann", "ann@acme.test").await;
    let sent = world
        .send(
            "ann",
            ("ann@acme.test", &["bob@acme.test", "eve+shop@other.test"]),
            "first",
        )
        .await;
    assert_eq!(sent["step"], "done", "{sent}");
    let mail = world.read("bob@acme.test", "INBOX", 1).await.remove(0);
    assert!(
        mail.contains("Subject: first") && mail.contains("It is there."),
        "{mail}"
    );
    assert!(
        !mail.contains("127.0.0.1") && !mail.contains("client.test ["),
        "where it was sent from: {mail}"
    );
    let records = keys(&world).await;
    let held = world.clients.ask("dkim_verify", json!([mail, records])).await;
    assert_eq!(held["good"], true, "{mail}");
    let changed = mail.replace("It is there.", "It is not there.");
    let held = world.clients.ask("dkim_verify", json!([changed, records])).await;
    assert_eq!(held["good"], false);
    world.read("eve@other.test", "INBOX", 1).await;
    let id = world.id_of("bob@acme.test").await;
    let path = format!("/api/v1/mail/mailboxes/{id}");
    until("the panel knows what is in it", async || {
        let bob = world.own("GET", &path, Value::Null, 200).await;
        bob["used_bytes"].as_i64() > Some(0) && !bob["last_imap_at"].is_null()
    })
    .await;
}

#[tokio::test]
async fn a_new_mailbox_works_at_its_first_try() {
    let mut world = World::start().await;
    world.submit_as("ann", "ann@acme.test").await;
    for number in 0..5 {
        let address = format!("new{number}@acme.test");
        let unknown = world.send("ann", ("ann@acme.test", &[&address]), "early").await;
        assert_eq!(
            (&unknown["step"], &unknown["code"]),
            (&json!("rcpt"), &json!(550)),
            "{unknown}"
        );
        world.mailbox(&address, json!({})).await;
        let port = world.service.ports.imaps;
        let opened = world
            .clients
            .ask("imap_open", json!(["new", port, address, PASSWORD]))
            .await;
        assert_eq!(opened["ok"], true, "{opened}");
        world.clients.ask("close", json!(["new"])).await;
        let sent = world.send("ann", ("ann@acme.test", &[&address]), "now").await;
        assert_eq!(sent["step"], "done", "{sent}");
        world.read(&address, "INBOX", 1).await;
    }
}

#[tokio::test]
async fn a_full_mailbox_is_refused_while_the_sender_waits() {
    let mut world = World::start().await;
    world.mailbox("small@acme.test", json!({ "quota_mib": 1 })).await;
    world.mailbox("none@acme.test", json!({ "quota_mib": 0 })).await;
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
    let from = "somebody@elsewhere.example";
    let nothing = world.send("out", (from, &["none@acme.test"]), "nothing").await;
    assert_eq!(
        (&nothing["step"], &nothing["code"]),
        (&json!("rcpt"), &json!(552)),
        "{nothing}"
    );
    let text = "0123456789abcdef\r\n".repeat(30_000);
    for number in 0..2 {
        let subject = format!("large{number}");
        let sent = world
            .send_text("out", (from, &["small@acme.test"]), (&subject, &text))
            .await;
        if sent["step"] != "done" {
            break;
        }
        let count = number + 1;
        world.read("small@acme.test", "INBOX", count).await;
    }
    let full = world
        .send_text("out", (from, &["small@acme.test"]), ("over", &text))
        .await;
    assert_eq!(full["code"], 552, "{full}");
    let other = world.send("out", (from, &["bob@acme.test"]), "others").await;
    assert_eq!(other["step"], "done", "nobody else is full: {other}");
}

#[tokio::test]
async fn aliases_groups_and_the_catch_all_lead_where_they_should() {
    let mut world = World::start().await;
    for new in [
        json!({ "address": "sales@acme.test", "kind": "alias", "targets": ["ann@acme.test"] }),
        json!({ "address": "all@acme.test", "kind": "group", "targets": ["ann@acme.test", "bob@acme.test", "eve@other.test"] }),
        json!({ "address": "@acme.test", "kind": "catch_all", "targets": ["bob@acme.test"] }),
    ] {
        world.own("POST", "/api/v1/mail/aliases", new, 201).await;
    }
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
    let from = "somebody@elsewhere.example";
    for (to, subject) in [
        ("sales@acme.test", "alias"),
        ("all@acme.test", "group"),
        ("whoever@acme.test", "caught"),
        ("ann+tag@acme.test", "tagged"),
    ] {
        let sent = world.send("out", (from, &[to]), subject).await;
        assert_eq!(sent["step"], "done", "{to}: {sent}");
    }
    let subjects = |mails: Vec<String>| {
        let lines = mails
            .iter()
            .filter_map(|mail| mail.lines().find(|line| line.starts_with("Subject: ")));
        let mut all: Vec<String> = lines.map(|line| line["Subject: ".len()..].to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(
        subjects(world.read("ann@acme.test", "INBOX", 3).await),
        ["alias", "group", "tagged"]
    );
    assert_eq!(
        subjects(world.read("bob@acme.test", "INBOX", 2).await),
        ["caught", "group"]
    );
    assert_eq!(
        subjects(world.read("eve@other.test", "INBOX", 1).await),
        ["group"]
    );
}

#[tokio::test]
async fn who_is_away_answers_once_and_rules_sort() {
    let mut world = World::start().await;
    let id = world.id_of("bob@acme.test").await;
    let reply = json!({ "is_enabled": true, "subject": "Away", "text": "I am back on Monday." });
    world
        .own("PUT", &format!("/api/v1/mail/mailboxes/{id}/reply"), reply, 200)
        .await;
    let rules = json!({ "rules": [{ "name": "Lists", "is_enabled": true, "all": true,
        "conditions": [{ "field": "subject", "test": "contains", "value": "weekly" }],
        "actions": [{ "action": "move", "value": "Lists" }] }] });
    world
        .own("PUT", &format!("/api/v1/mail/mailboxes/{id}/rules"), rules, 200)
        .await;
    world.submit_as("eve", "eve@other.test").await;
    for subject in ["one", "two", "weekly"] {
        let sent = world
            .send("eve", ("eve@other.test", &["bob@acme.test"]), subject)
            .await;
        assert_eq!(sent["step"], "done", "{sent}");
    }
    world.read("bob@acme.test", "INBOX", 2).await;
    world.read("bob@acme.test", "Lists", 1).await;
    let replies = world.read("eve@other.test", "INBOX", 1).await;
    assert_eq!(replies.len(), 1, "once: {replies:?}");
    assert!(replies[0].contains("I am back on Monday."), "{}", replies[0]);
}

#[tokio::test]
async fn an_app_password_opens_its_protocols_only() {
    let mut world = World::start().await;
    let id = world.id_of("ann@acme.test").await;
    let new = json!({ "name": "Phone", "protocols": ["imap"] });
    let made = world
        .own(
            "POST",
            &format!("/api/v1/mail/mailboxes/{id}/app-passwords"),
            new,
            201,
        )
        .await;
    let password = made["password"].as_str().unwrap().to_owned();
    world.read_with("ann@acme.test", &password, ("INBOX", 0)).await;
    let port = world.service.ports.submission;
    world
        .clients
        .ask("smtp_open", json!(["phone", port, "starttls"]))
        .await;
    let refused = world
        .clients
        .ask("smtp_login", json!(["phone", "ann@acme.test", password]))
        .await;
    assert_eq!(refused["code"], 535, "{refused}");
}
