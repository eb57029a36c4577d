//! The second wall: whatever a query forgets, PostgreSQL shows a tenant its own rows only.

use berth::platform::access::TenantRole;
use berth::platform::db::Scoped as _;
use berth::platform::error::Error;
use berth::testing::TestApp;

#[tokio::test]
async fn a_tenant_sees_its_own_rows_only() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.tenant("ours").await, app.tenant("theirs").await);
    let (we, they) = (app.person("we").await, app.person("they").await);
    app.member(ours, we, TenantRole::Owner).await;
    app.member(theirs, they, TenantRole::Owner).await;

    let mut tx = app.app.db.tenant(ours, we).await.unwrap();
    let seen = sqlx::query_scalar!("select user_id from membership")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, [we.0]);
    let seen = sqlx::query_scalar!("select id from tenant")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, [ours.0]);
    let people = sqlx::query_scalar!("select id from user_account")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(people, [we.0]);
}

#[tokio::test]
async fn a_tenant_cannot_write_for_another() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.tenant("ours").await, app.tenant("theirs").await);
    let we = app.person("we").await;
    let mut tx = app.app.db.tenant(ours, we).await.unwrap();
    let now = app.app.now();
    let refused = sqlx::query!(
        "insert into membership (tenant_id, user_id, role, created_at) values ($1, $2, 'owner', $3)",
        theirs.0,
        we.0,
        now
    )
    .execute(tx.conn())
    .await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("row-level security"), "{text}");
}

#[tokio::test]
async fn the_scope_ends_with_its_transaction() {
    let app = TestApp::start().await;
    let (ours, we) = (app.tenant("ours").await, app.person("we").await);
    app.app.db.tenant(ours, we).await.unwrap().commit().await.unwrap();
    for _ in 0..6 {
        let mut tx = app.app.db.user(we).await.unwrap();
        let seen = sqlx::query_scalar!("select id from tenant")
            .fetch_all(tx.conn())
            .await
            .unwrap();
        assert!(seen.is_empty(), "a pooled connection kept the tenant");
    }
}

#[tokio::test]
async fn nobody_rewrites_the_audit_log() {
    let app = TestApp::start().await;
    let staff = app.person("staff").await;
    let mut tx = app.app.db.staff(staff).await.unwrap();
    let refused = sqlx::query!("delete from audit_event")
        .execute(tx.conn())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    let mut tx = app.app.db.system().await.unwrap();
    let refused = sqlx::query!("update audit_event set action = 'x'")
        .execute(tx.conn())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

#[tokio::test]
async fn text_with_nul_is_the_callers_mistake() {
    let app = TestApp::start().await;
    let mut tx = app.app.db.system().await.unwrap();
    let error = sqlx::query_scalar!("select $1::text", "a\0b")
        .fetch_one(tx.conn())
        .await
        .unwrap_err();
    assert_eq!(Error::from(error).status(), 400);
}
