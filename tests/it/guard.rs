//! The network guard under a panel as a whole: no server without it, and from no server to the panel.

use std::process::Command;

use berth::drivers::engine::docker::{DockerEngine, Endpoint};
use berth::drivers::engine::{Engine as _, GuardState, Installation, InstanceKey};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};

use crate::crash::docker::{Remains, catalogue, prepare};
use crate::engine_contract::docker_world::IMAGE;
use crate::faults::{Api, new_server, owners_program};
use crate::panel::{Panel, until};

#[tokio::test]
async fn no_server_starts_without_the_guard_and_none_reaches_the_panel() {
    prepare().await;
    let app = TestApp::with(|config| config.catalogue_dir = catalogue().to_owned()).await;
    app.clock.advance(SystemClock.now() - noon());
    let program = owners_program(&app, 5).await;
    let mut panel = Panel::of(&app);
    panel.set("BERTH_NETWORK_GUARD", "required".to_owned());
    panel.set("BERTH_LISTEN", format!("0.0.0.0:{}", panel.address.port()));
    let _remains = Remains::of(&panel.instance).await;
    let instance = InstanceKey::new(panel.instance.clone()).unwrap();
    let engine = DockerEngine::new(
        Endpoint::Unix("/var/run/docker.sock".into()),
        instance.clone(),
        Installation::default(),
    );
    let taken = Taken::new(&instance.name("guard"));

    let running = panel.serve().await;
    let api = Api::new(&panel, program.bearer());
    let (status, asked) = api.post("/api/v1/servers", &new_server("Patient", true)).await;
    assert_eq!(status, 202, "{asked}");
    let id = asked["server"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/servers/{id}");
    let why = "the network guard is not ready: its name on the engine belongs to somebody else";
    until("it says why it does not start", async || {
        let told = api.get(&path).await["status_text"].to_string();
        told.contains(why)
    })
    .await;
    assert_eq!(api.get(&path).await["engine_state"], "created");

    drop(taken);
    until("it runs", async || {
        api.get(&path).await["engine_state"] == "running"
    })
    .await;
    assert_eq!(engine.observe_guard().await.unwrap(), GuardState::Holds);
    let server = instance.name(&id);
    let port = panel.address.port();
    assert_eq!(answer_of_panel(&server, port), "");

    // The engine does not bring back what was killed through it.
    docker(&["kill", &instance.name("guard")]);
    until("the guard is back", async || {
        engine.observe_guard().await.unwrap() == GuardState::Holds
    })
    .await;
    assert_eq!(answer_of_panel(&server, port), "");
    running.kill().await;

    panel.set("BERTH_NETWORK_GUARD", "off".to_owned());
    engine.remove_guard().await.unwrap();
    let open = panel.serve().await;
    let answer = answer_of_panel(&server, port);
    assert!(
        answer.contains("200 OK"),
        "without a guard the panel answers: {answer}"
    );
    open.kill().await;
}

/// What the panel answers to something in a server's network that asks it at the host's address there. The server's own
/// image need not have the means to ask. The question is not followed by an end: the panel would give up a caller that leaves.
fn answer_of_panel(server: &str, port: u16) -> String {
    let network = docker(&["inspect", "--format", "{{.HostConfig.NetworkMode}}", server]);
    let line = format!(
        "gate=$(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'); echo asked $gate; \
         mkfifo /tmp/asked; exec 3<>/tmp/asked; printf 'GET /livez HTTP/1.0\\r\\n\\r\\n' >&3; \
         nc -w 3 $gate {port} <&3 | head -n 1"
    );
    let said = docker(&["run", "--rm", "--network", &network, IMAGE, "sh", "-c", &line]);
    let (asked, answer) = said.split_once('\n').unwrap_or((&said, ""));
    assert!(asked.starts_with("asked 10."), "{said}");
    answer.to_owned()
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Somebody else's container under a name; gone when dropped.
struct Taken(String);

impl Taken {
    fn new(name: &str) -> Self {
        docker(&["run", "--detach", "--name", name, IMAGE, "sleep", "1000"]);
        Self(name.to_owned())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.0]);
    }
}
