//! Suspending, closing and erasing.

use chrono::Duration;
use serde_json::json;

use crate::platform::access::{Permission, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::ServerId;
use crate::tenants::purge_closed;
use crate::testing::TestApp;

use super::{admin, admin_program};

struct Woken {
    is_due: bool,
    is_deleting: bool,
}

async fn look(app: &TestApp, id: ServerId) -> Woken {
    let mut tx = app.system().begin().await.unwrap();
    sqlx::query_as!(
        Woken,
        r#"select next_attempt_at is not null as "is_due!", deleting_at is not null as "is_deleting!"
           from server where id = $1"#,
        id.0
    )
    .fetch_one(tx.conn())
    .await
    .unwrap()
}

#[tokio::test]
async fn suspending_wakes_the_servers_and_leaves_read_access() {
    let app = TestApp::start().await;
    let (acme, owner) = app.owner("acme").await;
    let web = app.server(acme, "web").await;
    let browser = admin(&app).await;
    let path = format!("/staff/tenants/{acme}/suspend");
    let empty = browser.post(&path, &[("reason", " ")]).await.expect(422);
    assert!(empty.body.contains("Write something here."));
    browser
        .post(&path, &[("reason", "Two invoices are overdue.")])
        .await
        .expect(303);
    let woken = look(&app, web).await;
    assert!(woken.is_due && !woken.is_deleting);
    let page = owner.get("/t/acme/settings").await.expect(200);
    assert!(page.body.contains("Two invoices are overdue."));
    owner
        .post(
            "/t/acme/members/invitations",
            &[("email", "a@b.example"), ("role", "viewer")],
        )
        .await
        .expect(403);
    browser.post(&path, &[("reason", "again")]).await.expect(409);
    browser
        .post(&format!("/staff/tenants/{acme}/resume"), &[])
        .await
        .expect(303);
    assert!(
        !owner
            .get("/t/acme/settings")
            .await
            .expect(200)
            .body
            .contains("overdue")
    );
}

#[tokio::test]
async fn closing_hides_the_tenant_until_it_is_reopened() {
    let app = TestApp::start().await;
    let (acme, owner) = app.owner("acme").await;
    let browser = admin(&app).await;
    let path = format!("/staff/tenants/{acme}/close");
    let wrong = browser
        .post(&path, &[("reason", "moved away"), ("confirm", "acne")])
        .await
        .expect(422);
    assert!(wrong.body.contains("Type acme to confirm.") && wrong.body.contains("moved away"));
    browser
        .post(&path, &[("reason", "moved away"), ("confirm", "acme")])
        .await
        .expect(303);
    owner.get("/t/acme/settings").await.expect(404);
    let page = browser.get(&format!("/staff/tenants/{acme}")).await.expect(200);
    assert!(page.body.contains("Reopen") && page.body.contains("erased"));
    browser
        .post(&format!("/staff/tenants/{acme}/suspend"), &[("reason", "x")])
        .await
        .expect(409);
    browser
        .post(&format!("/staff/tenants/{acme}/reopen"), &[])
        .await
        .expect(303);
    owner.get("/t/acme/settings").await.expect(200);
}

#[tokio::test]
async fn a_closed_tenant_is_erased_after_its_retention_servers_first() {
    let app = TestApp::start().await;
    let (acme, _) = app.owner("acme").await;
    let web = app.server(acme, "web").await;
    let back = app.network(acme, "back").await;
    let program = admin_program(&app).await;
    let path = format!("/api/v1/staff/tenants/{acme}");
    program
        .json("POST", &format!("{path}/close"), &json!({"reason": "gone"}))
        .await
        .expect(200);
    assert_eq!(purge_closed(&app.app, &app.system()).await.unwrap(), 0);
    assert!(
        !look(&app, web).await.is_deleting,
        "not before the retention is over"
    );
    app.clock.advance(Duration::days(31));
    let program = admin_program_again(&app).await;
    program
        .json("POST", &format!("{path}/reopen"), &json!({}))
        .await
        .expect(409);
    assert_eq!(purge_closed(&app.app, &app.system()).await.unwrap(), 0);
    assert!(look(&app, web).await.is_deleting, "servers go first");
    assert_eq!(program.get(&path).await.expect(200).json()["status"], "closed");
    let mut tx = app.system().begin().await.unwrap();
    sqlx::query!("delete from server where id = $1", web.0)
        .execute(tx.conn())
        .await
        .unwrap();
    let network = sqlx::query!("delete from network where id = $1 returning deleting_at", back.0);
    let network = network.fetch_one(tx.conn()).await.unwrap();
    assert!(network.deleting_at.is_some(), "and so do networks");
    // A network that something on the host still used kept its addresses.
    sqlx::query!(
        "insert into tenant_network (tenant_id, location_id, subnet) select $1, id, '10.9.8.0/24' from location",
        acme.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(purge_closed(&app.app, &app.system()).await.unwrap(), 1);
    program.get(&path).await.expect(404);
    let mut tx = app.system().begin().await.unwrap();
    let kept = sqlx::query_scalar!(
        "select action from audit_event where tenant_id = $1 order by at",
        acme.0
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    assert_eq!(kept, ["tenant.close", "tenant.purge"], "the audit log stays");
    assert_eq!(purge_closed(&app.app, &app.system()).await.unwrap(), 0);
}

async fn admin_program_again(app: &TestApp) -> crate::testing::Client {
    let user = app
        .staff("robot-2", crate::platform::access::StaffRole::Admin)
        .await;
    app.program(
        user,
        None,
        &[Permission::StaffTenantRead, Permission::StaffTenantSuspend],
    )
    .await
}

#[tokio::test]
async fn a_tenant_reads_itself() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let user = app.person("ada").await;
    app.member(acme, user, TenantRole::Viewer).await;
    app.server(acme, "web").await;
    let program = app.program(user, Some(acme), &[Permission::TenantRead]).await;
    let out = program.get("/api/v1/tenant").await.expect(200).json();
    assert_eq!(
        (out["slug"].as_str(), out["usage"]["servers"].as_i64()),
        (Some("acme"), Some(1))
    );
    assert_eq!(
        (
            out["usage"]["members"].as_i64(),
            out["limits"]["members"].as_i64()
        ),
        (Some(1), Some(100))
    );
    program.get("/api/v1/members").await.expect(403);
}
