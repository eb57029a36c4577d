//! Schedules through the real binary on the real engine: a command is run in the container and its output is seen, a restart is a
//! restart, and a panel that is killed in the middle leaves nothing that is done twice.

use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::testing::{Client, TestApp, noon};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::crash::docker::{Remains, catalogue, prepare};
use crate::faults::{new_server, owners_program};
use crate::panel::{Panel, until};

/// Where the panel dies, how the run is told by the next one, and how often its command was then given.
pub(crate) const POINTS: [(&str, &str, usize); 4] = [
    ("schedules.fired", "succeeded", 1),
    ("schedules.power_begun", "succeeded", 1),
    ("schedules.command_begun", "interrupted", 0),
    ("schedules.command_done", "interrupted", 1),
];

/// A server that runs. The test's own app asks for what is wanted, whether a panel runs or not.
struct Scene {
    program: Client,
    panel: Panel,
    path: String,
    container: String,
    app: TestApp,
    remains: Remains,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 5).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        let running = panel.serve().await;
        let asked = program
            .json("POST", "/api/v1/servers", &new_server("Box", true))
            .await
            .expect(202);
        let id = asked.json()["server"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/servers/{id}");
        until("it runs", async || {
            program.get(&path).await.json()["engine_state"] == "running"
        })
        .await;
        running.kill().await;
        Self {
            container: format!("{}-{id}", panel.instance),
            program,
            panel,
            path,
            app,
            remains,
        }
    }

    async fn schedule(&self, steps: &[Value]) -> String {
        let new = json!({ "name": "Nightly", "cron": "0 4 1 1 *", "steps": steps });
        let path = format!("{}/schedules", self.path);
        let made = self.program.json("POST", &path, &new).await.expect(201).json();
        format!("{path}/{}", made["id"].as_str().unwrap())
    }

    /// Its time has come.
    async fn is_due(&self) {
        let mut tx = self.app.system().begin().await.unwrap();
        let due = sqlx::query!("update schedule set next_run = now()");
        assert_eq!(due.execute(tx.conn()).await.unwrap().rows_affected(), 1);
        tx.commit().await.unwrap();
    }

    /// The one run, when it is over.
    async fn run(&self, schedule: &str) -> Value {
        let runs = format!("{schedule}/runs");
        until("the run is over", async || {
            let runs = self.program.get(&runs).await.json();
            runs[0]["finished_at"].is_string()
        })
        .await;
        let all = self.program.get(&runs).await.json();
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        let one = format!("{runs}/{}", all[0]["id"].as_str().unwrap());
        self.program.get(&one).await.expect(200).json()
    }

    /// How often the command was given: each time writes a line into the server's volume.
    async fn given(&self) -> usize {
        let mut cat = Command::new("docker");
        cat.args([
            "exec",
            &self.container,
            "sh",
            "-c",
            "cat /srv/given 2>/dev/null; true",
        ]);
        let output = cat.output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().count()
    }
}

fn command(line: &str) -> Value {
    json!({ "kind": "command", "command": line })
}

#[tokio::test]
async fn a_command_is_run_in_the_container_and_a_restart_is_one() {
    prepare().await;
    let scene = Scene::set().await;
    let before = scene.remains.look().await;
    let restart = json!({ "kind": "power", "power": "restart" });
    let fails = json!({ "kind": "command", "command": "echo oh no >&2; exit 3", "go_on": true });
    let again = json!({ "kind": "command", "command": "echo up", "wait_seconds": 1 });
    let steps = [command("echo it says $GREETING"), fails, restart, again];
    let schedule = scene.schedule(&steps).await;
    let _running = scene.panel.serve().await;
    scene.is_due().await;
    let run = scene.run(&schedule).await;
    let told: Vec<_> = run["steps"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 4, "{run}");
    assert_eq!(told[0]["output"], "it says hello\n");
    assert_eq!(
        (&told[1]["exit_code"], &told[1]["output"]),
        (&json!(3), &json!("oh no\n"))
    );
    assert_eq!(told[2]["state"], "succeeded", "{run}");
    assert_eq!(told[3]["output"], "up\n");
    assert_eq!(
        (&run["state"], &run["reason"]),
        (&json!("failed"), &json!("Step 2 failed."))
    );
    let after = scene.remains.look().await;
    assert!(
        after.is_running && after.started_at != before.started_at,
        "{before:?} {after:?}"
    );
}

async fn survives((point, state, given): (&'static str, &'static str, usize)) {
    let scene = Scene::set().await;
    let before = scene.remains.look().await;
    let mut steps = vec![command("echo once >> /srv/given")];
    if point == "schedules.power_begun" {
        steps.push(json!({ "kind": "power", "power": "restart" }));
    }
    let schedule = scene.schedule(&steps).await;
    scene.is_due().await;
    scene.panel.start(Some(point)).died(point).await;
    let _running = scene.panel.serve().await;
    let run = scene.run(&schedule).await;
    assert_eq!(run["state"], state, "{point}: {run}");
    assert_eq!(scene.given().await, given, "{point}");
    let after = scene.remains.look().await;
    assert!(after.is_running, "{point}");
    let is_restarted = after.started_at != before.started_at;
    assert_eq!(is_restarted, point == "schedules.power_begun", "{point}");
    let mut tx = scene.app.system().begin().await.unwrap();
    let restarts = sqlx::query_scalar!("select restart_seq from server")
        .fetch_one(tx.conn())
        .await;
    assert_eq!(restarts.unwrap(), i64::from(is_restarted), "{point}");
}

#[tokio::test]
async fn a_panel_that_dies_in_a_run_does_nothing_twice() {
    prepare().await;
    join_all(POINTS.map(survives)).await;
}
