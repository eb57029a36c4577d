//! What waits, can't be taken, is of strangers or is forged: none of it holds up the rest, and none of it waits for ever.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::mailer::MailError;
use crate::platform::db::Scoped as _;
use crate::platform::ids::{OutboundMailId, TicketId};
use crate::platform::secret::Secret;
use crate::testing::TestApp;
use crate::tickets::{PostKind, State};

use super::super::model::TRIES;
use super::super::{clean_up, inbox, jobs};
use super::{SUPPORT, Scene, id_of, mail, reply_to};

/// How many wait and were begun now.
async fn begun_now(scene: &Scene) -> i64 {
    let mut tx = scene.test.system().begin().await.unwrap();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticket_mail_out where state = 'waiting' and begun_at = $1"#,
        scene.test.app.now()
    );
    count.fetch_one(tx.conn()).await.unwrap()
}

fn id_out(mail: &Value) -> OutboundMailId {
    mail["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn mail_that_waits_goes_when_the_server_is_back() {
    let scene = Scene::new().await;
    let (app, system) = (&scene.test.app, scene.test.system());
    let taken = scene
        .receive(&mail("ada@example.com", SUPPORT, "1", "Help!"))
        .await;
    let id = id_of(&taken);
    scene.test.mailer.fail(Some(MailError::NotNow("421".to_owned())));
    assert!(scene.write(id, "On?", PostKind::Reply).await.is_empty());
    assert!(scene.write(id, "Really?", PostKind::Reply).await.is_empty());

    // Whatever became of their jobs, the clock begins them anew, each once.
    assert_eq!(jobs::send_late(app, &system).await.unwrap(), 0);
    scene.test.clock.advance(TimeDelta::minutes(31));
    assert_eq!(jobs::send_late(app, &system).await.unwrap(), 2);
    assert_eq!(jobs::send_late(app, &system).await.unwrap(), 0);

    // Where the server takes one, the others need not wait for the clock.
    scene.test.clock.advance(TimeDelta::minutes(6));
    scene.test.mailer.fail(None);
    let waiting = scene.list("mail/out").await;
    jobs::work(app, &system, id_out(&waiting[0])).await.unwrap();
    assert_eq!(begun_now(&scene).await, 1);
    scene.send().await;

    // Who died between the server's word and the row sends it once more, as the same mail.
    scene
        .test
        .administer("update ticket_mail_out set state = 'waiting', sent_at = null")
        .await;
    scene.send().await;
    let mut sent: Vec<String> = scene.test.mailer.sent().into_iter().map(|mail| mail.id).collect();
    assert_eq!(sent.len(), 4);
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn mail_is_given_up_after_a_day_and_a_half_with_its_reason() {
    let scene = Scene::new().await;
    let taken = scene
        .receive(&mail("ada@example.com", SUPPORT, "1", "Help!"))
        .await;
    scene.test.mailer.fail(Some(MailError::NotNow("421".to_owned())));
    scene.write(id_of(&taken), "On?", PostKind::Reply).await;
    let id = id_out(&scene.list("mail/out").await[0]);

    // A panel that has lost its mail server's name says so.
    let other = TestApp::over(&scene.test.database_url(), |_| {});
    jobs::work(&other.app, &other.system(), id).await.unwrap_err();
    let waiting = scene.list("mail/out").await.remove(0);
    assert_eq!(
        (&waiting["state"], &waiting["error"]),
        (
            &json!("waiting"),
            &json!("not now: this panel has no mail server")
        )
    );
    other.clock.advance(TimeDelta::hours(37));
    jobs::work(&other.app, &other.system(), id).await.unwrap();
    assert_eq!(scene.list("mail/out").await[0]["state"], "failed");

    // Staff have it sent again, and it is tried for as long as a new one.
    scene.test.clock.advance(TimeDelta::hours(40));
    let retry = format!("/api/v1/staff/tickets/mail/out/{id}/retry");
    scene.staff.json("POST", &retry, &json!({})).await.expect(202);
    scene.send().await;
    assert_eq!(scene.list("mail/out").await[0]["state"], "waiting");
}

#[tokio::test]
async fn what_cannot_be_taken_is_put_aside_and_holds_up_none() {
    let scene = Scene::new().await;
    let mailbox = &scene.test.inbox;
    scene
        .test
        .administer("alter table ticket_mail_in add constraint no_bad check (subject <> 'Bad')")
        .await;
    let raw = |id: &str| mail("ada@example.com", SUPPORT, id, "Help!").replace('\n', "\r\n");
    for at in 0..51 {
        mailbox.break_mail(mailbox.deliver(raw(&at.to_string())));
    }
    mailbox.deliver(raw("b").replace("It burns", "Bad"));
    mailbox.deliver(raw("c"));
    inbox::look(&scene.test.app).await.unwrap_err();
    let taken = scene.list("mail/in").await;
    assert_eq!((taken.len(), &taken[0]["outcome"]), (1, &json!("opened")));
    for _ in 2..TRIES {
        inbox::look(&scene.test.app).await.unwrap_err();
    }
    assert_eq!((mailbox.waiting(), mailbox.aside().len()), (52, 0));
    inbox::look(&scene.test.app).await.unwrap();
    assert_eq!((mailbox.waiting(), mailbox.aside().len()), (0, 52));
    let all = scene.list("mail/in?limit=100").await;
    let aside: Vec<&Value> = all.iter().filter(|one| one["outcome"] == "aside").collect();
    assert_eq!(aside.len(), 52);
    let why = aside.iter().filter(|one| {
        let why = one["why"].as_str().unwrap();
        why.contains("refused: it is broken") && why.contains("flagged in the inbox")
    });
    assert_eq!(why.count(), 51);
}

/// A mail of somebody, and what became of it and why.
async fn came(scene: &Scene, from: &str, id: &str) -> (Value, String) {
    let taken = scene.receive(&mail(from, SUPPORT, id, "Let me in")).await;
    let why = taken["why"].as_str().unwrap().to_owned();
    (taken, why)
}

/// Strangers write until nothing more of one, of a domain, and of all of them waits: the first ticket.
async fn strangers_fill_triage(scene: &Scene) -> TicketId {
    let (first, _) = came(scene, "eva@one.example", "0").await;
    for at in 1..10 {
        let (taken, _) = came(scene, "eva@one.example", &at.to_string()).await;
        assert_eq!(taken["outcome"], "triage");
    }
    let (taken, why) = came(scene, "eva@one.example", "10").await;
    assert_eq!(taken["outcome"], "silenced");
    assert!(why.contains("of this sender than wait"), "{why}");
    scene
        .test
        .administer(
            "insert into ticket_mail_in (id, uid_validity, uid, message_id, sender, subject, at, outcome, is_verified, ticket_id) \
             select gen_random_uuid(), 9, n, 'x' || n, 'x' || n || '@two.example', subject, at - interval '2 hours', outcome, false, \
             ticket_id from (select * from ticket_mail_in where outcome = 'triage' order by at limit 1) one, generate_series(1, 100) n",
        )
        .await;
    let (taken, why) = came(scene, "new@two.example", "11").await;
    assert_eq!(taken["outcome"], "silenced");
    assert!(why.contains("sender's domain"), "{why}");
    let (taken, _) = came(scene, "new@three.example", "12").await;
    assert_eq!(taken["outcome"], "triage");
    scene
        .test
        .administer(
            "insert into ticket_mail_in (id, uid_validity, uid, message_id, sender, subject, at, outcome, is_verified, ticket_id) \
             select gen_random_uuid(), 8, n, 'y' || n, 'y@d' || n || '.example', subject, at - interval '2 hours', outcome, false, \
             ticket_id from (select * from ticket_mail_in where outcome = 'triage' order by at limit 1) one, generate_series(1, 900) n",
        )
        .await;
    let (taken, why) = came(scene, "new@four.example", "13").await;
    assert_eq!(taken["outcome"], "silenced");
    assert!(why.contains("in all"), "{why}");
    id_of(&first)
}

#[tokio::test]
async fn strangers_fill_triage_for_strangers_only_and_not_for_good() {
    let scene = Scene::new().await;
    let old = strangers_fill_triage(&scene).await;
    let (known, _) = came(&scene, "vic@example.com", "14").await;
    assert_eq!(known["outcome"], "triage", "who has an account is not kept out");

    scene.test.clock.advance(TimeDelta::days(31));
    clean_up(&scene.test.app, &scene.test.system()).await.unwrap();
    let waiting = scene.list("mail").await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["sender"], "vic@example.com");
    assert_eq!(scene.ticket(old).await.state, State::Closed);
    let files = format!("/api/v1/staff/tickets/{old}/attachments");
    assert_eq!(scene.staff.get(&files).await.expect(200).json(), json!([]));
    let gone = scene.list("mail/in?q=eva@one.example").await;
    assert_eq!(gone.iter().filter(|one| one["outcome"] == "expired").count(), 10);
    let (taken, _) = came(&scene, "new@four.example", "15").await;
    assert_eq!(taken["outcome"], "triage");
}

/// Takes a mail of Ada in a panel that believes its inbox's word on senders.
async fn judged(scene: &Scene, panel: &TestApp, to: &str, (id, said): (usize, &str)) -> Value {
    panel.clock.advance(TimeDelta::seconds(1));
    let said = format!("Authentication-Results: mx; {said}");
    let raw = format!("{said}\n{}", mail("ada@example.com", to, &id.to_string(), "Now"));
    panel.inbox.deliver(raw.replace('\n', "\r\n"));
    inbox::look(&panel.app).await.unwrap();
    scene.list("mail/in").await.remove(0)
}

#[tokio::test]
async fn what_is_forged_counts_for_nobody_and_silences_nobody() {
    let scene = Scene::new().await;
    let taken = scene
        .receive(&mail("ada@example.com", SUPPORT, "x", "Help!"))
        .await;
    let id = id_of(&taken);
    let address = reply_to(&scene.write(id, "On?", PostKind::Reply).await[0]);
    let posts = scene.posts(id).await.len();
    let panel = TestApp::over(&scene.test.database_url(), |config| {
        config.ticket_inbox = Some(Secret::new("imap://u:p@127.0.0.1".to_owned()));
        config.ticket_address = Some(SUPPORT.to_owned());
        config.mail_container = Some("imap.test".to_owned());
    });
    // Its mails are others than those of the scene's inbox.
    panel.inbox.make_anew();
    panel.clock.advance(TimeDelta::minutes(10));
    for at in 0..19 {
        let taken = judged(&scene, &panel, &address, (at, "dmarc=fail")).await;
        let expected = if at < 10 { "triage" } else { "silenced" };
        assert_eq!(
            taken["outcome"], expected,
            "a reply address of hers does not help: {at}"
        );
    }
    assert_eq!(scene.posts(id).await.len(), posts);
    let mut outcomes = Vec::new();
    for at in 20..30 {
        outcomes.push(judged(&scene, &panel, SUPPORT, (at, "dkim=none")).await["outcome"].clone());
    }
    assert_eq!(
        (&outcomes[8], &outcomes[9]),
        (&json!("opened"), &json!("silenced"))
    );
    let real = "dkim=pass header.d=example.com";
    let taken = judged(&scene, &panel, &address, (30, real)).await;
    assert_eq!((&taken["outcome"], id_of(&taken)), (&json!("replied"), id));
}
