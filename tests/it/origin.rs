//! Copies and moves on the real engine: data is equal and apart, a panel that dies in the middle of a copy leaves nothing that
//! starts half-filled, and who has moved is reached by nobody of the former tenant.

use berth::platform::access::{Permission, Side, StaffRole, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::ids::TenantId;
use berth::testing::{Client, TestApp, noon};
use bollard::Docker;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::crash::docker::{Remains, catalogue, prepare};
use crate::engine_contract::docker_world::make_files_image;
use crate::faults::new_server;
use crate::panel::{Panel, until};

/// Two tenants, and a panel that runs only when it is asked to. What is asked for is written by this process, which does no work.
struct Scene {
    app: TestApp,
    panel: Panel,
    ours: TenantId,
    theirs: TenantId,
    program: Client,
    other: Client,
    _remains: Remains,
}

async fn owner(app: &TestApp, slug: &str, name: &str) -> (TenantId, Client) {
    let plan = app.plan(slug, 5).await;
    let tenant = app.tenant_on(slug, plan).await;
    let user = app.person(name).await;
    app.member(tenant, user, TenantRole::Owner).await;
    let all = Permission::ALL.iter().copied();
    let scopes: Vec<_> = all
        .filter(|permission| permission.side() == Side::Tenant)
        .collect();
    (tenant, app.program(user, Some(tenant), &scopes).await)
}

impl Scene {
    async fn set() -> Self {
        prepare().await;
        let docker = Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION);
        let docker = docker.unwrap().negotiate_version().await;
        make_files_image(&docker.unwrap()).await;
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let (ours, program) = owner(&app, "ours", "ann").await;
        let (theirs, other) = owner(&app, "theirs", "eve").await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        Self {
            app,
            panel,
            ours,
            theirs,
            program,
            other,
            _remains: remains,
        }
    }

    /// Asks for a server, which a panel that runs makes.
    async fn order(&self, who: &Client, name: &str) -> String {
        let asked = who.json("POST", "/api/v1/servers", &new_server(name, true)).await;
        let id = asked.expect(202).json()["server"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        self.is_running(who, &id).await;
        id
    }

    async fn server(&self, who: &Client, id: &str) -> Value {
        who.get(&format!("/api/v1/servers/{id}")).await.expect(200).json()
    }

    async fn is_running(&self, who: &Client, id: &str) {
        until(&format!("{id} runs"), async || {
            let server = self.server(who, id).await;
            server["engine_state"] == "running" && server["pending"] == false
        })
        .await;
    }

    /// A server's container, if there is one.
    async fn container(&self, id: &str) -> Option<String> {
        let filters = [
            format!("label=berth.instance={}", self.panel.instance),
            format!("label=berth.server={id}"),
        ];
        let found = docker(&[
            "ps",
            "--all",
            "--quiet",
            "--filter",
            &filters[0],
            "--filter",
            &filters[1],
        ])
        .await;
        found.lines().next().map(str::to_owned)
    }

    async fn inside(&self, id: &str, line: &str) -> String {
        let container = self.container(id).await.unwrap();
        docker(&["exec", &container, "sh", "-c", line]).await
    }
}

async fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// Where panels die while a server is copied, and while one moves.
const COPYING: [&str; 2] = ["servers.copy_begun", "servers.after_copy"];
const MOVING: &str = "servers.after_depart";

/// All of these.
pub(crate) fn points() -> impl Iterator<Item = &'static str> {
    COPYING.into_iter().chain([MOVING])
}

/// Files of some kinds, with owners and modes of their own.
const FILL: &str = "mkdir -p /srv/deep/er && echo hello > /srv/deep/er/file && chmod 640 /srv/deep/er/file \
     && ln -s er/file /srv/deep/link && ln /srv/deep/er/file /srv/twin && dd if=/dev/urandom of=/srv/big bs=1M count=40 \
     && dd if=/dev/zero of=/srv/hole bs=1 count=1 seek=20000000 && chmod 2750 /srv/deep && sync";
/// What is there, one line each, whatever it is called inside.
const LOOK: &str = "cd /srv && find . | sort | while read -r one; do \
     echo \"$one $(stat -c '%F %a %u:%g %h %s' \"$one\") $(readlink \"$one\" || true)\"; done && md5sum big hole twin deep/er/file";

#[tokio::test]
async fn a_copy_is_whole_and_apart_even_if_panels_die_in_its_middle() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let source = scene.order(&scene.program, "box").await;
    let neighbour = scene.order(&scene.other, "neighbour").await;
    scene.inside(&source, FILL).await;
    let expected = scene.inside(&source, LOOK).await;
    panel.kill().await;

    let clone = format!("/api/v1/servers/{source}/clone");
    let asked = scene
        .program
        .json("POST", &clone, &json!({ "name": "box-2" }))
        .await;
    let asked = asked.expect(202).json();
    let copy = asked["server"]["id"].as_str().unwrap();
    for point in COPYING {
        scene.panel.start(Some(point)).died(point).await;
        assert_eq!(
            scene.container(copy).await,
            None,
            "{point}: nothing starts half-filled"
        );
    }
    let panel = scene.panel.serve().await;
    for id in [&*source, copy] {
        scene.is_running(&scene.program, id).await;
    }
    assert_eq!(scene.inside(copy, LOOK).await, expected);
    assert_eq!(scene.inside(&source, LOOK).await, expected);
    scene.inside(copy, "echo other > /srv/deep/er/file").await;
    assert_eq!(scene.inside(&source, "cat /srv/deep/er/file").await, "hello");

    let operation = format!(
        "/api/v1/operations/{}",
        asked["operation"]["id"].as_str().unwrap()
    );
    let operation = scene.program.get(&operation).await.expect(200).json();
    assert_eq!(operation["state"], "succeeded", "{operation}");
    let addresses = |server: &Value| server["ports"][0]["port"].clone();
    let (one, two) = (
        scene.server(&scene.program, &source).await,
        scene.server(&scene.program, copy).await,
    );
    assert_ne!(addresses(&one), addresses(&two));
    assert_eq!(
        scene.server(&scene.other, &neighbour).await["engine_state"],
        "running"
    );
    let tasks = format!("label=berth.instance={}", scene.panel.instance);
    let left = docker(&[
        "ps",
        "--all",
        "--quiet",
        "--filter",
        &tasks,
        "--filter",
        "label=berth.task",
    ])
    .await;
    assert_eq!(left, "", "what copied is gone");
    panel.stop().await;
}

#[tokio::test]
async fn who_moves_keeps_the_data_and_is_reached_by_nobody_of_before() {
    let scene = Scene::set().await;
    let panel = scene.panel.serve().await;
    let server = scene.order(&scene.program, "box").await;
    let stays = scene.order(&scene.program, "stays").await;
    scene.inside(&server, FILL).await;
    let expected = scene.inside(&server, LOOK).await;
    scene.answer(&server).await;
    let address = scene.address(&server).await;
    scene.reaches(&stays, &address).await;

    let root = scene.app.staff("root", StaffRole::Engineer).await;
    let staff = scene.app.program(root, None, Permission::ALL).await;
    panel.kill().await;
    let to = json!({ "tenant_id": scene.theirs });
    let path = format!("/api/v1/staff/servers/{server}/move");
    staff.json("POST", &path, &to).await.expect(202);
    scene
        .program
        .get(&format!("/api/v1/servers/{server}"))
        .await
        .expect(404);
    scene.panel.start(Some(MOVING)).died(MOVING).await;
    let panel = scene.panel.serve().await;
    scene.is_running(&scene.other, &server).await;
    assert_eq!(
        scene.server(&scene.other, &server).await["tenant_id"],
        scene.theirs.to_string()
    );
    assert_eq!(scene.inside(&server, LOOK).await, expected);
    let networks = scene.networks(&server).await;
    assert!(networks.contains(&scene.theirs.to_string()), "{networks}");
    assert!(!networks.contains(&scene.ours.to_string()), "{networks}");
    let local = scene.order(&scene.other, "local").await;
    scene.answer(&server).await;
    let address = scene.address(&server).await;
    scene.reaches(&local, &address).await;
    assert_eq!(
        scene.ask(&stays, &address).await,
        "",
        "it is reached from the former network"
    );
    panel.stop().await;
}

impl Scene {
    /// Lets a server answer whoever asks.
    async fn answer(&self, id: &str) {
        let container = self.container(id).await.unwrap();
        docker(&["exec", &container, "sh", "-c", "httpd -p 8080 -h /srv"]).await;
    }

    async fn ask(&self, from: &str, host: &str) -> String {
        let ask = "GET /twin HTTP/1.0\\r\\n\\r\\n";
        let line = format!("printf '{ask}' | nc -w 3 {host} 8080 2>/dev/null | tail -n 1");
        self.inside(from, &line).await
    }

    async fn reaches(&self, from: &str, host: &str) {
        until(&format!("{host} is reached"), async || {
            self.ask(from, host).await == "hello"
        })
        .await;
    }

    async fn address(&self, id: &str) -> String {
        let container = self.container(id).await.unwrap();
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
        let addresses = docker(&["inspect", "--format", format, &container]).await;
        addresses.split(' ').next().unwrap().to_owned()
    }

    async fn networks(&self, id: &str) -> String {
        let container = self.container(id).await.unwrap();
        let format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
        docker(&["inspect", "--format", format, &container]).await
    }
}
