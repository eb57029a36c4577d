//! What signals do over a real database: opening, coming back, groups, maintenance, storms, and who sees what.

mod alike;
mod parts;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::{IncidentId, LocationId, ServerId, TenantId};
use crate::servers;
use crate::testing::{Client, TestApp};

use super::watch::{Which, look};
use super::*;

struct Scene {
    test: TestApp,
    tenant: TenantId,
    program: Client,
    staff: Client,
}

const STAFF: [Permission; 3] = [
    Permission::StaffCheckRead,
    Permission::StaffCheckManage,
    Permission::StaffMaintenanceManage,
];

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let program = test.program(ada, Some(tenant), &[Permission::CheckRead]).await;
        let root = test.staff("root", StaffRole::Owner).await;
        let staff = test.program(root, None, &STAFF).await;
        Self {
            test,
            tenant,
            program,
            staff,
        }
    }

    fn app(&self) -> &App {
        &self.test.app
    }

    /// A server that should run and does.
    async fn running(&self, name: &str) -> ServerId {
        let id = self.test.server(self.tenant, name).await;
        self.see(id, "running", None).await;
        id
    }

    /// Writes what the engine says of a server that should run.
    async fn see(&self, id: ServerId, state: &str, exit_code: Option<i64>) {
        let now = self.app().now();
        let mut tx = self.app().db.system().await.unwrap();
        sqlx::query!(
            "update server set power = 'running', observed_generation = generation, observed_state = $2, \
               observed_exit_code = $3, observed_at = $4, running_since = case when $2 = 'running' then $4::timestamptz end \
             where id = $1",
            id.0,
            state,
            exit_code,
            now
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Looks as if an event had come for these servers.
    async fn hear(&self, ids: &[ServerId]) {
        let which = Which::These(ids.iter().copied().collect());
        look(self.app(), &self.test.system(), &which).await.unwrap();
    }

    async fn sweep(&self) {
        look(self.app(), &self.test.system(), &Which::All).await.unwrap();
    }

    fn later(&self, by: TimeDelta) {
        self.test.clock.advance(by);
    }

    /// Signals as checks send them.
    async fn report(&self, server: ServerId, cause: &str, failing: bool) {
        let mut tx = self.app().db.system().await.unwrap();
        let signal = Signal {
            cause: cause.to_owned(),
            tenant: Some(self.tenant),
            location: None,
            server: Some(server),
            check: None,
            signature: Signature::Http,
            summary: "The shop does not answer".to_owned(),
            failing,
            since: self.app().now(),
            detail: json!({}),
        };
        report(self.app(), &mut tx, signal).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn list(&self, client: &Client, path: &str) -> Vec<Value> {
        let list = client.get(path).await.expect(200).json();
        list["items"].as_array().unwrap().clone()
    }

    async fn own(&self) -> Vec<Value> {
        self.list(&self.program, "/api/v1/incidents").await
    }

    async fn all(&self) -> Vec<Value> {
        self.list(&self.staff, "/api/v1/staff/incidents").await
    }

    /// How many incidents people were told of.
    async fn told(&self) -> i64 {
        let mut tx = self.app().db.system().await.unwrap();
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from incident where told_summary is not null"#
        );
        count.fetch_one(tx.conn()).await.unwrap()
    }

    /// Rows of servers like the one that is there, which ended: so many that there are `many` of them.
    async fn others(&self, many: i64) {
        let others = format!(
            "insert into server (id, tenant_id, location_id, name, host_name, template, image, size_id, cpu_millis, memory_mib,
               disk_mib, power, observed_generation, observed_state, observed_exit_code, observed_at, created_by, created_at, updated_at)
             select gen_random_uuid(), s.tenant_id, s.location_id, 'n' || n, 'n' || n, s.template, s.image, s.size_id, s.cpu_millis,
               s.memory_mib, s.disk_mib, 'running', 1, 'exited', 1, s.observed_at, 'test', s.created_at, s.updated_at
             from server s, generate_series(2, {many}) n"
        );
        self.test.administer(others.leak()).await;
    }

    async fn location(&self, server: ServerId) -> LocationId {
        let mut tx = self.app().db.system().await.unwrap();
        servers::find(&mut tx, server).await.unwrap().location
    }

    async fn downtime(&self) -> Vec<Down> {
        let now = self.app().now();
        let mut tx = self.app().db.system().await.unwrap();
        let from = now - TimeDelta::days(1);
        downtime(&mut tx, self.tenant, from, now).await.unwrap()
    }
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_one_incident_until_it_is_back_for_a_while() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.hear(&[server]).await;
    assert_eq!(scene.own().await, Vec::<Value>::new());
    scene.later(TimeDelta::minutes(5));
    scene.see(server, "exited", Some(1)).await;
    scene.hear(&[server]).await;
    scene.hear(&[server]).await;
    scene.sweep().await;
    let [one] = <[Value; 1]>::try_from(scene.own().await).unwrap();
    assert_eq!(one["summary"], "web ended by itself: exit code 1");
    assert_eq!(
        (&one["state"], &one["signature"], &one["detail"]["exit_code"]),
        (&json!("open"), &json!("exit_code"), &json!(1))
    );
    assert_eq!(scene.told().await, 1);

    scene.later(TimeDelta::seconds(30));
    scene.see(server, "running", None).await;
    scene.hear(&[server]).await;
    assert_eq!(scene.own().await[0]["state"], "open", "it has just come up");
    scene.later(TimeDelta::seconds(10));
    scene.hear(&[server]).await;
    assert_eq!(scene.own().await[0]["state"], "closed");

    scene.later(TimeDelta::minutes(29));
    scene.see(server, "exited", Some(137)).await;
    scene.hear(&[server]).await;
    scene.later(TimeDelta::seconds(60));
    let [again] = <[Value; 1]>::try_from(scene.own().await).unwrap();
    assert_eq!((&again["id"], &again["flaps"]), (&one["id"], &json!(1)));
    let downs: Vec<_> = scene
        .downtime()
        .await
        .into_iter()
        .map(|down| {
            (
                down.server_name,
                down.ended.map(|ended| (ended - down.began).num_seconds()),
            )
        })
        .collect();
    assert_eq!(
        downs,
        [("web".to_owned(), Some(30)), ("web".to_owned(), None)],
        "the good time in between does not count"
    );
}

#[tokio::test]
async fn what_its_customer_stops_is_over_and_one_that_is_erased_as_well() {
    let scene = Scene::new().await;
    let (one, other) = (scene.running("one").await, scene.running("other").await);
    for id in [one, other] {
        scene.see(id, "exited", Some(1)).await;
    }
    scene.sweep().await;
    assert_eq!(scene.own().await.len(), 2);
    scene.later(TimeDelta::seconds(1));
    scene
        .test
        .administer(
            "update server set power = 'stopped' where name = 'one'; delete from server where name = 'other'",
        )
        .await;
    scene.sweep().await;
    let states: Vec<Value> = scene.own().await.iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("closed"), json!("closed")]);
    assert_eq!(scene.downtime().await.len(), 2, "what was, stays");
}

#[tokio::test]
async fn servers_of_an_engine_that_is_away_are_parts_of_that() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let mut tx = scene.app().db.system().await.unwrap();
    let now = scene.app().now() - TimeDelta::seconds(6);
    sqlx::query!(
        "update location set engine_error = 'refused', engine_error_since = $1",
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    scene.sweep().await;
    scene.report(server, "check:1", true).await;
    let all = scene.all().await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["signature"], "engine_away");
    let own = scene.own().await;
    assert_eq!(own[0]["part_of"], all[0]["id"]);
    assert_eq!(scene.told().await, 1, "nobody is told of the check");

    scene
        .test
        .administer("update location set engine_error = null, engine_error_since = null")
        .await;
    scene.sweep().await;
    scene.later(TimeDelta::seconds(119));
    scene.sweep().await;
    assert_eq!(scene.told().await, 1, "it has a while to come back");
    scene.later(TimeDelta::seconds(1));
    scene.sweep().await;
    assert_eq!(scene.told().await, 2, "the engine does not explain it any more");
    assert_eq!(scene.own().await[0]["part_of"], Value::Null);
}

#[tokio::test]
async fn a_check_of_a_server_that_does_not_run_is_part_of_that() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.see(server, "exited", Some(1)).await;
    scene.hear(&[server]).await;
    scene.report(server, "check:1", true).await;
    assert_eq!((scene.own().await.len(), scene.told().await), (2, 1));
}

#[tokio::test]
async fn three_servers_of_a_rack_are_one_incident_that_grows_and_ends_with_its_last() {
    let scene = Scene::new().await;
    let mut servers = Vec::new();
    for name in ["a", "b", "c", "d"] {
        servers.push(scene.running(name).await);
    }
    let location = scene.location(servers[0]).await;
    let place = format!("/api/v1/staff/incidents/inventory/{location}");
    let rack = json!({ "site": "Hamburg", "rack": "B", "asset": "HH-0042" });
    scene.staff.json("PATCH", &place, &rack).await.expect(200);
    // Another node of the rack, which two of them are on.
    scene
        .test
        .administer(
            "insert into location (id, slug, name, publish_address, public_host, port_first, port_last, network_pool)
               values ('00000000-0000-0000-0000-0000000000b2', 'b2', 'B2', '127.0.0.1', 'b2', 21000, 21999, '10.241.0.0/16');
             insert into location_inventory (location_id, site, rack) values ('00000000-0000-0000-0000-0000000000b2', 'Hamburg', 'B');
             update server set location_id = '00000000-0000-0000-0000-0000000000b2' where name in ('c', 'd')",
        )
        .await;
    for id in &servers[..3] {
        scene.see(*id, "exited", Some(1)).await;
        scene.hear(&[*id]).await;
    }
    let group = |all: Vec<Value>| all.into_iter().find(|one| one["signature"] == "node_down");
    let one = group(scene.all().await).unwrap();
    assert_eq!(one["summary"], "Rack B at Hamburg is down: 3 servers");
    assert_eq!(scene.told().await, 3, "two before it was known, and the rack");
    scene.later(TimeDelta::seconds(30));
    scene.see(servers[3], "exited", Some(1)).await;
    scene.hear(&[servers[3]]).await;
    assert_eq!(scene.told().await, 3);
    scene.sweep().await;
    let grown = group(scene.all().await).unwrap();
    assert_eq!(
        (&grown["id"], &grown["summary"]),
        (&one["id"], &json!("Rack B at Hamburg is down: 4 servers"))
    );
    for id in &servers {
        scene.see(*id, "running", None).await;
    }
    scene.later(TimeDelta::seconds(10));
    scene.hear(&servers[..3]).await;
    assert_eq!(group(scene.all().await).unwrap()["state"], "open");
    scene.hear(&servers).await;
    assert_eq!(group(scene.all().await).unwrap()["state"], "closed");
}

#[tokio::test]
async fn what_fails_in_maintenance_is_told_when_that_is_over() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let window = json!({
        "title": "New kernel", "body": "Servers restart.", "server": server.to_string(), "starts_at": "2026-03-10T11:30",
        "minutes": 60, "zone": "UTC",
    });
    scene
        .staff
        .json("POST", "/api/v1/staff/maintenance", &window)
        .await
        .expect(201);
    scene.see(server, "exited", Some(0)).await;
    scene.hear(&[server]).await;
    let one = scene.own().await.remove(0);
    assert!(one["maintenance"].is_string(), "{one}");
    scene.later(TimeDelta::minutes(29));
    scene.sweep().await;
    assert_eq!(scene.told().await, 0);
    scene.later(TimeDelta::minutes(1));
    scene.sweep().await;
    let one = scene.own().await.remove(0);
    assert_eq!((&one["maintenance"], scene.told().await), (&Value::Null, 1));
}

/// How many servers fail at once: so many as `make test` has time for, or `BERTH_STORM=5000` (docs/benchmarks.md).
#[expect(
    clippy::disallowed_methods,
    reason = "how large a test is to be is no setting of the product"
)]
fn storm() -> i64 {
    let asked = std::env::var("BERTH_STORM").ok();
    asked.map_or(300, |text| text.parse().expect("BERTH_STORM is a number"))
}

#[tokio::test]
async fn a_storm_is_one_incident_a_cause_and_one_for_people() {
    let many = storm();
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    // So many that each signal that looked at all others would show.
    scene.others(many).await;
    scene.see(server, "exited", Some(1)).await;
    scene.sweep().await;
    scene.sweep().await;
    let mut tx = scene.app().db.system().await.unwrap();
    let open = sqlx::query_scalar!(
        r#"select count(*) as "count!" from incident where state = 'open' and server_id is not null"#
    );
    assert_eq!(open.fetch_one(tx.conn()).await.unwrap(), many);
    drop(tx);
    assert_eq!(scene.told().await, 3, "two before it was known, and the node");
    let all = scene.all().await;
    let group = all.iter().find(|one| one["signature"] == "node_down").unwrap();
    assert_eq!(group["summary"], format!("Test is down: {many} servers"));
}

#[tokio::test]
async fn two_panels_that_find_the_same_open_one() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.see(server, "exited", Some(1)).await;
    let found = [server];
    futures_util::future::join_all((0..5).map(|_| scene.hear(&found))).await;
    assert_eq!((scene.own().await.len(), scene.told().await), (1, 1));
}

#[tokio::test]
async fn staff_close_with_a_reason_and_it_stays_closed_until_it_was_good() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.report(server, "check:1", true).await;
    let id = scene.own().await[0]["id"].as_str().unwrap().to_owned();
    let close = format!("/api/v1/staff/incidents/{id}/close");
    scene
        .staff
        .json("POST", &close, &json!({ "reason": " " }))
        .await
        .expect(422);
    let closed = scene
        .staff
        .json("POST", &close, &json!({ "reason": "They are rebuilding it." }))
        .await
        .expect(200)
        .json();
    assert_eq!(closed["close_reason"], "They are rebuilding it.");
    let again = scene.staff.json("POST", &close, &json!({ "reason": "x" })).await;
    assert_eq!(again.expect(409).json()["code"], "incident-closed");
    scene.sweep().await;
    scene.report(server, "check:1", true).await;
    assert_eq!(scene.own().await[0]["state"], "closed");
    scene.report(server, "check:1", false).await;
    scene.report(server, "check:1", true).await;
    assert_eq!(scene.own().await[0]["state"], "open");
}

/// Staff find the incident with its tenant, and close it.
async fn staff_close_it(scene: &Scene, id: &str) {
    let root = scene.test.staff("boss", StaffRole::Admin).await;
    let boss = scene.test.browser(root).await;
    let page = boss.get("/staff/incidents?state=open").await.expect(200);
    assert!(
        page.body.contains("The shop") && page.body.contains("Acme"),
        "{}",
        page.body
    );
    let one = format!("/staff/incidents/{id}");
    assert!(
        boss.get(&one)
            .await
            .expect(200)
            .body
            .contains("Close this incident?")
    );
    boss.post(&format!("{one}/close"), &[("reason", "Planned by them.")])
        .await
        .expect(303);
    let page = boss.get(&one).await.expect(200);
    assert!(page.body.contains("Planned by them.") && !page.body.contains("Close this incident?"));
    let page = boss.get("/staff/incidents/inventory").await.expect(200);
    assert!(page.body.contains("name=\"rack\""));
}

#[tokio::test]
async fn nobody_sees_another_tenants_and_pages_are_live() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let (_, stranger) = scene.test.owner("theirs").await;
    let owner = scene.test.person("bob").await;
    scene.test.member(scene.tenant, owner, TenantRole::Owner).await;
    let browser = scene.test.browser(owner).await;
    let page = browser.get("/t/acme/incidents").await.expect(200);
    assert!(page.body.contains("Nothing has failed yet"));
    let mut live = browser.listen("/t/acme/incidents/live").await;
    live.hears("connected").await;
    scene.report(server, "check:1", true).await;
    let id = scene.own().await[0]["id"].as_str().unwrap().to_owned();
    scene.app().hub.hand_out(Event {
        id: 1,
        tenant_id: Some(scene.tenant.0),
        topic: TOPIC.to_owned(),
        target_id: Some(id.parse::<IncidentId>().unwrap().0),
    });
    live.hears("The shop does not answer").await;
    let page = browser.get(&format!("/t/acme/incidents/{id}")).await.expect(200);
    assert!(page.body.contains("It has failed for"), "{}", page.body);
    let tab = browser
        .get(&format!("/t/acme/servers/{server}/incidents"))
        .await
        .expect(200);
    assert!(tab.body.contains("The shop does not answer"));
    stranger
        .get(&format!("/t/theirs/incidents/{id}"))
        .await
        .expect(404);
    let page = stranger.get("/t/theirs/incidents").await.expect(200);
    assert!(!page.body.contains("The shop"));
    staff_close_it(&scene, &id).await;
    let mut tx = scene
        .app()
        .db
        .tenant(scene.test.tenant("third").await, owner)
        .await
        .unwrap();
    let found = find_incident(&mut tx, id.parse().unwrap()).await;
    assert!(matches!(found, Err(Error::NotFound)));
}
