//! The log as members, staff and programs read it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole, TenantRole, Who};
use crate::platform::ids::TenantId;
use crate::testing::{Client, TestApp};

use super::{Change, Target};

/// One event about a server called `label`; a minute passes.
async fn event(app: &TestApp, tenant: Option<TenantId>, action: &'static str, label: &str) {
    let mut tx = app.system().begin().await.unwrap();
    let target = Target {
        kind: "server",
        id: Some(uuid::Uuid::from_u128(7)),
        label,
        tenant,
    };
    let change = Change::between(
        action,
        json!({ "power": "off" }),
        json!({ "power": "on", "name": label }),
    );
    app.app
        .audit(&mut tx, &Who::system("test"), &target, &change)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
}

async fn labels(program: &Client, path: &str) -> Vec<String> {
    let answer = program.get(path).await.expect(200).json();
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|item| item["target"]["label"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn members_see_their_tenants_events_only() {
    let app = TestApp::start().await;
    let (ours, owner) = app.owner("ours").await;
    let (theirs, _) = app.owner("theirs").await;
    event(&app, Some(ours), "server.start", "web-1").await;
    event(&app, Some(theirs), "server.start", "foreign").await;
    event(&app, None, "server.start", "of-the-house").await;
    let page = owner.get("/t/ours/audit").await.expect(200);
    assert!(
        page.body.contains("web-1") && page.body.contains("server.start"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("foreign") && !page.body.contains("of-the-house"));
    let csv = owner.get("/t/ours/audit.csv").await.expect(200);
    assert!(
        csv.body.contains("web-1") && !csv.body.contains("foreign") && !csv.body.contains("of-the-house")
    );
    owner.get("/t/theirs/audit").await.expect(404);
    owner.get("/t/ours/audit?tenant=theirs").await.expect(200);
    owner.get("/staff/audit").await.expect(404);
    let viewer = app.person("viewer").await;
    app.member(ours, viewer, TenantRole::Viewer).await;
    app.browser(viewer).await.get("/t/ours/audit").await.expect(403);
}

#[tokio::test]
async fn staff_see_all_and_filter_by_tenant() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.tenant("ours").await, app.tenant("theirs").await);
    event(&app, Some(ours), "server.start", "web-1").await;
    event(&app, Some(theirs), "server.stop", "foreign").await;
    event(&app, None, "plan.create", "of-the-house").await;
    let boss = app.staff("boss", StaffRole::Auditor).await;
    let browser = app.browser(boss).await;
    let page = browser.get("/staff/audit").await.expect(200);
    for text in ["web-1", "foreign", "of-the-house", "Ours"] {
        assert!(page.body.contains(text), "{text}");
    }
    let program = app.program(boss, None, &[Permission::StaffAuditRead]).await;
    let path = "/api/v1/staff/audit-events";
    assert_eq!(labels(&program, path).await, ["of-the-house", "foreign", "web-1"]);
    assert_eq!(
        labels(&program, &format!("{path}?tenant=theirs")).await,
        ["foreign"]
    );
    assert_eq!(
        labels(&program, &format!("{path}?tenant={ours}")).await,
        ["web-1"]
    );
    assert_eq!(
        labels(&program, &format!("{path}?tenant=nobody")).await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn filters_and_pages() {
    let app = TestApp::start().await;
    let tenant = app.tenant("ours").await;
    let ada = app.person("ada").await;
    app.member(tenant, ada, TenantRole::Owner).await;
    for (action, label) in [
        ("server.start", "a"),
        ("server.stop", "b"),
        ("servers.count", "c"),
        ("plan.set", "d_x"),
    ] {
        event(&app, Some(tenant), action, label).await;
    }
    let program = app.program(ada, Some(tenant), &[Permission::AuditRead]).await;
    let path = "/api/v1/audit-events";
    for (query, expected) in [
        ("", &["d_x", "c", "b", "a"][..]),
        ("?action=server", &["b", "a"]),
        ("?action=server.stop", &["b"]),
        ("?actor=TES", &["d_x", "c", "b", "a"]),
        ("?actor=nobody", &[]),
        ("?target=_", &["d_x"]),
        ("?target=srv_00000000000000000000000007", &["d_x", "c", "b", "a"]),
        ("?from=2026-03-10T12:01:00Z&to=2026-03-10T12:03:00Z", &["c", "b"]),
        ("?from=2026-03-11", &[]),
        ("?to=2026-03-10", &["d_x", "c", "b", "a"]),
    ] {
        assert_eq!(
            labels(&program, &format!("{path}{query}")).await,
            expected,
            "{query}"
        );
    }
    let first = program
        .get(&format!("{path}?action=server&limit=1"))
        .await
        .expect(200);
    let link = first.header("link").to_owned();
    assert!(
        link.contains("action=server") && link.contains("limit=1"),
        "{link}"
    );
    let next = first.json()["next"].as_str().unwrap().to_owned();
    assert_eq!(
        labels(&program, &format!("{path}?action=server&limit=1&after={next}")).await,
        ["a"]
    );
    for bad in ["?from=yesterday", "?limit=0", "?target=%00"] {
        program.get(&format!("{path}{bad}")).await.expect(422);
    }
    program.get(&format!("{path}?after=x")).await.expect(400);
    let browser = app.browser(ada).await;
    let page = browser.get("/t/ours/audit?from=yesterday").await.expect(422);
    assert!(page.body.contains("Use a day such as"));
}

#[tokio::test]
async fn an_event_tells_all_it_knows() {
    let app = TestApp::start().await;
    let tenant = app.tenant("ours").await;
    let ada = app.person("ada").await;
    app.member(tenant, ada, TenantRole::Owner).await;
    event(&app, Some(tenant), "server.start", "web-1").await;
    let program = app.program(ada, Some(tenant), &[Permission::AuditRead]).await;
    let item = program.get("/api/v1/audit-events").await.expect(200).json()["items"][0].clone();
    assert_eq!(
        item["actor"],
        json!({ "kind": "system", "user_id": null, "token_id": null, "label": "test" })
    );
    assert_eq!(item["target"]["id"], "srv_00000000000000000000000007");
    assert_eq!(item["before"], json!({ "power": "off" }));
    assert_eq!(item["address"], Value::Null);
    let page = app.browser(ada).await.get("/t/ours/audit").await.expect(200);
    let html = scraper::Html::parse_document(&page.body);
    let told = |selector: &str| {
        let selector = scraper::Selector::parse(selector).unwrap();
        html.select(&selector)
            .map(|found| found.text().collect::<String>())
            .collect::<Vec<_>>()
    };
    assert_eq!(told("del"), ["was off"]);
    assert_eq!(told("ins"), ["is web-1", "is on"]);
}

#[tokio::test]
async fn the_export_is_whole_and_inert() {
    let app = TestApp::start().await;
    let (tenant, owner) = app.owner("ours").await;
    event(&app, Some(tenant), "server.start", "=HYPERLINK(\"x\")").await;
    event(
        &app,
        Some(tenant),
        "server.start",
        "with \"quotes\", commas\nand lines",
    )
    .await;
    let mut tx = app.system().begin().await.unwrap();
    for at in 0..2100 {
        let label = format!("bulk-{at}");
        let target = Target {
            kind: "server",
            id: None,
            label: &label,
            tenant: Some(tenant),
        };
        app.app
            .audit(&mut tx, &Who::system("test"), &target, &Change::plain("bulk.add"))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let answer = owner.get("/t/ours/audit.csv").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"audit-ours-2026-03-10.csv\""
    );
    let mut reader = csv::Reader::from_reader(answer.body.as_bytes());
    assert_eq!(reader.headers().unwrap().get(4), Some("action"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2102);
    let names: std::collections::HashSet<&str> = rows.iter().map(|row| &row[7]).collect();
    assert_eq!(names.len(), 2102, "each once");
    assert!(names.contains("'=HYPERLINK(\"x\")") && names.contains("with \"quotes\", commas\nand lines"));
    let some = owner
        .get("/t/ours/audit.csv?action=server&target=quotes")
        .await
        .expect(200);
    assert_eq!(some.body.matches("server.start").count(), 1);
    owner.get("/t/ours/audit.csv?from=x").await.expect(422);
}
