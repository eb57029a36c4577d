//! Maintenance over a real database: who is told when, what is covered, and what can be changed.

mod places;
mod times;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{MaintenanceId, ServerId, TenantId};
use crate::platform::secret::Secret;
use crate::servers;
use crate::testing::{Client, TestApp};

use super::*;

const HOME: &str = "/api/v1/staff/maintenance";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    server: ServerId,
    staff: Client,
    owner: Client,
}

impl Scene {
    /// A tenant with a server, and another without.
    async fn new() -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        let test = TestApp::with(|config| config.smtp_url = Some(url)).await;
        let (tenant, owner) = test.owner("acme").await;
        test.owner("empty").await;
        let server = test.server(tenant, "web").await;
        let root = test.staff("root", StaffRole::Owner).await;
        let scopes = [Permission::StaffCheckRead, Permission::StaffMaintenanceManage];
        let staff = test.program(root, None, &scopes).await;
        Self {
            test,
            tenant,
            server,
            staff,
            owner,
        }
    }

    /// Announces one at `starts_at`, of two hours.
    async fn announce(&self, starts_at: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut window = json!({
            "title": "New kernel", "body": "Servers restart once.", "starts_at": starts_at, "minutes": 120, "zone": "UTC",
        });
        change(&mut window);
        self.staff.json("POST", HOME, &window).await.expect(201).json()
    }

    async fn tell(&self) {
        tell(&self.test.app, &self.test.system()).await.unwrap();
    }

    /// Whom the panel wrote to, and what about.
    async fn mails(&self) -> Vec<(String, String)> {
        let mut tx = self.test.app.db.system().await.unwrap();
        let rows = sqlx::query!("select recipient, subject from notification order by created_at, recipient");
        let rows = rows.fetch_all(tx.conn()).await.unwrap().into_iter();
        rows.map(|row| (row.recipient, row.subject)).collect()
    }

    /// The beginnings of subjects to the owner of the tenant with a server.
    async fn told(&self) -> Vec<String> {
        let mails = self.mails().await.into_iter();
        let own = mails.filter(|(recipient, _)| recipient == "owner-acme@example.com");
        own.map(|(_, subject)| subject.split(':').next().unwrap().to_owned())
            .collect()
    }

    fn later(&self, by: TimeDelta) {
        self.test.clock.advance(by);
    }

    async fn covers(&self, at: DateTime<Utc>) -> Option<MaintenanceId> {
        let mut tx = self.test.app.db.system().await.unwrap();
        let location = servers::find(&mut tx, self.server).await.unwrap().location;
        covers(&mut tx, self.server, location, at).await.unwrap()
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn owners_are_told_before_reminded_and_told_after_once_each() {
    let scene = Scene::new().await;
    let server = scene.server.to_string();
    scene
        .announce("2026-03-14T12:00", |window| window["server"] = json!(server))
        .await;
    scene.tell().await;
    assert_eq!(
        scene.told().await,
        Vec::<String>::new(),
        "it is more than 72 hours away"
    );
    scene.later(TimeDelta::hours(24));
    scene.tell().await;
    scene.tell().await;
    assert_eq!(scene.told().await, ["Maintenance on Sat 14 Mar 2026, 12"]);
    scene.later(TimeDelta::hours(71));
    scene.tell().await;
    scene.tell().await;
    scene.later(TimeDelta::hours(3));
    scene.tell().await;
    scene.tell().await;
    assert_eq!(
        scene.told().await,
        [
            "Maintenance on Sat 14 Mar 2026, 12",
            "Maintenance begins soon",
            "Maintenance is over"
        ]
    );
    assert_eq!(
        scene.mails().await.len(),
        3,
        "the tenant without the server is told nothing"
    );
}

#[tokio::test]
async fn panels_at_the_same_time_tell_once() {
    let scene = Scene::new().await;
    scene.announce("2026-03-11T12:00", |_| {}).await;
    futures_util::future::join_all((0..5).map(|_| scene.tell())).await;
    let mut all = scene.mails().await;
    all.sort();
    let recipients: Vec<_> = all.into_iter().map(|(recipient, _)| recipient).collect();
    assert_eq!(recipients, ["owner-acme@example.com", "owner-empty@example.com"]);
}

#[tokio::test]
async fn what_is_called_off_or_ended_is_told_to_who_knows_of_it() {
    let scene = Scene::new().await;
    let unknown = scene.announce("2026-03-20T12:00", |_| {}).await;
    let known = scene.announce("2026-03-11T12:00", |_| {}).await;
    let under_way = scene.announce("2026-03-10T11:00", |_| {}).await;
    let act = async |one: &Value, verb: &str| {
        let path = format!("{HOME}/{}/{verb}", one["id"].as_str().unwrap());
        scene.staff.json("POST", &path, &json!({})).await
    };
    scene.tell().await;
    for one in [&unknown, &known] {
        act(one, "cancel").await.expect(200);
    }
    assert_eq!(
        act(&known, "cancel").await.expect(409).json()["code"],
        "maintenance-cancelled"
    );
    assert_eq!(
        act(&known, "end").await.expect(409).json()["code"],
        "maintenance-not-running"
    );
    let now = scene.test.app.now();
    assert!(scene.covers(now).await.is_some());
    scene.later(TimeDelta::minutes(1));
    act(&under_way, "end").await.expect(200);
    assert_eq!(scene.covers(scene.test.app.now()).await, None);
    scene.tell().await;
    let mut told = scene.told().await;
    told.sort();
    assert_eq!(
        told,
        [
            "Maintenance called off",
            "Maintenance is over",
            "Maintenance on Tue 10 Mar 2026, 11",
            "Maintenance on Wed 11 Mar 2026, 12",
        ]
    );
}

#[tokio::test]
async fn a_week_goes_on_and_keeps_its_hour() {
    let scene = Scene::new().await;
    scene
        .announce("2026-03-15T02:00", |window| {
            window["repeat"] = json!("weekly");
            window["zone"] = json!("Europe/Berlin");
        })
        .await;
    for days in [20, 40, 60] {
        scene.later(TimeDelta::days(days));
        scene.tell().await;
    }
    // Clocks were set forward on 29 March.
    for (time, is_covered) in [
        ("2026-03-15T01:00:00Z", true),
        ("2026-03-15T03:00:00Z", false),
        ("2026-04-05T00:00:00Z", true),
        ("2026-04-05T02:00:00Z", false),
        ("2026-08-30T00:30:00Z", true),
    ] {
        assert_eq!(scene.covers(at(time)).await.is_some(), is_covered, "{time}");
    }
    let mut tx = scene.test.app.db.system().await.unwrap();
    let (from, to) = (at("2026-03-15T02:00:00Z"), at("2026-04-01T00:00:00Z"));
    let found = periods_of(&mut tx, &[scene.server], from, to).await.unwrap();
    let found = &found[&scene.server];
    let hours: Vec<i64> = found
        .iter()
        .map(|(begin, end)| (*end - *begin).num_hours())
        .collect();
    assert_eq!(hours, [1, 2, 2]);
}

#[tokio::test]
async fn it_can_be_changed_until_people_know_of_it() {
    let scene = Scene::new().await;
    let one = scene.announce("2026-03-20T12:00", |_| {}).await;
    let path = format!("{HOME}/{}", one["id"].as_str().unwrap());
    let body = |starts_at: &str, title: &str| json!({ "title": title, "body": "x", "starts_at": starts_at, "minutes": 30, "zone": "UTC" });
    let wrong = scene
        .staff
        .json("PATCH", &path, &body("2026-03-01T12:00", "x"))
        .await;
    assert_eq!(wrong.expect(422).json()["errors"][0]["field"], "starts_at");
    scene
        .staff
        .json("PATCH", &path, &body("2026-03-11T12:00", "Earlier"))
        .await
        .expect(200);
    assert_eq!(scene.covers(at("2026-03-20T12:00:00Z")).await, None);
    scene.tell().await;
    let moved = scene
        .staff
        .json("PATCH", &path, &body("2026-03-12T12:00", "Later"))
        .await;
    assert_eq!(moved.expect(409).json()["code"], "maintenance-announced");
    scene
        .staff
        .json("PATCH", &path, &body("2026-03-11T12:00", "Other words"))
        .await
        .expect(200);
    let show = scene.staff.get(&path).await.expect(200).json();
    assert_eq!(
        (&show["title"], show["times"].as_array().unwrap().len()),
        (&json!("Other words"), 1)
    );
}

#[tokio::test]
async fn a_server_is_found_by_its_name_and_what_overlaps_is_told_and_counts_once() {
    let scene = Scene::new().await;
    let second = scene.test.server(scene.tenant, "web-2").await;
    let boss = scene.test.staff("boss", StaffRole::Admin).await;
    let boss = scene.test.browser(boss).await;
    let fields = |server: &'static str| {
        [
            ("title", "Replace a disk"),
            ("body", "It stands still for a while."),
            ("server", server),
            ("starts_at", "2026-03-12T22:00"),
            ("minutes", "30"),
            ("repeat", "once"),
            ("zone", "Europe/Berlin"),
            ("until", ""),
            ("lead_hours", "72"),
        ]
    };
    let which = boss.post("/staff/maintenance", &fields("WEB")).await.expect(422);
    let choice = format!("<option value=\"{second}\">");
    assert!(which.body.contains(&choice), "{}", which.body);
    let made = boss
        .post("/staff/maintenance", &fields("web-2"))
        .await
        .expect(303);
    let warning = "counts once";
    let page = boss.get(made.location()).await.expect(200).body;
    assert!(!page.contains(warning), "{page}");
    scene
        .announce("2026-03-11T21:10", |window| window["repeat"] = json!("daily"))
        .await;
    let page = boss.get(made.location()).await.expect(200).body;
    assert!(page.contains(warning) && page.contains("New kernel"), "{page}");
    let mut tx = scene.test.app.db.system().await.unwrap();
    let (from, to) = (at("2026-03-12T12:00:00Z"), at("2026-03-14T12:00:00Z"));
    let found = periods_of(&mut tx, &[second], from, to).await.unwrap();
    let expected = [
        (at("2026-03-12T21:00:00Z"), at("2026-03-12T23:10:00Z")),
        (at("2026-03-13T21:10:00Z"), at("2026-03-13T23:10:00Z")),
    ];
    assert_eq!(found[&second], expected);
}

/// Fills the form in, wrongly first; the page of what it announced.
async fn announces_by_form(scene: &Scene, boss: &Client) -> String {
    boss.get("/staff/maintenance/new").await.expect(200);
    let wrong = boss
        .post("/staff/maintenance", &[("title", "")])
        .await
        .expect(422);
    assert!(wrong.body.contains("Write what is done."), "{}", wrong.body);
    let server = scene.server.to_string();
    let fields = [
        ("title", "Replace a disk"),
        ("body", "It stands still for a while."),
        ("server", &*server),
        ("starts_at", "2026-03-12T22:00"),
        ("minutes", "30"),
        ("repeat", "once"),
        ("zone", "Europe/Berlin"),
        ("until", ""),
        ("lead_hours", "72"),
    ];
    let made = boss.post("/staff/maintenance", &fields).await.expect(303);
    made.location().to_owned()
}

#[tokio::test]
async fn a_tenant_sees_what_concerns_it_and_staff_announce_by_a_form() {
    let scene = Scene::new().await;
    let boss = scene.test.staff("boss", StaffRole::Admin).await;
    let boss = scene.test.browser(boss).await;
    let one = announces_by_form(&scene, &boss).await;
    let page = boss.get(&one).await.expect(200);
    assert!(page.body.contains("Nobody was told yet"), "{}", page.body);
    boss.get(&format!("{one}/edit")).await.expect(200);
    assert!(
        boss.get("/staff/maintenance")
            .await
            .expect(200)
            .body
            .contains("Replace a disk")
    );
    let own = scene.owner.get("/t/acme/maintenance").await.expect(200);
    assert!(
        own.body.contains("Replace a disk") && own.body.contains("21:00 UTC"),
        "{}",
        own.body
    );
    let person = scene.test.person("carl").await;
    let other = scene.test.tenant("other").await;
    scene.test.member(other, person, TenantRole::Viewer).await;
    let program = scene
        .test
        .program(person, Some(other), &[Permission::CheckRead])
        .await;
    let list = program.get("/api/v1/maintenance").await.expect(200).json();
    assert_eq!(list["items"], json!([]));
    scene.announce("2026-03-13T12:00", |_| {}).await;
    let list = program.get("/api/v1/maintenance").await.expect(200).json();
    assert_eq!(list["items"][0]["place"], "Everything");
    let mut tx = scene.test.app.db.tenant(scene.tenant, person).await.unwrap();
    assert_eq!(upcoming(&mut tx, scene.test.app.now()).await.unwrap().len(), 2);
    boss.post(&format!("{one}/cancel"), &[]).await.expect(303);
    assert!(
        boss.get(&one)
            .await
            .expect(200)
            .body
            .contains("It was called off.")
    );
}
