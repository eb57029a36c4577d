//! Who may look, and what the customer sees of it, over a real database.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::ids::{ServerId, TicketId};
use crate::platform::secret::Secret;
use crate::testing::{Client, TestApp};

use super::watch;

const HOME: &str = "/api/v1/staff/break-glass";

struct Scene {
    test: TestApp,
    server: ServerId,
    ticket: TicketId,
    customer: Client,
    browser: Client,
    staff: Client,
}

fn scopes(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == side).collect()
}

impl Scene {
    async fn new() -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        let test = TestApp::with(|config| config.smtp_url = Some(url)).await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let eve = test.staff("eve", StaffRole::Engineer).await;
        let long = TimeDelta::days(9);
        Self {
            server: test.server(tenant, "web").await,
            ticket: test.ticket(tenant).await,
            customer: test
                .program_until(ada, Some(tenant), &scopes(Side::Tenant), long)
                .await,
            browser: test.browser(ada).await,
            staff: test.program_until(eve, None, &scopes(Side::Staff), long).await,
            test,
        }
    }

    fn wish(&self, parts: &[&str]) -> Value {
        json!({ "ticket": self.ticket, "parts": parts, "reason": "It does not start any more.", "minutes": 15 })
    }

    /// Breaks the glass; the grant's id.
    async fn open(&self, parts: &[&str]) -> String {
        let made = self.staff.json("POST", HOME, &self.wish(parts)).await.expect(201);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn console(&self) -> String {
        let path = format!("/api/v1/staff/servers/{}/console", self.server);
        let answer = self.staff.get(&path).await;
        answer.json()["code"].as_str().unwrap().to_owned()
    }
}

/// The customer sees the grant that is open, and the bar of it on every page.
async fn sees_who_looks(scene: &Scene, id: &str) {
    let seen = scene.customer.get("/api/v1/break-glass").await.expect(200).json();
    let one = &seen["items"][0];
    assert_eq!((&one["id"], &one["is_open"]), (&json!(id), &json!(true)));
    assert_eq!(
        (&one["by"], &one["reason"]),
        (
            &json!("eve (eve@example.com)"),
            &json!("It does not start any more.")
        )
    );
    let page = scene.browser.get("/t/acme/break-glass").await.expect(200).body;
    assert!(
        page.contains("can see your consoles until") && page.contains("eve@example.com"),
        "{page}"
    );
    assert!(
        scene
            .browser
            .get("/t/acme")
            .await
            .expect(200)
            .body
            .contains("can see your consoles until")
    );
}

#[tokio::test]
async fn a_console_opens_with_a_grant_only_and_the_customer_sees_all_of_it() {
    let scene = Scene::new().await;
    assert_eq!(scene.console().await, "glass-closed");
    let page = format!("/staff/servers/{}/console", scene.server);
    let boss = scene.test.staff("boss", StaffRole::Owner).await;
    let boss = scene.test.browser(boss).await;
    let sent = boss.get(&page).await.expect(303);
    assert!(sent.location().starts_with("/staff/break-glass/new?server="));
    boss.get(sent.location()).await.expect(200);

    let id = scene.open(&["console"]).await;
    // A plain request is no WebSocket, and that is all that is wrong with it now.
    assert_ne!(scene.console().await, "glass-closed");
    boss.get(&page).await.expect(303);
    let again = scene
        .staff
        .json("POST", HOME, &scene.wish(&["files"]))
        .await
        .expect(409);
    assert_eq!(again.json()["code"], "glass-open");

    sees_who_looks(&scene, &id).await;
    let listed = scene.test.staff("reader", StaffRole::Auditor).await;
    let listed = scene.test.program(listed, None, &scopes(Side::Staff)).await;
    let mails = listed.get("/api/v1/staff/notifications").await.expect(200).json();
    assert_eq!(mails["items"][0]["recipient"], "ada@example.com");
    listed
        .json("POST", HOME, &scene.wish(&["console"]))
        .await
        .expect(403);

    scene
        .staff
        .json("POST", &format!("{HOME}/{id}/end"), &json!({}))
        .await
        .expect(200);
    assert_eq!(scene.console().await, "glass-closed");
    let seen = scene.customer.get("/api/v1/break-glass").await.expect(200).json();
    assert_eq!(
        (&seen["items"][0]["is_open"], &seen["items"][0]["ended_by"]),
        (&json!(false), &json!("staff"))
    );
    let log = scene.customer.get("/api/v1/audit-events").await.expect(200).body;
    assert!(log.contains("break_glass.open") && log.contains("break_glass.end"));
}

#[tokio::test]
async fn it_ends_when_its_time_is_up_whether_anybody_writes_that_or_not() {
    let scene = Scene::new().await;
    scene.open(&["console"]).await;
    scene.test.clock.advance(TimeDelta::minutes(15));
    assert_eq!(scene.console().await, "glass-closed");
    let scope = scene.test.system();
    assert_eq!(watch::end_due(&scene.test.app, &scope).await.unwrap(), 1);
    assert_eq!(watch::end_due(&scene.test.app, &scope).await.unwrap(), 0);
    let seen = scene.customer.get("/api/v1/break-glass").await.expect(200).json();
    assert_eq!(seen["items"][0]["ended_by"], "time");
    // One that nobody has ended yet is not in the way of the next.
    scene.open(&["console"]).await;
    scene.test.clock.advance(TimeDelta::minutes(16));
    scene.open(&["mail"]).await;
    assert_eq!(scene.console().await, "glass-closed", "mail is no console");
}

#[tokio::test]
async fn it_ends_when_whoever_opened_it_signs_out_or_is_disabled_and_pages_say_that_it_is_open() {
    let scene = Scene::new().await;
    let boss = scene.test.staff("boss", StaffRole::Owner).await;
    let browser = scene.test.browser(boss).await;
    let ticket = format!("/api/v1/staff/tickets/{}", scene.ticket);
    let ticket = scene.staff.get(&ticket).await.expect(200).json();
    let number = ticket["number"].to_string();
    let fields = [
        ("ticket", &*number),
        ("parts", "console"),
        ("reason", "It does not start any more."),
        ("minutes", "15"),
    ];
    let bar = "The glass is broken for";
    let page = browser.get("/account").await.expect(200).body;
    assert!(!page.contains(bar), "{page}");
    browser.post("/staff/break-glass", &fields).await.expect(303);
    for page in ["/staff", "/account"] {
        let page = browser.get(page).await.expect(200).body;
        assert!(page.contains(bar) && page.contains("until 12:15 UTC"), "{page}");
    }
    let page = scene.browser.get("/account").await.expect(200).body;
    assert!(!page.contains(bar), "nobody else is told so: {page}");
    browser.post("/sign-out", &[]).await.expect(303);
    let ended = async || {
        let seen = scene.customer.get("/api/v1/break-glass").await.expect(200).json();
        (
            seen["items"][0]["is_open"].clone(),
            seen["items"][0]["ended_by"].clone(),
        )
    };
    assert_eq!(ended().await, (json!(false), json!("left")));

    scene.test.clock.advance(TimeDelta::seconds(1));
    let otto = scene.test.staff("otto", StaffRole::Engineer).await;
    let program = scene.test.program(otto, None, &scopes(Side::Staff)).await;
    let opened = program.json("POST", HOME, &scene.wish(&["console"])).await;
    opened.expect(201);
    assert_eq!(ended().await, (json!(true), Value::Null));
    let browser = scene.test.browser(boss).await;
    let disable = format!("/staff/people/{otto}/disable");
    browser.post(&disable, &[]).await.expect(303);
    assert_eq!(ended().await, (json!(false), json!("left")));
}

#[tokio::test]
async fn mail_and_files_are_there_for_whoever_opened_them_and_each_look_is_told() {
    let scene = Scene::new().await;
    let id = scene.open(&["mail"]).await;
    scene.staff.get(&format!("{HOME}/{id}/mail")).await.expect(200);
    let mut live = scene.browser.listen("/t/acme/break-glass/live?after=0").await;
    live.hears("the list of messages").await;
    let files = format!("{HOME}/{id}/servers/{}/files", scene.server);
    scene.staff.get(&files).await.expect(404);
    let other = scene.test.staff("otto", StaffRole::Engineer).await;
    let other = scene.test.program(other, None, &scopes(Side::Staff)).await;
    other.get(&format!("{HOME}/{id}/mail")).await.expect(404);
    let seen = scene.customer.get("/api/v1/break-glass").await.expect(200).json();
    let looks = seen["items"][0]["looks"].as_array().unwrap();
    assert_eq!(looks.len(), 1, "{looks:?}");
    assert_eq!(
        (&looks[0]["part"], &looks[0]["what"]),
        (&json!("mail"), &json!("the list of messages"))
    );

    scene
        .staff
        .json("POST", &format!("{HOME}/{id}/end"), &json!({}))
        .await
        .expect(200);
    scene.staff.get(&format!("{HOME}/{id}/mail")).await.expect(404);
    scene.test.clock.advance(TimeDelta::seconds(1));
    let id = scene.open(&["files"]).await;
    let files = format!("{HOME}/{id}/servers/{}/files", scene.server);
    let volumes = scene.staff.get(&files).await.expect(200).json();
    assert!(!volumes["items"].as_array().unwrap().is_empty(), "{volumes}");
    // A server of somebody else's is not there, and no look.
    let theirs = scene.test.tenant("theirs").await;
    let theirs = scene.test.server(theirs, "shop").await;
    scene
        .staff
        .get(&format!("{HOME}/{id}/servers/{theirs}/files"))
        .await
        .expect(404);
    let seen = scene.customer.get("/api/v1/break-glass").await.expect(200).json();
    assert_eq!(seen["items"][0]["looks"][0]["what"], "web: /");
    assert_eq!(seen["items"][0]["looks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stranger_sees_nothing_and_a_ticket_of_nobody_opens_nothing() {
    let scene = Scene::new().await;
    scene.open(&["console"]).await;
    let (other, bob) = (scene.test.tenant("other").await, scene.test.person("bob").await);
    scene.test.member(other, bob, TenantRole::Owner).await;
    let bob = scene.test.program(bob, Some(other), &scopes(Side::Tenant)).await;
    let seen = bob.get("/api/v1/break-glass").await.expect(200).json();
    assert_eq!(seen["items"], json!([]));
    let nobodys = json!({ "subject": "Somebody wrote", "body": "Hello.", "severity": "p4" });
    let nobodys = scene
        .staff
        .json("POST", "/api/v1/staff/tickets", &nobodys)
        .await
        .expect(201)
        .json();
    let wish = json!({ "ticket": nobodys["id"], "parts": ["console"], "reason": "I want to see it.", "minutes": 15 });
    scene.staff.json("POST", HOME, &wish).await.expect(422);
    for bad in [
        json!({ "minutes": 481 }),
        json!({ "reason": "because" }),
        json!({ "parts": [] }),
    ] {
        let mut wish = scene.wish(&["console"]);
        for (key, value) in bad.as_object().unwrap() {
            wish[key] = value.clone();
        }
        scene.staff.json("POST", HOME, &wish).await.expect(422);
    }
}
