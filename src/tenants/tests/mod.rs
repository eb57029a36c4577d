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
    let scopes: Vec<_> = Permission::ALL
        .iter()
        .copied()
        .filter(|p| p.name().starts_with("staff."))
        .collect();
    app.program(user, None, &scopes).await
}

fn limits(servers: i64) -> Value {
    json!({"servers": servers, "cpu_millis": 2500, "memory_mib": 4096, "disk_mib": 40960, "members": 3})
}

/// A plan made through the API; its id.
async fn plan(program: &Client, name: &str, servers: i64) -> String {
    let body = json!({"name": name, "description": "", "limits": limits(servers)});
    let answer = program
        .json("POST", "/api/v1/staff/plans", &body)
        .await
        .expect(201);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// A tenant made through the API.
async fn tenant(program: &Client, name: &str, plan: &str) -> Answer {
    program
        .json(
            "POST",
            "/api/v1/staff/tenants",
            &json!({"name": name, "plan_id": plan}),
        )
        .await
        .expect(201)
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}
