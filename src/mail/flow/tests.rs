//! From a line of the log to a sentence on a page, and from a button to the queue: over a real database, with a mail service in
//! memory.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::drivers::mail::fake::Asked;
use crate::drivers::mail::{Queue, QueueAct, QueueId, Queued, Waiting};
use crate::platform::access::{Permission as P, StaffRole, TenantRole};
use crate::platform::ids::TenantId;
use crate::testing::{Client, TestApp, noon};

use super::follow::Follower;

const ID: &str = "4SfKbW2kQmz9vQx";
const SESSION: &str = "gK2CG1sNPV9jMAAAkFrMIg";

struct Scene {
    app: TestApp,
    acme: TenantId,
    /// A program of the tenant that has a.example, and its owner's browser.
    ann: (Client, Client),
    /// The same of the one that has b.example.
    bob: (Client, Client),
}

async fn party(app: &TestApp, slug: &str, scopes: &[P]) -> (TenantId, (Client, Client)) {
    let (tenant, browser) = app.owner(slug).await;
    let user = app.person(&format!("program-{slug}")).await;
    app.member(tenant, user, TenantRole::Owner).await;
    (tenant, (app.program(user, Some(tenant), scopes).await, browser))
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::with(|config| config.mail_container = Some("mail".to_owned())).await;
        let scopes = [P::MailTrace, P::MailWrite];
        let (acme, ann) = party(&app, "acme", &scopes).await;
        let (_, bob) = party(&app, "other", &scopes).await;
        app.administer(
            "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
             select gen_random_uuid(), t.id, d.name, 'proof', d.verified, 'test', now(), now() \
             from (values ('acme', 'a.example', now()), ('other', 'b.example', now()), ('other', 'a.example', null)) \
               d(slug, name, verified) join tenant t on t.slug = d.slug",
        )
        .await;
        Self { app, acme, ann, bob }
    }

    /// Writes lines, a second apart, and lets a process read the log.
    async fn log(&self, lines: &[&str]) {
        let mut at = noon();
        for line in lines {
            at += TimeDelta::seconds(1);
            self.app.mail.log(at, line);
        }
        self.read().await;
    }

    fn follower(&self) -> Follower {
        Follower::new(&self.app.app, Arc::new(self.app.mail.clone()))
    }

    async fn read(&self) {
        self.app.mail.end_log();
        let mut follower = self.follower();
        follower.follow().await.unwrap();
        follower.release().await.unwrap();
    }

    async fn staff(&self) -> (Client, Client) {
        let root = self.app.staff("root", StaffRole::Owner).await;
        let scopes = [P::StaffMailRead, P::StaffMailManage, P::StaffAuditRead];
        (
            self.app.program(root, None, &scopes).await,
            self.app.browser(root).await,
        )
    }
}

fn incoming(to: &str) -> Vec<String> {
    vec![
        format!("postfix/smtpd[77]: {ID}: client=mx.example.org[192.0.2.7]"),
        format!("postfix/cleanup[9]: {ID}: message-id=<abc.1@mx.example.org>"),
        format!("postfix/qmgr[7]: {ID}: from=<carl@c.example>, size=2841, nrcpt=1 (queue active)"),
        format!(
            "lmtp({to})<241><{SESSION}>: sieve: msgid=<abc.1@mx.example.org>: stored mail into mailbox 'Junk'"
        ),
        format!(
            "postfix/lmtp[4]: {ID}: to=<{to}>, relay=mail[private/dovecot-lmtp], delay=0.4, delays=0/0/0/0, dsn=2.0.0, \
             status=sent (250 2.0.0 <{to}> {SESSION} Saved)"
        ),
        format!("postfix/qmgr[7]: {ID}: removed"),
    ]
}

fn lines(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

async fn messages(client: &Client, query: &str) -> Vec<Value> {
    let list = client
        .get(&format!("/api/v1/mail/messages{query}"))
        .await
        .expect(200)
        .json();
    list["items"].as_array().unwrap().clone()
}

fn texts(body: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(body);
    let wanted = Selector::parse(selector).unwrap();
    let found = page.select(&wanted).map(|one| one.text().collect::<String>());
    found.map(|text| text.trim().to_owned()).collect()
}

#[tokio::test]
async fn a_mail_that_came_has_a_story_for_its_tenant_and_nobody_else() {
    let scene = Scene::new().await;
    scene.log(&lines(&incoming("ann@a.example"))).await;
    let (ann, browser) = &scene.ann;
    let [one] = <[Value; 1]>::try_from(messages(ann, "").await).unwrap();
    assert_eq!(
        (&one["id"], &one["sender"], &one["outcome"], &one["bytes"]),
        (
            &json!(ID),
            &json!("carl@c.example"),
            &json!("delivered"),
            &json!(2841)
        )
    );
    let story = ann
        .get(&format!("/api/v1/mail/messages/{ID}"))
        .await
        .expect(200)
        .json();
    let kinds: Vec<&str> = story["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["accepted", "stored", "sent"]);
    assert_eq!(story["steps"][1]["text"], "Put into Junk of ann@a.example.");
    let list = browser.get("/t/acme/mail/trace").await.expect(200);
    assert_eq!(texts(&list.body, "tbody .row-link"), ["carl@c.example"]);
    let page = browser.get(&format!("/t/acme/mail/trace/{ID}")).await.expect(200);
    assert_eq!(
        texts(&page.body, ".timeline li > div")[1],
        "Put into Junk of ann@a.example."
    );
    assert!(
        texts(&page.body, "a[href='/t/acme/mail/quarantine']").is_empty(),
        "it is not held"
    );

    let (bob, browser) = &scene.bob;
    assert_eq!(messages(bob, "").await, Vec::<Value>::new());
    bob.get(&format!("/api/v1/mail/messages/{ID}")).await.expect(404);
    browser
        .get(&format!("/t/other/mail/trace/{ID}"))
        .await
        .expect(404);
    let empty = browser.get("/t/other/mail/trace").await.expect(200);
    assert_eq!(texts(&empty.body, ".empty h2"), ["No mail yet"]);
}

#[tokio::test]
async fn a_log_that_is_read_again_makes_nothing_double() {
    let scene = Scene::new().await;
    let all = incoming("ann@a.example");
    scene.log(&lines(&all[..4])).await;
    let (ann, _) = &scene.ann;
    let story = async || ann.get(&format!("/api/v1/mail/messages/{ID}")).await;
    assert_eq!(
        messages(ann, "").await,
        Vec::<Value>::new(),
        "whom it is for is not known yet"
    );
    scene.app.mail.log(noon() + TimeDelta::seconds(5), &all[4]);
    scene.read().await;
    let first = story().await.expect(200).json();
    assert_eq!(first["steps"].as_array().unwrap().len(), 3);
    scene
        .app
        .administer("update mail_log_reader set read_until = null")
        .await;
    scene.read().await;
    assert_eq!(story().await.expect(200).json(), first);
}

#[tokio::test]
async fn one_process_reads_the_log() {
    let scene = Scene::new().await;
    scene.app.mail.end_log();
    let (mut first, mut second) = (scene.follower(), scene.follower());
    first.follow().await.unwrap();
    for (place, line) in (1..).zip(incoming("ann@a.example")) {
        scene.app.mail.log(noon() + TimeDelta::seconds(place), &line);
    }
    second.follow().await.unwrap();
    let (ann, _) = &scene.ann;
    assert_eq!(messages(ann, "").await.len(), 0, "the first has it");
    scene.app.clock.advance(TimeDelta::seconds(61));
    second.follow().await.unwrap();
    assert_eq!(messages(ann, "").await.len(), 1, "the first is gone");
}

#[tokio::test]
async fn who_sent_it_sees_all_and_who_gets_it_only_their_own() {
    let scene = Scene::new().await;
    scene
        .log(&[
            &format!("postfix/submission/smtpd[7]: {ID}: client=home.example[198.51.100.4], sasl_method=PLAIN, sasl_username=ann@a.example"),
            &format!("postfix/qmgr[7]: {ID}: from=<ann@a.example>, size=10, nrcpt=2 (queue active)"),
            &format!("postfix/lmtp[4]: {ID}: to=<bob@b.example>, relay=mail[private/dovecot-lmtp], delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <bob@b.example> {SESSION} Saved)"),
            &format!("postfix/smtp[4]: {ID}: to=<x@else.example>, relay=none, delay=1, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to else.example[192.0.2.9]:25: Connection timed out)"),
        ])
        .await;
    let kinds = async |client: &Client| -> Vec<String> {
        let story = client
            .get(&format!("/api/v1/mail/messages/{ID}"))
            .await
            .expect(200)
            .json();
        let steps = story["steps"].as_array().unwrap().clone();
        steps
            .iter()
            .filter_map(|step| step["kind"].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(kinds(&scene.ann.0).await, ["submitted", "sent", "deferred"]);
    assert_eq!(kinds(&scene.bob.0).await, ["sent"]);
    assert_eq!(messages(&scene.ann.0, "").await[0]["outcome"], "deferred");
    let seen = messages(&scene.bob.0, "").await.remove(0);
    assert_eq!(
        (&seen["outcome"], &seen["recipients"]),
        (&json!("delivered"), &json!(["bob@b.example"]))
    );
}

#[tokio::test]
async fn what_others_do_with_a_mail_is_not_its_sender_s() {
    let scene = Scene::new().await;
    scene
        .log(&[
            &format!("postfix/submission/smtpd[7]: {ID}: client=home.example[198.51.100.4], sasl_method=PLAIN, sasl_username=ann@a.example"),
            &format!("postfix/qmgr[7]: {ID}: from=<ann@a.example>, size=10, nrcpt=2 (queue active)"),
            &format!("lmtp(bob@b.example)<241><{SESSION}>: sieve: msgid=<abc.1@mx.example.org>: stored mail into mailbox 'Secret plans'"),
            &format!("postfix/lmtp[4]: {ID}: to=<bob@b.example>, relay=mail[private/dovecot-lmtp], delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <bob@b.example> {SESSION} Saved)"),
            &format!("postfix/smtp[4]: {ID}: to=<hidden@else.example>, orig_to=<team@b.example>, relay=mx.else.example[192.0.2.9]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 taken by else)"),
        ])
        .await;
    let path = format!("/api/v1/mail/messages/{ID}");
    let story = scene.ann.0.get(&path).await.expect(200).body;
    for hidden in [
        "Secret plans",
        "hidden@else.example",
        "else.example",
        "taken by else",
    ] {
        assert!(!story.contains(hidden), "{hidden}: {story}");
    }
    assert!(
        story.contains("team@b.example") && story.contains("bob@b.example"),
        "{story}"
    );
    let story = scene.bob.0.get(&path).await.expect(200).body;
    for told in ["Secret plans", "hidden@else.example"] {
        assert!(story.contains(told), "{told}: {story}");
    }
}

#[tokio::test]
async fn messages_are_found_by_address_id_time_and_outcome() {
    let scene = Scene::new().await;
    let mut all = incoming("ann@a.example");
    all.push(
        "postfix/smtpd[8]: NOQUEUE: reject: RCPT from mx.x.example[198.51.100.4]: 552 5.2.2 <ann@a.example>: Recipient address \
         rejected: Mailbox is full; from=<dora@x.example> to=<ann@a.example> proto=ESMTP helo=<mx.x.example>"
            .to_owned(),
    );
    all.push(
        "postfix/smtpd[8]: NOQUEUE: reject: RCPT from mx.x.example[198.51.100.4]: 554 5.7.1 <q@else.example>: Relay access denied; \
         from=<dora@x.example> to=<q@else.example> proto=ESMTP helo=<mx.x.example>"
            .to_owned(),
    );
    scene.log(&lines(&all)).await;
    let (ann, browser) = &scene.ann;
    let senders = async |query: &str| -> Vec<String> {
        let found = messages(ann, query).await;
        found
            .iter()
            .filter_map(|one| one["sender"].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(senders("").await, ["dora@x.example", "carl@c.example"]);
    assert_eq!(senders("?q=CARL").await, ["carl@c.example"]);
    assert_eq!(senders("?q=ann@a").await.len(), 2);
    assert_eq!(
        senders("?message_id=%3Cabc.1@mx.example.org%3E").await,
        ["carl@c.example"]
    );
    assert_eq!(senders("?outcome=refused").await, ["dora@x.example"]);
    assert_eq!(senders("?until=2026-03-10T12:00:03Z").await, ["carl@c.example"]);
    assert_eq!(senders("?from=2026-03-10T12:00:03").await, ["dora@x.example"]);
    let first = ann.get("/api/v1/mail/messages?limit=1").await.expect(200).json();
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        senders(&format!("?limit=1&after={next}")).await,
        ["carl@c.example"]
    );
    ann.get("/api/v1/mail/messages?from=yesterday").await.expect(422);
    let page = browser.get("/t/acme/mail/trace?from=yesterday").await.expect(422);
    assert!(page.body.contains("Write a date and a time"), "{}", page.body);
    let none = browser.get("/t/acme/mail/trace?q=nobody").await.expect(200);
    assert_eq!(texts(&none.body, ".empty h2"), ["Nothing found"]);
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let scene = Scene::new().await;
    scene.log(&lines(&incoming("ann@a.example"))).await;
    let clean = async || {
        super::clean_up(&scene.app.app, &scene.app.system())
            .await
            .unwrap()
    };
    assert_eq!(clean().await, 0);
    scene.app.clock.advance(TimeDelta::days(31));
    assert_eq!(
        clean().await,
        5,
        "three steps, a message, and what is known of it"
    );
    assert_eq!(clean().await, 0);
}

fn queued(id: &str, queue: Queue, to: &[&str]) -> Queued {
    let arrived: DateTime<Utc> = noon() - TimeDelta::hours(1);
    let waiting = |address: &&str| Waiting {
        address: (*address).to_owned(),
        reason: Some("Connection timed out".to_owned()),
    };
    Queued {
        id: QueueId::parse(id).unwrap(),
        queue,
        sender: "carl@c.example".to_owned(),
        recipients: to.iter().map(waiting).collect(),
        arrived,
        bytes: 2048,
    }
}

fn waiting() -> Vec<Queued> {
    vec![
        queued("4SfKbW2kQmz9vQ1", Queue::Deferred, &["x@else.example"]),
        queued("4SfKbW2kQmz9vQ2", Queue::Deferred, &["y@else.example"]),
        queued("4SfKbW2kQmz9vQ3", Queue::Held, &["ann@a.example"]),
        queued(
            "4SfKbW2kQmz9vQ4",
            Queue::Held,
            &["ann@a.example", "bob@b.example"],
        ),
        queued("4SfKbW2kQmz9vQ5", Queue::Held, &["bob@b.example"]),
    ]
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
async fn staff_see_the_queue_and_decide_about_it() {
    let scene = Scene::new().await;
    scene.app.mail.set_queue(waiting());
    scene
        .app
        .mail
        .set_headers("Subject: Hello\r\nX-Secret: 1\r\n\r\nbody");
    let (program, browser) = scene.staff().await;
    let list = browser.get("/staff/mail/queue?state=deferred").await.expect(200);
    assert_eq!(texts(&list.body, "#queue .row-link").len(), 2);
    assert!(
        texts(&list.body, ".stat-value").contains(&"5".to_owned()),
        "{}",
        list.body
    );
    let figures = program
        .get("/api/v1/staff/mail/queue/figures")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&figures["held"], &figures["domains"][0]["count"]),
        (&json!(3), &json!(2))
    );
    let one = "/staff/mail/queue/4SfKbW2kQmz9vQ1";
    let page = browser.get(one).await.expect(200);
    assert!(
        page.body.contains("Subject") && page.body.contains("Hidden") && !page.body.contains("X-Secret"),
        "{}",
        page.body
    );
    browser.post(&format!("{one}/retry"), &[]).await.expect(303);
    program
        .json("POST", &format!("/api/v1{one}/hold"), &json!({}))
        .await
        .expect(204);
    program
        .json("POST", &format!("/api/v1{one}/release"), &json!({}))
        .await
        .expect(204);
    program
        .json("DELETE", &format!("/api/v1{one}"), &json!({}))
        .await
        .expect(204);
    program
        .json("DELETE", &format!("/api/v1{one}"), &json!({}))
        .await
        .expect(404);
    program
        .json("DELETE", "/api/v1/staff/mail/queue/--all", &json!({}))
        .await
        .expect(404);
    program
        .json("POST", "/api/v1/staff/mail/queue/retry", &json!({}))
        .await
        .expect(204);
    let id = || Some(QueueId::parse("4SfKbW2kQmz9vQ1").unwrap());
    let asked = scene.app.mail.asked();
    assert_eq!(
        asked,
        [
            Asked::Act(id(), QueueAct::Retry),
            Asked::Act(id(), QueueAct::Hold),
            Asked::Act(id(), QueueAct::Release),
            Asked::Act(id(), QueueAct::Delete),
            Asked::Act(None, QueueAct::Retry),
        ]
    );
    let log = browser.get("/staff/audit?action=mail").await.expect(200);
    for verb in [
        "mail.look_at_headers",
        "mail.retry",
        "mail.hold",
        "mail.release",
        "mail.delete",
    ] {
        assert!(log.body.contains(verb), "{verb}");
    }
}

#[tokio::test]
async fn people_in_the_queue_are_shown_to_who_broke_the_glass_and_that_is_told() {
    let scene = Scene::new().await;
    scene.app.mail.set_queue(waiting());
    scene
        .app
        .mail
        .set_headers("Subject: Hello\r\nFrom: Carl <carl@c.example>\r\n\r\nbody");
    let root = scene.app.staff("root", StaffRole::Owner).await;
    let scopes = [P::StaffMailRead, P::StaffBreakGlass];
    let staff = scene.app.program(root, None, &scopes).await;
    let queue = "/api/v1/staff/mail/queue";
    let held = format!("{queue}/4SfKbW2kQmz9vQ3");
    for path in [queue, held.as_str()] {
        let body = staff.get(path).await.expect(200).body;
        assert!(body.contains("…@a.example"), "{path}: {body}");
        for own in ["ann@", "carl@", "Carl", "Hello"] {
            assert!(!body.contains(own), "{path}: {own}: {body}");
        }
    }
    let found = staff.get(&format!("{queue}?q=ann@")).await.expect(200).json();
    assert_eq!(found["items"], json!([]), "who searches learns nothing either");

    let ticket = scene.app.ticket(scene.acme).await;
    let wish = json!({ "ticket": ticket, "parts": ["mail"], "reason": "Their mail does not arrive.", "minutes": 15 });
    staff
        .json("POST", "/api/v1/staff/break-glass", &wish)
        .await
        .expect(201);
    let list = staff.get(queue).await.expect(200).json();
    let to = |at: usize| list["items"][at]["recipients"][0]["address"].clone();
    let expected = [
        json!("…@else.example"),
        json!("ann@a.example"),
        json!("…@a.example"),
    ];
    assert_eq!(
        [to(0), to(2), to(3)],
        expected,
        "what is also another's is not shown"
    );
    let one = staff.get(&held).await.expect(200).body;
    assert!(one.contains("Hello") && one.contains("carl@c.example"), "{one}");
    let told = scene.ann.1.get("/t/acme/break-glass").await.expect(200).body;
    for look in ["the mail queue", "mail 4SfKbW2kQmz9vQ3 in the queue"] {
        assert!(told.contains(look), "{look}: {told}");
    }
}

#[tokio::test]
async fn several_are_decided_about_at_once_and_deleting_asks_first() {
    let scene = Scene::new().await;
    scene.app.mail.set_queue(waiting());
    let (program, browser) = scene.staff().await;
    let act = "/staff/mail/queue/act";
    let chosen = [
        ("act", "delete"),
        ("id", "4SfKbW2kQmz9vQ1"),
        ("id", "4SfKbW2kQmz9vQ3"),
    ];
    let asks = browser.post(act, &chosen).await.expect(200);
    assert_eq!(texts(&asks.body, "h1"), ["Delete 2 mails?"]);
    assert_eq!(scene.app.mail.waiting().len(), 5);
    let sure: Vec<(&str, &str)> = chosen.into_iter().chain([("confirmed", "true")]).collect();
    browser.post(act, &sure).await.expect(303);
    assert_eq!(scene.app.mail.waiting().len(), 3);
    let place = "/api/v1/staff/mail/queue/act";
    let done = program
        .json("POST", place, &json!({ "act": "hold", "domain": "else.example" }))
        .await
        .expect(200);
    assert_eq!(done.json(), json!({ "mails": 1, "gone": 0, "left": 0 }));
    let gone = json!({ "act": "retry", "ids": ["4SfKbW2kQmz9vQ1", "4SfKbW2kQmz9vQ2"] });
    let done = program.json("POST", place, &gone).await.expect(200);
    assert_eq!(done.json(), json!({ "mails": 1, "gone": 1, "left": 0 }));
    for wrong in [
        json!({ "act": "retry" }),
        json!({ "act": "retry", "ids": ["../x"] }),
        json!({ "act": "retry", "ids": ["4SfKbW2kQmz9vQ2"], "domain": "else.example" }),
        json!({ "act": "burn", "ids": ["4SfKbW2kQmz9vQ2"] }),
        json!({ "act": "retry", "domain": "no domain" }),
    ] {
        program.json("POST", place, &wrong).await.expect(422);
    }
    browser.post(act, &[("act", "retry")]).await.expect(303);
}

#[tokio::test]
async fn a_service_that_is_away_is_told_in_words() {
    let scene = Scene::new().await;
    scene.app.mail.set_away(Some("its container mail does not run"));
    let (program, browser) = scene.staff().await;
    for page in ["/staff/mail", "/staff/mail/queue"] {
        let body = browser.get(page).await.expect(200).body;
        assert!(
            body.contains("does not run") && body.contains("start it again"),
            "{page}: {body}"
        );
    }
    browser.get("/staff/mail/queue/4SfKbW2kQmz9vQ1").await.expect(303);
    browser
        .post("/staff/mail/queue/4SfKbW2kQmz9vQ1/retry", &[])
        .await
        .expect(303);
    let state = program.get("/api/v1/staff/mail").await.expect(200).json();
    assert_eq!(state["is_there"], false);
    for path in [
        "/api/v1/staff/mail/queue",
        "/api/v1/staff/mail/queue/4SfKbW2kQmz9vQ1",
    ] {
        assert_eq!(program.get(path).await.expect(503).json()["code"], "unavailable");
    }
    let page = scene.ann.1.get("/t/acme/mail/quarantine").await.expect(200);
    assert!(
        page.body.contains("does not answer now") && !page.body.contains("does not run"),
        "{}",
        page.body
    );
    scene
        .ann
        .1
        .post("/t/acme/mail/quarantine/4SfKbW2kQmz9vQ3/release", &[])
        .await
        .expect(303);
}

#[tokio::test]
async fn a_held_mail_leads_to_the_quarantine() {
    let scene = Scene::new().await;
    let mut story = incoming("ann@a.example");
    story.truncate(5);
    story.push(format!("postfix/postsuper[3]: {ID}: placed on hold"));
    scene.log(&lines(&story)).await;
    let (_, browser) = &scene.ann;
    let held = browser.get(&format!("/t/acme/mail/trace/{ID}")).await.expect(200);
    assert_eq!(texts(&held.body, "#page-status"), ["Held"]);
    assert_eq!(
        texts(&held.body, "a[href='/t/acme/mail/quarantine']"),
        ["Go to the quarantine"]
    );
}

#[tokio::test]
async fn an_installation_without_mail_says_so() {
    let app = TestApp::start().await;
    let (_, (program, browser)) = party(&app, "acme", &[P::MailTrace]).await;
    for page in ["trace", "quarantine"] {
        let body = browser
            .get(&format!("/t/acme/mail/{page}"))
            .await
            .expect(200)
            .body;
        assert!(body.contains("This installation has no mail service"), "{page}");
    }
    program.get("/api/v1/mail/quarantine").await.expect(503);
    let root = app.staff("root", StaffRole::Owner).await;
    let staff = app.browser(root).await;
    for page in ["/staff/mail", "/staff/mail/queue"] {
        let body = staff.get(page).await.expect(200).body;
        assert!(
            body.contains("This installation has no mail service"),
            "{page}: {body}"
        );
    }
}

#[tokio::test]
async fn a_tenant_decides_about_held_mail_that_is_its_own_alone() {
    let scene = Scene::new().await;
    scene.app.mail.set_queue(waiting());
    let (ann, browser) = &scene.ann;
    let list = ann.get("/api/v1/mail/quarantine").await.expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["id"], "4SfKbW2kQmz9vQ3");
    let page = browser.get("/t/acme/mail/quarantine").await.expect(200);
    assert_eq!(texts(&page.body, "tbody .row-link"), ["carl@c.example"]);
    let place = "/api/v1/mail/quarantine";
    // Also for others, another's, not held, and no id at all.
    for other in ["4SfKbW2kQmz9vQ4", "4SfKbW2kQmz9vQ5", "4SfKbW2kQmz9vQ1", "..%2Fx"] {
        ann.json("DELETE", &format!("{place}/{other}"), &json!({}))
            .await
            .expect(404);
        ann.json("POST", &format!("{place}/{other}/release"), &json!({}))
            .await
            .expect(404);
    }
    assert!(scene.app.mail.asked().is_empty());
    ann.json("POST", &format!("{place}/4SfKbW2kQmz9vQ3/release"), &json!({}))
        .await
        .expect(204);
    ann.json("POST", &format!("{place}/4SfKbW2kQmz9vQ3/release"), &json!({}))
        .await
        .expect(404);
    let bob = &scene.bob.1;
    bob.post("/t/other/mail/quarantine/4SfKbW2kQmz9vQ5/delete", &[])
        .await
        .expect(303);
    let id = |text: &str| Some(QueueId::parse(text).unwrap());
    assert_eq!(
        scene.app.mail.asked(),
        [
            Asked::Act(id("4SfKbW2kQmz9vQ3"), QueueAct::Release),
            Asked::Act(id("4SfKbW2kQmz9vQ5"), QueueAct::Delete),
        ]
    );
    let log = browser.get("/t/acme/audit").await.expect(200);
    assert!(
        log.body.contains("mail.release_held") && !log.body.contains("mail.delete_held"),
        "{}",
        log.body
    );
}

#[tokio::test]
async fn whoever_only_looks_sees_nothing_of_who_wrote_to_whom() {
    let scene = Scene::new().await;
    let tenant = scene.app.tenant("third").await;
    let vic = scene.app.person("vic").await;
    scene.app.member(tenant, vic, TenantRole::Viewer).await;
    let browser = scene.app.browser(vic).await;
    for page in ["trace", "quarantine"] {
        browser.get(&format!("/t/third/mail/{page}")).await.expect(403);
    }
}

#[tokio::test]
async fn staff_see_programs_and_sums() {
    let scene = Scene::new().await;
    scene.app.mail.set_down("rspamd", "no answer on port 11334");
    let (program, browser) = scene.staff().await;
    let page = browser.get("/staff/mail").await.expect(200);
    assert!(page.body.contains("no answer on port 11334"), "{}", page.body);
    let state = program.get("/api/v1/staff/mail").await.expect(200).json();
    assert_eq!((&state["is_there"], &state["domains"]), (&json!(true), &json!(3)));
    assert_eq!(state["tenants"].as_array().unwrap().len(), 2);
}
