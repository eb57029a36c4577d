//! Volumes in the panel, with a pool and an engine in memory: what is written, what containers then have, and who is refused.

mod files;
mod life;
mod pages;
mod servers;
mod trouble;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::ServerKey;
use crate::drivers::pool::fake::FakePool;
use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::ids::TenantId;
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self as all_servers, Servers};
use crate::testing::{Answer, Client, TestApp};

use super::Volumes;

const MIB: u64 = 1 << 20;

struct Scene {
    test: TestApp,
    tenant: TenantId,
    program: Client,
    servers: Arc<Servers>,
    volumes: Volumes,
}

impl Scene {
    async fn new() -> Self {
        let socket = PathBuf::from("/run/docker/plugins/berth.sock");
        Self::with(Some(socket)).await
    }

    async fn with(socket: Option<PathBuf>) -> Self {
        let test = TestApp::with(|config| config.volume_driver_socket = socket).await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = all_servers::set_up_location(&test.app, &test.system())
            .await
            .unwrap();
        let all = Permission::ALL.iter().copied();
        let all: Vec<Permission> = all.filter(|one| one.side() == Side::Tenant).collect();
        Self {
            servers: Arc::new(Servers::new(&test.app, location.id)),
            volumes: Volumes::new(&test.app),
            program: test.program(ada, Some(tenant), &all).await,
            tenant,
            test,
        }
    }

    /// Works on servers and on volumes until nothing is left to do now.
    async fn work(&self) {
        for _ in 0..100 {
            self.test.clock.advance(TimeDelta::milliseconds(1));
            let servers = self.servers.claim(16).await.unwrap();
            let volumes = self.volumes.claim(16).await.unwrap();
            if servers.is_empty() && volumes.is_empty() {
                return;
            }
            for server in servers {
                self.servers.reconcile(server).await.unwrap();
            }
            for volume in volumes {
                self.volumes.reconcile(volume).await.unwrap();
            }
        }
        panic!("it does not come to rest");
    }

    /// Tells the panel which volumes the engine has.
    async fn note(&self, there: &BTreeSet<&str>) {
        let mut tx = self.test.app.db.system().await.unwrap();
        let location = all_servers::own_location(&mut tx).await.unwrap().unwrap();
        let now = self.test.app.now();
        crate::volumes::note_presence(&mut tx, location, (there, true), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn later(&self, seconds: i64) {
        self.test.clock.advance(TimeDelta::seconds(seconds));
        self.work().await;
    }

    fn pool(&self) -> FakePool {
        self.test.engine.pool()
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.program.json("POST", path, &body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.program.json("DELETE", path, &json!({})).await
    }

    async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    async fn volume(&self, name: &str, mib: i64) -> String {
        let asked = self
            .post("/api/v1/volumes", json!({ "name": name, "size_mib": mib }))
            .await;
        let asked = asked.expect(202).json();
        self.work().await;
        asked["volume"]["id"].as_str().unwrap().to_owned()
    }

    async fn server(&self, name: &str) -> String {
        let new = json!({ "name": name, "template": "static-site", "size": "small-box",
            "variables": { "SITE_OWNER": "Ada" } });
        let made = self.post("/api/v1/servers", new).await.expect(202).json();
        self.work().await;
        made["server"]["id"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, volume: &str, server: &str, path: &str) -> Answer {
        let body = json!({ "server": server, "path": path });
        self.post(&format!("/api/v1/volumes/{volume}/attachments"), body)
            .await
    }

    async fn attach(&self, volume: &str, server: &str, path: &str) {
        self.ask(volume, server, path).await.expect(202);
        self.work().await;
    }

    async fn detach(&self, volume: &str, server: &str) {
        let path = format!("/api/v1/volumes/{volume}/attachments/{server}");
        self.delete(&path).await.expect(202);
        self.work().await;
    }

    async fn find(&self, volume: &str) -> Value {
        self.get(&format!("/api/v1/volumes/{volume}")).await
    }

    /// What a server's container mounts besides its own: path, and whether it may only read.
    fn mounted(&self, server: &str) -> Vec<(String, bool)> {
        let all = self.test.engine.mounts(&ServerKey::new(server).unwrap());
        let others = all
            .into_iter()
            .filter(|mount| !mount.volume.as_str().starts_with("srv_"));
        others.map(|mount| (mount.path, mount.read_only)).collect()
    }

    async fn operation(&self, asked: &Value) -> Value {
        let path = format!("/api/v1/operations/{}", asked["operation_id"].as_str().unwrap());
        self.get(&path).await
    }

    async fn power(&self, server: &str, word: &str) {
        let path = format!("/api/v1/servers/{server}/actions/{word}");
        self.post(&path, json!({})).await.expect(202);
        self.work().await;
    }
}
