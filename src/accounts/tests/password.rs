//! Changing and resetting passwords.

use chrono::TimeDelta;
use serde_json::json;

use crate::platform::access::{Permission, TenantRole};

use super::*;

#[tokio::test]
async fn changing_asks_for_the_present_one_and_ends_other_sessions() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let (here, there) = (app.anonymous(), app.anonymous());
    sign_in(&here, "ada", GOOD).await.expect(303);
    sign_in(&there, "ada", GOOD).await.expect(303);
    let wrong = here
        .post("/account/password", &[("current", OTHER), ("password", OTHER)])
        .await
        .expect(422);
    assert_eq!(
        text_of(&wrong, "f-current-error"),
        "This is not your present password."
    );
    let weak = here
        .post(
            "/account/password",
            &[("current", GOOD), ("password", "password1234")],
        )
        .await
        .expect(422);
    assert!(text_of(&weak, "f-password-error").contains("too easy to guess"));
    assert!(is_in(&there).await);
    here.post("/account/password", &[("current", GOOD), ("password", OTHER)])
        .await
        .expect(303);
    assert!(is_in(&here).await);
    assert!(!is_in(&there).await);
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(422);
    sign_in(&app.anonymous(), "ada", OTHER).await.expect(303);
}

#[tokio::test]
async fn guessing_the_present_one_locks_too() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let browser = app.anonymous();
    sign_in(&browser, "ada", GOOD).await.expect(303);
    for _ in 0..5 {
        browser
            .post("/account/password", &[("current", "guess"), ("password", OTHER)])
            .await
            .expect(422);
    }
    let answer = browser
        .post("/account/password", &[("current", GOOD), ("password", OTHER)])
        .await
        .expect(429);
    assert!(text_of(&answer, "f-current-error").contains("Too many attempts"));
}

#[tokio::test]
async fn a_reset_link_works_once_and_ends_everything() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let browser = app.anonymous();
    sign_in(&browser, "ada", GOOD).await.expect(303);
    for _ in 0..5 {
        sign_in(&app.anonymous(), "ada", OTHER).await.expect(422);
    }
    let link = || async {
        let link = actions::issue_password_link_by_email(&app.app, &app.system(), "Ada@example.com").await;
        format!("/password/{}", token_of(&link.unwrap().url))
    };
    let (old, new) = (link().await, link().await);
    app.anonymous().get(&old).await.expect(404);
    assert!(
        app.anonymous()
            .get(&new)
            .await
            .expect(200)
            .body
            .contains("ada@example.com")
    );
    app.anonymous()
        .post(&new, &[("password", "password1234")])
        .await
        .expect(422);
    app.anonymous()
        .post(&new, &[("password", OTHER)])
        .await
        .expect(303);
    app.anonymous()
        .post(&new, &[("password", GOOD)])
        .await
        .expect(404);
    assert!(!is_in(&browser).await);
    // The lock of the failures before is gone with the old password.
    sign_in(&app.anonymous(), "ada", OTHER).await.expect(303);
    let late = link().await;
    app.clock.advance(TimeDelta::hours(24));
    app.anonymous().get(&late).await.expect(404);
    let unknown = actions::issue_password_link_by_email(&app.app, &app.system(), "nobody@example.com").await;
    assert_eq!(unknown.unwrap_err().status(), 404);
}

#[tokio::test]
async fn a_name_can_be_changed() {
    let app = TestApp::start().await;
    let browser = app.browser(app.person("ada").await).await;
    browser
        .post("/account/name", &[("name", "Zoë 🚢")])
        .await
        .expect(303);
    assert!(browser.get("/account").await.body.contains("Zoë 🚢"));
    let long = "x".repeat(10_000);
    let answer = browser
        .post("/account/name", &[("name", &long)])
        .await
        .expect(422);
    assert_eq!(text_of(&answer, "f-name-error"), "Use at most 100 characters.");
    assert_eq!(audited(&app).await, ["user.rename"]);
}

#[tokio::test]
async fn a_program_may_change_its_owners_name() {
    let app = TestApp::start().await;
    let (acme, ada) = (app.tenant("acme").await, app.person("ada").await);
    app.member(acme, ada, TenantRole::Viewer).await;
    let program = app.program(ada, Some(acme), &[Permission::ProfileWrite]).await;
    let rename = async |name: &str| {
        program
            .json("PATCH", "/api/v1/me", &json!({ "name": name }))
            .await
    };
    let me = rename("  Zoë 🚢 ").await.expect(200).json();
    assert_eq!(me["user"]["name"], "Zoë 🚢");
    assert_eq!(program.get("/api/v1/me").await.json()["user"]["name"], "Zoë 🚢");
    // What is so already, and what says nothing, changes nothing.
    rename("Zoë 🚢").await.expect(200);
    program.json("PATCH", "/api/v1/me", &json!({})).await.expect(200);
    assert_eq!(
        rename(&"x".repeat(101)).await.expect(422).json()["errors"][0]["field"],
        "name"
    );
    assert_eq!(audited(&app).await, ["user.rename"]);
}
