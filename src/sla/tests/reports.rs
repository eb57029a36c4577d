//! Months: what counts, that they stay as they were, and that a credit is decided once.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::platform::access::{StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::ServerId;
use crate::testing::noon;

use super::super::freeze::freeze;
use super::Scene;

const MONTH: &str = "/api/v1/sla/reports/2026-03";

fn after(minutes: i64) -> DateTime<Utc> {
    noon() + TimeDelta::minutes(minutes)
}

impl Scene {
    async fn outage(&self, server: ServerId, from: i64, to: i64) {
        let id = self.test.app.ids.uuid(self.test.app.now());
        let mut tx = self.test.system().begin().await.unwrap();
        sqlx::query!(
            "insert into incident (id, tenant_id, server_id, server_name, cause, signature, summary, state, began_at, opened_at, \
               failing_since, ended_at, changed_at) \
             values ($1, $2, $3, 'web', $4, 'http', '=cmd', 'closed', $5, $5, $5, $6, $6)",
            id,
            self.tenant.0,
            server.0,
            id.to_string(),
            after(from),
            after(to)
        )
        .execute(tx.conn())
        .await
        .unwrap();
        sqlx::query!(
            "insert into incident_span (incident_id, began_at, ended_at) values ($1, $2, $3)",
            id,
            after(from),
            after(to)
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn maintenance(&self, server: ServerId, from: i64, to: i64) {
        let id = self.test.app.ids.uuid(self.test.app.now());
        let boss = self.test.staff("planner", StaffRole::Admin).await;
        let mut tx = self.test.app.db.staff(boss).await.unwrap();
        sqlx::query!(
            "insert into maintenance (id, title, body, server_id, first_at, minutes, repeat, zone, lead_hours, planned_until, \
               created_by, created_at, updated_at) \
             values ($1, 'New disk', '', $2, $3::timestamptz at time zone 'UTC', 60, 'once', 'UTC', 0, $3, 'test', $3, $3)",
            id,
            server.0,
            after(from)
        )
        .execute(tx.conn())
        .await
        .unwrap();
        sqlx::query!(
            "insert into maintenance_run (maintenance_id, begins_at, ends_at) values ($1, $2, $3)",
            id,
            after(from),
            after(to)
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn month(&self) -> Value {
        self.customer.get(MONTH).await.expect(200).json()
    }

    /// Out for an hour and a half of the five hours that count.
    async fn bad_day(&self) {
        let server = self.test.server(self.tenant, "web").await;
        self.outage(server, 60, 120).await;
        self.outage(server, 90, 180).await;
        self.maintenance(server, 150, 210).await;
        self.later(TimeDelta::hours(6));
    }

    async fn end_of_month(&self) -> usize {
        self.later("2026-04-01T00:30:00Z".parse::<DateTime<Utc>>().unwrap() - self.test.app.now());
        freeze(&self.test.app, &self.test.system()).await.unwrap()
    }
}

#[tokio::test]
async fn overlaps_count_once_and_maintenance_not_at_all() {
    let scene = Scene::new().await;
    scene.bad_day().await;
    let month = scene.month().await;
    let report = &month["report"];
    let server = &report["servers"][0];
    assert_eq!(
        (&server["counted"], &server["down"]),
        (&json!(18_000), &json!(5_400))
    );
    assert_eq!(
        (&report["availability"], &report["credit"]),
        (&json!("70"), &json!(25))
    );
    let counted: Vec<_> = report["outages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["counted"].as_i64().unwrap())
        .collect();
    assert_eq!(counted, [3_600, 3_600]);
    assert_eq!(month["frozen_at"], Value::Null);
}

#[tokio::test]
async fn a_month_that_is_over_stays_as_it_was() {
    let scene = Scene::new().await;
    let late = scene.open("=HYPERLINK(1)", "p1").await;
    scene.later(TimeDelta::seconds(1));
    let good = scene.open("Slow", "p2").await;
    scene.bad_day().await;
    scene
        .reply(late, json!({ "body": "Sorry.", "state": "resolved" }))
        .await;
    scene
        .reply(good, json!({ "body": "Sorry.", "state": "resolved" }))
        .await;
    assert_eq!(scene.end_of_month().await, 1);
    assert_eq!(freeze(&scene.test.app, &scene.test.system()).await.unwrap(), 0);
    let month = scene.month().await;
    assert_ne!(month["frozen_at"], Value::Null);
    let lines = month["report"]["tickets"].as_array().unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|line| [&line["first_answer"], &line["restore"]])
        .collect();
    assert_eq!(
        told,
        [
            [&json!("missed"), &json!("missed")],
            [&json!("missed"), &json!("met")]
        ]
    );
    assert_eq!(lines[0]["answered_after"], 6 * 3_600 + 1);
    let server = scene.test.server(scene.tenant, "later").await;
    scene.outage(server, 0, 360).await;
    assert_eq!(scene.month().await, month);

    let ann = scene.test.person("viewer").await;
    scene.test.member(scene.tenant, ann, TenantRole::Viewer).await;
    let browser = scene.test.browser(ann).await;
    let list = browser.get("/t/acme/sla").await.expect(200);
    assert!(list.body.contains("March 2026") && list.body.contains("5 % proposed"));
    let page = browser.get("/t/acme/sla/2026-03").await.expect(200);
    assert!(page.body.contains("=HYPERLINK(1)") && page.body.contains("99.708 %"));
    let table = browser
        .get("/t/acme/sla/2026-03/report.csv")
        .await
        .expect(200)
        .body;
    assert!(
        table.contains("'=HYPERLINK(1)") && !table.contains(",=HYPERLINK"),
        "{table}"
    );
    let pdf = browser.get("/t/acme/sla/2026-03/report.pdf").await.expect(200);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.body.starts_with("%PDF-"));
    let all = scene
        .staff
        .get("/api/v1/staff/sla/reports?month=2026-03&missed=true")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&all["items"][0]["missed"], &all["items"][0]["credit"]),
        (&json!(true), &json!(5))
    );
}

#[tokio::test]
async fn a_credit_is_decided_once_and_not_before_the_end() {
    let scene = Scene::new().await;
    scene.bad_day().await;
    let path = format!("/api/v1/staff/sla/tenants/{}/2026-03/credit", scene.tenant);
    let yes = json!({ "verdict": "approve", "reason": "As promised." });
    let early = scene.staff.json("POST", &path, &yes).await.expect(409);
    assert_eq!(early.json()["code"], "sla-month-not-over");
    assert_eq!(scene.end_of_month().await, 1);
    let silent = json!({ "verdict": "refuse", "reason": " " });
    scene.staff.json("POST", &path, &silent).await.expect(422);
    let no = json!({ "verdict": "refuse", "reason": "By mistake." });
    let both = tokio::join!(
        scene.staff.json("POST", &path, &yes),
        scene.staff.json("POST", &path, &no)
    );
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let month = scene.month().await;
    assert_eq!(month["credit_approved"], json!(both.0.status == 200));
    let boss = scene.test.staff("reader", StaffRole::Auditor).await;
    let browser = scene.test.browser(boss).await;
    let page = browser
        .get(&format!("/staff/sla/tenants/{}/2026-03", scene.tenant))
        .await
        .expect(200);
    assert!(page.body.contains("Decided by boss@example.com."));
}

#[tokio::test]
async fn a_stranger_sees_no_month_and_nobody_one_that_has_not_begun() {
    let scene = Scene::new().await;
    scene.bad_day().await;
    let (_, stranger) = scene.test.owner("theirs").await;
    for below in ["", "/2026-03", "/2026-03/report.csv", "/2026-03/report.pdf"] {
        stranger.get(&format!("/t/acme/sla{below}")).await.expect(404);
    }
    for (end, kind) in [("csv", "text/csv; charset=utf-8"), ("pdf", "application/pdf")] {
        let path = format!("/api/v1/sla/reports/2026-03/report.{end}");
        let answer = scene.customer.get(&path).await.expect(200);
        assert_eq!(answer.header("content-type"), kind);
    }
    let own = stranger.get("/t/theirs/sla/2026-03").await.expect(200);
    assert!(own.body.contains("There were no servers.") && own.body.contains("No credit is proposed."));
    for month in ["2026-04", "2026-02", "2026-13", "march"] {
        scene
            .customer
            .get(&format!("/api/v1/sla/reports/{month}"))
            .await
            .expect(404);
    }
    // Nothing was promised to them, so nothing is written down.
    assert_eq!(scene.end_of_month().await, 1);
}
