//! Every template of the catalogue, as a customer has it: ordered through the panel's API, made by the real engine, used with
//! a client that people use, restarted, and found with its data.

mod chat;
mod data;
mod files;
mod games;
mod printing;
mod shares;
mod shop;
mod stacks;
mod tasks;
mod web;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::crash::docker::Remains;
use crate::faults::{Api, owners_program};
use crate::panel::{Panel, Running, until};

/// Where published ports are in tests.
const HOST: &str = "127.0.0.1";
const BASE_IMAGE: &str = "debian:bookworm-slim";

/// A tenant with a panel that runs. The panel ends before its servers are removed, so that it does not make them anew.
struct Scene {
    api: Api,
    instance: String,
    _running: Running,
    remains: Remains,
    _app: TestApp,
}

/// A server that was healthy once.
struct Server<'a> {
    scene: &'a Scene,
    path: String,
    container: String,
    ports: BTreeMap<String, u16>,
}

fn catalogue() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue"))
}

impl Scene {
    /// Sees that the images are there (`make test` has built all of them before), and starts a panel.
    async fn begin(templates: &[&str]) -> Self {
        Self::of(catalogue(), templates).await
    }

    /// The same with another catalogue.
    async fn of(catalogue: &Path, templates: &[&str]) -> Self {
        let mut build = Command::new(env!("CARGO_BIN_EXE_berth"));
        build
            .args(["catalogue", "build"])
            .args(templates)
            .env("BERTH_CATALOGUE_DIR", catalogue)
            .env("BERTH_BASE_IMAGE", BASE_IMAGE);
        let (well, said) = outcome(&mut build).await;
        assert!(well, "{said}");
        let app = TestApp::with(|config| catalogue.clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 10).await;
        let mut panel = Panel::of(&app);
        panel.set("BERTH_BASE_IMAGE", BASE_IMAGE.to_owned());
        let remains = Remains::of(&panel.instance).await;
        let running = panel.serve().await;
        Self {
            api: Api::new(&panel, program.bearer()),
            instance: panel.instance,
            _running: running,
            remains,
            _app: app,
        }
    }

    /// Orders a server and waits until its own check says that it works.
    async fn order(&self, template: &str, name: &str, answers: Value) -> Server<'_> {
        let order = json!({
            "name": name, "template": template, "size": "microcomputer", "start": true, "variables": answers,
        });
        let (status, asked) = self.api.post("/api/v1/servers", &order).await;
        assert_eq!(status, 202, "{asked}");
        self.meet(name, &asked).await
    }

    /// Copies a server, and waits until the copy's own check says that it works.
    async fn copy(&self, source: &Server<'_>, name: &str) -> Server<'_> {
        let (status, asked) = self
            .api
            .post(&format!("{}/clone", source.path), &json!({ "name": name }))
            .await;
        assert_eq!(status, 202, "{asked}");
        self.meet(name, &asked).await
    }

    async fn meet(&self, name: &str, asked: &Value) -> Server<'_> {
        let path = format!("/api/v1/servers/{}", asked["server"]["id"].as_str().unwrap());
        until(&format!("{name} is healthy"), async || {
            self.api.get(&path).await["health"] == "healthy"
        })
        .await;
        let server = self.api.get(&path).await;
        let ports = server["ports"].as_array().unwrap().iter().map(|port| {
            let number = u16::try_from(port["port"].as_u64().unwrap()).unwrap();
            (port["name"].as_str().unwrap().to_owned(), number)
        });
        Server {
            container: self.container(name).await,
            ports: ports.collect(),
            scene: self,
            path,
        }
    }

    async fn container(&self, name: &str) -> String {
        let mut list = Command::new("docker");
        list.args(["ps", "--quiet", "--no-trunc", "--filter"])
            .arg(format!("label=berth.instance={}", self.instance))
            .arg("--filter")
            .arg(format!("label=berth.name={name}"));
        let (_, id) = outcome(&mut list).await;
        id.trim().to_owned()
    }
}

impl Server<'_> {
    fn port(&self, name: &str) -> u16 {
        self.ports[name]
    }

    fn url(&self, name: &str, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.port(name))
    }

    /// What the tenant's other servers call it.
    async fn host_name(&self) -> String {
        let server = self.scene.api.get(&self.path).await;
        server["host_name"].as_str().unwrap().to_owned()
    }

    /// A secret, revealed as its owner does.
    async fn secret(&self, key: &str) -> String {
        let secret = self.scene.api.get(&format!("{}/secrets/{key}", self.path)).await;
        secret["value"].as_str().unwrap().to_owned()
    }

    /// What a shell inside says; for what no client can do.
    async fn inside(&self, line: &str) -> String {
        let (well, said) =
            outcome(Command::new("docker").args(["exec", &self.container, "sh", "-c", line])).await;
        assert!(well, "{line}: {said}");
        said
    }

    async fn stop(&self) {
        let (status, answer) = self.act("stop").await;
        assert_eq!(status, 202, "{answer}");
        until("it has stopped", async || {
            self.scene.api.get(&self.path).await["engine_state"] == "exited"
        })
        .await;
    }

    /// Restarts it, and waits until it runs again; its clients wait for the rest.
    async fn restart(&self) {
        let before = self.scene.api.get(&self.path).await["running_since"].clone();
        let (status, answer) = self.act("restart").await;
        assert_eq!(status, 202, "{answer}");
        until("it runs again", async || {
            let now = self.scene.api.get(&self.path).await;
            now["engine_state"] == "running" && now["running_since"] != before
        })
        .await;
    }

    async fn act(&self, verb: &str) -> (u16, Value) {
        let path = format!("{}/actions/{verb}", self.path);
        self.scene.api.post(&path, &json!({})).await
    }
}

/// Whether a program ended well, and all that it said.
async fn outcome(command: &mut Command) -> (bool, String) {
    told(command, "").await
}

/// The same, with something to read.
async fn told(command: &mut Command, input: &str) -> (bool, String) {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error} (scripts/setup.sh test)"));
    let mut stdin = child.stdin.take().unwrap();
    // A program that reads nothing may be gone before all is written.
    drop(stdin.write_all(input.as_bytes()).await);
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Runs a client until it says `wanted`: servers that were just started may not listen yet.
async fn says(wanted: &str, mut client: impl AsyncFnMut() -> (bool, String)) -> String {
    let mut last = String::new();
    until(wanted, async || {
        let (well, said) = client().await;
        last = said;
        well && last.contains(wanted)
    })
    .await;
    last
}

/// `curl`, quiet about progress and not about the rest; it takes the servers' own certificates.
fn curl(arguments: &[&str]) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--insecure", "--max-time", "20"])
        .args(arguments);
    curl
}
