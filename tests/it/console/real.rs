//! A shell in a real container, through the real binary.

use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};
use tokio::process::Command;

use super::client::{Console, open};
use crate::crash::docker::{Remains, catalogue, prepare};
use crate::faults::{Api, new_server, owners_program};
use crate::panel::{Panel, Running, until};

struct Scene {
    panel: Panel,
    api: Api,
    token: String,
    container: String,
    path: String,
    app: TestApp,
    _remains: Remains,
}

impl Scene {
    /// A panel that runs, with a server that runs.
    async fn set() -> (Self, Running) {
        prepare().await;
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 5).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        let running = panel.serve().await;
        let api = Api::new(&panel, program.bearer());
        let (status, asked) = api.post("/api/v1/servers", &new_server("Box", true)).await;
        assert_eq!(status, 202, "{asked}");
        let id = asked["server"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/servers/{id}");
        until("it runs", async || {
            api.get(&path).await["engine_state"] == "running"
        })
        .await;
        let scene = Self {
            container: format!("{}-{id}", panel.instance),
            token: program.bearer().to_owned(),
            panel,
            api,
            path,
            app,
            _remains: remains,
        };
        (scene, running)
    }

    async fn console(&self) -> Console {
        let headers = [("authorization", format!("Bearer {}", self.token))];
        let path = format!("{}/console?columns=90&rows=30", self.path);
        open(self.panel.address, &path, &headers).await.unwrap()
    }

    /// What runs in the container.
    async fn processes(&self) -> String {
        let mut top = Command::new("docker");
        top.args(["top", &self.container, "-eo", "pid,args"]);
        String::from_utf8(top.output().await.unwrap().stdout).unwrap()
    }

    async fn visits(&self) -> Vec<Value> {
        let log = self.api.get("/api/v1/audit-events?limit=100").await;
        let events = log["items"].as_array().unwrap().iter().rev();
        let visits = events.filter(|event| event["action"].as_str().unwrap().starts_with("console."));
        visits.cloned().collect()
    }
}

#[tokio::test]
async fn two_people_share_a_shell_and_nothing_of_it_stays() {
    let (scene, running) = Scene::set().await;
    let mut one = scene.console().await;
    one.state("open").await;
    one.keys("stty size\r").await;
    one.shows("30 90").await;
    one.resize(70, 20).await;
    one.event("the new size", |event| event["columns"] == 70).await;
    let mut other = scene.console().await;
    other.keys("echo $((40 + 2)) are here; stty size\r").await;
    one.shows("42 are here").await;
    other.shows("20 70").await;
    // A byte that Docker's own frames begin with is a byte like any other.
    one.keys("printf '\\001\\000raw-%s' bytes; sleep 1234 & (trap '' HUP; exec sleep 4321) &\r")
        .await;
    one.shows("\u{1}\0raw-bytes").await;
    until("both run", async || {
        let all = scene.processes().await;
        all.contains("sleep 1234") && all.contains("sleep 4321")
    })
    .await;

    // Whoever comes back within a minute finds it as it was.
    one.leave().await;
    other.leave().await;
    let mut again = scene.console().await;
    again.shows("42 are here").await;
    again.keys("echo still $((40 + 3))\r").await;
    again.shows("still 43").await;

    // The panel ends, and with it the session; the server goes on.
    let stopped = running.stop();
    let (reason, ()) = tokio::join!(again.ends(), stopped);
    assert_eq!(reason, "shutdown");
    let left = scene.processes().await;
    assert!(
        !left.contains("sleep 1234") && !left.contains("sleep 4321") && left.contains("sleep 1000"),
        "{left}"
    );
    assert!(!left.lines().any(|line| line.ends_with(" sh")), "{left}");

    let _again = scene.panel.serve().await;
    let visits = scene.visits().await;
    let actions: Vec<_> = visits
        .iter()
        .map(|visit| visit["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions.iter().filter(|action| **action == "console.open").count(),
        3,
        "{visits:?}"
    );
    assert_eq!(
        actions
            .iter()
            .filter(|action| **action == "console.close")
            .count(),
        3,
        "{visits:?}"
    );
    assert_eq!(visits.last().unwrap()["after"]["ended"], "shutdown");
}

#[tokio::test]
async fn a_killed_panels_shell_is_found_and_ended() {
    let (scene, running) = Scene::set().await;
    let mut console = scene.console().await;
    console.keys("sleep 1234\r").await;
    until("it runs", async || scene.processes().await.contains("sleep 1234")).await;
    running.kill().await;
    assert!(
        scene.processes().await.contains("sleep 1234"),
        "no engine ends it"
    );

    let _again = scene.panel.serve().await;
    // As if nobody had spoken for it for long, and as if the quarter of an hour were over.
    let mut tx = scene.app.system().begin().await.unwrap();
    sqlx::query!("update console_visit set seen_at = seen_at - interval '10 minutes'")
        .execute(tx.conn())
        .await
        .unwrap();
    sqlx::query!("select enqueue_job('housekeeping', 'null'::json, null, 'test')")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    until("it is ended", async || {
        !scene.processes().await.contains("sleep 1234")
    })
    .await;
    until("its end is told", async || {
        scene
            .visits()
            .await
            .last()
            .is_some_and(|visit| visit["after"]["ended"] == "lost")
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_stopped_takes_its_shell_along() {
    let (scene, _running) = Scene::set().await;
    let mut console = scene.console().await;
    console.state("open").await;
    let act = async |verb: &str| {
        let path = format!("{}/actions/{verb}", scene.path);
        assert_eq!(scene.api.post(&path, &json!({})).await.0, 202);
    };
    act("stop").await;
    console.state("stopped").await;
    act("start").await;
    console.state("ready").await;
    console.order(&json!({ "type": "open" })).await;
    console.state("open").await;
    console.keys("echo $((40 + 2)) again\r").await;
    console.shows("42 again").await;
}
