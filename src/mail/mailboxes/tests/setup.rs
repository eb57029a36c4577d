//! Set-up links: they work once, for a week, and only for who may have the mailbox.

use super::*;

impl Scene {
    /// Makes a mailbox with a link, and says its id and where the link leads.
    async fn linked(&self, address: &str) -> (String, String) {
        let new = json!({ "address": address, "set_up_link": true });
        let made = self.post(MAILBOXES, new).await.expect(201).json();
        (id_of(&made), path(&made["set_up_link"]))
    }

    async fn choose(&self, link: &str, password: &str, status: u16) -> Answer {
        let anybody = self.test.anonymous();
        let fields = [("password", password), ("again", password)];
        anybody.post(link, &fields).await.expect(status)
    }

    async fn look(&self, link: &str, status: u16) -> String {
        self.test.anonymous().get(link).await.expect(status).body
    }
}

/// The part of a link that is the same wherever the panel is.
fn path(link: &Value) -> String {
    let url = link["url"].as_str().unwrap();
    url[url.find("/mailbox/set-up/").unwrap()..].to_owned()
}

#[tokio::test]
async fn a_link_works_once() {
    let scene = Scene::new().await;
    let (id, link) = scene.linked("ann@a.example").await;
    assert!(scene.look(&link, 200).await.contains("ann@a.example"));
    let weak = scene.choose(&link, "password1234", 422).await;
    assert!(weak.body.contains("easy to guess"), "{weak:?}");
    let anybody = scene.test.anonymous();
    let fields = [("password", GOOD), ("again", "something else")];
    let differs = anybody.post(&link, &fields).await.expect(422);
    assert!(differs.body.contains("Type the same password twice."));
    assert!(!differs.body.contains(GOOD), "what is typed is not echoed");
    let done = scene.choose(&link, GOOD, 200).await;
    assert!(
        done.body.contains("Port 993, SSL/TLS") && done.body.contains("Port 465, SSL/TLS"),
        "{done:?}"
    );
    assert!(done.body.contains("href=\"/mailbox/sign-in\""), "{done:?}");
    let (hash, has_link) = scene.secrets("ann@a.example").await;
    assert!(hash.unwrap().starts_with("{ARGON2ID}$argon2id$") && !has_link);
    assert_eq!(scene.kicked().await, ["ann@a.example"]);
    assert!(scene.look(&link, 404).await.contains("This link does not work"));
    scene.choose(&link, "another harbour lantern 8", 404).await;
    assert_eq!(scene.find(&id).await["has_password"], true);
    let audit = scene.program.get("/api/v1/audit-events").await.expect(200).body;
    let token = link.rsplit('/').next().unwrap();
    assert!(
        audit.contains("mailbox.set_up") && !audit.contains(token),
        "{audit}"
    );
}

#[tokio::test]
async fn of_two_at_once_one_gets_it() {
    let scene = Scene::new().await;
    let (_, link) = scene.linked("ann@a.example").await;
    let (ann, eve) = (scene.test.anonymous(), scene.test.anonymous());
    let one = [("password", GOOD), ("again", GOOD)];
    let other = [
        ("password", "another harbour lantern 8"),
        ("again", "another harbour lantern 8"),
    ];
    let (first, second) = tokio::join!(ann.post(&link, &one), eve.post(&link, &other));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn a_link_ends_after_a_week_and_with_a_newer_one() {
    let scene = Scene::new().await;
    let (id, link) = scene.linked("ann@a.example").await;
    scene.later(TimeDelta::days(7) - TimeDelta::seconds(1));
    scene.look(&link, 200).await;
    scene.later(TimeDelta::seconds(1));
    scene.look(&link, 404).await;
    let next = path(&scene.act(&id, "set-up-link", 201).await.json());
    let newest = path(&scene.act(&id, "set-up-link", 201).await.json());
    scene.look(&next, 404).await;
    scene.look(&newest, 200).await;
    let set = json!({ "password": GOOD });
    scene.post(&one(&id, "password"), set).await.expect(200);
    scene.look(&newest, 404).await;
}

#[tokio::test]
async fn who_may_not_have_the_mailbox_has_no_link() {
    let scene = Scene::new().await;
    let (id, link) = scene.linked("ann@a.example").await;
    scene.act(&id, "disable", 200).await;
    scene.look(&link, 404).await;
    assert_eq!(
        scene.act(&id, "set-up-link", 409).await.json()["code"],
        "mailbox-disabled"
    );
    scene.act(&id, "enable", 200).await;
    scene.look(&link, 200).await;
    scene.test.suspend(scene.tenant).await;
    scene.look(&link, 404).await;
    scene.choose(&link, GOOD, 404).await;
}

#[tokio::test]
async fn a_deleted_mailboxs_link_is_gone_for_good() {
    let scene = Scene::new().await;
    let (id, link) = scene.linked("ann@a.example").await;
    scene.delete(&id).await;
    scene.look(&link, 404).await;
    scene.act(&id, "restore", 200).await;
    scene.look(&link, 404).await;
}

#[tokio::test]
async fn a_link_is_mailed_and_told_if_it_could_not() {
    use crate::drivers::mailer::MailError;
    let scene = Scene::mailing().await;
    let new = json!({ "address": "ann@a.example", "set_up_link": true, "send_link_to": "ann@y.example" });
    let made = scene.post(MAILBOXES, new).await.expect(201).json();
    assert_eq!(made["set_up_link"]["sent_to"], "ann@y.example");
    let sent = scene.test.mailer.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, "ann@y.example");
    assert!(
        sent[0]
            .text
            .contains(made["set_up_link"]["url"].as_str().unwrap())
    );
    scene.test.mailer.fail(Some(MailError::NotNow("421".to_owned())));
    let again = json!({ "send_link_to": "ann@y.example" });
    let link = one(&id_of(&made), "set-up-link");
    scene.post(&link, again.clone()).await.expect(429);
    scene.later(TimeDelta::minutes(1));
    let again = scene.post(&link, again).await.expect(201).json();
    assert!(
        again["trouble"].is_string() && again["sent_to"].is_null(),
        "{again}"
    );
    scene.look(&path(&again), 200).await;
    let own = json!({ "send_link_to": "ann@a.example" });
    let own = scene.post(&link, own).await.expect(422);
    assert_eq!(fields(&own), ["send_link_to"]);
}

#[tokio::test]
async fn an_organisation_has_a_hundred_links_mailed_in_an_hour() {
    let scene = Scene::mailing().await;
    let new = |name: &str| json!({ "address": format!("{name}@a.example"), "set_up_link": true, "send_link_to": "ann@y.example" });
    let made = scene.post(MAILBOXES, new("ann")).await.expect(201).json();
    scene.test.administer("update mail_sent set sent = 100").await;
    let refused = scene.post(MAILBOXES, new("bob")).await.expect(409).json();
    assert_eq!(refused["code"], "mailbox-links-limit");
    scene.later(TimeDelta::minutes(1));
    let link = one(&id_of(&made), "set-up-link");
    let again = json!({ "send_link_to": "ann@y.example" });
    scene.post(&link, again).await.expect(409);
    // One that is shown is nobody's mail.
    scene.post(&link, json!({})).await.expect(201);
    assert_eq!(scene.test.mailer.sent().len(), 1);
    scene.later(TimeDelta::hours(1));
    scene.post(MAILBOXES, new("bob")).await.expect(201);
}
