//! Maintenance of racks and sites: of whatever stands there at the time.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole};
use crate::platform::ids::LocationId;
use crate::servers;
use crate::testing::Client;

use super::super::{covering, periods_of, store, upcoming};
use super::{HOME, Scene, at};

/// A scene with somebody who writes down where its one location stands.
struct Books {
    scene: Scene,
    keeper: Client,
    location: LocationId,
}

impl Books {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let keeper = scene.test.staff("keeper", StaffRole::Owner).await;
        let scopes = [Permission::StaffCheckManage, Permission::StaffStatusManage];
        let keeper = scene
            .test
            .program_until(keeper, None, &scopes, TimeDelta::days(30))
            .await;
        let mut tx = scene.test.app.db.system().await.unwrap();
        let location = servers::find(&mut tx, scene.server).await.unwrap().location;
        drop(tx);
        Self {
            scene,
            keeper,
            location,
        }
    }

    async fn stands(&self, site: &str, rack: &str) {
        let path = format!("/api/v1/staff/incidents/inventory/{}", self.location);
        let place = json!({ "site": site, "rack": rack });
        self.keeper.json("PATCH", &path, &place).await.expect(200);
    }
}

#[tokio::test]
async fn a_rack_is_whatever_stands_in_it_at_the_time() {
    let books = Books::new().await;
    let scene = &books.scene;
    let rack = |window: &mut Value| {
        window["site"] = json!("Hamburg");
        window["rack"] = json!("B");
        window["repeat"] = json!("weekly");
    };
    let mut empty =
        json!({ "title": "x", "body": "x", "starts_at": "2026-03-11T12:00", "minutes": 120, "zone": "UTC" });
    rack(&mut empty);
    let refused = scene.staff.json("POST", HOME, &empty).await.expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "rack");
    books.stands(" Hamburg ", "B").await;
    let window = scene.announce("2026-03-11T12:00", rack).await;
    assert_eq!(window["place"], "Rack B at Hamburg");

    let (first, second) = (at("2026-03-11T12:30:00Z"), at("2026-03-18T12:30:00Z"));
    assert!(scene.covers(first).await.is_some() && scene.covers(second).await.is_some());
    scene.tell().await;
    assert_eq!(
        scene.mails().await.len(),
        1,
        "who has nothing there is told nothing"
    );
    scene.later(TimeDelta::days(3));
    books.stands("Hamburg", "C").await;
    assert!(scene.covers(first).await.is_some() && scene.covers(second).await.is_none());
    scene.tell().await;
    scene.later(TimeDelta::days(3));
    scene.tell().await;
    assert_eq!(
        scene.told().await,
        ["Maintenance on Wed 11 Mar 2026, 12", "Maintenance is over"],
        "nobody is told of what comes when it stands elsewhere"
    );

    let person = scene.test.person("carl").await;
    let mut tx = scene.test.app.db.tenant(scene.tenant, person).await.unwrap();
    let (from, to) = (at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
    let found = periods_of(&mut tx, &[scene.server], from, to).await.unwrap();
    let expected = [(at("2026-03-11T12:00:00Z"), at("2026-03-11T14:00:00Z"))];
    assert_eq!(found[&scene.server], expected);
    let now = scene.test.app.now();
    assert!(upcoming(&mut tx, now).await.unwrap().is_empty());
    let past = store::windows(&mut tx, now, true, 10).await.unwrap();
    let places: Vec<_> = past.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(places, ["Rack B at Hamburg"]);
    drop(tx);
    let other = scene.test.tenant("theirs").await;
    let mut tx = scene.test.app.db.tenant(other, person).await.unwrap();
    assert!(store::windows(&mut tx, now, true, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_site_is_chosen_in_the_form_and_stays_chosen_when_nothing_stands_there() {
    let books = Books::new().await;
    let scene = &books.scene;
    books.stands("Hamburg", "B").await;
    let boss = scene.test.staff("boss", StaffRole::Admin).await;
    let boss = scene.test.browser(boss).await;
    let form = boss.get("/staff/maintenance/new").await.expect(200).body;
    assert!(
        form.contains("Site Hamburg</option>") && form.contains("Rack B at Hamburg</option>"),
        "{form}"
    );
    let fields = |title: &'static str| {
        let when = [("starts_at", "2026-03-12T22:00"), ("zone", "Europe/Berlin")];
        let rest = [("minutes", "30"), ("repeat", "once"), ("lead_hours", "72")];
        let what = [("title", title), ("body", "x"), ("version", "1")];
        let place = [("location", "[\"Hamburg\"]"), ("server", ""), ("until", "")];
        [&when[..], &rest, &what, &place].concat()
    };
    let made = boss.post("/staff/maintenance", &fields("Switches")).await;
    let one = made.expect(303).location().to_owned();
    let covered = async || {
        let mut tx = scene.test.app.db.system().await.unwrap();
        let engine = (None, Some(books.location));
        let found = covering(&mut tx, engine, at("2026-03-12T21:05:00Z")).await;
        found.unwrap().is_some()
    };
    assert!(covered().await);
    scene
        .announce("2026-03-12T21:10", |window| {
            window["location"] = json!(books.location);
        })
        .await;
    let page = boss.get(&one).await.expect(200).body;
    assert!(
        page.contains("Site Hamburg") && page.contains("counts once"),
        "{page}"
    );
    books.stands("", "").await;
    assert!(!covered().await);
    let edit = boss.get(&format!("{one}/edit")).await.expect(200).body;
    assert!(edit.contains("selected>Site Hamburg</option>"), "{edit}");
    boss.post(&one, &fields("Two switches")).await.expect(303);
}

#[tokio::test]
async fn a_status_page_knows_what_a_racks_maintenance_is_about() {
    let books = Books::new().await;
    let scene = &books.scene;
    books.stands("", "B").await;
    scene
        .announce("2026-03-10T11:30", |window| window["rack"] = json!("B"))
        .await;
    let page = json!({ "title": "Provider", "slug": "provider" });
    let made = books
        .keeper
        .json("POST", "/api/v1/staff/status-pages", &page)
        .await;
    made.expect(201);
    scene.later(TimeDelta::minutes(1));
    let told = scene
        .test
        .anonymous()
        .get("/status/provider/status.json")
        .await
        .expect(200)
        .json();
    assert_eq!(told["maintenance"][0]["title"], "New kernel");
    let components = told["components"].as_array().unwrap();
    let of_it = components.iter().filter(|one| one["state"] == "maintenance");
    assert_eq!(of_it.count(), 1, "the panel is not in the rack");
    assert_eq!(told["maintenance"][0]["components"].as_array().unwrap().len(), 1);
}
