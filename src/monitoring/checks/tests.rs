//! Checks from end to end: given, looked at, told and forgotten.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::probe::{Ask, Verdict};
use crate::monitoring::{Incident, IncidentState, Signature, incidents_of};
use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::ids::{ServerId, TenantId};
use crate::testing::{Client, TestApp};

use super::runner::by_hand::{look, work};

const PORT: u16 = 20_000;

/// A tenant with a server that has run for an hour, with a page at a port.
struct Scene {
    test: TestApp,
    tenant: TenantId,
    server: ServerId,
    browser: Client,
    program: Client,
}

fn all(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == side).collect()
}

impl Scene {
    /// Without checks: none are given either.
    async fn bare() -> Self {
        let scene = Self::new().await;
        scene.test.administer("update server set has_checks = true").await;
        scene
    }

    async fn new() -> Self {
        let test = TestApp::start().await;
        let tenant = test.tenant("acme").await;
        let ada = test.person("ada").await;
        test.member(tenant, ada, TenantRole::Owner).await;
        let server = test.server(tenant, "web").await;
        test.administer(
            "update server set power = 'running', observed_state = 'running', running_since = '2026-03-10T11:00:00Z';
             insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, scheme, host_port)
               select id, tenant_id, location_id, 'http', 80, 'tcp', 'http', 20000 from server",
        )
        .await;
        Self {
            browser: test.browser(ada).await,
            program: test.program(ada, Some(tenant), &all(Side::Tenant)).await,
            test,
            tenant,
            server,
        }
    }

    fn of_server(&self) -> String {
        format!("/api/v1/servers/{}/checks", self.server)
    }

    /// Makes a check that fails when two of two looks did, half a minute apart. Its address.
    async fn check(&self, name: &str, looks_at: Value) -> String {
        let new = json!({ "name": name, "looks_at": looks_at, "interval_seconds": 30, "failures": 2, "of_last": 2 });
        let made = self
            .program
            .json("POST", &self.of_server(), &new)
            .await
            .expect(201)
            .json();
        format!("/api/v1/checks/{}", made["id"].as_str().unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    /// Some seconds pass, and everything is done that is due then.
    async fn later(&self, seconds: i64) -> usize {
        self.test.clock.advance(TimeDelta::seconds(seconds));
        work(&self.test.app).await
    }

    async fn incidents(&self) -> Vec<Incident> {
        let now = self.test.app.now();
        let mut tx = self.test.app.db.system().await.unwrap();
        let found = incidents_of(
            &mut tx,
            self.server,
            now - TimeDelta::days(1),
            now + TimeDelta::days(1),
        )
        .await;
        found.unwrap()
    }

    fn port_is(&self, verdict: Verdict) {
        self.test.prober.set(PORT, verdict, "Nobody listens there.");
    }
}

#[tokio::test]
async fn every_server_is_given_the_checks_of_its_template_once() {
    let scene = Scene::new().await;
    scene.later(0).await;
    let given = scene.get(&scene.of_server()).await;
    let given = given.as_array().unwrap();
    let names: Vec<_> = given
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Disk", "Memory", "Page at http", "Processor"]);
    let page = format!("/api/v1/checks/{}", given[2]["id"].as_str().unwrap());
    scene.program.json("DELETE", &page, &json!({})).await.expect(204);
    scene.later(600).await;
    assert_eq!(scene.get(&scene.of_server()).await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_failure_is_told_when_it_is_believed_and_so_is_its_end() {
    let scene = Scene::bare().await;
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    assert_eq!(scene.later(30).await, 1);
    assert_eq!(scene.get(&check).await["state"], "good");
    scene.port_is(Verdict::Bad);
    scene.later(30).await;
    assert_eq!(scene.get(&check).await["state"], "good", "once is nothing");
    assert_eq!(scene.later(10).await, 1, "in doubt it is looked at soon");
    let shown = scene.get(&check).await;
    assert_eq!(
        (&shown["state"], &shown["message"]),
        (&json!("bad"), &json!("Nobody listens there."))
    );
    assert_eq!(shown["changes"][0]["state"], "bad");
    assert_eq!(
        (&shown["hours"][0]["good"], &shown["hours"][0]["bad"]),
        (&json!(1), &json!(2))
    );
    let told = scene.incidents().await;
    assert_eq!(
        (told.len(), told[0].signature, told[0].state),
        (1, Signature::Tcp, IncidentState::Open)
    );
    scene.later(60).await;
    assert_eq!(scene.incidents().await.len(), 1);
    scene.port_is(Verdict::Good);
    scene.later(30).await;
    scene.later(10).await;
    assert_eq!(scene.get(&check).await["state"], "good");
    assert_eq!(scene.incidents().await[0].state, IncidentState::Closed);
    // Where it went: to the server's own port, where its location publishes that.
    let asked = scene.test.prober.asked();
    assert!(
        asked
            .iter()
            .all(|probe| probe.at.to_string() == "127.0.0.1" && probe.port == PORT && probe.ask == Ask::Tcp)
    );
}

#[tokio::test]
async fn what_is_deleted_paused_or_stopped_ends_its_incident() {
    for end in ["delete", "pause", "stop"] {
        let scene = Scene::bare().await;
        scene.port_is(Verdict::Bad);
        let check = scene
            .check("Shop", json!({ "kind": "tcp", "port": "http" }))
            .await;
        scene.later(30).await;
        scene.later(30).await;
        assert_eq!(scene.incidents().await[0].state, IncidentState::Open, "{end}");
        match end {
            "delete" => drop(scene.program.json("DELETE", &check, &json!({})).await.expect(204)),
            "pause" => drop(
                scene
                    .program
                    .json("POST", &format!("{check}/pause"), &json!({}))
                    .await
                    .expect(200),
            ),
            _ => scene.test.administer("update server set power = 'stopped'").await,
        }
        scene.later(30).await;
        assert_eq!(scene.incidents().await[0].state, IncidentState::Closed, "{end}");
        let is_there = scene.program.get(&check).await.status == 200;
        assert_eq!(is_there, end != "delete", "{end}");
    }
}

#[tokio::test]
async fn what_something_larger_explains_is_held() {
    let scene = Scene::bare().await;
    scene.port_is(Verdict::Bad);
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    scene
        .test
        .administer("update server set observed_health = 'unhealthy'")
        .await;
    scene.later(30).await;
    scene.later(30).await;
    assert_eq!(scene.get(&check).await["state"], "held");
    assert!(scene.incidents().await.iter().all(|told| told.check.is_none()));
    scene
        .test
        .administer("update server set observed_health = 'healthy'")
        .await;
    scene.later(30).await;
    assert_eq!(scene.get(&check).await["state"], "bad");
    // Nobody looks while there is nothing to see.
    let before = scene.test.prober.count();
    scene
        .test
        .administer("update location set engine_error = 'away', engine_error_since = now()")
        .await;
    scene.later(30).await;
    let shown = scene.get(&check).await;
    assert_eq!(
        (&shown["state"], scene.test.prober.count()),
        (&json!("bad"), before)
    );
    assert!(
        shown["message"].as_str().unwrap().starts_with("Nobody looked"),
        "{shown}"
    );
}

#[tokio::test]
async fn two_panels_look_once_and_a_dead_ones_lease_runs_out() {
    let scene = Scene::bare().await;
    for number in 0..6 {
        scene
            .check(&format!("{number}"), json!({ "kind": "tcp", "port": "http" }))
            .await;
    }
    scene.test.clock.advance(TimeDelta::seconds(30));
    let (one, other) = tokio::join!(look(&scene.test.app), look(&scene.test.app));
    assert_eq!((one + other, scene.test.prober.count()), (6, 6));
    scene.test.clock.advance(TimeDelta::seconds(30));
    scene
        .test
        .administer(
            "update monitor_check set lease_id = gen_random_uuid(), lease_until = '2026-03-10T12:02:00Z'",
        )
        .await;
    assert_eq!(look(&scene.test.app).await, 0);
    scene.test.clock.advance(TimeDelta::minutes(1));
    assert_eq!(look(&scene.test.app).await, 6);
}

#[tokio::test]
async fn a_full_disk_is_seen_in_the_panels_own_measurements() {
    let scene = Scene::bare().await;
    let new =
        json!({ "name": "Disk", "looks_at": { "kind": "disk", "percent": 90 }, "failures": 1, "of_last": 1 });
    scene
        .program
        .json("POST", &scene.of_server(), &new)
        .await
        .expect(201);
    scene.later(60).await;
    assert_eq!(
        scene.get(&scene.of_server()).await[0]["state"],
        "pending",
        "nothing was measured yet"
    );
    scene
        .test
        .administer(
            "insert into usage_disk (server_id, tenant_id, bytes, at) select id, tenant_id, disk_mib * 1024 * 1000, now() from server",
        )
        .await;
    scene.later(60).await;
    let shown = scene.get(&scene.of_server()).await[0].clone();
    assert_eq!(
        (&shown["state"], &shown["message"]),
        (&json!("bad"), &json!("98 % of the disk is full."))
    );
    assert_eq!(scene.incidents().await[0].signature, Signature::DiskFull);
    assert_eq!(scene.test.prober.count(), 0);
}

#[tokio::test]
async fn mistakes_are_told_and_strangers_see_nothing() {
    let scene = Scene::bare().await;
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    let id = check.rsplit('/').next().unwrap();
    let bad =
        json!({ "name": "Shop", "looks_at": { "kind": "source", "port": "http" }, "interval_seconds": 5 });
    let refused = scene
        .program
        .json("POST", &scene.of_server(), &bad)
        .await
        .expect(422);
    for field in ["port", "interval_seconds"] {
        assert!(refused.body.contains(field), "{refused:?}");
    }
    let twice = json!({ "name": "Shop", "looks_at": { "kind": "ping" } });
    scene
        .program
        .json("POST", &scene.of_server(), &twice)
        .await
        .expect(422);
    let itself = json!({ "depends_on": id });
    scene.program.json("PATCH", &check, &itself).await.expect(422);
    let slower = json!({ "interval_seconds": 120 });
    let changed = scene
        .program
        .json("PATCH", &check, &slower)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["interval_seconds"], &changed["name"]),
        (&json!(120), &json!("Shop"))
    );
    scene
        .program
        .json("POST", &format!("{check}/run"), &json!({}))
        .await
        .expect(202);
    assert_eq!(scene.later(0).await, 1);

    let (_, stranger) = scene.test.owner("other").await;
    for path in [
        format!("/t/other/checks/{id}"),
        format!("/t/other/servers/{}/checks", scene.server),
    ] {
        stranger.get(&path).await.expect(404);
    }
    let vera = scene.test.person("vera").await;
    scene.test.member(scene.tenant, vera, TenantRole::Viewer).await;
    let vera = scene
        .test
        .program(vera, Some(scene.tenant), &all(Side::Tenant))
        .await;
    vera.get(&check).await.expect(200);
    vera.json("DELETE", &check, &json!({})).await.expect(403);
}

/// Makes a check by the form, wrongly first, and gives it another name; its page.
async fn makes_and_renames(scene: &Scene, tab: &str) -> String {
    let mut fields = vec![
        ("name", "Page"),
        ("kind", "http"),
        ("port", "http"),
        ("path", "x"),
        ("first", "200"),
        ("last", "399"),
        ("interval_seconds", "60"),
        ("failures", "2"),
        ("of_last", "3"),
    ];
    let refused = scene.browser.post(tab, &fields).await.expect(422);
    assert!(
        refused.body.contains("Use a path that begins with a slash"),
        "{refused:?}"
    );
    fields[3] = ("path", "/x");
    let made = scene.browser.post(tab, &fields).await.expect(303);
    let page = made.location().to_owned();
    fields[0] = ("name", "Start page");
    scene.browser.post(&page, &fields).await.expect(303);
    page
}

/// Staff pause the check, and its people let it go on.
async fn pauses_and_resumes(scene: &Scene, page: &str) {
    let nia = scene.test.staff("nia", StaffRole::Engineer).await;
    let staff = scene.test.browser(nia).await;
    assert!(
        staff
            .get("/staff/checks")
            .await
            .expect(200)
            .body
            .contains("Start page")
    );
    let id = page.rsplit('/').next().unwrap();
    staff
        .post(&format!("/staff/checks/{id}/pause"), &[])
        .await
        .expect(303);
    assert!(scene.browser.get(page).await.body.contains("paused"));
    scene.browser.post(&format!("{page}/run"), &[]).await.expect(303);
    assert_eq!(scene.later(60).await, 0);
    scene
        .browser
        .post(&format!("{page}/resume"), &[])
        .await
        .expect(303);
}

#[tokio::test]
async fn people_make_change_and_pause_checks() {
    let scene = Scene::bare().await;
    let tab = format!("/t/acme/servers/{}/checks", scene.server);
    for kind in ["http", "udp", "dns", "ping", "memory"] {
        scene
            .browser
            .get(&format!("{tab}/new?kind={kind}"))
            .await
            .expect(200);
    }
    let page = makes_and_renames(&scene, &tab).await;
    scene.browser.post(&format!("{page}/run"), &[]).await.expect(303);
    scene.later(0).await;
    let shown = scene.browser.get(&page).await.expect(200);
    assert!(
        shown.body.contains("Start page") && shown.body.contains("All is well."),
        "{shown:?}"
    );
    scene.browser.get(&format!("{page}/edit")).await.expect(200);
    for list in [
        tab.as_str(),
        "/t/acme/checks",
        "/t/acme/checks?state=good&q=start",
    ] {
        assert!(
            scene
                .browser
                .get(list)
                .await
                .expect(200)
                .body
                .contains("Start page"),
            "{list}"
        );
    }
    pauses_and_resumes(&scene, &page).await;
    scene
        .browser
        .post(&format!("{page}/delete"), &[])
        .await
        .expect(303);
    scene.browser.get(&page).await.expect(404);
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let scene = Scene::bare().await;
    scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    scene.later(30).await;
    scene.later(3600).await;
    let count = async || {
        super::clean_up(&scene.test.app, &scene.test.system())
            .await
            .unwrap()
    };
    assert_eq!(count().await, 0);
    scene.test.clock.advance(TimeDelta::days(91));
    // The first hour, and that it was well.
    assert_eq!(count().await, 2);
}
