//! Shares with an engine in memory: what is written, what the server is told and when, and who is refused.

mod links;
mod pages;
mod uses;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::drivers::engine::{FilePart, FilesSpec, FilesVolume, ServerKey, TenantKey, VolumePath};
use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::reconcile::Reconciler as _;
use crate::platform::secret::Keyring;
use crate::servers::{self, Servers};
use crate::testing::{Client, TestApp};

use super::Shares;

const SECOND: Duration = Duration::from_secs(1);

struct Scene {
    test: TestApp,
    tenant: TenantId,
    program: Client,
    server: ServerId,
    shares: Shares,
}

fn of_tenant() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == Side::Tenant).collect()
}

impl Scene {
    async fn new(template: &str) -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let program = test.program(ada, Some(tenant), &of_tenant()).await;
        let variables = if template == "static-site" {
            json!({ "SITE_OWNER": "Ada" })
        } else {
            json!({})
        };
        let new =
            json!({ "name": "files", "template": template, "size": "small-box", "variables": variables });
        let made = program
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202)
            .json();
        let servers = Arc::new(Servers::new(&test.app, location.id));
        let scene = Self {
            shares: Shares::new(&test.app),
            server: made["server"]["id"].as_str().unwrap().parse().unwrap(),
            program,
            tenant,
            test,
        };
        loop {
            scene.test.clock.advance(TimeDelta::milliseconds(1));
            let claimed = servers.claim(16).await.unwrap();
            if claimed.is_empty() && !scene.test.is_server_due().await {
                return scene;
            }
            for one in claimed {
                servers.reconcile(one).await.unwrap();
            }
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/servers/{}/shares{rest}", self.server)
    }

    async fn create(&self, name: &str) -> String {
        let new =
            json!({ "name": name, "folder": format!("work/{name}"), "protocols": ["smb", "webdav", "smb"] });
        let share = self
            .program
            .json("POST", &self.path(""), &new)
            .await
            .expect(201)
            .json();
        share["id"].as_str().unwrap().to_owned()
    }

    async fn give(&self, share: &str, login: &str, what: &Value) -> Value {
        let path = self.path(&format!("/{share}/people/{login}"));
        self.program.json("PUT", &path, what).await.expect(200).json()
    }

    async fn list(&self) -> Value {
        self.program.get(&self.path("")).await.expect(200).json()["items"].clone()
    }

    /// Tells servers what is due. Says how many.
    async fn work(&self) -> usize {
        let claimed = self.shares.claim(16).await.unwrap();
        let count = claimed.len();
        for one in claimed {
            self.shares.reconcile(one).await.unwrap();
        }
        count
    }

    /// What the server's programs find in its volume.
    async fn told(&self) -> Value {
        serde_json::from_slice(&self.content("/share/state/shares/shares.json").await).unwrap()
    }

    /// A file of the server's volume, as whoever mounts it finds it.
    async fn content(&self, path: &str) -> Vec<u8> {
        let mut tx = self.test.app.db.system().await.unwrap();
        let server = servers::find(&mut tx, self.server).await.unwrap();
        drop(tx);
        let spec = FilesSpec {
            server: ServerKey::new(self.server.to_string()).unwrap(),
            tenant: TenantKey::new(self.tenant.to_string()).unwrap(),
            base_image: self.test.app.config.base_image.clone(),
            volumes: vec![FilesVolume {
                name: "share".to_owned(),
                key: servers::volume_key(&server, "share").unwrap(),
            }],
        };
        let path = VolumePath::parse(path).unwrap();
        let engine = &self.test.app.engine;
        let file = engine.read_file(&spec, &path, FilePart::default()).await.unwrap();
        let pieces: Vec<_> = file.content.map(Result::unwrap).collect().await;
        pieces.concat()
    }
}

#[tokio::test]
async fn the_server_is_told_all_of_it() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    let made = scene.give(&plans, "ann", &json!({ "access": "read" })).await;
    assert_eq!(made["password"].as_str().unwrap().len(), 24);
    let other = scene.create("other").await;
    let again = scene.give(&other, "ann", &json!({ "access": "write" })).await;
    assert_eq!(again["password"], Value::Null, "shown once");
    assert_eq!(scene.list().await[0]["is_in_force"], false);
    assert_eq!(scene.work().await, 1);
    assert_eq!(scene.work().await, 0);
    let list = scene.list().await;
    assert_eq!(
        (&list[0]["name"], &list[0]["is_in_force"]),
        (&json!("other"), &json!(true)),
        "{list}"
    );
    let told = scene.told().await;
    let hashes = &told["people"]["ann"];
    assert!(hashes["crypt"].as_str().unwrap().starts_with("$6$"), "{told}");
    assert_eq!(hashes["nt"].as_str().unwrap().len(), 32);
    let expected = json!([
        { "name": "other", "folder": "work/other", "protocols": ["webdav", "smb"], "people": { "ann": "write" } },
        { "name": "plans", "folder": "work/plans", "protocols": ["webdav", "smb"], "people": { "ann": "read" } },
    ]);
    assert_eq!(told["shares"], expected);

    let gone = scene.path(&format!("/{plans}/people/ann"));
    scene
        .program
        .json("DELETE", &gone, &Value::Null)
        .await
        .expect(204);
    scene
        .program
        .json("DELETE", &gone, &Value::Null)
        .await
        .expect(404);
    scene
        .program
        .json("DELETE", &scene.path(&format!("/{other}")), &Value::Null)
        .await
        .expect(204);
    scene.work().await;
    let told = scene.told().await;
    assert_eq!(
        (&told["people"], &told["shares"][0]["people"]),
        (&json!({}), &json!({})),
        "{told}"
    );
    scene.test.clock.advance(TimeDelta::minutes(6));
    assert_eq!(
        scene.work().await,
        1,
        "it is told again, because its volume may hold an old list"
    );
}

#[tokio::test]
async fn a_password_can_be_given_and_an_end() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    let until = scene.test.app.now() + TimeDelta::days(1);
    let wish = json!({ "access": "write", "password": "a word of ann's", "until": until });
    let given = scene.give(&plans, "ann", &wish).await;
    assert_eq!(given["password"], Value::Null);
    scene.work().await;
    let first = scene.told().await;
    assert_eq!(first["people"]["ann"]["until"], until.timestamp());
    scene.give(&plans, "ann", &json!({ "access": "read" })).await;
    scene.work().await;
    let second = scene.told().await;
    assert_eq!(first["people"], second["people"], "what is not said stays");
    scene
        .give(
            &plans,
            "ann",
            &json!({ "access": "read", "password": "another word", "until": null }),
        )
        .await;
    scene.work().await;
    let third = scene.told().await;
    assert_eq!(third["people"]["ann"]["until"], Value::Null);
    assert_ne!(third["people"]["ann"]["nt"], second["people"]["ann"]["nt"]);
    let mut tx = scene.test.app.db.system().await.unwrap();
    let events = sqlx::query_scalar!(
        r#"select concat(before, after) as "text!" from audit_event where action like 'share.%'"#
    );
    for text in events.fetch_all(tx.conn()).await.unwrap() {
        let is_told = ["a word of", "another word"]
            .iter()
            .any(|word| text.contains(word));
        assert!(!is_told, "{text}");
    }
}

#[tokio::test]
async fn nobody_reads_the_hashes_in_the_volume() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    scene.give(&plans, "ann", &json!({ "access": "read" })).await;
    scene.work().await;
    let place = "/share/state/shares/shares.json";
    let path = format!("/api/v1/servers/{}/files/content?path={place}", scene.server);
    let refused = scene.program.get(&path).await.expect(409).json();
    assert!(refused.to_string().contains("file-locked"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    let twice = json!({ "name": "plans", "folder": "x", "protocols": ["sftp"] });
    scene
        .program
        .json("POST", &scene.path(""), &twice)
        .await
        .expect(422);
    let bad = [
        json!({ "name": "files", "folder": "x", "protocols": ["sftp"] }),
        json!({ "name": "x", "folder": "../x", "protocols": ["sftp"] }),
        json!({ "name": "x", "folder": "x", "protocols": [] }),
    ];
    for new in bad {
        scene
            .program
            .json("POST", &scene.path(""), &new)
            .await
            .expect(422);
    }
    let past = scene.test.app.now() - TimeDelta::days(1);
    for (login, what) in [
        ("Ann", json!({ "access": "read" })),
        ("ann", json!({ "access": "read", "password": "short" })),
        ("ann", json!({ "access": "read", "until": past })),
    ] {
        let path = scene.path(&format!("/{plans}/people/{login}"));
        scene.program.json("PUT", &path, &what).await.expect(422);
    }
    let site = Scene::new("static-site").await;
    let new = json!({ "name": "x", "folder": "x", "protocols": ["sftp"] });
    let refused = site
        .program
        .json("POST", &site.path(""), &new)
        .await
        .expect(409)
        .json();
    assert!(refused.to_string().contains("not-a-file-share"), "{refused}");
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    scene.give(&plans, "ann", &json!({ "access": "read" })).await;
    let (other, eve) = (scene.test.tenant("other").await, scene.test.person("eve").await);
    scene.test.member(other, eve, TenantRole::Owner).await;
    let program = scene.test.program(eve, Some(other), &of_tenant()).await;
    program.get(&scene.path("")).await.expect(404);
    program
        .json("DELETE", &scene.path(&format!("/{plans}")), &Value::Null)
        .await
        .expect(404);
    let mut tx = scene.test.app.db.tenant(other, eve).await.unwrap();
    let seen = sqlx::query_scalar!(
        r#"select (select count(*) from share) + (select count(*) from share_person) + (select count(*) from share_member)
             + (select count(*) from share_state) as "seen!""#
    );
    assert_eq!(seen.fetch_one(tx.conn()).await.unwrap(), 0);
    assert_ne!(other, scene.tenant);
}

#[tokio::test]
async fn a_server_that_stands_still_is_told_by_its_volume() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    scene.give(&plans, "ann", &json!({ "access": "read" })).await;
    let key = ServerKey::new(scene.server.to_string()).unwrap();
    let engine = &scene.test.app.engine;
    engine.stop(&key, SECOND).await.unwrap();
    assert_eq!(scene.work().await, 1);
    assert_eq!(scene.list().await[0]["is_in_force"], true);
    engine.start(&key).await.unwrap();
    assert_eq!(scene.told().await["shares"][0]["name"], "plans");
}

#[tokio::test]
async fn what_a_panel_began_that_died_is_done_again() {
    let scene = Scene::new("file-share").await;
    scene.create("plans").await;
    assert_eq!(scene.shares.claim(16).await.unwrap().len(), 1);
    assert_eq!(
        scene.work().await,
        0,
        "it is under the lease of the one that died"
    );
    scene.test.clock.advance(TimeDelta::seconds(61));
    assert_eq!(scene.work().await, 1);
    assert_eq!(scene.told().await["shares"][0]["name"], "plans");
}

#[tokio::test]
async fn hashes_follow_the_key() {
    let scene = Scene::new("file-share").await;
    let plans = scene.create("plans").await;
    scene.give(&plans, "ann", &json!({ "access": "read" })).await;
    let folder = scene.test.app.config.data_dir.join("another");
    std::fs::create_dir_all(&folder).unwrap();
    let other = Keyring::open_or_create(&folder.join("key")).unwrap();
    let outcome = super::reseal(&scene.test.system(), &other).await.unwrap();
    assert_eq!(
        (outcome.sealed, outcome.unreadable.len()),
        (0, 1),
        "it is found, and another key does not open it"
    );
}
