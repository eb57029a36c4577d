//! What the mail service rests on goes away, and its own programs die: what was taken in arrives.

use std::collections::BTreeSet;

use serde_json::json;

use super::world::{PASSWORD, World};
use crate::panel::until;

/// The database lets the mail service in no longer, and ends what it has open.
const AWAY: &str = "do $$ begin
  execute format('grant connect on database %I to berth', current_database());
  execute format('revoke connect on database %I from public, mail_reader', current_database());
  perform pg_terminate_backend(pid) from pg_stat_activity where usename = 'mail_reader' and datname = current_database();
end $$";
const BACK: &str = "do $$ begin
  execute format('grant connect on database %I to mail_reader', current_database());
end $$";

#[tokio::test]
async fn without_its_database_mail_waits_and_nothing_is_bounced() {
    let mut world = World::start().await;
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
    let from = "somebody@elsewhere.example";
    assert_eq!(
        world.send("out", (from, &["bob@acme.test"]), "before").await["step"],
        "done"
    );
    world.read("bob@acme.test", "INBOX", 1).await;
    world.app.administer(AWAY).await;
    for to in ["bob@acme.test", "nobody@acme.test"] {
        let sent = world.send("out", (from, &[to]), "meanwhile").await;
        let code = sent["code"].as_i64().unwrap();
        assert!((400..500).contains(&code), "nobody is said to be unknown: {sent}");
    }
    let imaps = world.service.ports.imaps;
    let login = world
        .clients
        .try_ask("imap_open", json!(["bob", imaps, "bob@acme.test", PASSWORD]))
        .await;
    assert_ne!(login["ok"], true, "{login}");
    world.app.administer(BACK).await;
    while world.send("out", (from, &["bob@acme.test"]), "after").await["step"] != "done" {}
    world.read("bob@acme.test", "INBOX", 2).await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
async fn programs_that_die_lose_no_mail() {
    let mut world = World::start().await;
    let port = world.service.ports.submission;
    let mut taken = BTreeSet::new();
    let victims = [
        "smtpd", "cleanup", "qmgr", "lmtp", "master", "dovecot", "auth", "rspamd",
    ];
    for (round, victim) in victims.iter().enumerate() {
        for number in 0..10 {
            let subject = format!("mail-{round}-{number}");
            let session = world
                .clients
                .try_ask("smtp_open", json!(["ann", port, "starttls"]))
                .await;
            if session.get("broken").is_some() {
                continue;
            }
            let login = world
                .clients
                .try_ask("smtp_login", json!(["ann", "ann@acme.test", PASSWORD]))
                .await;
            if number == 5 {
                world.service.kill(victim).await;
            }
            let mail = format!("From: ann@acme.test\r\nTo: bob@acme.test\r\nSubject: {subject}\r\n\r\nx\r\n");
            let sent = world
                .clients
                .try_ask(
                    "smtp_send",
                    json!(["ann", "ann@acme.test", ["bob@acme.test"], mail]),
                )
                .await;
            if login["code"] == 235 && sent["step"] == "done" {
                taken.insert(subject);
            }
            world.clients.try_ask("close", json!(["ann"])).await;
        }
        until(&format!("it works again after {victim}"), async || {
            world
                .service
                .run(&["berth-mail", "health"])
                .await
                .matches("\"is_up\": true")
                .count()
                >= 5
                || world
                    .service
                    .run(&["berth-mail", "health"])
                    .await
                    .matches("\"is_up\":true")
                    .count()
                    >= 5
        })
        .await;
    }
    assert!(taken.len() >= 40, "only {} were taken", taken.len());
    let imaps = world.service.ports.imaps;
    until("all that was taken in has arrived", async || {
        let opened = world
            .clients
            .try_ask("imap_open", json!(["bob", imaps, "bob@acme.test", PASSWORD]))
            .await;
        if opened["ok"] != true {
            return false;
        }
        let seen = world
            .clients
            .try_ask("imap_subjects", json!(["bob", "INBOX"]))
            .await;
        world.clients.try_ask("close", json!(["bob"])).await;
        let seen: BTreeSet<String> = serde_json::from_value(seen["subjects"].clone()).unwrap_or_default();
        taken.is_subset(&seen)
    })
    .await;
}
