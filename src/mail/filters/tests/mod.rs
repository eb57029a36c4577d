//! Rules, reply, spam and forwarding by the API and by both kinds of pages: what is kept, what script comes of it, and who is refused.

use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};
use crate::testing::{Client, TestApp};

struct Scene {
    test: TestApp,
    tenant: TenantId,
    mailbox: MailboxId,
    own: Client,
    browser: Client,
    program: Client,
}

fn of_tenant() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == Side::Tenant).collect()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let (mailbox, own) = test.mailbox_person(tenant, "ann@acme.example").await;
        Self {
            browser: test.browser(ada).await,
            program: test.program(ada, Some(tenant), &of_tenant()).await,
            test,
            tenant,
            mailbox,
            own,
        }
    }

    fn api(&self, part: &str) -> String {
        format!("/api/v1/mail/mailboxes/{}/{part}", self.mailbox)
    }

    fn page(&self, part: &str) -> String {
        format!("/t/acme/mail/mailboxes/{}/{part}", self.mailbox)
    }

    async fn put(&self, part: &str, body: &Value, status: u16) -> Value {
        let answer = self.program.json("PUT", &self.api(part), body).await;
        answer.expect(status).json()
    }

    /// What Dovecot reads.
    async fn script(&self) -> String {
        let mut tx = self.test.app.db.system().await.unwrap();
        sqlx::query_scalar!(
            "select script from mailbox_filter where mailbox_id = $1",
            self.mailbox.0
        )
        .fetch_one(tx.conn())
        .await
        .unwrap()
    }

    async fn events(&self, action: &str) -> Vec<String> {
        let mut tx = self.test.app.db.system().await.unwrap();
        sqlx::query_scalar!(
            "select actor_kind || ' ' || actor_label from audit_event where action = $1 and tenant_id = $2 order by at, id",
            action,
            self.tenant.0
        )
        .fetch_all(tx.conn())
        .await
        .unwrap()
        .into_iter()
        .flatten()
        .collect()
    }
}

fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector)
        .map(|found| found.text().collect::<String>().trim().to_owned())
        .collect()
}

fn news() -> Value {
    json!({
        "name": "News",
        "all": true,
        "conditions": [{ "field": "list_id", "test": "contains", "value": "news" }],
        "actions": [{ "action": "move", "value": "News" }, { "action": "read" }]
    })
}

#[tokio::test]
async fn rules_are_set_and_read_with_their_version() {
    let scene = Scene::new().await;
    let first = scene.program.get(&scene.api("rules")).await.expect(200);
    assert_eq!(
        (first.header("etag"), first.json()),
        ("\"0\"", json!({ "rules": [], "script": "" }))
    );
    let body = json!({ "rules": [news()], "script": "require \"body\";\nkeep;" });
    let set = scene.put("rules", &body, 200).await;
    assert_eq!(set["rules"][0]["is_enabled"], true);
    let script = scene.script().await;
    assert!(
        script.contains("fileinto :create \"News\";") && script.ends_with("keep;\n"),
        "{script}"
    );
    let again = scene.program.get(&scene.api("rules")).await.expect(200);
    assert_eq!((again.header("etag"), again.json()), ("\"1\"", set));
    let old = [("if-match", "\"0\"")];
    let late = scene
        .program
        .json_with("PUT", &scene.api("rules"), &body, &old)
        .await;
    assert_eq!(late.status, 412);
    // What is not said stays.
    let kept = scene.put("rules", &json!({ "rules": [] }), 200).await;
    assert_eq!(kept["script"], "require \"body\";\nkeep;");
    assert_eq!(
        scene.events("mailbox.rules").await,
        ["token ada@example.com", "token ada@example.com"]
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_field_by_field() {
    let scene = Scene::new().await;
    let mut bad = news();
    bad["conditions"][0]["value"] = json!("a\r\nb");
    let told = scene.put("rules", &json!({ "rules": [news(), bad] }), 422).await;
    assert_eq!(told["errors"][0]["field"], "rules[1].conditions[0].value");
    let told = scene
        .put("rules", &json!({ "rules": [], "script": "if true {" }), 422)
        .await;
    assert_eq!(told["errors"][0]["field"], "script");
    let told = scene
        .put("spam", &json!({ "score": 101, "allowed": ["nobody"] }), 422)
        .await;
    assert_eq!(told["errors"].as_array().unwrap().len(), 2);
    let told = scene.put("reply", &json!({ "is_enabled": true }), 422).await;
    assert_eq!(told["errors"][0]["field"], "text");
    let told = scene
        .put(
            "forwarding",
            &json!({ "forward_to": ["x"], "keeps_copy": true }),
            422,
        )
        .await;
    assert_eq!(told["errors"][0]["field"], "forward_to");
}

#[tokio::test]
async fn spam_and_reply_get_into_the_script() {
    let scene = Scene::new().await;
    let spam = json!({ "score": 4.5, "allowed": ["@Friends.example"], "blocked": ["bad@spam.example"] });
    let set = scene.put("spam", &spam, 200).await;
    assert_eq!(
        (&set["allowed"][0], &set["score"]),
        (&json!("@friends.example"), &json!(4.5))
    );
    let (alias, _) = scene.test.things_of_mailbox(scene.tenant, scene.mailbox).await;
    assert!(!alias.to_string().is_empty());
    let reply = json!({ "is_enabled": true, "subject": "Away", "text": "Back on \"Monday\".", "until": "2026-12-24" });
    scene.put("reply", &reply, 200).await;
    let script = scene.script().await;
    for part in [
        "\"X-Spam-Tenths\" \"45\"",
        "[\"friends.example\"]",
        "currentdate :zone \"+0000\" :value \"le\" \"date\" \"2026-12-24\"",
        ":addresses [\"ann@acme.example\", \"ann-shop@acme.example\"] \"Back on \\\"Monday\\\".\"",
    ] {
        assert!(script.contains(part), "{part}: {script}");
    }
}

impl Scene {
    /// Turns an automatic reply on. The script is made anew with the next change of what it has to know.
    async fn reply(&self) {
        self.test.things_of_mailbox(self.tenant, self.mailbox).await;
        self.test
            .administer("update mailbox_filter set reply_is_on = true, reply_subject = 'Away', reply_text = 'Back soon.'")
            .await;
    }

    async fn domain(&self) -> MailDomainId {
        let mut tx = self.test.app.db.system().await.unwrap();
        let id = sqlx::query_scalar!("select domain_id from mailbox where id = $1", self.mailbox.0);
        MailDomainId(id.fetch_one(tx.conn()).await.unwrap())
    }
}

#[tokio::test]
async fn the_reply_knows_of_aliases_that_the_tenant_makes_turns_off_and_deletes() {
    let scene = Scene::new().await;
    scene.reply().await;
    let domain = scene.domain().await.to_string();
    let fields = [
        ("domain", domain.as_str()),
        ("kind", "alias"),
        ("local_part", "sales"),
        ("targets", "ann@acme.example"),
        ("is_enabled", "true"),
    ];
    let made = scene
        .browser
        .post("/t/acme/mail/aliases", &fields)
        .await
        .expect(303);
    let alias = made.location().split('?').next().unwrap().to_owned();
    let knows = async || scene.script().await.contains("\"sales@acme.example\"");
    assert!(knows().await, "{}", scene.script().await);
    let off = [
        ("version", "1"),
        ("kind", "alias"),
        ("targets", "ann@acme.example"),
    ];
    let settings = format!("{alias}/settings");
    scene.browser.post(&settings, &off).await.expect(303);
    assert!(!knows().await, "mail to it is refused");
    let on = [
        ("version", "2"),
        ("kind", "alias"),
        ("targets", "ann@acme.example"),
        ("is_enabled", "true"),
    ];
    scene.browser.post(&settings, &on).await.expect(303);
    assert!(knows().await);
    let away = [
        ("version", "3"),
        ("kind", "alias"),
        ("targets", "kim@else.example"),
        ("is_enabled", "true"),
    ];
    scene.browser.post(&settings, &away).await.expect(303);
    assert!(!knows().await, "it leads to somebody else");
    let back = [
        ("version", "4"),
        ("kind", "alias"),
        ("targets", "ann@acme.example"),
        ("is_enabled", "true"),
    ];
    scene.browser.post(&settings, &back).await.expect(303);
    assert!(knows().await);
    let delete = format!("{alias}/delete");
    scene.browser.post(&delete, &[]).await.expect(303);
    assert!(!knows().await);
    assert!(scene.script().await.contains("Back soon."), "the rest stays");
}

#[tokio::test]
async fn forwarding_is_set_and_stays_where_it_leads_nowhere() {
    let scene = Scene::new().await;
    let to = json!({ "forward_to": ["bob@example.org", "BOB@example.org"], "keeps_copy": false });
    let set = scene.put("forwarding", &to, 200).await;
    assert_eq!(
        set,
        json!({ "forward_to": ["bob@example.org"], "keeps_copy": false })
    );
    let none = scene
        .put(
            "forwarding",
            &json!({ "forward_to": [], "keeps_copy": false }),
            200,
        )
        .await;
    assert_eq!(none["keeps_copy"], true);
    let page = scene.own.get("/mailbox/forwarding").await.expect(200);
    assert!(texts(&page.body, "h1").contains(&"Forwarding".to_owned()));
}

#[tokio::test]
async fn all_mail_is_not_led_to_where_nobody_gets_it() {
    let scene = Scene::new().await;
    let fields = [("forward_to", "gone@acme.example"), ("version", "1")];
    let own = scene.own.post("/mailbox/forwarding", &fields).await.expect(422);
    assert!(own.body.contains("Nobody would get your mail"), "{}", own.body);
    assert!(!own.body.contains("→ gone@"), "the way is the tenant's");
    let to = json!({ "forward_to": ["gone@acme.example"], "keeps_copy": false });
    let refused = scene.put("forwarding", &to, 422).await.to_string();
    assert!(
        refused.contains("ann@acme.example → gone@acme.example ends at"),
        "{refused}"
    );
    let beside = json!({ "forward_to": ["gone@acme.example"], "keeps_copy": true });
    scene.put("forwarding", &beside, 200).await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
async fn a_rule_is_made_moved_changed_and_deleted_by_forms_on_both_sides() {
    let scene = Scene::new().await;
    let sides = [
        (&scene.browser, scene.page("rules")),
        (&scene.own, "/mailbox/rules".to_owned()),
    ];
    for (browser, rules) in sides {
        let fields = |name: &'static str| {
            [
                ("name", name),
                ("is_enabled", "true"),
                ("all", "true"),
                ("conditions[0].field", "subject"),
                ("conditions[0].test", "contains"),
                ("conditions[0].value", "<b>\"news\"</b>"),
                ("conditions[1].field", ""),
                ("actions[0].field", "move"),
                ("actions[0].value", "News"),
            ]
        };
        browser.get(&format!("{rules}/new")).await.expect(200);
        for name in ["First", "Second"] {
            browser
                .post(&format!("{rules}/new"), &fields(name))
                .await
                .expect(303);
        }
        let names = || async {
            let page = browser.get(&rules).await.expect(200);
            texts(&page.body, "tbody a.row-link")
        };
        assert_eq!(names().await, ["First", "Second"]);
        browser
            .post(&format!("{rules}/1/move"), &[("to", "up")])
            .await
            .expect(303);
        assert_eq!(names().await, ["Second", "First"]);
        let form = browser.get(&format!("{rules}/0")).await.expect(200);
        assert!(
            form.body.contains("&lt;b&gt;") || form.body.contains("&#60;b&#62;"),
            "{}",
            form.body
        );
        let mut bad = fields("Third");
        bad[8].1 = "";
        let refused = browser.post(&format!("{rules}/0"), &bad).await.expect(422);
        assert!(refused.body.contains("Enter a folder") && refused.body.contains("value=\"Third\""));
        browser
            .post(&format!("{rules}/0"), &fields("Third"))
            .await
            .expect(303);
        assert_eq!(names().await, ["Third", "First"]);
        let old = browser
            .post(&format!("{rules}/0/delete"), &[("version", "1")])
            .await
            .expect(303);
        assert_eq!(old.location(), rules);
        assert_eq!(names().await.len(), 2, "somebody else had changed them");
        for _ in 0..2 {
            browser.post(&format!("{rules}/0/delete"), &[]).await.expect(303);
        }
        browser.post(&format!("{rules}/0/delete"), &[]).await.expect(404);
        assert!(names().await.is_empty());
    }
    assert!(
        scene
            .events("mailbox.rules")
            .await
            .contains(&"mailbox ann@acme.example".to_owned())
    );
}

#[tokio::test]
async fn forms_that_are_wrong_come_back_as_they_were() {
    let scene = Scene::new().await;
    let reply = [
        ("is_on", "true"),
        ("subject", "Away"),
        ("text", ""),
        ("from", "soon"),
    ];
    let page = scene.own.post("/mailbox/reply", &reply).await.expect(422);
    assert!(page.body.contains("Enter a day like") && page.body.contains("value=\"Away\""));
    let page = scene
        .own
        .post("/mailbox/spam", &[("score", "many"), ("allowed", "x")])
        .await
        .expect(422);
    assert!(page.body.contains("2 things need") && page.body.contains("value=\"many\""));
    let page = scene
        .own
        .post("/mailbox/script", &[("script", "keep")])
        .await
        .expect(422);
    assert!(page.body.contains("needs a ; at its end"));
    let page = scene
        .own
        .post("/mailbox/reply", &[("text", "x"), ("version", "7")])
        .await;
    assert_eq!(page.status, 412);
}

#[tokio::test]
async fn nobody_else_s_mailbox_is_there() {
    let scene = Scene::new().await;
    let (theirs, eve) = (scene.test.tenant("theirs").await, scene.test.person("eve").await);
    scene.test.member(theirs, eve, TenantRole::Owner).await;
    let stranger = scene.test.program(eve, Some(theirs), &of_tenant()).await;
    for part in ["rules", "reply", "spam", "forwarding"] {
        stranger.get(&scene.api(part)).await.expect(404);
    }
    let put = json!({ "rules": [] });
    stranger.json("PUT", &scene.api("rules"), &put).await.expect(404);
    let reader = scene.test.person("reader").await;
    scene.test.member(scene.tenant, reader, TenantRole::Viewer).await;
    let program = scene.test.program(reader, Some(scene.tenant), &of_tenant()).await;
    program.json("PUT", &scene.api("rules"), &put).await.expect(403);
}
