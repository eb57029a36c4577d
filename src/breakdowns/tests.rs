//! From something that broke to its ticket and back, over a real database and the engine in memory.

mod again;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::{LogStream, ServerKey};
use crate::monitoring::{self, Signal, Signature};
use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{IncidentId, LocationId, ServerId, TenantId};
use crate::platform::reconcile::Reconciler as _;
use crate::servers;
use crate::testing::{Client, TestApp};

use super::{gather, settle};

const QUEUE: &str = "/api/v1/staff/tickets";
const PASSWORD: &str = "wave-lantern-29";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    location: LocationId,
    id: ServerId,
    key: ServerKey,
    reconciler: servers::Servers,
    customer: Client,
    staff: Client,
}

fn scopes(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == side).collect()
}

impl Scene {
    /// A tenant with a server that runs and has a secret, and an engineer.
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system())
            .await
            .unwrap()
            .id;
        let long = TimeDelta::days(300);
        let customer = test
            .program_until(ada, Some(tenant), &scopes(Side::Tenant), long)
            .await;
        let eve = test.staff("eve", StaffRole::Engineer).await;
        let staff = test.program_until(eve, None, &scopes(Side::Staff), long).await;
        let new = json!({
            "name": "cache", "template": "redis", "size": "microcomputer", "variables": { "REDIS_PASSWORD": PASSWORD },
        });
        let made = customer
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202)
            .json();
        let id: ServerId = made["server"]["id"].as_str().unwrap().parse().unwrap();
        let scene = Self {
            reconciler: servers::Servers::new(&test.app, location),
            key: ServerKey::new(id.to_string()).unwrap(),
            test,
            tenant,
            location,
            id,
            customer,
            staff,
        };
        scene.work().await;
        scene
    }

    /// Lets the reconciler do what is due.
    async fn work(&self) {
        loop {
            self.later(TimeDelta::milliseconds(1));
            let claimed = self.reconciler.claim(16).await.unwrap();
            if claimed.is_empty() {
                return;
            }
            for server in claimed {
                self.reconciler.reconcile(server).await.unwrap();
            }
        }
    }

    fn later(&self, time: TimeDelta) {
        self.test.clock.advance(time);
    }

    async fn tell(&self, signal: Signal) {
        self.later(TimeDelta::seconds(1));
        let mut tx = self.test.app.db.system().await.unwrap();
        monitoring::report(&self.test.app, &mut tx, signal).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The server was ended for want of memory, or works again.
    async fn report(&self, failing: bool) {
        self.tell(Signal {
            cause: "test:cache".to_owned(),
            tenant: Some(self.tenant),
            location: None,
            server: Some(self.id),
            check: None,
            signature: Signature::ExitOom,
            summary: "cache ended by itself: exit code 137 (signal 9), out of memory".to_owned(),
            failing,
            since: self.test.app.now(),
            detail: json!({ "exit_code": 137, "out_of_memory": true }),
        })
        .await;
    }

    /// Does what the queue has to do.
    async fn gather(&self) {
        let mut tx = self.test.app.db.system().await.unwrap();
        let incidents = sqlx::query_scalar!("select distinct incident_id from breakdown");
        let incidents = incidents.fetch_all(tx.conn()).await.unwrap();
        drop(tx);
        for incident in incidents {
            let scope = self.test.system();
            gather::work(&self.test.app, &scope, IncidentId(incident))
                .await
                .unwrap();
        }
    }

    /// All tickets, the oldest first.
    async fn tickets(&self) -> Vec<Value> {
        let list = self.staff.get(&format!("{QUEUE}?state=all&sort=created")).await;
        list.expect(200).json()["items"].as_array().unwrap().clone()
    }

    async fn only(&self) -> Value {
        let [one] = <[_; 1]>::try_from(self.tickets().await).expect("one ticket");
        one
    }

    async fn posts(&self, client: &Client, ticket: &Value) -> Vec<(String, String)> {
        let side = if std::ptr::eq(client, &raw const self.staff) {
            "/staff"
        } else {
            ""
        };
        let path = format!(
            "/api/v1{side}/tickets/{}/posts?limit=200",
            ticket["id"].as_str().unwrap()
        );
        let list = client.get(&path).await.expect(200).json();
        let text = |post: &Value, key: &str| post[key].as_str().unwrap().to_owned();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|post| (text(post, "kind"), text(post, "body")))
            .collect()
    }
}

/// The server wrote thirty lines and a secret, and used all of its memory.
async fn has_written(scene: &Scene) {
    for line in 0..30 {
        scene
            .test
            .engine
            .log(&scene.key, LogStream::Stdout, &format!("line {line}"));
    }
    let secret = format!("\u{1b}[31mready with {PASSWORD}, token=abc123");
    scene.test.engine.log(&scene.key, LogStream::Stderr, &secret);
    scene
        .test
        .administer(
            "create table usage_test partition of usage_10s default;
             insert into usage_10s (server_id, tenant_id, at, cpu, memory)
               select id, tenant_id, timestamptz '2026-03-10 11:59:50+00', 0.5, 1073741824 from server",
        )
        .await;
}

/// Staff see everything that was gathered, without secrets.
async fn has_evidence(scene: &Scene, ticket: &Value) {
    let all = scene.posts(&scene.staff, ticket).await;
    let evidence: Vec<_> = all.iter().filter(|(kind, _)| kind == "evidence").collect();
    let [(_, evidence)] = evidence.as_slice() else {
        panic!("{all:?}")
    };
    for told in [
        "exit code 137 (signal 9), out of memory",
        "Memory: 100 % on average",
        "The process was ended for want of memory",
        "ada@example.com: Created the server cache",
        "line 0\n",
        "ready with •••, token=•••",
    ] {
        assert!(evidence.contains(told), "{told}: {evidence}");
    }
}

/// The customer sees what concerns it, and neither secrets nor people.
async fn has_a_redacted_post(scene: &Scene, ticket: &Value) {
    let part = scene.posts(&scene.customer, ticket).await;
    assert_eq!(part.len(), 2, "{part:?}");
    assert!(part.iter().all(|(kind, _)| kind == "system"), "{part:?}");
    let redacted = &part
        .iter()
        .find(|(_, body)| body.contains("more memory"))
        .unwrap()
        .1;
    assert!(
        redacted.contains("line 29") && !redacted.contains("line 3\n"),
        "{redacted}"
    );
    assert!(!redacted.contains(PASSWORD) && !redacted.contains("abc123") && !redacted.contains("ada@"));
}

/// Staff see what is known of the breakdown, and a picture of its evidence.
async fn has_facts_and_a_picture(scene: &Scene, ticket: &Value) {
    let base = format!("{QUEUE}/{}", ticket["id"].as_str().unwrap());
    let known = scene
        .staff
        .get(&format!("{base}/breakdown"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&known["exit_code"], &known["out_of_memory"]),
        (&json!(137), &json!(true))
    );
    assert_eq!(known["runbooks"], json!(["out-of-memory"]));
    let eve = scene.test.staff("eva", StaffRole::Support).await;
    let browser = scene.test.browser(eve).await;
    let picture = format!("/staff/tickets/{}/evidence.svg", ticket["id"].as_str().unwrap());
    let picture = browser.get(&picture).await.expect(200);
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert_eq!(
        picture.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert!(picture.body.starts_with("<svg "));
}

#[tokio::test]
async fn what_broke_becomes_one_ticket_with_evidence_and_a_redacted_post() {
    let scene = Scene::new().await;
    has_written(&scene).await;
    scene.report(true).await;
    scene.report(true).await;
    scene.gather().await;
    scene.gather().await;
    let ticket = scene.only().await;
    assert_eq!(
        (&ticket["severity"], &ticket["source"], &ticket["state"]),
        (&json!("p1"), &json!("breakdown"), &json!("new"))
    );
    assert!(
        ticket["subject"]
            .as_str()
            .unwrap()
            .starts_with("cache ended by itself")
    );

    has_evidence(&scene, &ticket).await;
    has_a_redacted_post(&scene, &ticket).await;
    has_facts_and_a_picture(&scene, &ticket).await;
}

#[tokio::test]
async fn flapping_stays_one_ticket_and_recovery_resolves_it_unless_somebody_works_on_it() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        scene.report(true).await;
        scene.gather().await;
        assert!(["new", "reopened"].contains(&scene.only().await["state"].as_str().unwrap()));
        scene.report(false).await;
        assert_eq!(scene.only().await["state"], "resolved");
    }
    let ticket = scene.only().await;
    let posts = scene.posts(&scene.customer, &ticket).await;
    let count = |word: &str| posts.iter().filter(|(_, body)| body.contains(word)).count();
    assert_eq!(
        (count("It works again since"), count("It fails again")),
        (3, 2),
        "{posts:?}"
    );
    assert_eq!(
        count("does not work as it should"),
        1,
        "evidence is of an incident: {posts:?}"
    );

    // Who acknowledged it knows of it; who works on it says when it is over.
    scene.report(true).await;
    let path = format!("{QUEUE}/{}", ticket["id"].as_str().unwrap());
    let works = json!({ "state": "in_progress" });
    scene.staff.json("PATCH", &path, &works).await.expect(200);
    scene.report(false).await;
    assert_eq!(scene.only().await["state"], "in_progress");
    let posts = scene.posts(&scene.customer, &ticket).await;
    assert!(
        posts.iter().any(|(_, body)| body.contains("stays open until")),
        "{posts:?}"
    );
}

#[tokio::test]
async fn what_fails_again_within_a_day_goes_on_and_later_is_a_new_ticket_that_names_the_old() {
    let scene = Scene::new().await;
    scene.report(true).await;
    scene.report(false).await;
    // Long enough to be another incident.
    scene.later(TimeDelta::hours(20));
    scene.report(true).await;
    scene.gather().await;
    assert_eq!(scene.only().await["state"], "reopened");
    scene.report(false).await;
    scene.later(TimeDelta::hours(25));
    scene.report(true).await;
    let tickets = scene.tickets().await;
    assert_eq!(tickets.len(), 2, "{tickets:?}");
    assert_eq!(
        (&tickets[0]["state"], &tickets[1]["state"]),
        (&json!("resolved"), &json!("new"))
    );
    let number = format!("#{}", tickets[0]["number"]);
    let posts = scene.posts(&scene.customer, &tickets[1]).await;
    assert!(posts[0].1.contains(&number), "{posts:?}");
}

#[tokio::test]
async fn an_engine_that_is_away_is_a_ticket_for_each_tenant_with_its_own_servers() {
    let scene = Scene::new().await;
    let (other, bob) = (scene.test.tenant("other").await, scene.test.person("bob").await);
    scene.test.member(other, bob, TenantRole::Owner).await;
    scene.test.server(other, "shop").await;
    scene
        .test
        .administer(
            "update server set power = 'running', \
               location_id = (select location_id from server where name = 'cache') where name = 'shop'",
        )
        .await;
    let signal = |failing| Signal {
        cause: "test:engine".to_owned(),
        tenant: None,
        location: Some(scene.location),
        server: None,
        check: None,
        signature: Signature::EngineAway,
        summary: "The engine of Local does not answer".to_owned(),
        failing,
        since: scene.test.app.now(),
        detail: json!({}),
    };
    scene.tell(signal(true)).await;
    scene.gather().await;
    let tickets = scene.tickets().await;
    assert_eq!(tickets.len(), 2, "{tickets:?}");
    let bob = scene.test.program(bob, Some(other), &scopes(Side::Tenant)).await;
    let own = bob.get("/api/v1/tickets").await.expect(200).json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let posts = scene.posts(&bob, &own["items"][0]).await;
    let text: String = posts.iter().map(|(_, body)| body.as_str()).collect();
    assert!(text.contains("shop") && !text.contains("cache"), "{text}");
    scene.tell(signal(false)).await;
    let tickets = scene.tickets().await;
    assert!(
        tickets.iter().all(|ticket| ticket["state"] == "resolved"),
        "{tickets:?}"
    );
}

/// A ticket reaches the servers of its own tenant and no others, and suspends for nobody who may not.
async fn reaches_no_further(scene: &Scene, base: &str) {
    let other = scene.test.tenant("other").await;
    let foreign = scene.test.server(other, "shop").await;
    let order = json!({ "server": foreign, "verb": "restart" });
    scene
        .staff
        .json("POST", &format!("{base}/power"), &order)
        .await
        .expect(404);
    let sam = scene.test.staff("sam", StaffRole::Support).await;
    let sam = scene.test.program(sam, None, &scopes(Side::Staff)).await;
    let order = json!({ "server": scene.id, "reason": "It sends mail." });
    sam.json("POST", &format!("{base}/suspend"), &order)
        .await
        .expect(403);
}

#[tokio::test]
async fn what_is_done_from_a_ticket_is_told_there_with_its_end() {
    let scene = Scene::new().await;
    scene.report(true).await;
    let ticket = scene.only().await;
    let base = format!("{QUEUE}/{}/acts", ticket["id"].as_str().unwrap());
    let order = json!({ "server": scene.id, "verb": "restart", "runbook": "out-of-memory" });
    let act = scene
        .staff
        .json("POST", &format!("{base}/power"), &order)
        .await
        .expect(202)
        .json();
    assert_eq!((&act["verb"], &act["outcome"]), (&json!("restart"), &json!(null)));
    let scope = scene.test.system();
    assert_eq!(
        settle::settle(&scene.test.app, &scope).await.unwrap(),
        0,
        "it is not done yet"
    );
    scene.work().await;
    assert_eq!(settle::settle(&scene.test.app, &scope).await.unwrap(), 1);
    assert_eq!(
        settle::settle(&scene.test.app, &scope).await.unwrap(),
        0,
        "it is told once"
    );
    let posts = scene.posts(&scene.staff, &ticket).await;
    let told = "eve@example.com asked to restart cache: it is done.";
    assert!(
        posts.iter().any(|(_, body)| body.replace('\\', "") == told),
        "{posts:?}"
    );
    let acts = scene.staff.get(&base).await.expect(200).json();
    assert_eq!(acts["items"][0]["outcome"], "succeeded");

    let size = json!({ "server": scene.id, "size": "minicomputer" });
    scene
        .staff
        .json("POST", &format!("{base}/resize"), &size)
        .await
        .expect(202);
    scene.work().await;
    let again = scene
        .staff
        .json("POST", &format!("{base}/resize"), &size)
        .await
        .expect(409);
    assert_eq!(again.json()["code"], "same-size");
    let log = scene.customer.get("/api/v1/audit-events").await.expect(200).body;
    for action in ["server.restart", "server.configure", "ticket.act"] {
        assert!(log.contains(action), "{action}");
    }

    reaches_no_further(&scene, &base).await;
}
