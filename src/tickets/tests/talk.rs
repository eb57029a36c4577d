//! A ticket's life, from both sides.

use chrono::TimeDelta;
use serde_json::json;

use crate::platform::access::Who;
use crate::platform::db::Scoped as _;

use super::super::model::{Author, EventKind, NewPost, PostKind, State};
use super::super::{self as tickets, follow, store};
use super::{Scene, id_of};

#[tokio::test]
async fn two_sides_talk_until_it_works() {
    let scene = Scene::new().await;
    let id = scene.open("The shop is slow", "Ten *seconds* a page.").await;
    let staff = format!("/api/v1/staff/tickets/{id}");
    assert_eq!(scene.state(&id).await, "new");
    let taken = scene
        .staff
        .json("POST", &format!("{staff}/take"), &json!({}))
        .await;
    let taken = taken.expect(200).json();
    assert_eq!(
        (&taken["state"], &taken["assignee_name"], &taken["tenant_name"]),
        (&json!("acknowledged"), &json!("eve"), &json!("Acme"))
    );
    let answer = json!({ "body": "Which page?", "state": "waiting_customer" });
    scene.write(&id, answer).await.expect(201);
    assert_eq!(scene.state(&id).await, "waiting_customer");
    let answer = scene.answer(&id, "All of them.").await.expect(201).json();
    assert_eq!(
        (&answer["side"], &answer["author_name"]),
        (&json!("customer"), &json!("ann"))
    );
    assert_eq!(scene.state(&id).await, "in_progress");
    scene
        .write(&id, json!({ "body": "Their disk is full.", "internal": true }))
        .await
        .expect(201);
    let refused = scene
        .write(&id, json!({ "body": "x", "internal": true, "state": "closed" }))
        .await;
    assert_eq!(refused.expect(422).json()["errors"][0]["field"], "state");

    let mine = scene
        .all(&scene.customer, &format!("/api/v1/tickets/{id}/posts"), "body")
        .await;
    assert_eq!(mine, ["Ten *seconds* a page.", "Which page?", "All of them."]);
    let theirs = scene.all(&scene.staff, &format!("{staff}/posts"), "body").await;
    assert_eq!(theirs.len(), 4);
    let events = scene
        .all(&scene.customer, &format!("/api/v1/tickets/{id}/events"), "kind")
        .await;
    let public = [
        "opened",
        "acknowledged",
        "state_changed",
        "staff_replied",
        "state_changed",
        "customer_replied",
        "state_changed",
    ];
    assert_eq!(events, public);
    let events = scene.all(&scene.staff, &format!("{staff}/events"), "kind").await;
    assert!(events.contains(&"noted".to_owned()) && events.contains(&"assigned".to_owned()));
}

#[tokio::test]
async fn what_is_over_is_opened_again_for_a_while() {
    let scene = Scene::new().await;
    let id = scene.open("The shop is slow", "Still.").await;
    let resolve = format!("/api/v1/tickets/{id}/resolve");
    scene
        .customer
        .json("POST", &resolve, &json!({}))
        .await
        .expect(200);
    scene.answer(&id, "Not yet.").await.expect(201);
    assert_eq!(scene.state(&id).await, "reopened");
    let refused = scene.change(&id, json!({ "state": "new" })).await.expect(409);
    assert_eq!(refused.json()["code"], "ticket-state");
    scene.change(&id, json!({ "state": "closed" })).await.expect(200);
    scene.later(TimeDelta::days(14));
    scene.answer(&id, "Again.").await.expect(409);
    scene
        .change(&id, json!({ "state": "reopened" }))
        .await
        .expect(200);
    scene.change(&id, json!({ "state": "closed" })).await.expect(200);
    scene.later(TimeDelta::days(13));
    scene.answer(&id, "Again.").await.expect(201);
    assert_eq!(scene.state(&id).await, "reopened");
}

#[tokio::test]
async fn an_answer_of_staff_takes_what_nobody_had() {
    let scene = Scene::new().await;
    let id = scene.open("Help", "Please.").await;
    scene
        .write(&id, json!({ "body": "A note only.", "internal": true }))
        .await
        .expect(201);
    assert_eq!(scene.state(&id).await, "new");
    scene
        .write(&id, json!({ "body": "We look at it." }))
        .await
        .expect(201);
    let mut tx = scene.test.app.db.system().await.unwrap();
    let ticket = store::find(&mut tx, id_of(&id)).await.unwrap();
    assert_eq!(
        (ticket.state, ticket.assignee),
        (State::Acknowledged, Some(scene.engineer))
    );
    let events = store::events_of(&mut tx, ticket.id).await.unwrap();
    let by = scene.engineer;
    assert!(
        events
            .iter()
            .any(|event| event.kind == EventKind::Acknowledged { by })
    );
}

#[tokio::test]
async fn what_was_seen_is_what_is_changed() {
    let scene = Scene::new().await;
    let id = scene.open("Help", "Please.").await;
    let path = format!("/api/v1/staff/tickets/{id}");
    let seen = scene.staff.get(&path).await.expect(200).header("etag").to_owned();
    let (with, severe, mild) = (
        [("if-match", &*seen)],
        json!({ "severity": "p1" }),
        json!({ "severity": "p4", "tags": ["Disk", "disk", "net"] }),
    );
    let (one, other) = tokio::join!(
        scene.staff.json_with("PATCH", &path, &severe, &with),
        scene.staff.json_with("PATCH", &path, &mild, &with)
    );
    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert_eq!(both, [200, 412]);
    let changed = scene
        .change(&id, json!({ "tags": ["Disk", "disk", "net"], "team": "Night", "subject": "Full", "assignee": "none" }))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["tags"], json!(["disk", "net"]));
    assert_eq!(
        (&changed["team"], &changed["subject"]),
        (&json!("Night"), &json!("Full"))
    );
    let wrong = json!({ "tags": ["a b"], "subject": "", "assignee": "usr_01kb2m4v0xf9ya8e3m1v6gq0ht" });
    let wrong = scene.change(&id, wrong).await.expect(422).json();
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2);
    let nobody = json!({ "assignee": scene.ann });
    scene.change(&id, nobody).await.expect(422);
}

#[tokio::test]
async fn what_comes_by_mail_waits_for_a_tenant_and_goes_on() {
    let scene = Scene::new().await;
    let (app, who) = (&scene.test.app, Who::system("mail"));
    let by = |user| Author::Mail {
        address: "ann@example.com".to_owned(),
        user,
    };
    let post = |body: &str, by| NewPost {
        kind: PostKind::Reply,
        public: true,
        body: body.to_owned(),
        by,
    };
    let new = tickets::NewTicket {
        tenant: None,
        subject: "\u{7}\n".to_owned(),
        severity: tickets::Severity::P3,
        source: tickets::Source::Mail,
        about: Vec::new(),
        tags: Vec::new(),
        opened_by: None,
        first: Some(post("Odd \u{1b}[31mred", by(None))),
    };
    let mut tx = app.db.system().await.unwrap();
    let id = tickets::open(app, &mut tx, &who, new).await.unwrap().id;
    tx.commit().await.unwrap();
    let path = format!("/api/v1/tickets/{id}");
    scene.customer.get(&path).await.expect(404);
    let give = json!({ "tenant": scene.tenant });
    let give = scene
        .staff
        .json("POST", &format!("/api/v1/staff/tickets/{id}/tenant"), &give)
        .await;
    give.expect(200);
    assert_eq!(
        scene.customer.get(&path).await.expect(200).json()["subject"],
        "Without a subject"
    );
    let posts = scene.all(&scene.customer, &format!("{path}/posts"), "body").await;
    assert_eq!(posts, ["Odd [31mred"]);

    // Whose side a mail is of follows from whose address it is.
    scene.later(TimeDelta::seconds(1));
    let mut tx = app.db.system().await.unwrap();
    tickets::set_state(app, &mut tx, &who, id, State::Resolved, Some("It works."))
        .await
        .unwrap();
    let answer = post("Seen.", by(Some(scene.engineer)));
    tickets::add_post(app, &mut tx, &who, id, answer).await.unwrap();
    assert_eq!(tickets::find(&mut tx, id).await.unwrap().state, State::Resolved);
    tickets::add_post(app, &mut tx, &who, id, post("No!", by(Some(scene.ann))))
        .await
        .unwrap();
    assert_eq!(tickets::find(&mut tx, id).await.unwrap().state, State::Reopened);
    let log = tickets::log_of(&mut tx, id).await.unwrap();
    assert!(log.iter().any(|entry| entry.why.as_deref() == Some("It works.")));
    assert!(
        log.iter()
            .any(|entry| entry.event.kind == EventKind::StaffReplied)
    );
}

#[tokio::test]
async fn a_ticket_is_given_to_nobody_who_does_not_have_what_it_is_about() {
    let scene = Scene::new().await;
    let theirs = scene.test.tenant("theirs").await;
    let server = scene.test.server(theirs, "secret-name").await;
    let new = json!({ "subject": "It is slow", "body": "See.", "severity": "p3", "about": [server] });
    let made = scene.staff.json("POST", "/api/v1/staff/tickets", &new).await;
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    let give = format!("/api/v1/staff/tickets/{id}/tenant");
    let refused = scene
        .staff
        .json("POST", &give, &json!({ "tenant": scene.tenant }))
        .await;
    assert_eq!(refused.expect(409).json()["code"], "ticket-about-others");
    let path = format!("/api/v1/tickets/{id}");
    scene.customer.get(&path).await.expect(404);
    let given = scene
        .staff
        .json("POST", &give, &json!({ "tenant": theirs }))
        .await;
    given.expect(200);
}

#[tokio::test]
async fn what_was_merged_goes_on_elsewhere() {
    let scene = Scene::new().await;
    let (one, other) = (scene.open("Slow", "a").await, scene.open("Slow again", "b").await);
    let (one, other) = (id_of(&one), id_of(&other));
    let (app, who) = (&scene.test.app, Who::system("test"));
    let mut tx = app.db.system().await.unwrap();
    tickets::merge_into(app, &mut tx, &who, other, one).await.unwrap();
    tickets::merge_into(app, &mut tx, &who, one, other)
        .await
        .unwrap_err();
    tickets::merge_into(app, &mut tx, &who, one, one)
        .await
        .unwrap_err();
    tx.commit().await.unwrap();
    let answer = scene.answer(&other.to_string(), "More.").await.expect(201).json();
    assert_eq!(answer["ticket"], one.to_string());
    let refused = scene
        .change(&other.to_string(), json!({ "state": "reopened" }))
        .await;
    assert_eq!(refused.expect(409).json()["code"], "ticket-merged");
    let mut tx = app.db.system().await.unwrap();
    let watchers = store::watchers(&mut tx, one).await.unwrap();
    assert_eq!(
        watchers[0].user,
        Some(scene.ann),
        "whoever opened it is told of the other one"
    );
}

#[tokio::test]
async fn what_happened_is_told_once() {
    let scene = Scene::new().await;
    let id = id_of(&scene.open("Help", "Please.").await);
    let (app, system) = (&scene.test.app, scene.test.system());
    let mut tx = system.begin().await.unwrap();
    let waits = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticket_event where ticket_id = $1 and not followed"#,
        id.0
    );
    assert_eq!(waits.fetch_one(tx.conn()).await.unwrap(), 1);
    drop(tx);
    // A job that was given up is begun anew, and one that just waits is left alone.
    assert_eq!(follow::follow_again(app, &system).await.unwrap(), 0);
    scene.later(TimeDelta::minutes(3));
    assert_eq!(follow::follow_again(app, &system).await.unwrap(), 1);
    follow::follow(app, &system, id).await.unwrap();
    follow::follow(app, &system, id).await.unwrap();
    let mut tx = system.begin().await.unwrap();
    let opened = store::events_of(&mut tx, id).await.unwrap();
    let opened = opened.iter().filter(|event| event.kind == EventKind::Opened);
    assert_eq!(opened.count(), 1);
    assert!(
        store::take_events(&mut tx, id)
            .await
            .unwrap()
            .iter()
            .all(|event| event.kind != EventKind::Opened)
    );
}

#[tokio::test]
async fn what_is_resolved_for_a_week_is_closed() {
    let scene = Scene::new().await;
    let ids = [scene.open("One", "a").await, scene.open("Two", "b").await];
    for id in &ids {
        scene.change(id, json!({ "state": "resolved" })).await.expect(200);
    }
    let (app, system) = (&scene.test.app, scene.test.system());
    scene.later(TimeDelta::days(6));
    assert_eq!(tickets::close_resolved(app, &system).await.unwrap(), 0);
    scene.answer(&ids[1], "Not yet.").await.expect(201);
    scene.later(TimeDelta::days(2));
    assert_eq!(tickets::close_resolved(app, &system).await.unwrap(), 1);
    assert_eq!(tickets::close_resolved(app, &system).await.unwrap(), 0);
    assert_eq!(
        (&*scene.state(&ids[0]).await, &*scene.state(&ids[1]).await),
        ("closed", "reopened")
    );
}
