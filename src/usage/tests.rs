//! Usage as a whole: measured, kept, rolled up, forgotten, shown, and hidden from strangers.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::{ServerKey, Stats};
use crate::platform::access::{Permission, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{ServerId, TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers;
use crate::testing::{Client, TestApp};

use super::sampler::{Missed, Sampler};

const MIB: u64 = 1024 * 1024;

/// A tenant with a running server and somebody who looks at it.
struct Scene {
    test: TestApp,
    tenant: TenantId,
    user: UserId,
    browser: Client,
    id: ServerId,
    key: ServerKey,
}

impl Scene {
    async fn new() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(test: TestApp) -> Self {
        let (tenant, user) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, user, TenantRole::Owner).await;
        let browser = test.browser(user).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let program = test
            .program(user, Some(tenant), &[Permission::ServerCreate])
            .await;
        let new = json!({ "name": "web", "template": "static-site", "size": "small-box", "variables": { "SITE_OWNER": "Ada" } });
        let answer = program
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202)
            .json();
        let id: ServerId = answer["server"]["id"].as_str().unwrap().parse().unwrap();
        let reconciler = servers::Servers::new(&test.app, location.id);
        loop {
            test.clock.advance(TimeDelta::milliseconds(1));
            let claimed = reconciler.claim(16).await.unwrap();
            if claimed.is_empty() {
                break;
            }
            for server in claimed {
                reconciler.reconcile(server).await.unwrap();
            }
        }
        let key = ServerKey::new(id.to_string()).unwrap();
        Self {
            test,
            tenant,
            user,
            browser,
            id,
            key,
        }
    }

    /// What the server says that it has used since it started.
    fn used(&self, cpu: Duration, memory: u64, rx_bytes: u64) {
        let stats = Stats {
            cpu_nanos: u64::try_from(cpu.as_nanos()).unwrap(),
            memory_bytes: memory,
            memory_limit: 256 * MIB,
            rx_bytes,
            ..Stats::default()
        };
        self.test.engine.set_stats(&self.key, stats);
    }

    /// Ten seconds later.
    async fn tick(&self, sampler: &mut Sampler) -> Result<usize, Missed> {
        self.test.clock.advance(TimeDelta::seconds(10));
        sampler.tick().await
    }

    /// Measures so many times a server that is busy with an eighth of a processor.
    async fn measure(&self, sampler: &mut Sampler, times: u64) {
        for n in 0..times {
            self.used(Duration::from_millis(1250 * n), 64 * MIB + n, 1000 * n);
            assert_eq!(self.tick(sampler).await.unwrap(), 1);
        }
    }

    async fn points(&self, query: &str) -> Vec<Value> {
        let program = self
            .test
            .program(self.user, Some(self.tenant), &[Permission::ServerRead])
            .await;
        let answer = program
            .get(&format!("/api/v1/servers/{}/usage{query}", self.id))
            .await;
        answer.expect(200).json()["points"].as_array().unwrap().clone()
    }

    async fn count(&self, table: &str) -> i64 {
        let rows = sqlx::query_scalar!(
            r#"select case $1 when 'usage_10s' then (select count(*) from usage_10s)
                              when 'usage_5m' then (select count(*) from usage_5m)
                              else (select count(*) from usage_1h) end as "count!""#,
            table
        );
        let mut tx = self.test.system().begin().await.unwrap();
        rows.fetch_one(tx.conn()).await.unwrap()
    }

    /// How many parts the table has, and how many of them are over for longer than it is kept.
    async fn parts(&self) -> i64 {
        let parts = sqlx::query_scalar!(
            r#"select count(*) as "count!" from pg_inherits where inhparent = 'usage_10s'::regclass"#
        );
        let mut tx = self.test.system().begin().await.unwrap();
        parts.fetch_one(tx.conn()).await.unwrap()
    }
}

fn cpu(points: &[Value]) -> Vec<Option<f64>> {
    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
    points
        .iter()
        .map(|point| point["cpu"].as_f64().map(hundredths))
        .collect()
}

#[tokio::test]
async fn readings_become_rates_and_a_new_panel_or_server_counts_nothing_twice() {
    let scene = Scene::new().await;
    let mut sampler = Sampler::new(&scene.test.app);
    for seconds in [0, 5, 6] {
        scene.used(Duration::from_secs(seconds), 64 * MIB, 0);
        scene.tick(&mut sampler).await.unwrap();
    }
    // The panel starts anew, and does not know what was used before.
    let mut sampler = Sampler::new(&scene.test.app);
    for seconds in [7, 8] {
        scene.used(Duration::from_secs(seconds), 64 * MIB, 0);
        scene.tick(&mut sampler).await.unwrap();
    }
    // Another panel measures the same ten seconds.
    Sampler::new(&scene.test.app).tick().await.unwrap();
    // The server starts anew.
    for seconds in [1, 2] {
        scene.used(Duration::from_secs(seconds), 64 * MIB, 0);
        scene.tick(&mut sampler).await.unwrap();
    }
    let seen = cpu(&scene.points("").await);
    let (half, tenth) = (Some(0.5), Some(0.1));
    assert_eq!(seen, [None, half, tenth, None, tenth, None, tenth]);
}

#[tokio::test]
async fn an_engine_that_is_away_makes_a_gap_and_no_zero() {
    let scene = Scene::new().await;
    let mut sampler = Sampler::new(&scene.test.app);
    scene.measure(&mut sampler, 2).await;
    scene.test.engine.set_down(true);
    assert!(matches!(scene.tick(&mut sampler).await, Err(Missed::Engine(_))));
    scene.test.engine.set_down(false);
    // Twenty seconds after the last one.
    scene.used(Duration::from_millis(3750), 64 * MIB, 0);
    scene.tick(&mut sampler).await.unwrap();
    let points = scene.points("").await;
    assert_eq!(points.len(), 3);
    let at = |n: usize| {
        points[n]["at"]
            .as_str()
            .unwrap()
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap()
    };
    assert_eq!(at(2) - at(1), TimeDelta::seconds(20));
}

#[tokio::test]
async fn looking_asks_the_engine_nothing() {
    let scene = Scene::new().await;
    let mut sampler = Sampler::new(&scene.test.app);
    scene.measure(&mut sampler, 2).await;
    let before = scene.test.engine.total_calls();
    for path in ["", "/usage", "/usage/data", "/usage.csv"] {
        scene
            .browser
            .get(&format!("/t/acme/servers/{}{path}", scene.id))
            .await
            .expect(200);
    }
    scene.browser.get("/t/acme/servers").await.expect(200);
    assert_eq!(scene.test.engine.total_calls(), before);
}

#[tokio::test]
async fn what_is_over_is_rolled_up_once_and_what_is_old_is_forgotten() {
    let scene = Scene::new().await;
    let mut sampler = Sampler::new(&scene.test.app);
    // From noon on, past the first five minutes.
    scene.measure(&mut sampler, 31).await;
    assert_eq!(
        (scene.count("usage_10s").await, scene.count("usage_5m").await),
        (31, 1)
    );
    let points = scene.points("?resolution=5m").await;
    assert_eq!(cpu(&points), [Some(0.13)]);
    // Another panel computes it again.
    Sampler::new(&scene.test.app).tick().await.unwrap();
    assert_eq!(scene.points("?resolution=5m").await, points);
    scene.test.clock.advance(TimeDelta::hours(1));
    scene.tick(&mut sampler).await.unwrap();
    let hour = scene.points("?resolution=1h&from=2026-03-10T11:00:00Z").await;
    assert_eq!(hour.len(), 1);
    // Of all its steps, also of the one that had begun.
    let steps = scene.points("?resolution=5m&from=2026-03-10T11:00:00Z").await;
    let highest = |field: &str| {
        let of_steps = steps.iter().filter_map(|step| step[field].as_f64());
        of_steps.max_by(f64::total_cmp)
    };
    for field in ["memory_max", "cpu_max"] {
        assert_eq!(hour[0][field].as_f64(), highest(field), "{field}");
    }
    let parts = scene.parts().await;
    // Two days later the measurements are gone and their roll-ups are not.
    scene.test.clock.advance(TimeDelta::days(2));
    scene.tick(&mut sampler).await.unwrap();
    assert_eq!(scene.count("usage_10s").await, 1);
    assert!(scene.count("usage_5m").await >= 2);
    assert!(scene.parts().await <= parts, "old parts stay");
    scene.test.clock.advance(TimeDelta::days(40));
    scene.tick(&mut sampler).await.unwrap();
    assert_eq!(scene.count("usage_5m").await, 0);
    assert!(scene.count("usage_1h").await >= 1);
}

#[tokio::test]
async fn a_stranger_sees_nothing() {
    let scene = Scene::new().await;
    let mut sampler = Sampler::new(&scene.test.app);
    scene.measure(&mut sampler, 31).await;
    let (other, eve) = (scene.test.tenant("other").await, scene.test.person("eve").await);
    scene.test.member(other, eve, TenantRole::Owner).await;
    let browser = scene.test.browser(eve).await;
    for path in ["usage", "usage/data", "usage/live", "usage.csv"] {
        for tenant in ["acme", "other"] {
            browser
                .get(&format!("/t/{tenant}/servers/{}/{path}", scene.id))
                .await
                .expect(404);
        }
    }
    let program = scene
        .test
        .program(eve, Some(other), &[Permission::ServerRead])
        .await;
    program
        .get(&format!("/api/v1/servers/{}/usage", scene.id))
        .await
        .expect(404);
    let mut tx = scene.test.app.db.tenant(other, eve).await.unwrap();
    let rows = sqlx::query_scalar!(
        r#"select (select count(*) from usage_10s) + (select count(*) from usage_5m) + (select count(*) from usage_1h)
                  + (select count(*) from usage_disk) as "count!""#
    );
    assert_eq!(rows.fetch_one(tx.conn()).await.unwrap(), 0);
}

fn texts(body: &str, selector: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(body);
    let selector = scraper::Selector::parse(selector).unwrap();
    let text = |found: scraper::ElementRef<'_>| found.text().collect::<String>().trim().to_owned();
    html.select(&selector).map(text).collect()
}

#[tokio::test]
async fn pages_show_figures_lines_and_a_table() {
    let scene = Scene::new().await;
    let page = format!("/t/acme/servers/{}/usage", scene.id);
    let empty = scene.browser.get(&page).await.expect(200);
    assert_eq!(texts(&empty.body, "#usage-now .stat-value")[0], "not measured");
    let mut sampler = Sampler::new(&scene.test.app);
    scene.measure(&mut sampler, 31).await;
    let shown = scene.browser.get(&page).await.expect(200);
    // An eighth of a processor is half of the quarter that the size gives.
    let values = texts(&shown.body, "#usage-now .stat-value");
    assert_eq!(
        (&*values[0], &*values[1], &*values[2]),
        ("50 %", "64 MiB", "100 B/s")
    );
    assert!(texts(&shown.body, "tbody th time").len() > 3);
    let list = scene.browser.get("/t/acme/servers").await.expect(200);
    assert_eq!(texts(&list.body, ".spark-last"), ["50 %", "64 MiB"]);
    let csv = scene
        .browser
        .get(&format!("{page}.csv?range=1h"))
        .await
        .expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.body.lines().count(), 32);
    assert!(csv.body.lines().all(|line| line.split(',').count() == 13));
}

#[tokio::test]
async fn staff_see_the_same_without_being_members() {
    let scene = Scene::new().await;
    let mut sampler = Sampler::new(&scene.test.app);
    scene.measure(&mut sampler, 31).await;
    let sam = scene
        .test
        .staff("sam", crate::platform::access::StaffRole::Admin)
        .await;
    let browser = scene.test.browser(sam).await;
    let page = browser
        .get(&format!("/staff/servers/{}/usage", scene.id))
        .await
        .expect(200);
    assert_eq!(texts(&page.body, "#usage-now .stat-value")[0], "50 %");
    let list = browser.get("/staff/servers").await.expect(200);
    assert_eq!(texts(&list.body, ".spark-last"), ["50 %", "64 MiB"]);
    let program = scene
        .test
        .program(sam, None, &[Permission::StaffServerRead])
        .await;
    let path = format!("/api/v1/staff/servers/{}/usage", scene.id);
    let answer = program.get(&path).await.expect(200).json();
    assert_eq!(answer["points"].as_array().unwrap().len(), 31);
    assert_eq!(answer["cpu_limit"].as_f64(), Some(0.25));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_field() {
    let scene = Scene::new().await;
    let program = scene
        .test
        .program(scene.user, Some(scene.tenant), &[Permission::ServerRead])
        .await;
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=x", "to"),
        ("resolution=7s", "resolution"),
        ("from=1999-01-01T00:00:00Z", "from"),
        ("from=%2B262142-12-31T23:59:59Z", "from"),
    ] {
        let answer = program
            .get(&format!("/api/v1/servers/{}/usage?{query}", scene.id))
            .await;
        assert_eq!(answer.expect(422).json()["errors"][0]["field"], field, "{query}");
    }
    let page = format!("/t/acme/servers/{}/usage", scene.id);
    for query in ["range=2h", "from=x", "from=2026-03-10T12:00&to=2026-03-10T11:00"] {
        scene.browser.get(&format!("{page}?{query}")).await.expect(422);
    }
}

#[tokio::test]
async fn volumes_are_measured_and_told_with_their_age() {
    let scene = Scene::new().await;
    super::disk::measure(&scene.test.app).await.unwrap();
    let program = scene
        .test
        .program(scene.user, Some(scene.tenant), &[Permission::ServerRead])
        .await;
    let answer = program
        .get(&format!("/api/v1/servers/{}/usage", scene.id))
        .await
        .expect(200)
        .json();
    assert!(answer["disk"]["bytes"].is_u64(), "{answer}");
    let at: chrono::DateTime<chrono::Utc> = answer["disk"]["at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at, scene.test.app.now());
}

#[tokio::test]
async fn what_a_pool_holds_is_in_the_ledger_too() {
    let socket = std::path::PathBuf::from("/run/docker/plugins/berth.sock");
    let scene = Scene::on(TestApp::with(|config| config.volume_driver_socket = Some(socket)).await).await;
    let pool = scene.test.engine.pool();
    pool.fill(&format!("berth-{}-site", scene.id), 3 * MIB);
    let app = &scene.test.app;
    assert_eq!(super::disk::measure_pool(app, &pool).await.unwrap(), 1);
    let program = scene
        .test
        .program(scene.user, Some(scene.tenant), &[Permission::TenantRead])
        .await;
    let answer = program.get("/api/v1/storage").await.expect(200).json();
    assert_eq!(answer["used_bytes"], 3 * MIB, "{answer}");
    assert_eq!(
        super::disk::measure(app).await.unwrap(),
        0,
        "the engine has none of its own"
    );
}
