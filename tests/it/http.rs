//! What holds for every answer: errors as pages or problem documents, headers, other sites kept out.

use axum::body::Body;
use axum::http::Method;
use berth::platform::access::{Permission, StaffRole};
use berth::testing::TestApp;
use serde_json::json;

#[tokio::test]
async fn unknown_addresses_answer_in_the_callers_language() {
    let app = TestApp::start().await;
    let visitor = app.anonymous();
    let page = visitor.get("/nowhere").await.expect(404);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        page.body.contains(page.header("x-request-id")),
        "the page shows the request id"
    );
    let problem = visitor.get("/api/v1/nowhere").await.expect(404);
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(problem.json()["code"], "not-found");
}

#[tokio::test]
async fn browsers_are_told_what_not_to_do() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/livez").await.expect(200);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(
        answer.header("strict-transport-security"),
        "",
        "not over plain HTTP"
    );
    let app = TestApp::with(|config| config.public_url = "https://panel.example".to_owned()).await;
    let answer = app.anonymous().get("/livez").await;
    assert!(answer.header("strict-transport-security").contains("max-age"));
}

#[tokio::test]
async fn other_sites_cannot_post() {
    let app = TestApp::start().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        [form, ("sec-fetch-site", "cross-site")],
        [form, ("origin", "https://evil.example")],
    ] {
        let answer = app
            .anonymous()
            .send(Method::POST, "/sign-in", &headers, Body::empty())
            .await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.body.contains("another site"), "{}", answer.body);
    }
}

#[tokio::test]
async fn assets_are_cached_for_ever_under_their_hash() {
    let app = TestApp::start().await;
    let path = berth::platform::web::asset_path("robots.txt");
    let answer = app.anonymous().get(&path).await.expect(200);
    assert!(answer.header("cache-control").contains("immutable"));
    let other = path.replace("/static/", "/static/x");
    assert_eq!(app.anonymous().get(&other).await.status, 404);
}

#[tokio::test]
async fn whoever_asked_for_work_may_read_how_it_goes() {
    let app = TestApp::start().await;
    let (tenant, boss) = (
        app.tenant("ours").await,
        app.staff("boss", StaffRole::Owner).await,
    );
    let server = app.server(tenant, "web-1").await;
    let program = app.program(boss, None, Permission::ALL).await;
    let path = format!("/api/v1/staff/servers/{server}/actions/start");
    let asked = program.json("POST", &path, &json!({})).await.expect(202);
    let operation = program.get(asked.location()).await.expect(200);
    assert_eq!(operation.json()["id"], asked.json()["operation"]["id"]);
}
