//! Servers on a node's pool, with the real engine and the real driver: their disks hold what they should and no more, are
//! resized while they run, count for the tenant that has them, and survive panels and drivers that die.

use std::process::Command as Sync;

use berth::platform::access::{Permission, Side, StaffRole, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::ids::TenantId;
use berth::testing::{Client, TestApp, noon};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::crash::docker::{Remains, catalogue, prepare};
use crate::panel::{Panel, Running, until, until_within};
use crate::volumes::start_driver;

const MIB: u64 = 1 << 20;
/// What the pool says is up to half a minute old, and is asked for every half minute.
const MEASURED: std::time::Duration = std::time::Duration::from_mins(3);

/// Where panels die while a volume is resized, and while it is given to another tenant.
const RESIZING: [&str; 2] = ["servers.volume_resized", "servers.after_disk"];
const GIVING: &str = "servers.volume_given";

/// All of these.
pub(crate) fn points() -> impl Iterator<Item = &'static str> {
    RESIZING.into_iter().chain([GIVING])
}

/// Sizes whose disks are quickly filled.
const SIZES: &str = "insert into size (id, name, summary, cpu_millis, memory_mib, disk_mib, position) values
    ('thin', 'Thin', 'For tests', 100, 64, 32, 90), ('thick', 'Thick', 'For tests', 100, 64, 64, 91)";

pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) panel: Panel,
    ours: TenantId,
    theirs: TenantId,
    pub(crate) program: Client,
    pub(crate) other: Client,
    pub(crate) pool: std::path::PathBuf,
    _remains: Remains,
}

async fn owner(app: &TestApp, slug: &str) -> (TenantId, Client) {
    let plan = app.plan(slug, 5).await;
    let tenant = app.tenant_on(slug, plan).await;
    let user = app.person(slug).await;
    app.member(tenant, user, TenantRole::Owner).await;
    let all = Permission::ALL.iter().copied();
    let scopes: Vec<_> = all
        .filter(|permission| permission.side() == Side::Tenant)
        .collect();
    (tenant, app.program(user, Some(tenant), &scopes).await)
}

impl Scene {
    pub(crate) async fn set() -> Self {
        prepare().await;
        let told = start_driver();
        let lines: Vec<&str> = told.lines().collect();
        let [_, socket, pool] = lines.as_slice() else {
            panic!("{told}")
        };
        let app = TestApp::with(|config| {
            catalogue().clone_into(&mut config.catalogue_dir);
            config.volume_driver_socket = Some(socket.into());
        })
        .await;
        app.administer(SIZES).await;
        app.clock.advance(SystemClock.now() - noon());
        let (ours, program) = owner(&app, "ours").await;
        let (theirs, other) = owner(&app, "theirs").await;
        let mut panel = Panel::of(&app);
        panel.set("BERTH_VOLUME_DRIVER_SOCKET", (*socket).to_owned());
        let remains = Remains::of(&panel.instance).await;
        Self {
            pool: pool.into(),
            app,
            panel,
            ours,
            theirs,
            program,
            other,
            _remains: remains,
        }
    }

    async fn order(&self, who: &Client, name: &str, size: &str) -> String {
        let asked = json!({ "name": name, "template": "tiny", "size": size, "start": true });
        let asked = who
            .json("POST", "/api/v1/servers", &asked)
            .await
            .expect(202)
            .json();
        asked["server"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn server(&self, who: &Client, id: &str) -> Value {
        who.get(&format!("/api/v1/servers/{id}")).await.expect(200).json()
    }

    pub(crate) async fn is_running(&self, who: &Client, id: &str) {
        until(&format!("{id} runs"), async || {
            let server = self.server(who, id).await;
            server["engine_state"] == "running" && server["pending"] == false
        })
        .await;
    }

    pub(crate) async fn running(&self, who: &Client, name: &str, size: &str) -> String {
        let id = self.order(who, name, size).await;
        self.is_running(who, &id).await;
        id
    }

    async fn resize(&self, id: &str, size: &str) -> berth::testing::Answer {
        let path = format!("/api/v1/servers/{id}");
        self.program.json("PATCH", &path, &json!({ "size": size })).await
    }

    async fn container(&self, id: &str) -> String {
        let instance = format!("label=berth.instance={}", self.panel.instance);
        let server = format!("label=berth.server={id}");
        let asked = [
            "ps", "--all", "--quiet", "--filter", &instance, "--filter", &server,
        ];
        docker(&asked).await
    }

    pub(crate) async fn inside(&self, id: &str, line: &str) -> String {
        let container = self.container(id).await;
        docker(&["exec", &container, "sh", "-c", line]).await
    }

    /// Writes until that fails. Tells what the file then has, and what was said.
    pub(crate) async fn fill(&self, id: &str, file: &str) -> (u64, String) {
        let line = format!(
            "dd if=/dev/zero of=/srv/{file} bs=64k count=4000 conv=fsync 2>&1; stat -c %s /srv/{file}"
        );
        let said = self.inside(id, &line).await;
        let size = said.lines().last().unwrap().parse().unwrap();
        (size, said)
    }

    pub(crate) fn volume(&self, id: &str) -> String {
        format!("{}-{id}-data", self.panel.instance)
    }

    /// A figure of the volume's, as the driver tells the engine.
    async fn told(&self, id: &str, what: &str) -> String {
        let format = format!("{{{{.Status.{what}}}}}");
        docker(&["volume", "inspect", "--format", &format, &self.volume(id)]).await
    }

    pub(crate) async fn started_at(&self, id: &str) -> String {
        let container = self.container(id).await;
        docker(&["inspect", "--format", "{{.State.StartedAt}}", &container]).await
    }

    async fn is_measured(&self, id: &str, holds: impl Fn(u64) -> bool) {
        until_within(MEASURED, "it is measured", async || {
            let path = format!("/api/v1/servers/{id}/usage");
            let usage = self.program.get(&path).await.expect(200).json();
            usage["disk"]["bytes"].as_u64().is_some_and(&holds)
        })
        .await;
    }

    async fn end(&self, running: Running) {
        running.stop().await;
    }
}

pub(crate) async fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

#[track_caller]
fn about(found: u64, wanted: u64) {
    assert!(
        found <= wanted && wanted - found <= MIB,
        "{found} is not up to 1 MiB below {wanted}"
    );
}

#[tokio::test]
async fn a_disk_holds_what_its_size_says_and_is_resized_while_it_is_used() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thin").await;
    let other = scene.running(&scene.other, "other", "thin").await;
    assert_eq!(
        scene.server(&scene.program, &server).await["disk_quota"],
        "enforced"
    );
    let since = scene.started_at(&server).await;

    let (size, said) = scene.fill(&server, "full").await;
    about(size, 32 * MIB);
    assert!(said.contains("quota exceeded"), "{said}");
    // Nobody else notices.
    scene
        .inside(&other, "dd if=/dev/zero of=/srv/free bs=64k count=256 conv=fsync")
        .await;

    scene.resize(&server, "thick").await.expect(202);
    scene.is_running(&scene.program, &server).await;
    assert_eq!(scene.told(&server, "size").await, "64 MiB");
    let (more, _) = scene.fill(&server, "more").await;
    about(size + more, 64 * MIB);

    // Down below what it holds: refused by what was measured, with what it holds.
    scene.is_measured(&server, |bytes| bytes > 48 * MIB).await;
    let refused = scene.resize(&server, "thin").await.expect(422).json();
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("holds 6") && message.contains("32 MiB"),
        "{message}"
    );
    scene
        .inside(&server, "rm /srv/more /srv/full; echo kept > /srv/kept; sync")
        .await;
    scene.is_measured(&server, |bytes| bytes < 8 * MIB).await;
    scene.resize(&server, "thin").await.expect(202);
    scene.is_running(&scene.program, &server).await;
    assert_eq!(scene.told(&server, "size").await, "32 MiB");
    let (size, _) = scene.fill(&server, "again").await;
    about(size, 32 * MIB);
    assert_eq!(scene.inside(&server, "cat /srv/kept").await, "kept");
    assert_eq!(scene.started_at(&server).await, since, "it ran all the time");
    scene.end(panel).await;
}

#[tokio::test]
async fn a_tenants_servers_hold_no_more_than_its_plan_gives() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let one = scene.running(&scene.program, "one", "thick").await;
    let two = scene.running(&scene.program, "two", "thick").await;
    let other = scene.running(&scene.other, "other", "thick").await;
    scene
        .app
        .administer("update plan set max_disk_mib = 96 where name = 'ours'")
        .await;
    let ours = scene.ours.to_string();
    let limit = || {
        let mut asked = Sync::new(env!("CARGO_BIN_EXE_berth"));
        let driver = scene.app.app.config.volume_driver_socket.clone().unwrap();
        asked.args(["pool", "usage", "--json", "--socket"]).arg(driver);
        let told: Value = serde_json::from_slice(&asked.output().unwrap().stdout).unwrap();
        let tenants = told["tenants"].as_array().unwrap();
        let found = tenants.iter().find(|one| one["tenant"] == ours.as_str()).unwrap();
        found["limit"].as_u64()
    };
    until_within(MEASURED, "the plan's limit holds", async || {
        limit() == Some(96 * MIB)
    })
    .await;
    let (first, _) = scene.fill(&one, "full").await;
    about(first, 64 * MIB);
    let (second, said) = scene.fill(&two, "full").await;
    about(first + second, 96 * MIB);
    assert!(said.contains("quota exceeded"), "{said}");
    let (theirs, _) = scene.fill(&other, "full").await;
    about(theirs, 64 * MIB);
    scene.end(panel).await;
}

#[tokio::test]
async fn panels_die_while_a_disk_changes_and_while_it_is_given_away() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thin").await;
    scene
        .inside(
            &server,
            "dd if=/dev/zero of=/srv/part bs=64k count=256 conv=fsync",
        )
        .await;
    panel.kill().await;
    for (point, size) in RESIZING.into_iter().zip(["thick", "thin"]) {
        scene.resize(&server, size).await.expect(202);
        scene.panel.start(Some(point)).died(point).await;
        let panel = scene.panel.serve().await;
        scene.is_running(&scene.program, &server).await;
        let wanted = if size == "thick" { "64 MiB" } else { "32 MiB" };
        assert_eq!(scene.told(&server, "size").await, wanted, "{point}");
        panel.kill().await;
    }
    let root = scene.app.staff("root", StaffRole::Engineer).await;
    let staff = scene.app.program(root, None, Permission::ALL).await;
    let to = json!({ "tenant_id": scene.theirs });
    let path = format!("/api/v1/staff/servers/{server}/move");
    staff.json("POST", &path, &to).await.expect(202);
    scene.panel.start(Some(GIVING)).died(GIVING).await;
    let panel = scene.panel.serve().await;
    scene.is_running(&scene.other, &server).await;
    assert_eq!(scene.told(&server, "tenant").await, scene.theirs.to_string());
    assert_eq!(
        scene.inside(&server, "stat -c %s /srv/part").await,
        (16 * MIB).to_string()
    );
    scene.end(panel).await;
}

#[tokio::test]
async fn a_server_waits_for_the_driver_and_goes_on_by_itself() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let server = scene.running(&scene.program, "box", "thin").await;
    let power = |word: &str| {
        let path = format!("/api/v1/servers/{server}/actions/{word}");
        let program = &scene.program;
        async move { program.json("POST", &path, &json!({})).await.expect(202) }
    };
    power("stop").await;
    until("it has stopped", async || {
        scene.server(&scene.program, &server).await["engine_state"] == "exited"
    })
    .await;
    let pid = std::fs::read_to_string(scene.pool.with_file_name("driver.pid")).unwrap();
    kill(pid.trim());
    power("start").await;
    until("it says what it waits for", async || {
        let server = scene.server(&scene.program, &server).await;
        server["status_text"]
            .as_str()
            .is_some_and(|says| says.contains("volume driver"))
    })
    .await;
    start_driver();
    until_within(MEASURED, "it runs", async || {
        scene.server(&scene.program, &server).await["engine_state"] == "running"
    })
    .await;
    scene.end(panel).await;
}

fn kill(pid: &str) {
    let done = Sync::new("kill").args(["-KILL", pid]).status().unwrap();
    assert!(done.success());
}
