//! Status pages over a real database: what follows from what, what the world may read and what not, and that an export is the page.

use std::path::Path;

use axum::body::Body;
use axum::http::Method;
use chrono::TimeDelta;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::monitoring::{self, Signal, Signature};
use crate::platform::access::{Permission as P, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{LocationId, ServerId, TenantId};
use crate::servers;
use crate::testing::{Client, TestApp};

use super::{export, watch};

const OWN: &str = "/api/v1/status-page";
const ALL: &str = "/api/v1/staff/status-pages";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    server: ServerId,
    program: Client,
    staff: Client,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::with(|config| config.mail_container = Some("mail".to_owned())).await;
        let (tenant, _) = test.owner("acme").await;
        let server = test.server(tenant, "web-inside").await;
        let owner = test.person("ann").await;
        test.member(tenant, owner, TenantRole::Owner).await;
        let scopes = [P::StatusRead, P::StatusWrite];
        let program = test.program(owner, Some(tenant), &scopes).await;
        let root = test.staff("root", StaffRole::Owner).await;
        let scopes = [
            P::StaffStatusRead,
            P::StaffStatusManage,
            P::StaffMaintenanceManage,
        ];
        let staff = test.program(root, None, &scopes).await;
        Self {
            test,
            tenant,
            server,
            program,
            staff,
        }
    }

    /// The tenant's page at `shop`, with a component that stands for its server.
    async fn page(&self, visibility: &str) -> Value {
        let new = json!({ "title": "Acme shop", "slug": "shop", "visibility": visibility });
        self.program.json("POST", OWN, &new).await.expect(201);
        self.add(self.server, "Shop").await
    }

    async fn add(&self, server: ServerId, name: &str) -> Value {
        let new = json!({ "name": name, "target": server });
        let made = self
            .program
            .json("POST", &format!("{OWN}/components"), &new)
            .await;
        made.expect(201).json()
    }

    async fn location(&self) -> LocationId {
        let mut tx = self.test.system().begin().await.unwrap();
        servers::find(&mut tx, self.server).await.unwrap().location
    }

    /// Something fails from now on, or works again.
    async fn report(
        &self,
        (tenant, server): (Option<TenantId>, Option<ServerId>),
        signature: Signature,
        failing: bool,
    ) {
        let now = self.test.app.now();
        let location = self.location().await;
        let cause = server.map_or(format!("location:{}", location.0), |id| {
            format!("server:{}:engine", id.0)
        });
        let signal = Signal {
            cause,
            tenant,
            location: Some(location),
            server,
            check: None,
            signature,
            summary: "secret-cause exit 137".to_owned(),
            failing,
            since: now,
            detail: json!({}),
        };
        let mut tx = self.test.system().begin().await.unwrap();
        monitoring::report(&self.test.app, &mut tx, signal).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn fails(&self, signature: Signature, failing: bool) {
        let ours = (Some(self.tenant), Some(self.server));
        self.report(ours, signature, failing).await;
    }

    async fn read(&self, slug: &str) -> Value {
        let path = format!("/status/{slug}/status.json");
        self.test.anonymous().get(&path).await.expect(200).json()
    }

    fn later(&self, minutes: i64) {
        self.test.clock.advance(TimeDelta::minutes(minutes));
    }
}

#[tokio::test]
async fn states_follow_from_incidents_and_overrides() {
    let scene = Scene::new().await;
    let component = scene.page("public").await;
    assert_eq!(scene.read("shop").await["state"], "operational");
    scene.fails(Signature::ExitCode, true).await;
    scene.later(12);
    let told = scene.read("shop").await;
    assert_eq!(
        (&told["state"], &told["components"][0]["state"]),
        (&json!("outage"), &json!("outage"))
    );
    let today = &told["components"][0]["days"][89];
    assert_eq!(
        (&today["worst"], &today["outage_seconds"]),
        (&json!("outage"), &json!(720))
    );
    let path = format!("{OWN}/components/{}/override", component["id"].as_str().unwrap());
    let said = json!({ "state": "degraded", "minutes": 30, "reason": "only the old door" });
    scene.program.json("POST", &path, &said).await.expect(200);
    scene.later(10);
    let told = scene.read("shop").await;
    assert_eq!(told["state"], "degraded");
    assert_eq!(told["components"][0]["days"][89]["degraded_seconds"], 600);
    scene.program.json("DELETE", &path, &json!({})).await.expect(204);
    assert_eq!(scene.read("shop").await["state"], "outage");
    scene.program.json("POST", &path, &said).await.expect(200);
    scene.later(40);
    assert_eq!(
        scene.read("shop").await["state"],
        "outage",
        "what was said has ended"
    );
    scene.fails(Signature::ExitCode, false).await;
    scene.later(1);
    assert_eq!(scene.read("shop").await["state"], "operational");
    scene.fails(Signature::DiskFull, true).await;
    scene.later(1);
    assert_eq!(scene.read("shop").await["state"], "degraded");
}

#[tokio::test]
async fn nothing_of_the_inside_and_of_others_is_told() {
    let scene = Scene::new().await;
    scene.page("public").await;
    let (theirs, _) = scene.test.owner("theirs").await;
    let other = scene.test.server(theirs, "web-theirs").await;
    let refused = json!({ "name": "x", "target": other });
    scene
        .program
        .json("POST", &format!("{OWN}/components"), &refused)
        .await
        .expect(422);
    scene
        .report((Some(theirs), Some(other)), Signature::ExitOom, true)
        .await;
    scene.report((None, None), Signature::EngineAway, true).await;
    let window = json!({
        "title": "secret-title", "body": "secret-body", "starts_at": "2026-03-11T12:00", "minutes": 60, "zone": "UTC",
        "server": scene.server,
    });
    scene
        .staff
        .json("POST", "/api/v1/staff/maintenance", &window)
        .await
        .expect(201);
    scene.later(2);
    let told = scene.read("shop").await;
    assert_eq!(told["state"], "operational", "neither is the server's own");
    assert_eq!(told["maintenance"][0]["title"], "Planned maintenance");
    scene.fails(Signature::ExitOom, true).await;
    scene.later(1);
    for end in ["", "/status.json", "/feed.atom"] {
        let answer = scene
            .test
            .anonymous()
            .get(&format!("/status/shop{end}"))
            .await
            .expect(200);
        let inside = [
            "web-inside".to_owned(),
            "theirs".to_owned(),
            "exit".to_owned(),
            "secret".to_owned(),
            scene.server.to_string(),
            scene.server.0.to_string(),
            scene.tenant.to_string(),
            scene.location().await.to_string(),
        ];
        for inside in inside {
            assert!(!answer.body.contains(&inside), "{end} tells {inside}");
        }
        assert_eq!(answer.header("set-cookie"), "");
        assert!(answer.header("cache-control").starts_with("public, max-age=15"));
    }
    // The connection that the world reads by can read no table, and no page but public ones.
    let mut conn = scene.test.app.db.login().await.unwrap();
    let refused = sqlx::query_scalar!("select slug from status_page")
        .fetch_all(conn.conn())
        .await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
}

#[tokio::test]
async fn a_server_that_is_somebody_elses_now_tells_nothing() {
    let scene = Scene::new().await;
    scene.page("public").await;
    let (theirs, _) = scene.test.owner("theirs").await;
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "update server set tenant_id = $2 where id = $1",
        scene.server.0,
        theirs.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let told = scene.read("shop").await;
    assert_eq!(told["components"], json!([]));
}

#[tokio::test]
async fn who_may_read() {
    let scene = Scene::new().await;
    scene.page("members").await;
    let nobody = scene.test.anonymous();
    nobody.get("/status/shop").await.expect(404);
    nobody.get("/status/no-such-page").await.expect(404);
    assert_eq!(
        scene
            .program
            .get(&format!("{OWN}/status"))
            .await
            .expect(200)
            .json()["title"],
        "Acme shop"
    );
    let twice = scene.program.json("POST", OWN, &json!({ "title": "x" })).await;
    assert_eq!(twice.expect(409).json()["code"], "status-page-exists");
    scene
        .program
        .json("PATCH", OWN, &json!({ "visibility": "public" }))
        .await
        .expect(200);
    let page = nobody.get("/status/shop").await.expect(200);
    let tag = [("if-none-match", page.header("etag"))];
    nobody
        .send(Method::GET, "/status/shop", &tag, Body::empty())
        .await
        .expect(304);
    scene
        .program
        .json("PATCH", OWN, &json!({ "visibility": "staff" }))
        .await
        .expect(422);
    // Staff see it, and change nothing of it.
    let all = scene.staff.get(ALL).await.expect(200).json();
    let at = format!("{ALL}/{}", all["items"][0]["id"].as_str().unwrap());
    scene.staff.get(&format!("{at}/status")).await.expect(200);
    scene
        .staff
        .json("PATCH", &at, &json!({ "title": "x" }))
        .await
        .expect(404);
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "update tenant set status = 'closed', status_reason = 'x', purge_after = now() where id = $1",
        scene.tenant.0
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for end in ["", "/status.json", "/feed.atom"] {
        nobody.get(&format!("/status/shop{end}")).await.expect(404);
    }
}

#[tokio::test]
async fn the_providers_page_tells_of_panel_mail_and_locations() {
    let scene = Scene::new().await;
    let new = json!({ "title": "Provider", "slug": "provider" });
    scene.staff.json("POST", ALL, &new).await.expect(201);
    let states = async || {
        let told = scene.read("provider").await;
        let all = told["components"].as_array().unwrap().iter();
        all.map(|one| one["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["operational"; 3]);
    scene.fails(Signature::ExitOom, true).await;
    scene.later(1);
    assert_eq!(
        states().await,
        ["operational"; 3],
        "a customer's own trouble is none of it"
    );
    scene.report((None, None), Signature::EngineAway, true).await;
    let (app, system) = (&scene.test.app, scene.test.system());
    watch::beat(app, &system).await.unwrap();
    scene.test.mail.set_away(Some("gone"));
    let mut since = None;
    watch::look_at_mail(app, &system, &mut since).await.unwrap();
    assert_eq!(states().await, ["operational", "operational", "outage"]);
    scene.later(2);
    watch::look_at_mail(app, &system, &mut since).await.unwrap();
    scene.later(10);
    assert_eq!(states().await, ["operational", "outage", "outage"]);
    watch::beat(app, &system).await.unwrap();
    watch::beat(app, &system).await.unwrap();
    let told = scene.read("provider").await;
    assert_eq!(
        told["components"][0]["days"][89]["outage_seconds"], 720,
        "no panel lived for twelve minutes"
    );
    assert_eq!(told["components"][0]["state"], "operational");
    scene.test.mail.set_away(None);
    watch::look_at_mail(app, &system, &mut since).await.unwrap();
    scene.later(1);
    assert_eq!(states().await, ["operational", "operational", "outage"]);
}

/// Says that the shop is slow and, five minutes later, why.
async fn tell_why(scene: &Scene, component: &Value) {
    let post = json!({
        "title": "The shop <b>is</b> slow & sad", "state": "investigating", "body": "We look.\nSoon more.",
        "components": [component["id"]],
    });
    let post = scene
        .program
        .json("POST", &format!("{OWN}/posts"), &post)
        .await
        .expect(201)
        .json();
    scene.later(5);
    let more = json!({ "state": "identified", "body": "It is the disk." });
    let path = format!("{OWN}/posts/{}/updates", post["id"].as_str().unwrap());
    scene.program.json("POST", &path, &more).await.expect(200);
}

/// What a page is about, without what is around it.
fn main_part(text: &str) -> String {
    let page = Html::parse_document(text);
    let main = Selector::parse("main").unwrap();
    page.select(&main).next().unwrap().html()
}

/// A folder has the page as it is live, its feed and its document, and needs nothing from elsewhere.
async fn is_the_page(scene: &Scene, folder: &Path, live: &str) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let page = read("index.html");
    assert_eq!(main_part(&page), main_part(live));
    assert!(page.contains("href=\"status.css\"") && page.contains("As it was on 10 Mar 2026, 12:05 UTC."));
    assert!(!page.contains("/static/") && !page.contains("<script"));
    let feed = scene
        .test
        .anonymous()
        .get("/status/shop/feed.atom")
        .await
        .expect(200)
        .body;
    assert_eq!(read("feed.atom"), feed);
    assert!(
        feed.contains("It is the disk.") && !feed.contains("<b>"),
        "{feed}"
    );
    assert_eq!(
        serde_json::from_str::<Value>(&read("status.json")).unwrap(),
        scene.read("shop").await
    );
    assert!(read("status.css").contains(".bars"));
}

#[tokio::test]
async fn an_export_is_the_page() {
    let scene = Scene::new().await;
    let component = scene.page("public").await;
    scene.fails(Signature::ExitOom, true).await;
    tell_why(&scene, &component).await;
    let folder = std::env::temp_dir().join(format!("berth-status-{}", scene.server));
    let (app, system) = (&scene.test.app, scene.test.system());
    export::export_all(app, &system, &folder).await.unwrap();
    export::export(app, &system, "shop", &folder.join("again"))
        .await
        .unwrap();
    let live = scene.test.anonymous().get("/status/shop").await.expect(200).body;
    for at in ["shop", "again"] {
        is_the_page(&scene, &folder.join(at), &live).await;
    }
    let bars = Selector::parse("svg[role=img][aria-label] rect").unwrap();
    assert_eq!(Html::parse_document(&live).select(&bars).count(), 90);
    // What is public no more does not stay, and what others put there does.
    scene.program.json("DELETE", OWN, &json!({})).await.expect(204);
    export::export_all(app, &system, &folder).await.unwrap();
    assert!(!folder.join("shop").exists() && folder.join("again").exists());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Makes a page with a component and a post, after mistakes.
async fn make(owner: &Client, base: &str, server: ServerId) {
    let empty = owner
        .post(base, &[("title", ""), ("visibility", "public")])
        .await
        .expect(422);
    assert!(empty.body.contains("Use one line"));
    owner
        .post(base, &[("title", "Acme"), ("visibility", "public")])
        .await
        .expect(303);
    let add = format!("{base}/components");
    let target = server.to_string();
    owner
        .post(&add, &[("name", "Shop"), ("target", &*target)])
        .await
        .expect(303);
    owner
        .post(&add, &[("name", "Mail"), ("target", "mail")])
        .await
        .expect(422);
    let post = [
        ("title", "Slow"),
        ("state", "investigating"),
        ("body", "We look."),
    ];
    owner.post(&format!("{base}/posts"), &post).await.expect(303);
}

/// Where the first of these links of a page leads.
fn href(page: &str, selector: &str) -> String {
    let all = Selector::parse(selector).unwrap();
    let page = Html::parse_document(page);
    let found = page.select(&all).next().unwrap();
    found.attr("href").unwrap().to_owned()
}

#[tokio::test]
async fn people_make_it_on_pages() {
    let test = TestApp::start().await;
    let (tenant, owner) = test.owner("acme").await;
    let server = test.server(tenant, "web-1").await;
    let base = "/t/acme/status-page";
    assert!(owner.get(base).await.expect(200).body.contains("New status page"));
    make(&owner, base, server).await;
    let page = owner.get(base).await.expect(200).body;
    let component = href(&page, "a.row-link[href*='/components/']");
    owner.get(&component).await.expect(200);
    owner
        .post(&component, &[("name", "Front door")])
        .await
        .expect(303);
    let said = [("state", "outage"), ("minutes", "60"), ("reason", "flood")];
    owner
        .post(&format!("{component}/override"), &said)
        .await
        .expect(303);
    let written = href(&page, "a.row-link[href*='/posts/']");
    let more = [("state", "resolved"), ("body", "It is over.")];
    owner.post(&format!("{written}/updates"), &more).await.expect(303);
    let view = owner.get(&format!("{base}/view")).await.expect(200).body;
    for told in ["Front door", "Something does not work", "It is over."] {
        assert!(view.contains(told), "{told}");
    }
    assert!(!view.contains("flood"), "why is nobody else's business");
    let tar = owner.get(&format!("{base}/export.tar")).await.expect(200);
    assert_eq!(tar.header("content-type"), "application/x-tar");
    owner.post(&format!("{component}/delete"), &[]).await.expect(303);
    owner.post(&format!("{base}/delete"), &[]).await.expect(303);
    assert!(owner.get(base).await.expect(200).body.contains("New status page"));
}
