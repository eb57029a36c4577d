//! Both sides talk by mail, and who may not is not let in.

use std::fmt::Write as _;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::inbox::InboxError;
use crate::drivers::mailer::{Mail, MailError};
use crate::platform::access::TenantRole;
use crate::platform::db::Scoped as _;
use crate::platform::ids::{TenantId, TicketId};
use crate::tickets::PostKind;

use super::super::{clean_up, inbox};
use super::{SUPPORT, Scene, id_of, mail, reply_to};

/// Ada opens a ticket by mail: the ticket, and what the staff are mailed of it.
async fn ada_opens(scene: &Scene) -> (TicketId, Mail) {
    let taken = scene
        .receive(&mail("Ada <ada@example.com>", SUPPORT, "1", "Help!\n-- \nAda"))
        .await;
    assert_eq!(
        (&taken["outcome"], &taken["verified"]),
        (&json!("opened"), &json!(false))
    );
    let id = id_of(&taken);
    let ticket = scene.ticket(id).await;
    assert_eq!(
        (ticket.tenant, ticket.opened_by),
        (Some(scene.acme), Some(scene.ada))
    );
    let posts = scene.posts(id).await;
    assert_eq!(
        posts,
        [(
            PostKind::Reply,
            "Help!\n\n*By mail; the sender was not verified.*".to_owned()
        )]
    );
    let files = format!("/api/v1/staff/tickets/{id}/attachments");
    let files = scene.staff.get(&files).await.expect(200).json();
    assert_eq!(files[0]["name"], "original.eml.txt", "staff have the whole");
    // Nobody is on duty, so all of the staff hear of it; Ada knows what she wrote.
    let [to_staff] = <[_; 1]>::try_from(scene.tell(id, 0).await).unwrap();
    assert_eq!(
        (&*to_staff.to, &*to_staff.subject),
        ("eve@example.com", "[#1] It burns")
    );
    assert!(
        to_staff.text.contains(&format!("/staff/tickets/{id}")),
        "{}",
        to_staff.text
    );
    (id, to_staff)
}

/// Eve answers with what Ada is mailed, and notes what she is not.
async fn eve_answers(scene: &Scene, id: TicketId) -> Mail {
    let [to_ada] = <[_; 1]>::try_from(scene.write(id, "Is it **on**?", PostKind::Reply).await).unwrap();
    assert_eq!(to_ada.to, "ada@example.com");
    assert!(to_ada.text.contains("Is it **on**?") && to_ada.text.contains(&format!("/t/acme/tickets/{id}")));
    assert_eq!(to_ada.extra.references[1], "1@x.example");
    assert!(
        to_ada
            .extra
            .headers
            .iter()
            .any(|(name, _)| *name == "X-Auto-Response-Suppress")
    );
    let told = scene.write(id, "She is new.", PostKind::Note).await;
    assert!(told.is_empty(), "a note never leaves: {told:?}");
    to_ada
}

#[tokio::test]
async fn a_member_opens_a_ticket_and_both_sides_answer_by_mail() {
    let scene = Scene::new().await;
    let (id, to_staff) = ada_opens(&scene).await;
    let to_ada = eve_answers(&scene, id).await;

    let quoted = to_ada.text.lines().fold(String::new(), |mut quoted, line| {
        let _ = writeln!(quoted, "> {line}");
        quoted
    });
    let text = format!("It is.\n\nOn Tuesday Eve wrote:\n{quoted}");
    let taken = scene
        .receive(&mail("ADA@example.com", &reply_to(&to_ada), "2", &text))
        .await;
    assert_eq!((&taken["outcome"], id_of(&taken)), (&json!("replied"), id));
    let said = scene.posts(id).await.pop().unwrap().1;
    assert!(said.starts_with("It is.\n\n*By mail"), "{said}");

    // One of the staff answers by mail, too, and it is mailed to the customer.
    let after = scene.newest(id).await;
    scene
        .receive(&mail("eve@example.com", &reply_to(&to_staff), "3", "Now?"))
        .await;
    let [again] = <[_; 1]>::try_from(scene.tell(id, after).await).unwrap();
    assert_eq!(
        (&*again.to, again.text.contains("Now?")),
        ("ada@example.com", true)
    );

    // What was closed long ago goes on in a new one.
    scene
        .test
        .administer("update ticket set state = 'closed', closed_at = now() - interval '9 years'")
        .await;
    let taken = scene
        .receive(&mail("ada@example.com", &reply_to(&to_ada), "4", "Still!"))
        .await;
    assert_eq!(taken["outcome"], "opened");
    assert_ne!(id_of(&taken), id);
    assert!(
        scene.posts(id_of(&taken)).await[0]
            .1
            .contains("This goes on from #1")
    );
}

/// Mails of people who may not, or of whom nobody knows for which tenant they write.
async fn nobody_is_let_in(scene: &Scene, address: &str) {
    let forged = address.replacen('+', "+a", 1);
    for (at, (from, to)) in [
        ("bob@example.com", address),
        ("stranger@example.com", address),
        ("vic@example.com", address),
        ("eve@example.com", address),
        ("ada@example.com", "support+aaaa@example.org"),
        ("ada@example.com", forged.as_str()),
        ("both@example.com", SUPPORT),
        ("vic@example.com", SUPPORT),
        ("stranger@example.com", SUPPORT),
        ("", SUPPORT),
    ]
    .into_iter()
    .enumerate()
    {
        let taken = scene
            .receive(&mail(from, to, &format!("t{at}"), "Let me in"))
            .await;
        assert_eq!(taken["outcome"], "triage", "{from} to {to}: {taken}");
        assert_eq!(scene.ticket(id_of(&taken)).await.tenant, None);
    }
}

/// Staff give one of the waiting tickets to a tenant and throw another away: the one that was given.
async fn staff_choose(scene: &Scene, tenant: TenantId) -> TicketId {
    let triage = scene.list("mail").await;
    let of_both = triage
        .iter()
        .find(|one| one["sender"] == "both@example.com")
        .unwrap();
    let names: Vec<&Value> = of_both["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names.len(), 2);
    let given = id_of(of_both);
    let path = format!("/api/v1/staff/tickets/{given}/tenant");
    scene
        .staff
        .json("POST", &path, &json!({ "tenant": tenant }))
        .await
        .expect(200);
    let thrown = id_of(
        triage
            .iter()
            .find(|one| one["sender"] == "stranger@example.com")
            .unwrap(),
    );
    let path = format!("/api/v1/staff/tickets/{thrown}/discard");
    scene.staff.json("POST", &path, &json!({})).await.expect(204);
    let refused = format!("/api/v1/staff/tickets/{given}/discard");
    scene.staff.json("POST", &refused, &json!({})).await.expect(409);
    assert_eq!(scene.list("mail").await.len(), triage.len() - 2);
    given
}

#[tokio::test]
async fn what_is_not_sure_waits_in_triage() {
    let scene = Scene::new().await;
    let beta = scene.test.tenant("beta").await;
    let (bob, both) = (scene.test.person("bob").await, scene.test.person("both").await);
    scene.test.member(beta, bob, TenantRole::Owner).await;
    for tenant in [scene.acme, beta] {
        scene.test.member(tenant, both, TenantRole::Owner).await;
    }
    let id = id_of(
        &scene
            .receive(&mail("ada@example.com", SUPPORT, "1", "Help!"))
            .await,
    );
    let address = reply_to(&scene.write(id, "On?", PostKind::Reply).await[0]);
    let before = scene.posts(id).await.len();
    nobody_is_let_in(&scene, &address).await;
    // One of the same tenant may, with an address that was made for another.
    let taken = scene
        .receive(&mail("both@example.com", &address, "ok", "On."))
        .await;
    assert_eq!(taken["outcome"], "replied");
    assert_eq!(scene.posts(id).await.len(), before + 1);

    let given = staff_choose(&scene, beta).await;
    // Whoever wrote is told what staff answer, who has an account or not.
    let told = scene.write(given, "Which?", PostKind::Reply).await;
    assert!(told.iter().any(|mail| mail.to == "both@example.com"));

    let browser = scene.test.browser(scene.eve).await;
    for (path, shown) in [
        ("", "Choose for"),
        ("/in", "It burns"),
        ("/out", "both@example.com"),
    ] {
        let page = browser
            .get(&format!("/staff/tickets/mail{path}"))
            .await
            .expect(200);
        assert!(page.body.contains(shown), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn a_mail_is_taken_once_and_machines_are_ignored() {
    let scene = Scene::new().await;
    let id = id_of(
        &scene
            .receive(&mail("ada@example.com", SUPPORT, "1", "Help!"))
            .await,
    );
    // Whoever took it died before the mark; the mailbox was made anew; the same mail came twice.
    scene.test.inbox.forget_marks();
    scene.look().await;
    scene.test.inbox.make_anew();
    scene.look().await;
    scene
        .test
        .inbox
        .deliver(mail("ada@example.com", SUPPORT, "1", "Help!").replace('\n', "\r\n"));
    scene.look().await;
    assert_eq!(
        (scene.list("mail/in").await.len(), scene.posts(id).await.len()),
        (1, 1)
    );

    for header in [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "List-Id: <x.y>",
    ] {
        let raw = format!(
            "{header}\n{}",
            mail("ada@example.com", SUPPORT, header.get(..4).unwrap(), "I am away")
        );
        assert_eq!(scene.receive(&raw).await["outcome"], "ignored", "{header}");
    }
    // What we sent and comes back is no answer.
    let sent = scene.write(id, "On?", PostKind::Reply).await.remove(0);
    let raw = format!(
        "X-Berth-Ticket: {id}\n{}",
        mail("berth@127.0.0.1", &reply_to(&sent), "9", "On?")
    );
    assert_eq!(scene.receive(&raw).await["outcome"], "ignored");
    assert_eq!(scene.posts(id).await.len(), 2);

    // An inbox that fails loses nothing.
    scene.test.clock.advance(TimeDelta::seconds(1));
    scene
        .test
        .inbox
        .deliver(mail("ada@example.com", SUPPORT, "5", "Again").replace('\n', "\r\n"));
    scene.test.inbox.fail(Some(InboxError::Away("gone".to_owned())));
    inbox::look(&scene.test.app).await.unwrap_err();
    let browser = scene.test.browser(scene.eve).await;
    let page = browser.get("/staff/tickets/mail").await.expect(200);
    assert!(page.body.contains("gone"), "{}", page.body);
    scene.test.inbox.fail(None);
    scene.look().await;
    assert_eq!(scene.list("mail/in").await[0]["outcome"], "opened");
}

#[tokio::test]
async fn floods_are_bounded_both_ways() {
    let scene = Scene::new().await;
    let id = id_of(
        &scene
            .receive(&mail("ada@example.com", SUPPORT, "0", "Help!"))
            .await,
    );
    for at in 1..20 {
        scene
            .receive(&mail("ada@example.com", SUPPORT, &at.to_string(), "Help!"))
            .await;
    }
    let taken = scene
        .receive(&mail("ada@example.com", SUPPORT, "20", "Help!"))
        .await;
    assert_eq!(
        (&taken["outcome"], &taken["ticket"]),
        (&json!("silenced"), &Value::Null)
    );
    let mut told = Vec::new();
    for at in 0..14 {
        told.extend(scene.write(id, &format!("Answer {at}"), PostKind::Reply).await);
    }
    assert_eq!(told.len(), 12);
    assert!(told[11].text.contains("no more of it for an hour") && !told[10].text.contains("no more of it"));
    scene.test.clock.advance(TimeDelta::hours(2));
    assert_eq!(scene.write(id, "Later", PostKind::Reply).await.len(), 1);
    let taken = scene
        .receive(&mail("ada@example.com", SUPPORT, "21", "Help!"))
        .await;
    assert_eq!(taken["outcome"], "opened");
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again_and_nobody_who_left_is_told() {
    let scene = Scene::new().await;
    let id = id_of(
        &scene
            .receive(&mail("ada@example.com", SUPPORT, "1", "Help!"))
            .await,
    );
    scene.test.mailer.fail(Some(MailError::NotNow("421".to_owned())));
    assert!(scene.write(id, "On?", PostKind::Reply).await.is_empty());
    let waiting = scene.list("mail/out").await.remove(0);
    assert_eq!(
        (&waiting["state"], &waiting["error"]),
        (&json!("waiting"), &json!("not now: 421"))
    );
    scene.test.mailer.fail(Some(MailError::Refused("550".to_owned())));
    scene.send().await;
    let failed = scene.list("mail/out").await.remove(0);
    assert_eq!(failed["state"], "failed");
    scene.test.mailer.fail(None);
    let retry = format!(
        "/api/v1/staff/tickets/mail/out/{}/retry",
        failed["id"].as_str().unwrap()
    );
    scene.staff.json("POST", &retry, &json!({})).await.expect(202);
    scene.send().await;
    let again = scene
        .staff
        .json("POST", &retry, &json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(again["code"], "ticket-mail-not-failed");
    let sent = scene.test.mailer.sent();
    assert_eq!((sent.len(), sent[0].id.starts_with("oum_")), (1, true));

    // Ada leaves; nobody of the customer's side is left but whoever owns the tenant.
    let owner = scene.test.person("olga").await;
    scene.test.member(scene.acme, owner, TenantRole::Owner).await;
    scene
        .test
        .administer(
            "delete from membership where user_id = (select id from user_account where email like 'ada%')",
        )
        .await;
    let told = scene.write(id, "Still on?", PostKind::Reply).await;
    assert_eq!(
        told.iter().map(|mail| &*mail.to).collect::<Vec<_>>(),
        ["olga@example.com"]
    );
    let taken = scene
        .receive(&mail("ada@example.com", &reply_to(&sent[0]), "2", "Yes"))
        .await;
    assert_eq!(taken["outcome"], "triage");

    scene.test.clock.advance(TimeDelta::days(100));
    let gone = clean_up(&scene.test.app, &scene.test.system()).await.unwrap();
    assert!(gone >= 4, "{gone}");
    let mut tx = scene.test.system().begin().await.unwrap();
    let left = sqlx::query_scalar!(r#"select count(*) as "count!" from ticket_mail_in"#);
    assert_eq!(left.fetch_one(tx.conn()).await.unwrap(), 0);
}
