//! The catalogue in the hands of the provider's people: seen by all of them, built by some, once at a time, and noted.

use serde_json::json;

use super::super::rebuild;
use crate::platform::access::{Permission, StaffRole};
use crate::platform::ids::OperationId;
use crate::platform::operations::{self, State};
use crate::testing::{Client, TestApp};

const BUILD: &str = "/api/v1/staff/catalogue/static-site/build";

async fn program(app: &TestApp, role: StaffRole) -> Client {
    let user = app.staff(role.name(), role).await;
    let scopes = [Permission::StaffCatalogueRead, Permission::StaffCatalogueBuild];
    app.program(user, None, &scopes).await
}

async fn ask(client: &Client) -> OperationId {
    let answer = client.json("POST", BUILD, &json!({})).await.expect(202);
    let id = answer.json()["operation_id"].as_str().unwrap().to_owned();
    assert_eq!(answer.location(), format!("/api/v1/staff/operations/{id}"));
    id.parse().unwrap()
}

/// What the worker does with the job.
async fn work(app: &TestApp, id: OperationId) -> (State, Option<String>) {
    rebuild::work(&app.app, &app.system(), id, "static-site")
        .await
        .unwrap();
    let mut tx = app.system().begin().await.unwrap();
    let operation = operations::find(&mut tx, id).await.unwrap();
    (operation.state, operation.error)
}

async fn image(client: &Client) -> serde_json::Value {
    let answer = client
        .get("/api/v1/staff/catalogue/static-site")
        .await
        .expect(200);
    answer.json()["image"].clone()
}

#[tokio::test]
async fn an_image_is_built_once_however_often_it_is_asked_for() {
    let app = TestApp::start().await;
    let engineer = program(&app, StaffRole::Engineer).await;
    assert_eq!(image(&engineer).await["state"], "missing");
    let first = ask(&engineer).await;
    assert_eq!(ask(&engineer).await, first, "the one that is under way");
    assert_eq!(image(&engineer).await["building"], true);
    assert_eq!(work(&app, first).await, (State::Succeeded, None));
    let built = image(&engineer).await;
    assert_eq!(
        (&built["state"], &built["building"]),
        (&json!("built"), &json!(false))
    );
    assert!(built["size_bytes"].is_number(), "{built}");
    assert_eq!(
        work(&app, first).await.0,
        State::Succeeded,
        "a second run changes nothing"
    );
    assert_ne!(ask(&engineer).await, first, "it is over: a new one");
}

#[tokio::test]
async fn a_build_that_fails_says_why_on_the_page() {
    let app = TestApp::start().await;
    let engineer = app.staff("engineer", StaffRole::Engineer).await;
    let (browser, program) = (app.browser(engineer).await, program(&app, StaffRole::Admin).await);
    let page = browser
        .post("/staff/catalogue/static-site/build", &[])
        .await
        .expect(303);
    assert_eq!(page.location(), "/staff/catalogue/static-site");
    let id = ask(&program).await;
    app.engine.set_down(true);
    let (state, error) = work(&app, id).await;
    assert_eq!(state, State::Failed);
    app.engine.set_down(false);
    let page = browser.get(page.location()).await.expect(200);
    assert!(
        page.body.contains(&error.unwrap()) && page.body.contains("Build failed"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("<section class=\"card\" id=\"image-panel\""),
        "{}",
        page.body
    );
    assert!(
        browser
            .get("/staff/catalogue")
            .await
            .expect(200)
            .body
            .contains("Build failed")
    );
}

#[tokio::test]
async fn who_may_only_look_does_not_build_and_a_build_is_noted() {
    let app = TestApp::start().await;
    let auditor = app.staff("auditor", StaffRole::Auditor).await;
    let browser = app.browser(auditor).await;
    let page = browser.get("/staff/catalogue/static-site").await.expect(200);
    assert!(!page.body.contains("Rebuild image"));
    browser
        .post("/staff/catalogue/static-site/build", &[])
        .await
        .expect(403);
    let admin = program(&app, StaffRole::Admin).await;
    ask(&admin).await;
    let log = browser
        .get("/staff/audit?action=catalogue.build")
        .await
        .expect(200);
    assert!(
        log.body.contains("catalogue.build") && log.body.contains("static-site"),
        "{}",
        log.body
    );
    admin
        .json("POST", "/api/v1/staff/catalogue/nothing/build", &json!({}))
        .await
        .expect(404);
}
