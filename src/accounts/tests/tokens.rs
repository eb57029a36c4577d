//! Making, using and revoking API tokens.

use chrono::TimeDelta;

use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::ids::UserId;

use super::*;

struct Scene {
    app: TestApp,
    ada: UserId,
    browser: Client,
    area: String,
}

async fn operator() -> Scene {
    let app = TestApp::start().await;
    let (ada, tenant) = (app.person("ada").await, app.tenant("acme").await);
    app.member(tenant, ada, TenantRole::Operator).await;
    let browser = app.browser(ada).await;
    Scene {
        app,
        ada,
        browser,
        area: tenant.to_string(),
    }
}

impl Scene {
    async fn make(&self, scopes: &[&str], days: &str) -> Answer {
        let mut fields = vec![("name", "deploy"), ("area", &*self.area), ("days", days)];
        fields.extend(scopes.iter().map(|scope| ("scopes", *scope)));
        self.browser.post("/account/tokens/new", &fields).await
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_works() {
    let scene = operator().await;
    let made = scene
        .make(&["servers:read", "servers:power"], "30")
        .await
        .expect(200);
    let token = text_of(&made, "token");
    assert!(super::super::model::is_token(&token), "{token}");
    let program = scene.app.anonymous().with_token(&token);
    let me = program.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["scopes"], serde_json::json!(["servers:read", "servers:power"]));
    let list = scene.browser.get("/account/tokens").await.expect(200);
    assert!(list.body.contains(&token[..13]) && !list.body.contains(&token));
    let listed = program.get("/api/v1/tokens").await.expect(200).json();
    assert_eq!(listed["items"][0]["prefix"], token[4..12]);
    assert!(listed["items"][0]["last_used_at"].is_string());
    assert!(!listed.to_string().contains(&token[13..56]));
    let mut tx = scene.app.system().begin().await.unwrap();
    let rows = sqlx::query_scalar!(
        r#"select (select string_agg(t::text, ' ') from api_token t) || (select string_agg(a::text, ' ') from audit_event a)
           as "all!""#
    );
    let rows = rows
        .fetch_one(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap();
    assert!(!rows.contains(&token[13..56]), "the secret is kept nowhere");
}

#[tokio::test]
async fn a_token_ends_by_time_and_by_hand() {
    let scene = operator().await;
    let short = text_of(&scene.make(&["servers:read"], "1").await, "token");
    let long = text_of(&scene.make(&["servers:read"], "366").await, "token");
    let (short, long) = (
        scene.app.anonymous().with_token(&short),
        scene.app.anonymous().with_token(&long),
    );
    scene.app.clock.advance(TimeDelta::hours(23));
    short.get("/api/v1/me").await.expect(200);
    scene.app.clock.advance(TimeDelta::hours(1));
    short.get("/api/v1/me").await.expect(401);
    let id = long.get("/api/v1/me").await.expect(200);
    drop(id);
    // Her session has ended meanwhile; a new password by link would end the token, too.
    let browser = scene.app.browser(scene.ada).await;
    let page = browser.get("/account/tokens").await.expect(200);
    let html = scraper::Html::parse_document(&page.body);
    let forms = scraper::Selector::parse("form[action$='/revoke']").unwrap();
    let actions: Vec<_> = html
        .select(&forms)
        .map(|form| form.attr("action").unwrap().to_owned())
        .collect();
    drop(html);
    assert_eq!(actions.len(), 1, "the ended one can't be revoked");
    browser.post(&actions[0], &[]).await.expect(303);
    long.get("/api/v1/me").await.expect(401);
    browser.post(&actions[0], &[]).await.expect(303);
    let revoked = audited(&scene.app)
        .await
        .into_iter()
        .filter(|action| action == "token.revoke")
        .count();
    assert_eq!(revoked, 1);
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let scene = operator().await;
    let none = scene.make(&[], "30").await.expect(422);
    assert!(text_of(&none, "f-scopes-error").contains("at least one"));
    for bad in [
        "servers:delete",
        "staff.people:read",
        "members:write",
        "everything",
        "",
    ] {
        scene.make(&["servers:read", bad], "30").await.expect(422);
    }
    for days in ["0", "367", "", "x"] {
        scene.make(&["servers:read"], days).await.expect(422);
    }
    let elsewhere = scene.app.tenant("elsewhere").await.to_string();
    for area in ["", "staff", &elsewhere, "nonsense"] {
        let fields = [
            ("name", "x"),
            ("area", area),
            ("days", "30"),
            ("scopes", "servers:read"),
        ];
        scene
            .browser
            .post("/account/tokens/new", &fields)
            .await
            .expect(422);
    }
    let other = [
        ("name", "x"),
        ("area", &*scene.area),
        ("days", "other"),
        ("other_days", "45"),
        ("scopes", "servers:read"),
    ];
    scene
        .browser
        .post("/account/tokens/new", &other)
        .await
        .expect(200);
}

#[tokio::test]
async fn staff_tokens_are_for_staff() {
    let app = TestApp::start().await;
    let browser = app.browser(app.staff("ada", StaffRole::Engineer).await).await;
    let page = browser.get("/account/tokens/new").await.expect(200);
    assert!(page.body.contains("staff.servers:power") && !page.body.contains("staff.people:write"));
    let fields = [
        ("name", "ops"),
        ("area", "staff"),
        ("days", "7"),
        ("scopes", "staff.people:read"),
    ];
    let token = text_of(
        &browser.post("/account/tokens/new", &fields).await.expect(200),
        "token",
    );
    let program = app.anonymous().with_token(&token);
    program.get("/api/v1/staff/people").await.expect(200);
    program.get("/api/v1/staff/invitations").await.expect(200);
    let invite = serde_json::json!({ "email": "x@example.com", "role": "auditor" });
    program
        .json("POST", "/api/v1/staff/invitations", &invite)
        .await
        .expect(403);
}

#[tokio::test]
async fn a_token_sees_the_tokens_of_its_area() {
    let app = TestApp::start().await;
    let ada = app.staff("ada", StaffRole::Owner).await;
    let tenant = app.tenant("acme").await;
    app.member(tenant, ada, TenantRole::Owner).await;
    let ours = app.program(ada, Some(tenant), &[Permission::ServerRead]).await;
    let staff = app.program(ada, None, &[Permission::StaffPeopleRead]).await;
    for (program, tenant) in [
        (ours, serde_json::json!(tenant.to_string())),
        (staff, serde_json::Value::Null),
    ] {
        let list = program.get("/api/v1/tokens").await.expect(200).json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["tenant_id"], tenant);
    }
}
