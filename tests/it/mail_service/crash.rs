//! A panel dies after the mail service did something for it and before that was written down: the next one finishes it, and nobody is
//! harmed by what is done twice.

use std::collections::BTreeSet;

use berth::platform::db::Scoped as _;
use berth::platform::ids::MailboxId;
use serde_json::{Value, json};

use super::world::{PASSWORD, World};
use crate::panel::until;

const KICKED: &str = "mail_kicks.kicked";
const LET_GO: &str = "mail_erasures.let_go";
const ERASED: &str = "mail_erasures.erased";
const TOLD: &str = "mail_warnings.told";
/// Where a panel dies in the test of this file.
pub(crate) const POINTS: [&str; 4] = [KICKED, LET_GO, ERASED, TOLD];

/// What was held by who died is free, as it would be by itself after some minutes.
const LEASES_END: &str = "update mail_kick set lease_until = now() where lease_id is not null; \
    update mail_erasure set lease_until = now() where lease_id is not null; \
    update mail_warning_due set lease_until = now() where lease_id is not null";

/// How much is to be done: sessions to be ended, mailboxes to be erased, people to be warned.
async fn wishes(world: &World) -> [i64; 3] {
    let mut tx = world.app.app.db.system().await.unwrap();
    let all = sqlx::query!(
        r#"select (select count(*) from mail_kick) as "kicks!", (select count(*) from mail_erasure) as "erasures!",
             (select count(*) from mail_warning_due) as "warnings!""#
    );
    let all = all.fetch_one(tx.conn()).await.unwrap();
    [all.kicks, all.erasures, all.warnings]
}

/// Waits until nothing is to be done.
async fn all_is_done(world: &World) {
    until("all is done", async || wishes(world).await == [0, 0, 0]).await;
}

/// Has a panel die at a point. What it did there is still to be done, as far as anybody knows.
async fn die(world: &World, point: &str, left: [i64; 3]) {
    world.panel.start(Some(point)).died(point).await;
    assert_eq!(wishes(world).await, left, "{point}");
    world.app.administer(LEASES_END).await;
}

/// Has the next panel finish it.
async fn finish(world: &mut World) {
    world.with_panel().await;
    all_is_done(world).await;
    world.without_panel().await;
}

/// Opens a mailbox in a session.
async fn open(world: &mut World, session: &str, address: &str) {
    let port = world.service.ports.imaps;
    let opened = world
        .clients
        .ask("imap_open", json!([session, port, address, PASSWORD]))
        .await;
    assert_eq!(opened["ok"], true, "{session}: {opened}");
}

/// Waits until a session was ended.
async fn until_ended(world: &mut World, session: &str) {
    until("a session is ended", async || {
        let said = world.clients.ask("imap_say", json!([session, "noop"])).await;
        said["state"] != "OK"
    })
    .await;
}

async fn kicks(world: &mut World) {
    open(world, "before", "bob@acme.test").await;
    world
        .app
        .administer(
            "select mail_ask_kick(tenant_id, array[address], now()) from mailbox where address = 'bob@acme.test'",
        )
        .await;
    die(world, KICKED, [1, 0, 0]).await;
    until_ended(world, "before").await;
    open(world, "between", "bob@acme.test").await;
    finish(world).await;
    until_ended(world, "between").await;
    open(world, "after", "bob@acme.test").await;
}

/// Whether the mail service has a folder of a mailbox.
async fn has_folder(world: &World, mailbox: &str) -> bool {
    let id = mailbox.parse::<MailboxId>().unwrap().0.to_string();
    let folders = world.service.run(&["ls", "/var/mail/berth/mailboxes"]).await;
    folders.contains(&id)
}

async fn erases(world: &mut World, gone: &str) {
    world
        .app
        .administer("update mailbox set purge_after = now() where address = 'gone@acme.test'")
        .await;
    die(world, LET_GO, [0, 1, 0]).await;
    assert!(has_folder(world, gone).await);
    die(world, ERASED, [0, 1, 0]).await;
    assert!(!has_folder(world, gone).await);
    finish(world).await;
    assert!(!has_folder(world, gone).await);
}

async fn warns(world: &mut World) {
    let text = "0123456789abcdef\r\n".repeat(50_000);
    let from = "somebody@elsewhere.example";
    let sent = world
        .send_text("out", (from, &["full@acme.test"]), ("large", &text))
        .await;
    assert_eq!(sent["step"], "done", "{sent}");
    until("it is known that it fills up", async || {
        wishes(world).await == [0, 0, 1]
    })
    .await;
    die(world, TOLD, [0, 0, 1]).await;
    finish(world).await;
    let mails = world.read("full@acme.test", "INBOX", 3).await;
    let warnings = mails
        .iter()
        .filter(|mail| mail.contains("Subject: Your mailbox is 80 % full\r\n"));
    let ids: Vec<&str> = warnings
        .filter_map(|mail| mail.lines().find(|line| line.starts_with("Message-ID: ")))
        .collect();
    assert_eq!(ids.len(), 2, "twice, and not never: {ids:?}");
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    assert_eq!(
        ids.len(),
        1,
        "mail programs can tell that it is the same: {ids:?}"
    );
}

#[tokio::test]
async fn a_panel_that_dies_after_an_effect_is_followed_by_one_that_finishes_it() {
    let mut world = World::start().await;
    let gone = world.mailbox("gone@acme.test", json!({})).await;
    world.mailbox("full@acme.test", json!({ "quota_mib": 1 })).await;
    let port = world.service.ports.smtp;
    world.clients.ask("smtp_open", json!(["out", port, "none"])).await;
    let from = "somebody@elsewhere.example";
    let sent = world.send("out", (from, &["gone@acme.test"]), "last").await;
    assert_eq!(sent["step"], "done", "{sent}");
    world.read("gone@acme.test", "INBOX", 1).await;
    let path = format!("/api/v1/mail/mailboxes/{gone}");
    world.own("DELETE", &path, Value::Null, 204).await;
    all_is_done(&world).await;
    assert!(has_folder(&world, &gone).await, "it can be restored");
    world.without_panel().await;
    kicks(&mut world).await;
    erases(&mut world, &gone).await;
    warns(&mut world).await;
}
