//! Uploading to a server's volume and downloading from it, against `docker cp` of the same file in the same run.

use std::path::PathBuf;
use std::time::Instant;

use berth::platform::access::{Permission, Side, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};

use crate::create::median;
use crate::engine::{label, sweep};
use crate::panel::{Panel, catalogue, until};
use crate::table::Row;

const ROUNDS: usize = 5;
/// Large enough that starting a transfer does not count, small enough for the page cache of a small machine.
const LARGE: usize = 256 << 20;
const MIB: f64 = 1024.0 * 1024.0;

struct Bench {
    panel: Panel,
    token: String,
    http: reqwest::Client,
    server: String,
    large: PathBuf,
}

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let (tenant, user) = (app.tenant("harbour").await, app.person("ann").await);
    app.member(tenant, user, TenantRole::Owner).await;
    let all = Permission::ALL.iter().copied();
    let scopes: Vec<Permission> = all
        .filter(|permission| permission.side() == Side::Tenant)
        .collect();
    let program = app.program(user, Some(tenant), &scopes).await;
    let panel = Panel::of(&app, "files");
    let (running, _) = panel.serve().await;
    let mut bench = Bench {
        large: std::env::temp_dir().join(format!("{}.bin", panel.instance)),
        panel,
        token: program.bearer().to_owned(),
        http: reqwest::Client::new(),
        server: String::new(),
    };
    let noise: Vec<u8> = (0..LARGE)
        .map(|at| u8::try_from(at * 31 % 251).unwrap())
        .collect();
    std::fs::write(&bench.large, &noise).unwrap();
    bench.create().await;
    let rows = bench.transfers(noise.into()).await;
    running.kill().await;
    rows
}

impl Bench {
    async fn create(&mut self) {
        let body = json!({ "name": "files", "template": "tiny", "size": "small-box" });
        let request = self
            .http
            .post(self.panel.url("/api/v1/servers"))
            .bearer_auth(&self.token);
        let asked: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        asked["server"]["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.server);
        let url = self.panel.url(&format!("/api/v1/servers/{}", self.server));
        until("the server runs", async || {
            let request = self.http.get(&url).bearer_auth(&self.token);
            let seen: Value = request.send().await.unwrap().json().await.unwrap();
            seen["engine_state"] == "running"
        })
        .await;
    }

    async fn transfers(&self, content: bytes::Bytes) -> Vec<Row> {
        // The helper is made once, and the first copy warms the caches.
        self.upload("warm", content.slice(..1 << 20)).await;
        let (mut up, mut up_raw, mut down, mut down_raw) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let container = format!("{}-{}", self.panel.instance, self.server);
        let (local, inside) = (self.large.display().to_string(), format!("{container}:/srv/raw"));
        for round in 0..ROUNDS {
            up.push(rate(self.upload(&format!("ours-{round}"), content.clone())).await);
            up_raw.push(rate(copy(&local, &inside)).await);
            down.push(rate(self.download(&format!("ours-{round}"))).await);
            down_raw.push(rate(copy(&inside, &format!("{local}.back"))).await);
        }
        drop(std::fs::remove_file(format!("{local}.back")));
        let pair = |ours, raw| (median(ours), median(raw));
        vec![
            Row::at_least(
                "upload 256 MiB by the API, against docker cp",
                pair(up, up_raw),
                "MiB/s",
                0.5,
            ),
            Row::at_least("download the same", pair(down, down_raw), "MiB/s", 0.5),
        ]
    }

    fn content(&self, name: &str) -> String {
        self.panel.url(&format!(
            "/api/v1/servers/{}/files/content?path=/data/{name}",
            self.server
        ))
    }

    async fn upload(&self, name: &str, content: bytes::Bytes) {
        let request = self.http.put(self.content(name)).bearer_auth(&self.token);
        let answer = request.body(content).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    async fn download(&self, name: &str) {
        let request = self.http.get(self.content(name)).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap().len(), LARGE);
    }
}

async fn copy(from: &str, to: &str) {
    let done = tokio::process::Command::new("docker")
        .args(["cp", from, to])
        .output()
        .await
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// MiB a second of the large file.
async fn rate(work: impl Future<Output = ()>) -> f64 {
    let begun = Instant::now();
    work.await;
    f64::from(u32::try_from(LARGE).unwrap()) / MIB / begun.elapsed().as_secs_f64()
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.large));
        sweep(&label(&self.panel.instance));
    }
}
