//! Restore drills on the real engine with real repositories: a good backup is proven, one that was damaged on purpose is found
//! out, and whoever dies in the middle leaves nothing behind.

use std::time::Duration;

use berth::platform::access::StaffRole;
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{Client, TestApp, noon};
use bollard::Docker;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::crash::docker::{Count, Remains, catalogue, prepare};
use crate::disk::docker;
use crate::engine_contract::docker_world::{IMAGE, make_backup_image};
use crate::faults::{new_server, owners_program};
use crate::panel::{Panel, Running, until_within};

/// Where panels die while they restore, start, judge and remove.
pub(crate) const POINTS: [&str; 7] = [
    "drills.begun",
    "drills.volumes",
    "drills.restored",
    "drills.made",
    "drills.started",
    "drills.judged",
    "drills.cleared",
];

/// Long enough for a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(3);
/// One server with its data, its network, and the repository of its backups.
const ALONE: Count = Count {
    containers: 1,
    networks: 1,
    volumes: 2,
};

struct Scene {
    app: TestApp,
    program: Client,
    panel: Panel,
    remains: Remains,
    server: String,
}

impl Scene {
    /// A server with a whole backup, and a panel that runs.
    async fn new() -> (Self, Running) {
        prepare().await;
        let engine = Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION);
        make_backup_image(&engine.unwrap().negotiate_version().await.unwrap()).await;
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 5).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        // Nothing but what the test asks for.
        app.administer("update drill_setting set is_on = false").await;
        let running = panel.serve().await;
        let asked = program
            .json("POST", "/api/v1/servers", &new_server("box", true))
            .await
            .expect(202);
        let server = asked.json()["server"]["id"].as_str().unwrap().to_owned();
        let scene = Self {
            app,
            program,
            panel,
            remains,
            server,
        };
        let path = format!("/api/v1/servers/{}", scene.server);
        until_within(PATIENCE, "the server runs", async || {
            let server = scene.program.get(&path).await.expect(200).json();
            server["engine_state"] == "running" && server["pending"] == false
        })
        .await;
        let filter = format!("label=berth.server={}", scene.server);
        let container = docker(&["ps", "--quiet", "--filter", &filter]).await;
        let fill = "head -c 200000 /dev/urandom > /srv/data && sync";
        docker(&["exec", container.trim(), "sh", "-c", fill]).await;
        scene.back_up().await;
        (scene, running)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/servers/{}/backups{rest}", self.server)
    }

    async fn back_up(&self) {
        let made = self
            .program
            .json("POST", &self.path(""), &json!({}))
            .await
            .expect(202);
        let one = self.path(&format!("/{}", made.json()["id"].as_str().unwrap()));
        until_within(PATIENCE, "the backup is whole", async || {
            let backup = self.program.get(&one).await.expect(200).json();
            assert_ne!(backup["state"], "failed", "{backup}");
            backup["state"] == "done"
        })
        .await;
    }

    async fn ask(&self) {
        // The newest is the one that was asked for last.
        self.app.clock.advance(TimeDelta::milliseconds(10));
        self.program
            .json("POST", &self.path("/drills"), &json!({}))
            .await
            .expect(202);
    }

    async fn proof(&self) -> Value {
        self.program.get(&self.path("/drills")).await.expect(200).json()
    }

    /// Waits until the newest drill is over, and nothing of it is left; how it ended.
    async fn over(&self) -> Value {
        until_within(PATIENCE, "the drill is over", async || {
            let newest = &self.proof().await["drills"][0];
            newest["state"] == "proven" || newest["state"] == "failed"
        })
        .await;
        assert_eq!(self.remains.count().await, ALONE, "all of it was removed");
        self.proof().await
    }

    /// Runs a command as root where the repository lies.
    async fn in_repository(&self, line: &str) {
        let filter = format!("label=berth.instance={}", self.panel.instance);
        let all = docker(&["volume", "ls", "--quiet", "--filter", &filter]).await;
        let volume = all.lines().find(|name| !name.contains("srv_")).unwrap();
        let mount = format!("{volume}:/repository");
        docker(&[
            "run",
            "--rm",
            "--network=none",
            "--volume",
            &mount,
            IMAGE,
            "sh",
            "-c",
            line,
        ])
        .await;
    }

    /// What staff see first.
    async fn overview(&self) -> String {
        let root = self.app.staff("root", StaffRole::Owner).await;
        let browser = self.app.browser(root).await;
        browser.get("/staff").await.expect(200).body
    }
}

#[tokio::test]
async fn a_drill_proves_a_good_backup_and_catches_a_damaged_repository() {
    let (scene, running) = Scene::new().await;
    scene.ask().await;
    let proof = scene.over().await;
    assert_eq!(proof["drills"][0]["state"], "proven", "{proof}");
    assert!(
        proof["proven_at"].is_string() && proof["failed_since"].is_null(),
        "{proof}"
    );

    // Every pack gets some other bytes in its middle, as a disk that goes bad would give: that is where the server's data is, and at
    // its beginning what is kept about the server, which a drill does not restore.
    let damage = "cp -a /repository/data /repository/kept && find /repository/data -type f -exec sh -c \
        'head -c 64 /dev/urandom | dd of=\"$1\" bs=1 seek=$(($(stat -c %s \"$1\") / 2)) conv=notrunc' _ {} \\;";
    scene.in_repository(damage).await;
    scene.ask().await;
    let proof = scene.over().await;
    let newest = &proof["drills"][0];
    assert_eq!(newest["state"], "failed", "{proof}");
    assert!(
        newest["error"]
            .as_str()
            .unwrap()
            .contains("could not be restored"),
        "{newest}"
    );
    assert!(
        proof["failed_since"].is_string() && proof["proven_at"].is_string(),
        "{proof}"
    );
    let overview = scene.overview().await;
    assert!(
        overview.contains("could not be restored in a drill"),
        "{overview}"
    );

    scene
        .in_repository("rm -rf /repository/data && mv /repository/kept /repository/data")
        .await;
    scene.ask().await;
    let proof = scene.over().await;
    assert_eq!(proof["drills"][0]["state"], "proven", "{proof}");
    assert!(
        proof["failed_since"].is_null(),
        "the alert ends with a proof: {proof}"
    );
    running.kill().await;
}

#[tokio::test]
async fn a_panel_that_dies_during_a_drill_leaves_nothing_behind() {
    let (scene, running) = Scene::new().await;
    running.kill().await;
    for point in POINTS {
        scene.ask().await;
        scene.panel.start(Some(point)).died(point).await;
        // Nobody waits for the leases of the dead.
        scene
            .app
            .administer(
                "update restore_drill set lease_until = now() where lease_until is not null;
                 update backup_repository set lease_until = now() where lease_until is not null",
            )
            .await;
        let running = scene.panel.serve().await;
        let proof = scene.over().await;
        assert_eq!(proof["drills"][0]["state"], "proven", "{point}: {proof}");
        running.kill().await;
    }
}
