//! Imported eggs as a whole: imported by staff through the API, ordered by a customer, installed, edited, started and ended
//! by the real engine.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use berth::platform::access::{Permission, StaffRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};

use crate::crash::docker::{Count, Remains, catalogue, prepare};
use crate::faults::{Api, owners_program};
use crate::panel::{Panel, Running, until};

/// What stands for the images that the test's eggs name; made of the base image of every Debian machine here.
pub(crate) const IMAGE: &str = "berth-test/egg:1";
const DOCKERFILE: &str = "FROM debian:bookworm-slim\nRUN mkdir -p /home/container\n";

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).trim().to_owned()
}

pub(crate) fn make_image() {
    let line = format!("printf '{DOCKERFILE}' | docker build --quiet --tag {IMAGE} -");
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn egg(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/eggs")
        .join(name);
    Value::String(std::fs::read_to_string(path).unwrap())
}

struct Scene {
    staff: Api,
    api: Api,
    instance: String,
    // Before what it left: a panel that still runs would make things again.
    _running: Running,
    remains: Remains,
    _app: TestApp,
}

impl Scene {
    async fn begin() -> Self {
        prepare().await;
        make_image();
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let owner = owners_program(&app, 5).await;
        let root = app.staff("root", StaffRole::Owner).await;
        let scopes = [Permission::StaffCatalogueRead, Permission::StaffCatalogueManage];
        let staff = app.program(root, None, &scopes).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        let running = panel.serve().await;
        Self {
            staff: Api::new(&panel, staff.bearer()),
            api: Api::new(&panel, owner.bearer()),
            instance: panel.instance,
            remains,
            _running: running,
            _app: app,
        }
    }

    /// Imports an egg with our image in the place of all that it names.
    async fn import(&self, name: &str) -> String {
        let (status, read) = self
            .staff
            .post("/api/v1/staff/eggs/preview", &json!({ "egg": egg(name) }))
            .await;
        assert_eq!(status, 200, "{read}");
        let named = read["images"]
            .as_object()
            .unwrap()
            .values()
            .chain([&read["install_image"]]);
        let images: BTreeMap<_, _> = named
            .filter_map(Value::as_str)
            .map(|image| (image, IMAGE))
            .collect();
        let order = json!({ "egg": egg(name), "images": images });
        let (status, done) = self.staff.post("/api/v1/staff/eggs", &order).await;
        assert_eq!(status, 201, "{done}");
        done["name"].as_str().unwrap().to_owned()
    }

    /// Orders a server, which starts at once.
    async fn order(&self, template: &str, variables: Value) -> Server<'_> {
        let order = json!({ "name": template, "template": template, "size": "microcomputer", "start": true, "variables": variables });
        let (status, asked) = self.api.post("/api/v1/servers", &order).await;
        assert_eq!(status, 202, "{asked}");
        self.server(&asked)
    }

    /// The server that somebody asked for.
    fn server(&self, asked: &Value) -> Server<'_> {
        let id = asked["server"]["id"].as_str().unwrap();
        Server {
            path: format!("/api/v1/servers/{id}"),
            container: format!("{}-{id}", self.instance),
            scene: self,
        }
    }
}

struct Server<'a> {
    scene: &'a Scene,
    path: String,
    container: String,
}

impl Server<'_> {
    async fn get(&self) -> Value {
        self.scene.api.get(&self.path).await
    }

    async fn post(&self, below: &str) {
        let (status, answer) = self
            .scene
            .api
            .post(&format!("{}/{below}", self.path), &json!({}))
            .await;
        assert_eq!(status, 202, "{answer}");
    }

    /// A copy of it.
    async fn cloned(&self, data: &str) -> Server<'_> {
        let order = json!({ "data": data });
        let (status, asked) = self.scene.api.post(&format!("{}/clone", self.path), &order).await;
        assert_eq!(status, 202, "{asked}");
        self.scene.server(&asked)
    }

    async fn installation(&self) -> Value {
        self.scene.api.get(&format!("{}/installation", self.path)).await
    }

    async fn until(&self, field: &str, wanted: &str) {
        until(&format!("its {field} is {wanted}"), async || {
            self.get().await[field] == wanted
        })
        .await;
    }

    fn file(&self, path: &str) -> String {
        docker(&["exec", &self.container, "cat", &format!("/home/container/{path}")])
    }

    fn logs(&self) -> String {
        docker(&["logs", &self.container])
    }
}

/// By the helper in its container, over the volume that the server has written to.
async fn its_files_are_there_and_some_are_locked(scene: &Scene, server: &Server<'_>) {
    let line = "mkdir -p /home/container/deep && echo hidden > /home/container/deep/secret.cfg";
    docker(&["exec", &server.container, "sh", "-c", line]);
    let files = async |below: &str| scene.api.get(&format!("{}/files{below}", server.path)).await;
    // The helper's image may have to be built first.
    until("the server's files are listed", async || {
        let top = files("?path=/data").await;
        let items = top["items"].as_array().cloned().unwrap_or_default();
        items.iter().any(|item| item["name"] == "a.properties")
    })
    .await;
    let deep = files("?path=/data/deep").await;
    assert_eq!(deep["items"][0]["locked"], true, "{deep}");
    let content = files("/content?path=/data/deep/secret.cfg").await;
    assert_eq!(content["code"], "file-locked", "{content}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
async fn a_server_of_an_egg_is_installed_edited_heard_and_ended_by_a_line() {
    let scene = Scene::begin().await;
    let template = scene.import("v2-all-parsers.json").await;
    let server = scene
        .order(
            &template,
            json!({ "NAME": "My game", "RCON_PASSWORD": "hunter2" }),
        )
        .await;
    server.until("health", "healthy").await;

    let installation = server.installation().await;
    assert_eq!(installation["state"], "done");
    assert_eq!(installation["log"], "installed\n");
    let told = server.get().await;
    let ports = told["ports"].as_array().unwrap();
    assert_eq!((ports.len(), &ports[0]["port"]), (2, &ports[1]["port"]));
    let port = ports[0]["port"].as_u64().unwrap().to_string();

    assert_eq!(server.file("a.properties"), format!("# kept\nport={port}"));
    assert_eq!(
        server.file("conf/b.ini"),
        format!("[net]\nport={port}\nname=My game")
    );
    let json: Value = serde_json::from_str(&server.file("c.json")).unwrap();
    let worlds = json!([{ "name": "My game" }, { "name": "My game" }]);
    assert_eq!(
        json,
        json!({ "net": { "port": port.parse::<u16>().unwrap() }, "on": true, "worlds": worlds })
    );
    let yaml = server.file("d.yml");
    assert!(
        yaml.contains(&format!("0.0.0.0:{port}")) && yaml.contains("address: lobby"),
        "{yaml}"
    );
    let xml = server.file("e.xml");
    assert!(
        xml.contains(&format!("<Port>{port}</Port>")) && xml.contains("value=\"My game\""),
        "{xml}"
    );
    assert_eq!(server.file("f.cfg"), format!("set port {port}\nset other 2"));
    assert!(docker(&["exec", &server.container, "cat", "/etc/passwd"]).starts_with("root:x:0:0"));
    let events = scene
        .api
        .get(&format!("{}/events", server.path))
        .await
        .to_string();
    assert!(
        events.contains("link.properties was not edited before the start: it is a link"),
        "{events}"
    );

    // The memory that it may plan with is less than its container has.
    assert!(
        server.logs().contains("starting as 1000 with 890"),
        "{}",
        server.logs()
    );
    let looks =
        "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}} {{.Config.User}}";
    assert_eq!(
        docker(&["inspect", "--format", looks, &server.container]),
        "true [ALL] [] 1000:1000"
    );

    server.post("actions/stop").await;
    server.until("engine_state", "exited").await;
    let ended = docker(&[
        "inspect",
        "--format",
        "{{.State.ExitCode}} {{.RestartCount}}",
        &server.container,
    ]);
    assert_eq!(ended, "0 0", "it ended by itself and was not started again");
    assert!(server.logs().ends_with("heard stop"), "{}", server.logs());

    server.post("actions/start").await;
    server.until("health", "healthy").await;
    assert_eq!(server.file("saved"), "saving");
    server.post("reinstall").await;
    until("it was installed anew", async || {
        server.installation().await["installed_at"] != installation["installed_at"]
    })
    .await;
    server.until("status", "running").await;
    assert_eq!(
        server.file("saved"),
        "saving",
        "what the script does not touch stays"
    );
    assert_eq!(scene.remains.count().await, Count::ONE, "no task is left over");
    its_files_are_there_and_some_are_locked(&scene, &server).await;
}

#[tokio::test]
async fn a_server_ends_by_a_signal_and_takes_a_new_version_when_asked() {
    let scene = Scene::begin().await;
    let template = scene.import("v1-line.json").await;
    let server = scene.order(&template, json!({ "GREETING": "good-day" })).await;
    server.until("health", "healthy").await;
    assert!(server.logs().contains("good-day on "), "{}", server.logs());
    assert!(server.file("server.properties").contains("greeting=good-day"));
    assert_eq!(server.installation().await["log"], "installing for good-day\n");

    let images = json!({ "registry.invalid/line:1": IMAGE, "debian:bookworm-slim": IMAGE });
    let anew = json!({ "egg": egg("v1-line.json"), "images": images });
    let versions = format!("/api/v1/staff/eggs/{template}/versions");
    let (status, done) = scene.staff.post(&versions, &anew).await;
    assert_eq!((status, &done["version"]), (201, &json!(2)));
    let installation = server.installation().await;
    assert_eq!(installation["template"], format!("{template}@1"));
    assert_eq!(installation["newest"], format!("{template}@2"));
    server.post("update-template").await;
    until("it has the newest version", async || {
        let told = server.get().await;
        told["template"] == format!("{template}@2") && told["health"] == "healthy"
    })
    .await;

    server.post("actions/stop").await;
    server.until("engine_state", "exited").await;
    assert!(server.logs().ends_with("bye"), "{}", server.logs());
    assert_eq!(
        docker(&["inspect", "--format", "{{.State.ExitCode}}", &server.container]),
        "0"
    );
}

#[tokio::test]
async fn a_copy_has_what_was_installed_and_one_without_data_is_installed_anew() {
    let scene = Scene::begin().await;
    let template = scene.import("v1-line.json").await;
    let source = scene.order(&template, json!({ "GREETING": "good-day" })).await;
    source.until("health", "healthy").await;
    docker(&[
        "exec",
        &source.container,
        "sh",
        "-c",
        "echo mine > /home/container/mark",
    ]);

    let empty = source.cloned("none").await;
    let copy = source.cloned("stopped").await;
    // The copy starts when it is complete; then its source does, too.
    for server in [&copy, &source, &empty] {
        server.until("health", "healthy").await;
        let port = server.get().await["ports"][0]["port"].clone();
        let settings = server.file("server.properties");
        assert!(
            settings.contains(&format!("server-port={port}")),
            "{port}: {settings}"
        );
        assert!(settings.contains("greeting=good-day"), "{settings}");
        assert_eq!(server.installation().await["template"], format!("{template}@1"));
    }
    assert_eq!(copy.file("mark"), "mine");
    assert_eq!(
        copy.installation().await["log"],
        "",
        "its source's script was not run again"
    );
    assert_eq!(empty.installation().await["log"], "installing for good-day\n");
    let left = docker(&["exec", &empty.container, "ls", "/home/container"]);
    assert!(!left.contains("mark"), "{left}");
}

#[tokio::test]
async fn an_image_that_can_not_be_fetched_is_told() {
    let scene = Scene::begin().await;
    let (status, done) = scene
        .staff
        .post("/api/v1/staff/eggs", &json!({ "egg": egg("odd.json") }))
        .await;
    assert_eq!(status, 201, "{done}");
    let server = scene
        .order(done["name"].as_str().unwrap(), json!({ "SMALL": "1" }))
        .await;
    until("it says why it does not start", async || {
        let told = server.get().await["status_text"].to_string();
        told.contains(
            "the image registry.invalid/wine:latest could not be fetched: its registry can't be reached",
        )
    })
    .await;
}
