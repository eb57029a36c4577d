//! The ledger as a whole: what is measured is in it, it adds up, it remembers, it warns once, and the plan's choice holds.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId, UserId};
use crate::testing::{Answer, Client, TestApp};

use super::model::{Kind, MIB, Step};

const STAFF: [Permission; 5] = [
    Permission::StaffSystemRead,
    Permission::StaffPlanRead,
    Permission::StaffPlanManage,
    Permission::StaffTenantRead,
    Permission::StaffTenantSuspend,
];

/// The tenant `acme` with its owner, and how much its plan allows.
struct Scene {
    app: TestApp,
    tenant: TenantId,
    user: UserId,
    browser: Client,
    staff: Client,
    plan: PlanId,
}

impl Scene {
    async fn new(disk_mib: i64) -> Self {
        Self::of(TestApp::start().await, disk_mib).await
    }

    async fn of(app: TestApp, disk_mib: i64) -> Self {
        let (tenant, user) = (app.tenant("acme").await, app.person("ada").await);
        app.member(tenant, user, TenantRole::Owner).await;
        let browser = app.browser(user).await;
        let mut tx = app.app.db.system().await.unwrap();
        let plan = sqlx::query_scalar!(
            "update plan set max_disk_mib = $2 where id = (select plan_id from tenant where id = $1) returning id",
            tenant.0,
            disk_mib
        )
        .fetch_one(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let robot = app.staff("robot", StaffRole::Admin).await;
        let staff = app.program_until(robot, None, &STAFF, TimeDelta::days(100)).await;
        let plan = PlanId(plan);
        Self {
            app,
            tenant,
            user,
            browser,
            staff,
            plan,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.app.app.now()
    }

    async fn record(&self, kind: Kind, subject: Uuid, bytes: i64) {
        let mut tx = self.app.app.db.system().await.unwrap();
        super::record(&mut tx, self.tenant, kind, subject, bytes, self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn forget(&self, kind: Kind, subject: Uuid) {
        let mut tx = self.app.app.db.system().await.unwrap();
        super::forget(&mut tx, self.tenant, kind, subject, self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn judge(&self) -> usize {
        super::judge(&self.app.app, &self.app.system()).await.unwrap()
    }

    async fn program(&self) -> Client {
        let scopes = [
            Permission::TenantRead,
            Permission::ServerCreate,
            Permission::ServerRead,
        ];
        self.app.program(self.user, Some(self.tenant), &scopes).await
    }

    async fn get(&self, below: &str) -> Value {
        let path = format!("/api/v1/storage{below}");
        self.program().await.get(&path).await.expect(200).json()
    }

    async fn policy(&self, policy: &str, days: i32) -> Answer {
        let path = format!("/api/v1/staff/plans/{}/overuse", self.plan);
        let body = json!({ "policy": policy, "grace_days": days });
        self.staff.json("PUT", &path, &body).await
    }

    async fn status(&self) -> String {
        let mut tx = self.app.app.db.system().await.unwrap();
        sqlx::query_scalar!("select status from tenant where id = $1", self.tenant.0)
            .fetch_one(tx.conn())
            .await
            .unwrap()
    }

    async fn create(&self) -> Answer {
        // Names are a tenant's own, and some tests make several servers.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("web-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let new = json!({ "name": name, "template": "static-site", "size": "small-box", "variables": { "SITE_OWNER": "Ada" } });
        self.program().await.json("POST", "/api/v1/servers", &new).await
    }
}

fn one() -> Uuid {
    Uuid::from_u128(1)
}

fn other() -> Uuid {
    Uuid::from_u128(2)
}

fn text(answer: &Answer, selector: &str) -> String {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector)
        .flat_map(|element| element.text())
        .collect()
}

#[tokio::test]
async fn the_sum_is_that_of_what_counts() {
    let scene = Scene::new(100).await;
    assert_eq!(scene.get("").await["used_bytes"], Value::Null);
    scene.record(Kind::Server, one(), 10 * MIB).await;
    scene.record(Kind::Mail, one(), 5 * MIB).await;
    scene.record(Kind::Backup, other(), 700 * MIB).await;
    let out = scene.get("").await;
    assert_eq!(out["used_bytes"], 15 * MIB);
    assert_eq!(out["allowed_bytes"], 100 * MIB);
    assert_eq!(out["percent"], 15);
    let kinds: Vec<_> = out["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["server", "backup", "mail"]);
    scene.record(Kind::Server, one(), 4 * MIB).await;
    scene.forget(Kind::Mail, one()).await;
    scene.forget(Kind::Mail, one()).await;
    assert_eq!(scene.get("").await["used_bytes"], 4 * MIB);
}

#[tokio::test]
async fn what_is_as_it_was_writes_nothing() {
    let scene = Scene::new(100).await;
    scene.record(Kind::Server, one(), MIB).await;
    let events = || async {
        let mut tx = scene.app.app.db.system().await.unwrap();
        sqlx::query_scalar!(r#"select count(*) as "count!" from outbox where topic = 'storage'"#)
            .fetch_one(tx.conn())
            .await
            .unwrap()
    };
    assert_eq!(events().await, 1);
    scene.app.clock.advance(TimeDelta::hours(3));
    scene.record(Kind::Server, one(), MIB).await;
    assert_eq!(events().await, 1);
    assert_eq!(
        scene.get("/things").await["items"][0]["changed_at"],
        json!(scene.now() - TimeDelta::hours(3))
    );
}

#[tokio::test]
async fn of_two_that_write_at_once_neither_is_forgotten_in_the_sum() {
    let scene = Scene::new(100).await;
    let writes = (1..=8).map(|subject| scene.record(Kind::Volume, Uuid::from_u128(subject), MIB));
    futures_util::future::join_all(writes).await;
    assert_eq!(scene.get("").await["used_bytes"], 8 * MIB);
}

#[tokio::test]
async fn the_past_is_kept_by_the_hour_and_by_the_day() {
    let scene = Scene::new(100).await;
    scene.record(Kind::Server, one(), 10 * MIB).await;
    scene.app.clock.advance(TimeDelta::hours(2));
    scene.record(Kind::Server, one(), 20 * MIB).await;
    scene.app.clock.advance(TimeDelta::days(40));
    scene.record(Kind::Server, one(), 30 * MIB).await;
    let held = |out: &Value| -> Vec<i64> {
        let points = out["points"].as_array().unwrap().iter();
        let mut held: Vec<i64> = points.map(|point| point["bytes"].as_i64().unwrap()).collect();
        held.dedup();
        held
    };
    let hours = scene.get("/history?range=7d").await;
    assert_eq!(hours["step_seconds"], 3600);
    assert_eq!(held(&hours), [20 * MIB, 30 * MIB], "{hours}");
    let days = scene.get("/history?range=1y").await;
    assert_eq!(
        days["points"].as_array().unwrap().len(),
        41,
        "nothing is known before the first day"
    );
    assert_eq!(
        held(&days),
        [20 * MIB, 30 * MIB],
        "a day is what it was at its end"
    );
    let program = scene.program().await;
    let refused = program
        .get("/api/v1/storage/history?range=3d")
        .await
        .expect(422)
        .json();
    assert_eq!(refused["errors"][0]["field"], "range");
}

#[tokio::test]
async fn the_oldest_parts_go_and_those_that_will_be_needed_come() {
    let scene = Scene::new(100).await;
    scene.record(Kind::Server, one(), MIB).await;
    let rows = || async {
        let mut tx = scene.app.app.db.system().await.unwrap();
        sqlx::query!(
            r#"select (select count(*) from storage_hour) as "hours!", (select count(*) from storage_day) as "days!""#
        )
        .fetch_one(tx.conn())
        .await
        .map(|row| (row.hours, row.days))
        .unwrap()
    };
    assert_eq!(rows().await, (2, 2), "the thing's and the sum's");
    scene.app.clock.advance(TimeDelta::days(35));
    let keep = || async {
        let mut tx = scene.app.app.db.system().await.unwrap();
        for step in [Step::Hour, Step::Day] {
            super::store::keep_parts(&mut tx, step, scene.now())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    };
    keep().await;
    assert_eq!(rows().await, (0, 2));
    scene.app.clock.advance(TimeDelta::days(800));
    keep().await;
    assert_eq!(rows().await, (0, 0));
    assert_eq!(
        scene.get("/history?range=7d").await["points"][0]["bytes"],
        MIB,
        "what is there now is known all the same"
    );
}

#[tokio::test]
async fn each_border_is_told_once_and_shown_on_top() {
    let scene = Scene::new(100).await;
    let path = "/t/acme/servers";
    for (held, told) in [
        (79, 0),
        (85, 1),
        (84, 1),
        (79, 1),
        (92, 2),
        (101, 3),
        (99, 3),
        (50, 3),
        (81, 4),
    ] {
        scene.app.clock.advance(TimeDelta::minutes(1));
        scene.record(Kind::Server, one(), held * MIB).await;
        assert_eq!(scene.judge().await, 1, "at {held}");
        assert_eq!(scene.judge().await, 0, "at {held}");
        let notices = scene.get("/notices").await;
        assert_eq!(notices["items"].as_array().unwrap().len(), told, "at {held}");
    }
    let newest = scene.get("/notices").await;
    assert_eq!(newest["items"][0]["percent"], 80);
    assert_eq!(newest["items"][0]["ended_at"], Value::Null);
    assert_ne!(newest["items"][1]["ended_at"], Value::Null);
    let page = scene.browser.get(path).await.expect(200);
    let banner = text(&page, ".notice--banner");
    assert!(
        banner.contains("Storage is 81 % full: 81 MiB of 100 MiB are used."),
        "{banner}"
    );
    let log = scene.browser.get("/t/acme/audit").await.expect(200);
    assert!(log.body.contains("storage.warn"), "the tenant's log tells it");
    scene.record(Kind::Server, one(), MIB).await;
    scene.judge().await;
    let page = scene.browser.get(path).await.expect(200);
    assert_eq!(text(&page, ".notice--banner"), "");
}

#[tokio::test]
async fn a_smaller_plan_is_heard_of() {
    let scene = Scene::new(100).await;
    scene.record(Kind::Server, one(), 50 * MIB).await;
    scene.judge().await;
    let mut tx = scene.app.app.db.system().await.unwrap();
    sqlx::query!("update plan set max_disk_mib = 50 where id = $1", scene.plan.0)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.judge().await, 1);
    assert_eq!(scene.get("").await["warning"], 100);
}

#[tokio::test]
async fn a_full_plan_refuses_what_is_new_unless_its_policy_lets_it() {
    let scene = Scene::new(100_000).await;
    crate::servers::set_up_location(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    scene.record(Kind::Server, one(), 100_000 * MIB).await;
    for (policy, status) in [
        ("block", 409),
        ("suspend", 409),
        ("notify", 202),
        ("allow", 202),
        ("allow_and_notify", 202),
    ] {
        scene.policy(policy, 7).await.expect(200);
        let answer = scene.create().await.expect(status);
        if status == 409 {
            assert_eq!(answer.json()["code"], "storage-full");
        }
    }
}

#[tokio::test]
async fn who_may_go_beyond_goes_beyond_what_is_booked() {
    let scene = Scene::new(1).await;
    crate::servers::set_up_location(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    assert_eq!(scene.create().await.expect(409).json()["code"], "limit-reached");
    scene.policy("allow", 7).await.expect(200);
    scene.create().await.expect(202);
}

#[tokio::test]
async fn a_tenant_is_suspended_after_the_grace_and_comes_back_when_there_is_room() {
    let scene = Scene::new(100).await;
    scene.policy("suspend", 3).await.expect(200);
    scene.record(Kind::Server, one(), 120 * MIB).await;
    scene.judge().await;
    let out = scene.get("").await;
    assert_eq!(out["suspends_at"], json!(scene.now() + TimeDelta::days(3)));
    assert_eq!(scene.status().await, "active");
    scene.app.clock.advance(TimeDelta::days(2));
    assert_eq!(scene.judge().await, 0);
    scene.app.clock.advance(TimeDelta::days(1));
    assert_eq!(scene.judge().await, 1);
    assert_eq!(scene.status().await, "suspended");
    assert_eq!(scene.judge().await, 0, "its own verdict is no news");
    let path = format!("/api/v1/staff/tenants/{}", scene.tenant);
    let staff = &scene.staff;
    staff
        .json("POST", &format!("{path}/resume"), &json!({}))
        .await
        .expect(200);
    scene.judge().await;
    assert_eq!(scene.status().await, "active", "staff gave it the grace anew");
    scene.app.clock.advance(TimeDelta::days(4));
    scene.judge().await;
    assert_eq!(scene.status().await, "suspended");
    scene.record(Kind::Server, one(), 20 * MIB).await;
    scene.judge().await;
    assert_eq!(scene.status().await, "active");
}

#[tokio::test]
async fn what_a_plan_does_is_chosen_on_its_page() {
    let scene = Scene::new(100).await;
    let admin = scene.app.staff("admin", StaffRole::Admin).await;
    let admin = scene.app.browser(admin).await;
    let path = format!("/staff/plans/{}/overuse", scene.plan);
    let form = admin.get(&path).await.expect(200);
    assert!(form.body.contains("value=\"block\" selected"));
    let wrong = admin
        .post(
            &path,
            &[("policy", "suspend"), ("grace_days", "0"), ("version", "0")],
        )
        .await
        .expect(422);
    assert!(
        wrong.body.contains("value=\"suspend\" selected"),
        "what was chosen is kept"
    );
    assert!(text(&wrong, "#f-grace_days-error").contains("1 to 90"));
    admin
        .post(
            &path,
            &[("policy", "suspend"), ("grace_days", "9"), ("version", "0")],
        )
        .await
        .expect(303);
    admin
        .post(
            &path,
            &[("policy", "allow"), ("grace_days", "9"), ("version", "0")],
        )
        .await
        .expect(412);
    let api = format!("/api/v1/staff/plans/{}/overuse", scene.plan);
    let staff = &scene.staff;
    let kept = staff.get(&api).await.expect(200).json();
    assert_eq!(kept, json!({ "policy": "suspend", "grace_days": 9 }));
    let wrong = json!({ "policy": "suspend", "grace_days": 91 });
    staff.json("PUT", &api, &wrong).await.expect(422);
}

#[tokio::test]
async fn what_servers_hold_is_taken_over_and_goes_with_them() {
    let scene = Scene::new(100_000).await;
    crate::servers::set_up_location(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    scene.create().await.expect(202);
    let measure = || async {
        let mut tx = scene.app.app.db.system().await.unwrap();
        super::measured(&mut tx, scene.now()).await.unwrap();
        tx.commit().await.unwrap();
    };
    let mut tx = scene.app.app.db.system().await.unwrap();
    sqlx::query!(
        "insert into usage_disk (server_id, tenant_id, bytes, at) select id, tenant_id, 4096, $1 from server",
        scene.now()
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    measure().await;
    let things = scene.get("/things?q=WE").await;
    let thing = &things["items"][0];
    assert!(thing["name"].as_str().unwrap().starts_with("web-"), "{thing}");
    assert_eq!(thing["bytes"], 4096);
    assert!(thing["allowed_bytes"].as_i64().unwrap() > 0, "{thing}");
    assert!(thing["server"].as_str().unwrap().starts_with("srv_"));
    let server = thing["server"].as_str().unwrap();
    let past = scene.get(&format!("/history?server={server}")).await;
    assert_eq!(past["points"].as_array().unwrap().last().unwrap()["bytes"], 4096);
    scene
        .app
        .administer("delete from operation; delete from server")
        .await;
    measure().await;
    assert_eq!(scene.get("").await["used_bytes"], 0);
}

#[tokio::test]
async fn the_list_is_in_pages_in_each_order() {
    let scene = Scene::new(100).await;
    for subject in 1..=5_u128 {
        let held = i64::try_from(subject).unwrap() % 3;
        scene.record(Kind::Volume, Uuid::from_u128(subject), held).await;
    }
    for (sort, first) in [("-size", 2), ("size", 0), ("name", 1), ("-name", 2)] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = scene
                .get(&format!("/things?limit=2&kind=volume&sort={sort}&after={after}"))
                .await;
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["bytes"].as_i64().unwrap()));
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        assert_eq!((seen.len(), seen[0]), (5, first), "{sort}");
        assert_eq!(seen.iter().sum::<i64>(), 1 + 2 + 1 + 2, "{sort}");
    }
    assert_eq!(scene.get("/things?kind=mail").await["items"], json!([]));
    let program = scene.program().await;
    program.get("/api/v1/storage/things?sort=age").await.expect(422);
}

#[tokio::test]
async fn the_page_says_what_is_used_and_when_it_is_full() {
    let scene = Scene::new(1000).await;
    let empty = scene.browser.get("/t/acme/storage").await.expect(200);
    assert!(text(&empty, "#storage-things").contains("Nothing holds data yet"));
    for day in 0..=6 {
        scene.record(Kind::Server, one(), (100 + 50 * day) * MIB).await;
        if day < 6 {
            scene.app.clock.advance(TimeDelta::days(1));
        }
    }
    let browser = scene.app.browser(scene.user).await;
    let page = browser.get("/t/acme/storage?range=7d").await.expect(200);
    let now = text(&page, "#storage-now");
    assert!(now.contains("400 MiB of 1000 MiB"), "{now}");
    let days = scene.get("").await["full_in_days"].as_i64().unwrap();
    assert!((10..=13).contains(&days), "{days}");
    assert!(now.contains(&format!("In {days} days")), "{now}");
    assert!(text(&page, "#storage-things").contains("400 MiB"));
    let data = browser
        .get("/t/acme/storage/data?range=7d")
        .await
        .expect(200)
        .json();
    assert_eq!(data["allowed"], 1000 * MIB);
    assert_eq!(
        data["points"].as_array().unwrap().last().unwrap()["bytes"],
        400 * MIB
    );
}

#[tokio::test]
async fn a_stranger_sees_nothing_of_it() {
    let scene = Scene::new(100).await;
    scene.record(Kind::Server, one(), 90 * MIB).await;
    scene.judge().await;
    let (_, stranger) = scene.app.owner("other").await;
    stranger.get("/t/acme/storage").await.expect(404);
    let page = stranger.get("/t/other/storage").await.expect(200);
    assert_eq!(text(&page, ".notice--banner"), "");
    let other = scene.app.tenant("third").await;
    let mut tx = scene.app.app.db.tenant(other, scene.user).await.unwrap();
    let seen = sqlx::query_scalar!(
        r#"select (select count(*) from storage_use) + (select count(*) from storage_total) + (select count(*) from storage_notice)
             + (select count(*) from storage_hour) + (select count(*) from storage_day) as "count!""#
    );
    assert_eq!(seen.fetch_one(tx.conn()).await.unwrap(), 0);
    drop(tx);
    let mut tx = scene.app.app.db.tenant(scene.tenant, scene.user).await.unwrap();
    let written = sqlx::query!("update storage_total set bytes = 0")
        .execute(tx.conn())
        .await;
    assert!(written.is_err(), "a tenant writes nothing into the ledger");
}

#[tokio::test]
async fn staff_see_what_a_tenant_uses() {
    let scene = Scene::new(100).await;
    scene.record(Kind::Server, one(), 25 * MIB).await;
    let staff = &scene.staff;
    let path = format!("/api/v1/staff/tenants/{}/storage", scene.tenant);
    assert_eq!(staff.get(&path).await.expect(200).json()["percent"], 25);
}

#[tokio::test]
async fn a_thing_that_nobody_has_can_not_be_recorded_for_nobody() {
    let scene = Scene::new(100).await;
    let mut tx = scene.app.app.db.system().await.unwrap();
    let nobody = TenantId(Uuid::from_u128(77));
    let outcome: Result<(), Error> = super::record(&mut tx, nobody, Kind::Mail, one(), 1, scene.now()).await;
    outcome.unwrap();
    tx.commit().await.unwrap();
    let mut tx = scene.app.app.db.system().await.unwrap();
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from storage_use"#);
    assert_eq!(
        count.fetch_one(tx.conn()).await.unwrap(),
        0,
        "a tenant that was erased meanwhile is passed over"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_where_nothing_is_oversold() {
    let scene = Scene::new(1_000_000).await;
    let location = crate::servers::set_up_location(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    super::capacity::measure(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    let staff = &scene.staff;
    let seen = staff.get("/api/v1/staff/capacity").await.expect(200).json();
    let seen = &seen["items"][0];
    assert_eq!(seen["oversell"], true);
    assert!(
        seen["memory_mib"]["total"].as_i64().unwrap() > 0,
        "the engine says what it has: {seen}"
    );
    let path = format!("/api/v1/staff/capacity/{}", location.id);
    let path = &path;
    let set = |body: Value| async move { staff.json("PATCH", path, &body).await };
    let out = set(json!({ "disk_mib": 3000, "disk_percent": 100 }))
        .await
        .expect(200)
        .json();
    assert_eq!(out["fits"][0], json!({ "size": "small-box", "more": 1 }));
    assert_eq!(out["fits"][3]["more"], 0);
    scene.create().await.expect(202);
    scene.create().await.expect(202);
    let out = set(json!({ "oversell": false })).await.expect(200).json();
    assert_eq!(out["disk_mib"]["sold"], 4096);
    assert_eq!(out["fits"][0]["more"], 0);
    let refused = scene.create().await.expect(409).json();
    assert_eq!(refused["code"], "no-capacity");
    assert!(
        refused["title"].as_str().unwrap().contains("lacks disk"),
        "{refused}"
    );
    set(json!({ "disk_percent": 1000 })).await.expect(200);
    scene.create().await.expect(202);
    set(json!({ "disk_percent": 0 })).await.expect(422);
}

#[tokio::test]
async fn the_disk_is_what_the_pool_holds_until_staff_say_otherwise() {
    let app =
        TestApp::with(|config| config.volume_driver_socket = Some("/run/docker/plugins/berth.sock".into()));
    let scene = Scene::of(app.await, 1_000_000).await;
    let system = scene.app.system();
    let location = crate::servers::set_up_location(&scene.app.app, &system)
        .await
        .unwrap();
    let total = async || {
        let seen = scene.staff.get("/api/v1/staff/capacity").await.expect(200).json();
        seen["items"][0]["disk_mib"]["total"].clone()
    };
    assert_eq!(total().await, json!(null));
    super::capacity::measure(&scene.app.app, &system).await.unwrap();
    assert_eq!(total().await, 200 * 1024);
    let path = format!("/api/v1/staff/capacity/{}", location.id);
    let small = json!({ "disk_mib": 2048, "disk_percent": 100, "oversell": false });
    scene.staff.json("PATCH", &path, &small).await.expect(200);
    assert_eq!(total().await, 2048);
    scene.create().await.expect(202);
    scene.create().await.expect(409);
    // Nothing said again; 1 % of the pool is 2048 MiB.
    let admin = scene.app.staff("admin", StaffRole::Admin).await;
    let admin = scene.app.browser(admin).await;
    let page = admin.get("/staff/capacity").await.expect(200);
    assert!(
        text(&page, "main").contains("what the pool holds, 200 GiB"),
        "{}",
        text(&page, "main")
    );
    let percent = async |share: &str| {
        let shown = admin.get("/staff/capacity").await.expect(200);
        let page = Html::parse_document(&shown.body);
        let version = Selector::parse("[name=version]").unwrap();
        let version = page
            .select(&version)
            .next()
            .unwrap()
            .attr("value")
            .unwrap()
            .to_owned();
        let fields = [
            ("disk_mib", ""),
            ("cpu_percent", "400"),
            ("memory_percent", "90"),
            ("disk_percent", share),
            ("version", &version),
        ];
        let path = format!("/staff/capacity/{}", location.id);
        admin.post(&path, &fields).await.expect(303);
    };
    percent("1").await;
    scene.create().await.expect(409);
    percent("2").await;
    scene.create().await.expect(202);
    // What is away takes back nothing that is known.
    scene.app.engine.pool().set_away(true);
    super::capacity::measure(&scene.app.app, &system)
        .await
        .unwrap_err();
    assert_eq!(total().await, 200 * 1024);
}

#[tokio::test]
async fn of_two_for_the_last_place_one_gets_it() {
    let scene = Scene::new(1_000_000).await;
    let location = crate::servers::set_up_location(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    let path = format!("/api/v1/staff/capacity/{}", location.id);
    let body = json!({ "disk_mib": 2048, "disk_percent": 100, "oversell": false });
    scene.staff.json("PATCH", &path, &body).await.expect(200);
    let answers = futures_util::future::join_all((0..4).map(|_| scene.create())).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409, 409, 409]);
}

#[tokio::test]
async fn staff_see_capacity_and_say_what_may_be_sold() {
    let scene = Scene::new(1_000_000).await;
    let location = crate::servers::set_up_location(&scene.app.app, &scene.app.system())
        .await
        .unwrap();
    let admin = scene.app.staff("admin", StaffRole::Admin).await;
    let admin = scene.app.browser(admin).await;
    let page = admin.get("/staff/capacity").await.expect(200);
    assert!(
        text(&page, "main").contains("not known"),
        "nobody has said anything yet"
    );
    let path = format!("/staff/capacity/{}", location.id);
    let mut fields = vec![
        ("disk_mib", "4096"),
        ("cpu_percent", "0"),
        ("memory_percent", "80"),
        ("disk_percent", "100"),
        ("version", "0"),
    ];
    let wrong = admin.post(&path, &fields).await.expect(422);
    assert!(text(&wrong, "#f-cpu_percent-error").contains("1 to 10000"));
    assert!(wrong.body.contains("value=\"4096\""), "what was typed is kept");
    fields[1].1 = "300";
    admin.post(&path, &fields).await.expect(303);
    let page = admin.get("/staff/capacity").await.expect(200);
    assert!(
        text(&page, "main").contains("2 more fit"),
        "{}",
        text(&page, "main")
    );
    assert!(!page.body.contains("It oversells"), "the box was not ticked");
}
