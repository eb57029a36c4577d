//! Months: what counts, that they stay as they were, and that a credit is decided once.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::platform::access::{StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::ServerId;
use crate::platform::secret::Secret;
use crate::testing::{TestApp, noon};

use super::super::freeze::freeze;
use super::{STANDARD, Scene};

const MONTH: &str = "/api/v1/sla/reports/2026-03";

fn after(minutes: i64) -> DateTime<Utc> {
    noon() + TimeDelta::minutes(minutes)
}

impl Scene {
    /// A server that should run.
    async fn server(&self, name: &str) -> ServerId {
        let id = self.test.server(self.tenant, name).await;
        self.wish(id, "running").await;
        id
    }

    async fn wish(&self, server: ServerId, power: &str) {
        let mut tx = self.test.system().begin().await.unwrap();
        sqlx::query!(
            "update server set power = $2, updated_at = $3 where id = $1",
            server.0,
            power,
            self.test.app.now()
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Deletes a server, and erases it at once.
    async fn erase(&self, server: ServerId) {
        let mut tx = self.test.system().begin().await.unwrap();
        sqlx::query!(
            "update server set deleted_at = $2, deleting_at = $2, updated_at = $2 where id = $1",
            server.0,
            self.test.app.now()
        )
        .execute(tx.conn())
        .await
        .unwrap();
        sqlx::query!("delete from server where id = $1", server.0)
            .execute(tx.conn())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn outage(&self, server: ServerId, from: i64, to: i64) {
        self.fails((server, "http"), from, to).await;
    }

    async fn fails(&self, (server, signature): (ServerId, &str), from: i64, to: i64) {
        let id = self.test.app.ids.uuid(self.test.app.now());
        let mut tx = self.test.system().begin().await.unwrap();
        sqlx::query!(
            "insert into incident (id, tenant_id, server_id, server_name, cause, signature, summary, state, began_at, opened_at, \
               failing_since, ended_at, changed_at) \
             values ($1, $2, $3, 'web', $4, $7, '=cmd', 'closed', $5, $5, $5, $6, $6)",
            id,
            self.tenant.0,
            server.0,
            id.to_string(),
            after(from),
            after(to),
            signature
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

    /// The same month, as staff see it.
    async fn month_for_staff(&self) -> Value {
        let path = format!("/api/v1/staff/sla/tenants/{}/2026-03", self.tenant);
        self.staff.get(&path).await.expect(200).json()
    }

    /// Out for an hour and a half of the five hours that count.
    async fn bad_day(&self) {
        let server = self.server("web").await;
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
    let server = scene.server("later").await;
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
async fn a_month_names_nobody_who_came_later_and_none_that_is_to_come_does() {
    let scene = Scene::new().await;
    for (month, count) in [("2026-02", 0), ("2026-03", 1), ("2026-04", 0)] {
        let path = format!("/api/v1/staff/sla/reports?month={month}");
        let named = scene.staff.get(&path).await.expect(200).json();
        assert_eq!(named["items"].as_array().unwrap().len(), count, "{month}");
    }
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

#[tokio::test]
async fn each_time_is_judged_by_what_held_in_it() {
    let scene = Scene::bare().await;
    let server = scene.server("web").await;
    scene.outage(server, 60, 120).await;
    scene.later(TimeDelta::hours(6));
    scene.choose(json!(STANDARD), 200).await;
    // Of the six hours of the promise half an hour is lost, and six more are without one.
    scene.outage(server, 420, 450).await;
    scene.later(TimeDelta::hours(6));
    scene.move_to_another_plan().await;
    scene.outage(server, 900, 960).await;
    scene.later(TimeDelta::hours(6));
    let report = scene.month().await["report"].clone();
    assert_eq!(
        (&report["policy"], &report["credit"]),
        (&json!("Standard"), &json!(9)),
        "{report}"
    );
    let [part] = <[Value; 1]>::try_from(report["parts"].as_array().unwrap().clone()).unwrap();
    let time = |name: &str| part[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!((time("from"), time("until")), (after(360), after(720)));
    assert_eq!(
        (&part["availability"], &part["credit"]),
        (&json!("91.666"), &json!(25))
    );
    // What held is written down although nothing is promised any more.
    assert_eq!(scene.end_of_month().await, 1);
    let frozen = scene.month().await["report"].clone();
    assert_eq!(
        (&frozen["policy"], &frozen["parts"][0]["credit"]),
        (&json!("Standard"), &json!(25))
    );
}

#[tokio::test]
async fn a_server_counts_while_it_should_run_for_whoever_looks() {
    let scene = Scene::new().await;
    let server = scene.server("web").await;
    scene.outage(server, 60, 120).await;
    scene.maintenance(server, 90, 150).await;
    // It works badly, and works.
    scene.fails((server, "disk_full"), 0, 240).await;
    scene.later(TimeDelta::hours(4));
    scene.wish(server, "stopped").await;
    scene.later(TimeDelta::hours(1));
    scene.wish(server, "running").await;
    scene.later(TimeDelta::hours(1));
    scene.erase(server).await;
    scene.later(TimeDelta::hours(1));
    let report = scene.month().await["report"].clone();
    assert_eq!(report, scene.month_for_staff().await["report"]);
    let line = &report["servers"][0];
    assert_eq!(
        (&line["counted"], &line["down"]),
        (&json!(4 * 3_600), &json!(1_800)),
        "{report}"
    );
    assert_eq!(report["outages"].as_array().unwrap().len(), 1, "{report}");
}

#[tokio::test]
async fn the_last_month_of_a_closed_tenant_ends_when_it_was_closed() {
    let scene = Scene::new().await;
    scene.bad_day().await;
    let id = scene.open("Slow", "p2").await;
    scene.later(TimeDelta::minutes(10));
    scene.close(true).await;
    assert_eq!(scene.end_of_month().await, 1);
    assert_eq!(freeze(&scene.test.app, &scene.test.system()).await.unwrap(), 0);
    let month = scene.month_for_staff().await;
    let until: DateTime<Utc> = month["report"]["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, after(370));
    assert_eq!(month["report"]["servers"][0]["counted"], 18_600);
    let ticket = &month["report"]["tickets"][0];
    assert_eq!(
        (&ticket["ticket"], &ticket["first_answer"]),
        (&json!(id.to_string()), &json!("open"))
    );
    let path = format!("/api/v1/staff/sla/tenants/{}/2026-04", scene.tenant);
    scene.staff.get(&path).await.expect(404);
}

#[tokio::test]
async fn owners_are_mailed_once_when_a_month_is_final() {
    let url = Secret::new("smtp://127.0.0.1".to_owned());
    let test = TestApp::with(|config| config.smtp_url = Some(url)).await;
    let scene = Scene::over(test).await;
    scene.choose(json!(STANDARD), 200).await;
    scene.bad_day().await;
    assert_eq!(scene.end_of_month().await, 1);
    assert_eq!(freeze(&scene.test.app, &scene.test.system()).await.unwrap(), 0);
    let list = scene.staff.get("/api/v1/staff/notifications").await.expect(200);
    let mails: Vec<Value> = list.json()["items"].as_array().unwrap().clone();
    let told = mails
        .iter()
        .filter(|one| one["subject"] == "SLA report of Acme: March 2026");
    let [mail] = <[&Value; 1]>::try_from(told.collect::<Vec<_>>()).unwrap();
    assert_eq!(mail["recipient"], "ann@example.com");
    let words = mail["text"].as_str().unwrap();
    for end in ["", "/report.pdf", "/report.csv"] {
        let link = format!("{}/t/acme/sla/2026-03{end}\n", scene.test.app.config.public_url);
        assert!(words.contains(&link), "{words}");
    }
}
