//! A panel that dies in the middle of an import: the next one goes on, and every line is made once.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use berth::platform::access::{Permission, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::testing::{TestApp, noon};
use serde_json::json;

use crate::panel::{Panel, until_within};

/// Where a panel dies in a test.
pub(crate) const POINTS: [&str; 1] = ["mail_import.after_batch"];

/// The lease of the one that died has to end first.
const TAKEN_BACK: Duration = Duration::from_mins(2);
const LINES: i64 = 250;

async fn mailboxes(app: &TestApp) -> i64 {
    let mut tx = app.app.db.system().await.unwrap();
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from mailbox"#);
    count.fetch_one(tx.conn()).await.unwrap()
}

#[tokio::test]
async fn a_panel_that_dies_between_two_batches_loses_no_line_and_doubles_none() {
    let app = TestApp::start().await;
    app.clock.advance(SystemClock.now() - noon());
    let (tenant, ann) = (app.tenant("acme").await, app.person("ann").await);
    app.member(tenant, ann, TenantRole::Owner).await;
    app.administer(
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         select gen_random_uuid(), id, 'x.example', 'proof', now(), 'ann', now(), now() from tenant",
    )
    .await;
    app.administer(
        "insert into plan_mail (plan_id, max_mailboxes, updated_at) select id, 1000, now() from plan",
    )
    .await;
    let may = [Permission::MailRead, Permission::MailWrite];
    let program = app.program(ann, Some(tenant), &may).await;
    let lines: Vec<String> = (0..LINES).map(|n| format!("p{n}@x.example")).collect();
    let list = Body::from(format!("address\n{}\n", lines.join("\n")));
    let headers = [("content-type", "text/csv")];
    let read = program
        .send(Method::POST, "/api/v1/mail/imports", &headers, list)
        .await;
    let import = format!(
        "/api/v1/mail/imports/{}",
        read.expect(201).json()["id"].as_str().unwrap()
    );
    program
        .json("POST", &format!("{import}/start"), &json!({}))
        .await
        .expect(200);

    let panel = Panel::of(&app);
    panel.start(Some(POINTS[0])).died(POINTS[0]).await;
    assert_eq!(mailboxes(&app).await, 100, "one batch is whole");
    assert_eq!(program.get(&import).await.expect(200).json()["done"], 100);
    let _running = panel.serve().await;
    until_within(TAKEN_BACK, "the import is done", async || {
        program.get(&import).await.json()["state"] == "done"
    })
    .await;
    let done = program.get(&import).await.json();
    assert_eq!((&done["done"], &done["failed"]), (&json!(LINES), &json!(0)));
    assert_eq!(mailboxes(&app).await, LINES);
}
