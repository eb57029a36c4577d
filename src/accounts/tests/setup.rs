//! The first owner.

use chrono::TimeDelta;

use super::*;

async fn link(app: &TestApp) -> Option<String> {
    let link = actions::renew_setup_link(&app.app, &app.system())
        .await
        .unwrap()?;
    Some(link.url.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned())
}

const FIELDS: [(&str, &str); 3] = [("name", "Ada"), ("email", "ada@example.com"), ("password", GOOD)];

#[tokio::test]
async fn the_link_makes_the_owner_and_is_used_up() {
    let app = TestApp::start().await;
    let link_path = link(&app).await.unwrap();
    let browser = app.anonymous();
    assert!(
        browser
            .get(&link_path)
            .await
            .expect(200)
            .body
            .contains("Set Berth up")
    );
    let answer = browser.post(&link_path, &FIELDS).await.expect(303);
    assert_eq!(answer.location(), "/staff");
    browser.get("/staff/people").await.expect(200);
    assert_eq!(link(&app).await, None, "there is an owner");
    let again = app.anonymous().post(&link_path, &FIELDS).await.expect(404);
    assert!(again.body.contains("berth serve"), "it says how to get a new one");
    assert_eq!(audited(&app).await, ["setup.complete"]);
}

#[tokio::test]
async fn only_the_newest_link_works_and_for_a_day() {
    let app = TestApp::start().await;
    let old = link(&app).await.unwrap();
    let new = link(&app).await.unwrap();
    app.anonymous().get(&old).await.expect(404);
    app.anonymous().get(&new).await.expect(200);
    app.clock.advance(TimeDelta::hours(24));
    app.anonymous().get(&new).await.expect(404);
    app.anonymous().post(&new, &FIELDS).await.expect(404);
    for nonsense in ["/setup", "/setup/x", "/setup/%00", "/setup/%F0%9F%9A%A2"] {
        let answer = app.anonymous().get(nonsense).await.expect(404);
        assert!(answer.body.contains("berth serve"), "{nonsense}");
    }
}

#[tokio::test]
async fn of_two_at_once_one_wins() {
    let app = TestApp::start().await;
    let link_path = link(&app).await.unwrap();
    let (one, other) = (app.anonymous(), app.anonymous());
    let others = [("name", "Eve"), ("email", "eve@example.com"), ("password", GOOD)];
    let (first, second) = tokio::join!(one.post(&link_path, &FIELDS), other.post(&link_path, &others));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    let mut tx = app.system().begin().await.unwrap();
    let people = sqlx::query_scalar!(r#"select count(*) as "n!" from user_account"#);
    assert_eq!(
        people
            .fetch_one(crate::platform::db::Scoped::conn(&mut tx))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_mistake_keeps_the_link_and_the_form() {
    let app = TestApp::start().await;
    app.person("taken").await;
    let link_path = link(&app).await.unwrap();
    let bad = [("name", " "), ("email", "ada"), ("password", "short")];
    let answer = app.anonymous().post(&link_path, &bad).await.expect(422);
    assert_eq!(
        text_of(&answer, "f-email-error"),
        "Use an address like name@example.com."
    );
    assert_eq!(
        text_of(&answer, "f-password-error"),
        "Use at least 12 characters."
    );
    assert!(!answer.body.contains("short"), "a password is not shown again");
    let taken = [
        ("name", "Ada"),
        ("email", "taken@example.com"),
        ("password", GOOD),
    ];
    let answer = app.anonymous().post(&link_path, &taken).await.expect(422);
    assert!(text_of(&answer, "f-email-error").contains("already has an account"));
    app.anonymous().post(&link_path, &FIELDS).await.expect(303);
}
