//! What a session or token is worth at the moment of the request.

use chrono::TimeDelta;

use crate::platform::access::{Permission, StaffRole, TenantRole, Via};
use crate::platform::db::Scoped as _;

use super::*;

async fn run(app: &TestApp, statement: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>) {
    let mut tx = app.system().begin().await.unwrap();
    statement.execute(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_session_brings_all_open_memberships() {
    let app = TestApp::start().await;
    let ada = app.staff("ada", StaffRole::Support).await;
    let (one, two, closed) = (
        app.tenant("one").await,
        app.tenant("two").await,
        app.tenant("closed").await,
    );
    for (tenant, role) in [
        (one, TenantRole::Owner),
        (two, TenantRole::Viewer),
        (closed, TenantRole::Owner),
    ] {
        app.member(tenant, ada, role).await;
    }
    app.suspend(two).await;
    run(
        &app,
        sqlx::query!(
            "update tenant set status = 'closed', status_reason = 'left', purge_after = status_at where id = $1",
            closed.0
        ),
    )
    .await;
    let cookie = app.browser(ada).await.cookie(SESSION_COOKIE).unwrap();
    let actor = app
        .app
        .authenticate
        .session(&app.app.db, &cookie)
        .await
        .unwrap()
        .unwrap();
    let seen: Vec<_> = actor
        .memberships
        .iter()
        .map(|m| (m.slug.as_str(), m.role().unwrap(), m.suspended.is_some()))
        .collect();
    assert_eq!(
        seen,
        [
            ("one", TenantRole::Owner, false),
            ("two", TenantRole::Viewer, true)
        ]
    );
    assert_eq!(actor.staff, Some(StaffRole::Support));
    assert!(matches!(actor.via, Via::Session(_)));
    for bad in ["", "x", &"x".repeat(5000), "a\0b"] {
        assert!(
            app.app
                .authenticate
                .session(&app.app.db, bad)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case() {
    let app = TestApp::with(|config| {
        config.session_idle_minutes = 60;
        config.session_hours = 3;
    })
    .await;
    person(&app, "ada").await;
    let browser = app.anonymous();
    sign_in(&browser, "ada", GOOD).await.expect(303);
    app.clock.advance(TimeDelta::minutes(59));
    assert!(is_in(&browser).await, "and this counts as use");
    app.clock.advance(TimeDelta::minutes(59));
    assert!(is_in(&browser).await);
    app.clock.advance(TimeDelta::minutes(61));
    assert!(!is_in(&browser).await, "idle");
    sign_in(&browser, "ada", GOOD).await.expect(303);
    for _ in 0..3 {
        app.clock.advance(TimeDelta::minutes(50));
        assert!(is_in(&browser).await);
    }
    app.clock.advance(TimeDelta::minutes(31));
    assert!(!is_in(&browser).await, "three hours are over");
    let removed = actions::clean_up(&app.app, &app.system()).await.unwrap();
    assert!(removed >= 1, "{removed}");
}

#[tokio::test]
async fn last_seen_is_written_once_a_minute() {
    let app = TestApp::start().await;
    let browser = app.browser(app.person("ada").await).await;
    let seen = || async {
        let mut tx = app.system().begin().await.unwrap();
        let row = sqlx::query!("select last_seen_at, xmin::text as version from session");
        let row = row.fetch_one(tx.conn()).await.unwrap();
        (row.last_seen_at, row.version)
    };
    let before = seen().await;
    app.clock.advance(TimeDelta::seconds(59));
    assert!(is_in(&browser).await);
    assert_eq!(seen().await, before, "no write");
    app.clock.advance(TimeDelta::seconds(1));
    assert!(is_in(&browser).await);
    assert_eq!(seen().await.0 - before.0, TimeDelta::seconds(60));
}

#[tokio::test]
async fn a_token_knows_its_tenant_only() {
    let app = TestApp::start().await;
    let ada = app.staff("ada", StaffRole::Owner).await;
    let (ours, other) = (app.tenant("ours").await, app.tenant("other").await);
    app.member(ours, ada, TenantRole::Manager).await;
    app.member(other, ada, TenantRole::Owner).await;
    let program = app
        .program(ada, Some(ours), &[Permission::ServerRead, Permission::AuditRead])
        .await;
    let me = program.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["tenant"]["slug"], "ours");
    assert_eq!(me["tenant"]["role"], "manager");
    assert_eq!(
        me["staff_role"],
        serde_json::Value::Null,
        "a tenant's token is no staff"
    );
    assert_eq!(me["scopes"], serde_json::json!(["servers:read", "audit:read"]));
    program.get("/api/v1/staff/people").await.expect(404);
}

#[tokio::test]
async fn a_token_dies_with_its_ground() {
    let app = TestApp::start().await;
    let ada = app.staff("ada", StaffRole::Admin).await;
    let tenant = app.tenant("ours").await;
    app.member(tenant, ada, TenantRole::Owner).await;
    let ours = app.program(ada, Some(tenant), &[Permission::ServerRead]).await;
    let staff = app.program(ada, None, &[Permission::StaffPeopleRead]).await;
    let late = app
        .program_until(ada, None, &[Permission::StaffPeopleRead], TimeDelta::minutes(1))
        .await;
    late.get("/api/v1/me").await.expect(200);
    app.clock.advance(TimeDelta::minutes(1));
    let refused = late.get("/api/v1/me").await.expect(401);
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"berth\"");
    ours.get("/api/v1/me").await.expect(200);
    run(
        &app,
        sqlx::query!("delete from membership where user_id = $1", ada.0),
    )
    .await;
    ours.get("/api/v1/me").await.expect(401);
    staff.get("/api/v1/staff/people").await.expect(200);
    run(
        &app,
        sqlx::query!(
            "update user_account set staff_role = 'support' where id = $1",
            ada.0
        ),
    )
    .await;
    staff.get("/api/v1/staff/people").await.expect(200);
    run(
        &app,
        sqlx::query!("update user_account set staff_role = null where id = $1", ada.0),
    )
    .await;
    staff.get("/api/v1/me").await.expect(401);
    for bad in ["", "x", "brt_", "brt_abcdefgh_short_000000"] {
        assert!(
            app.app
                .authenticate
                .token(&app.app.db, bad)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn cookies_open_no_api_and_tokens_no_pages() {
    let app = TestApp::start().await;
    let ada = app.staff("ada", StaffRole::Owner).await;
    app.browser(ada).await.get("/api/v1/me").await.expect(401);
    app.program(ada, None, &[Permission::StaffPeopleRead])
        .await
        .get("/staff/people")
        .await
        .expect(303);
}
