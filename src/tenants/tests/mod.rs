//! Tenants, plans and members through HTTP and the database.

mod lifecycle;
mod members;
mod plans;
mod staff;

use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole};
use crate::testing::{Answer, Client, TestApp};

/// A staff administrator's browser.
async fn admin(app: &TestApp) -> Client {
    let user = app.staff("admin", StaffRole::Admin).await;
    app.browser(user).await
}

/// A program of a staff administrator that may do everything of theirs.
async fn admin_program(app: &TestApp) -> Client {
    let user = app.staff("robot", StaffRole::Admin).await;
    let scopes: Vec<_> = Permission::ALL.iter().copied().filter(|p| p.name().starts_with("staff.")).collect();
    app.program(user, None, &scopes).await
}

fn limits(servers: i64) -> Value {
    json!({"servers": servers, "cpu_millis": 2500, "memory_mib": 4096, "disk_mib": 40960, "members": 3})
}

/// A plan made through the API; its id.
async fn plan(program: &Client, name: &str, servers: i64) -> String {
    let body = json!({"name": name, "description": "", "limits": limits(servers)});
    let answer = program.json("POST", "/api/v1/staff/plans", &body).await.expect(201);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// A tenant made through the API.
async fn tenant(program: &Client, name: &str, plan: &str) -> Answer {
    program.json("POST", "/api/v1/staff/tenants", &json!({"name": name, "plan_id": plan})).await.expect(201)
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// A server's row, as if it had been created.
async fn server(app: &TestApp, tenant: crate::platform::ids::TenantId, name: &str) -> uuid::Uuid {
    use crate::platform::db::Scoped as _;
    let now = app.app.now();
    let (id, location) = (app.app.ids.uuid(now), app.app.ids.uuid(now));
    let mut tx = app.system().begin().await.unwrap();
    let slug = format!("here-{}", location.simple());
    sqlx::query!(
        "insert into location (id, slug, name, publish_address, public_host, port_first, port_last, network_pool) \
         values ($1, $2, 'Here', '127.0.0.1', '127.0.0.1', 20000, 20100, '10.0.0.0/16')",
        location,
        slug
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query!(
        "insert into server (id, tenant_id, location_id, name, template, image, size_id, cpu_millis, memory_mib, \
         disk_mib, power, created_by, created_at, updated_at) \
         values ($1, $2, $3, $4, 'web', 'web:1', 'small-box', 250, 256, 2048, 'running', 'test', $5, $5)",
        id,
        tenant.0,
        location,
        name,
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}
