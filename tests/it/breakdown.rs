//! A panel that dies while it gathers the evidence of a breakdown: the next one gathers it, and nothing is there twice.

use std::time::Duration;

use berth::monitoring::{self, Signal, Signature};
use berth::platform::access::TenantRole;
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::testing::{TestApp, noon};
use futures_util::future::join_all;
use serde_json::json;

use crate::panel::{Panel, until_within};

/// Where a panel dies in a test: before anything of it is written, and right after all of it is.
pub(crate) const POINTS: [&str; 2] = ["breakdowns.gathered", "breakdowns.evidence_written"];

/// The queue gives the work of one that died to the next after a minute.
const TAKEN_BACK: Duration = Duration::from_mins(3);

/// How many tickets, pieces of evidence, and posts of each kind there are.
async fn counts(app: &TestApp) -> [i64; 4] {
    let mut tx = app.app.db.system().await.unwrap();
    let row = sqlx::query!(
        r#"select (select count(*) from ticket) as "tickets!", (select count(*) from breakdown_evidence) as "evidence!",
             (select count(*) from ticket_post where kind = 'evidence') as "internal!",
             (select count(*) from ticket_post where kind = 'system' and is_public) as "public!""#
    );
    let row = row.fetch_one(tx.conn()).await.unwrap();
    [row.tickets, row.evidence, row.internal, row.public]
}

/// Whether the queue has nothing to do any more.
async fn is_idle(app: &TestApp) -> bool {
    let mut tx = app.app.db.system().await.unwrap();
    let open =
        sqlx::query_scalar!(r#"select exists (select from ticket_event where not followed) as "open!""#);
    !open.fetch_one(tx.conn()).await.unwrap()
}

async fn survive(point: &str) {
    let app = TestApp::start().await;
    app.clock.advance(SystemClock.now() - noon());
    let (tenant, ann) = (app.tenant("acme").await, app.person("ann").await);
    app.member(tenant, ann, TenantRole::Owner).await;
    let server = app.server(tenant, "web").await;
    let signal = Signal {
        cause: "test:web".to_owned(),
        tenant: Some(tenant),
        location: None,
        server: Some(server),
        check: None,
        signature: Signature::Tcp,
        summary: "web does not answer at port 80".to_owned(),
        failing: true,
        since: app.app.now(),
        detail: json!({}),
    };
    let mut tx = app.app.db.system().await.unwrap();
    monitoring::report(&app.app, &mut tx, signal.clone())
        .await
        .unwrap();
    monitoring::report(&app.app, &mut tx, signal).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counts(&app).await, [1, 0, 0, 1], "{point}");

    let panel = Panel::of(&app);
    panel.start(Some(point)).died(point).await;
    let written = i64::from(point == POINTS[1]);
    assert_eq!(counts(&app).await, [1, written, written, 1 + written], "{point}");
    let _running = panel.serve().await;
    until_within(TAKEN_BACK, "the evidence is there", async || {
        counts(&app).await == [1, 1, 1, 2] && is_idle(&app).await
    })
    .await;
}

#[tokio::test]
async fn a_panel_that_dies_with_evidence_in_its_hands_doubles_none_and_loses_none() {
    join_all(POINTS.map(survive)).await;
}
