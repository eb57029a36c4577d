//! The panel as one file, and back: on a machine where nothing of it is left but the engine, with a cluster that was never used.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::EmbeddedPostgres;
use berth::testing::{Client, TestApp, noon};
use serde_json::{Value, json};

use crate::crash::docker::{Look, Remains, catalogue, prepare};
use crate::faults::{Api, new_server, owners_program};
use crate::panel::{Panel, until};

/// Where a restore dies in a test.
pub(crate) const POINTS: [&str; 2] = ["restore.after_key", "restore.after_database"];

/// A panel with a server that runs, and its backup.
struct Scene {
    program: Client,
    server: String,
    panel: Panel,
    remains: Remains,
    folder: PathBuf,
    app: TestApp,
}

impl Scene {
    async fn begin() -> Self {
        prepare().await;
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 5).await;
        let mut panel = Panel::of(&app);
        panel.set("BERTH_DATABASE_ADMIN_URL", app.admin_url());
        let remains = Remains::of(&panel.instance).await;
        let folder = std::env::temp_dir().join(format!("berth-backup-{}", panel.instance));
        fs::create_dir_all(&folder).unwrap();
        let running = panel.serve().await;
        let api = Api::new(&panel, program.bearer());
        let (status, asked) = api.post("/api/v1/servers", &secretive()).await;
        assert_eq!(status, 202, "{asked}");
        let server = format!("/api/v1/servers/{}", asked["server"]["id"].as_str().unwrap());
        until("it runs", async || is_well(&api.get(&server).await)).await;
        let scene = Self {
            program,
            server,
            panel,
            remains,
            folder,
            app,
        };
        // The panel runs while it is backed up.
        let (told, is_well) = scene.panel.run(&["backup", "--to", &scene.file()]).await;
        assert!(is_well && told.contains("is backed up in"), "{told}");
        running.kill().await;
        scene
    }

    fn file(&self) -> String {
        self.folder.join("panel.berth").display().to_string()
    }

    /// The same panel on a machine that has nothing of it.
    fn elsewhere(&self) -> (Panel, Cluster) {
        let data = self.folder.join("data");
        let mut panel = Panel::of(&self.app);
        panel.instance.clone_from(&self.panel.instance);
        panel.set("BERTH_INSTANCE", self.panel.instance.clone());
        panel.set("BERTH_DATA_DIR", data.display().to_string());
        panel.unset("DATABASE_URL");
        (panel, Cluster(data))
    }

    async fn look(&self) -> Look {
        self.remains.look().await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A private cluster, which ends with the test.
struct Cluster(PathBuf);

impl Drop for Cluster {
    fn drop(&mut self) {
        let folder = self.0.join("postgres");
        let stopped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(EmbeddedPostgres::stop(&folder))
        });
        let _ = stopped.join();
    }
}

fn secretive() -> Value {
    let mut order = new_server("Survivor", true);
    order["variables"] = json!({ "GREETING": "from before" });
    order
}

fn is_well(server: &Value) -> bool {
    server["engine_state"] == "running" && server["pending"] == false
}

#[tokio::test]
async fn a_panel_that_is_restored_finds_its_running_servers_again() {
    let scene = Scene::begin().await;
    let mode = fs::metadata(scene.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may read it");
    let before = scene.look().await;

    let (panel, _cluster) = scene.elsewhere();
    for point in POINTS {
        let mut command = panel.command();
        command.args(["restore", "--from", &scene.file()]);
        let died = command.env("BERTH_FAULT_POINT", point).output().await.unwrap();
        assert_eq!(died.status.code(), None, "{point}: {died:?}");
    }
    // The database came at once: what is left to do, the panel does when it starts.
    let running = panel.serve().await;
    let api = Api::new(&panel, scene.program.bearer());
    until("the server is found again", async || {
        is_well(&api.get(&scene.server).await)
    })
    .await;
    assert_eq!(api.get(&scene.server).await["name"], "Survivor");
    assert_eq!(scene.look().await, before, "it ran all the time");

    let (status, asked) = api
        .post(&format!("{}/actions/restart", scene.server), &json!({}))
        .await;
    assert_eq!(status, 202, "{asked}");
    until("it obeys the restored panel", async || {
        let look = scene.look().await;
        look.is_running && look.started_at != before.started_at && is_well(&api.get(&scene.server).await)
    })
    .await;
    let greeting = "GREETING=from before".to_owned();
    assert!(
        scene.look().await.env.contains(&greeting),
        "the key opens what it sealed"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_restore_writes_over_nothing_and_refuses_what_is_no_backup() {
    let scene = Scene::begin().await;
    let (mut panel, cluster) = scene.elsewhere();
    let refused = async |panel: &Panel, from: &str| {
        let mut command = panel.command();
        let outcome = command.args(["restore", "--from", from]).output().await.unwrap();
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        String::from_utf8(outcome.stderr).unwrap()
    };

    let said = refused(&scene.panel, &scene.file()).await;
    assert!(said.contains("the database is not empty (ins_"), "{said}");
    let said = refused(&panel, "/etc/hostname").await;
    assert!(said.contains("no backup of Berth's"), "{said}");
    let said = refused(&panel, "/nowhere").await;
    assert!(said.contains("opening /nowhere"), "{said}");
    panel.set("BERTH_INSTANCE", "another".to_owned());
    let said = refused(&panel, &scene.file()).await;
    assert!(
        said.contains(&format!("set BERTH_INSTANCE={}", scene.panel.instance)),
        "{said}"
    );
    panel.set("BERTH_INSTANCE", scene.panel.instance.clone());

    // One byte of the dump, which is in the last quarter, is another; then the end is missing.
    let damaged = scene.folder.join("damaged").display().to_string();
    let mut bytes = fs::read(scene.file()).unwrap();
    let place = bytes.len() / 4 * 3;
    bytes[place] ^= 1;
    fs::write(&damaged, &bytes).unwrap();
    let said = refused(&panel, &damaged).await;
    assert!(said.contains("the backup is damaged"), "{said}");
    bytes.truncate(place);
    fs::write(&damaged, &bytes).unwrap();
    let said = refused(&panel, &damaged).await;
    assert!(
        said.contains("reading the backup") || said.contains("damaged"),
        "{said}"
    );
    fs::write(cluster.0.join("berth.key"), "another").unwrap();
    let said = refused(&panel, &scene.file()).await;
    assert!(said.contains("holds another key"), "{said}");
    fs::remove_file(cluster.0.join("berth.key")).unwrap();

    let (told, is_well) = panel.run(&["restore", "--from", &scene.file()]).await;
    assert!(
        is_well && told.contains("The panel is back as it was on"),
        "{told}"
    );
    let restored = cluster.0.join("restored");
    assert!(restored.join("catalogue/tiny/template.toml").exists());
    let settings = fs::read_to_string(restored.join("settings.env")).unwrap();
    assert!(
        settings.contains(&format!("BERTH_INSTANCE={}\n", scene.panel.instance)),
        "{settings}"
    );
    assert!(
        !settings.contains("postgres://") && !settings.contains("ADMIN_URL"),
        "{settings}"
    );
    assert!(!restored.join("database.dump").exists() && !restored.join("berth.key").exists());
    let said = refused(&panel, &scene.file()).await;
    assert!(said.contains("the database is not empty"), "{said}");
}

#[tokio::test]
async fn a_backup_passes_through_pipes_and_writes_over_nothing() {
    let scene = Scene::begin().await;
    let before = fs::read(scene.file()).unwrap();
    let mut command = scene.panel.command();
    let again = command
        .args(["backup", "--to", &scene.file()])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(
        !again.status.success() && said.contains("is there already"),
        "{said}"
    );
    assert_eq!(fs::read(scene.file()).unwrap(), before);

    let piped = scene.folder.join("piped");
    let mut command = scene.panel.command();
    command
        .args(["backup", "--to", "-"])
        .stdout(File::create(&piped).unwrap());
    assert!(command.status().await.unwrap().success());
    let (panel, _cluster) = scene.elsewhere();
    let mut command = panel.command();
    command
        .args(["restore", "--from", "-"])
        .stdin(File::open(&piped).unwrap());
    let outcome = command.stdout(Stdio::piped()).output().await.unwrap();
    let told = String::from_utf8(outcome.stdout).unwrap();
    assert!(
        told.contains("The panel is back"),
        "{told} {:?}",
        String::from_utf8(outcome.stderr)
    );

    // There is no panel in an empty database, and nothing to back up.
    let (mut empty, _cluster) = scene.elsewhere();
    let folder = scene.folder.join("empty");
    empty.set("BERTH_DATA_DIR", folder.display().to_string());
    let _other = Cluster(folder);
    let mut command = empty.command();
    let nothing = scene.folder.join("nothing").display().to_string();
    let outcome = command.args(["backup", "--to", &nothing]).output().await.unwrap();
    let said = String::from_utf8(outcome.stderr).unwrap();
    assert!(
        !outcome.status.success() && said.contains("nothing to back up"),
        "{said}"
    );
    assert!(!PathBuf::from(&nothing).exists());
}
