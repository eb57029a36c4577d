//! Archives from the real engine: what is in volumes comes out byte for byte, of servers that run and of those that do not, and a
//! panel that dies in the middle leaves nothing that passes for whole.

use std::collections::BTreeMap;
use std::io::Read as _;

use berth::platform::access::{Permission, StaffRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::tenants::purge_closed;
use berth::testing::{Client, TestApp, noon};
use bollard::Docker;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::crash::docker::{Remains, catalogue, prepare};
use crate::disk::docker;
use crate::engine_contract::docker_world::make_files_image;
use crate::faults::{new_server, owners_program};
use crate::panel::{Panel, until};

/// Where panels die while they send one.
pub(crate) const POINTS: [&str; 1] = ["exit.section"];

/// Names and contents that a tar can get wrong, and more than fits into one piece.
const FILL: &str = "mkdir -p /srv/deep && printf 'ours\\n' > /srv/deep/letter && chmod 640 /srv/deep/letter \
     && head -c 3000001 /dev/urandom > /srv/big && ln -s deep/letter /srv/link \
     && printf x > \"/srv/$(head -c 200 /dev/zero | tr '\\0' n)\" && printf y > '/srv/ä \"quoted\"' && sync";

struct Scene {
    app: TestApp,
    program: Client,
    panel: Panel,
    _remains: Remains,
}

impl Scene {
    async fn new() -> Self {
        prepare().await;
        let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
        app.clock.advance(SystemClock.now() - noon());
        let program = owners_program(&app, 5).await;
        let panel = Panel::of(&app);
        let remains = Remains::of(&panel.instance).await;
        Self {
            app,
            program,
            panel,
            _remains: remains,
        }
    }

    async fn running(&self, name: &str) -> String {
        let asked = self
            .program
            .json("POST", "/api/v1/servers", &new_server(name, true))
            .await;
        let id = asked.expect(202).json()["server"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        self.is(&id, "running").await;
        id
    }

    async fn is(&self, id: &str, state: &str) {
        let path = format!("/api/v1/servers/{id}");
        until(&format!("the server is {state}"), async || {
            let server = self.program.get(&path).await.expect(200).json();
            server["engine_state"] == state && server["pending"] == false
        })
        .await;
    }

    /// Makes a volume of the tenant's own and attaches it to a server.
    async fn attached(&self, server: &str) {
        let new = json!({ "name": "media", "size_mib": 64 });
        let made = self.program.json("POST", "/api/v1/volumes", &new).await;
        let made = made.expect(202).json();
        let path = format!("/api/v1/volumes/{}", made["volume"]["id"].as_str().unwrap());
        until("the volume is ready", async || {
            self.program.get(&path).await.expect(200).json()["state"] == "ready"
        })
        .await;
        let body = json!({ "server": server, "path": "/shared" });
        let asked = self
            .program
            .json("POST", &format!("{path}/attachments"), &body)
            .await;
        asked.expect(202);
        self.is(server, "running").await;
    }

    /// A request to the panel's process.
    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.panel.address);
        reqwest::Client::new().get(url).bearer_auth(self.program.bearer())
    }

    /// The files of an archive that is whole.
    async fn take(&self) -> BTreeMap<String, Vec<u8>> {
        let answer = self.request("/api/v1/tenant/archive").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let tar = answer.bytes().await.unwrap();
        let mut archive = tar::Archive::new(&tar[..]);
        let mut files = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            if entry.header().entry_type().is_symlink() {
                content = entry.link_name_bytes().unwrap().into_owned();
            }
            files.insert(name, content);
        }
        assert!(files.contains_key("END.json"));
        files
    }
}

pub(crate) async fn engine() -> Docker {
    let docker = Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION);
    docker.unwrap().negotiate_version().await.unwrap()
}

#[tokio::test]
async fn what_is_in_volumes_comes_out_byte_for_byte() {
    let scene = Scene::new().await;
    make_files_image(&engine().await).await;
    let running = scene.panel.serve().await;
    let server = scene.running("box").await;
    scene.attached(&server).await;
    let filter = format!("label=berth.server={server}");
    let container = docker(&["ps", "--quiet", "--filter", &filter]).await;
    let container = container.trim();
    docker(&["exec", container, "sh", "-c", FILL]).await;
    // A volume that servers share is open to whatever user their programs run as.
    let kept = "echo kept > /shared/kept && sync";
    docker(&["exec", "--user", "65534", container, "sh", "-c", kept]).await;
    let sums = docker(&[
        "exec",
        container,
        "sh",
        "-c",
        "cd /srv && sha256sum big deep/letter",
    ])
    .await;
    let first = scene.take().await;
    let path = format!("/api/v1/servers/{server}/actions/stop");
    scene.program.json("POST", &path, &json!({})).await.expect(202);
    scene.is(&server, "exited").await;
    for files in [first, scene.take().await] {
        assert_eq!(files["volumes/media/data/kept"], b"kept\n");
        let lines: String = files
            .iter()
            .filter(|(name, _)| name.starts_with("checksums/"))
            .map(|(_, lines)| String::from_utf8(lines.clone()).unwrap())
            .collect();
        for line in sums.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            assert!(
                lines.contains(&format!("{sum}  servers/box/volumes/data/{name}\n")),
                "{name}: {lines}"
            );
        }
        let data = |name: &str| files[&format!("servers/box/volumes/data/{name}")].clone();
        assert_eq!(data("big").len(), 3_000_001);
        assert_eq!(data("deep/letter"), b"ours\n");
        assert_eq!(data("link"), b"deep/letter");
        assert_eq!(data(&"n".repeat(200)), b"x");
        assert_eq!(data("ä \"quoted\""), b"y");
    }
    running.kill().await;
}

#[tokio::test]
async fn a_panel_that_dies_while_it_sends_leaves_nothing_that_passes_for_whole() {
    let scene = Scene::new().await;
    let [point] = POINTS;
    let running = scene.panel.start(Some(point));
    let ready = || async {
        scene
            .request("/readyz")
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
    };
    until("the panel is ready", async || ready().await).await;
    let cut = async {
        let answer = scene.request("/api/v1/tenant/archive").send().await?;
        answer.bytes().await
    };
    let cut: Result<_, reqwest::Error> = cut.await;
    assert!(cut.is_err(), "a part passed for the whole");
    running.died(point).await;
    let running = scene.panel.serve().await;
    let refused = scene.request("/api/v1/tenant/archive").send().await.unwrap();
    assert_eq!(refused.status(), 409, "nobody knows yet that the other is gone");
    let mut tx = scene.app.app.db.system().await.unwrap();
    sqlx::query!("update exit_archive set seen_at = seen_at - interval '2 minutes'")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.take().await;
    let list = scene.request("/api/v1/tenant/archives").send().await.unwrap();
    let list: Vec<Value> = list.json().await.unwrap();
    assert_eq!((list.len(), &list[1]["state"]), (2, &json!("broken")));
    running.kill().await;
}

#[tokio::test]
async fn the_command_line_tells_a_genuine_certificate_from_a_changed_one() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let root = app.staff("root", StaffRole::Owner).await;
    let scopes = [Permission::StaffTenantRead, Permission::StaffTenantSuspend];
    let staff = app.program(root, None, &scopes).await;
    let close = format!("/api/v1/staff/tenants/{tenant}/close");
    staff
        .json("POST", &close, &json!({ "reason": "gone" }))
        .await
        .expect(200);
    app.clock.advance(TimeDelta::days(31));
    assert_eq!(purge_closed(&app.app, &app.system()).await.unwrap(), 1);
    let staff = app.program(root, None, &scopes).await;
    let list = staff.get("/api/v1/staff/certificates").await.expect(200).json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let one = staff
        .get(&format!("/api/v1/staff/certificates/{id}"))
        .await
        .expect(200);
    let panel = Panel::of(&app);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{}.json", panel.instance));
    let path = file.to_str().unwrap();
    std::fs::write(&file, &one.body).unwrap();
    let (told, is_genuine) = panel.run(&["certificate", "verify", path]).await;
    assert!(
        is_genuine && told.contains(&id) && told.contains(&tenant.to_string()),
        "{told}"
    );
    let key = one.json()["public_key"].as_str().unwrap().to_owned();
    let (_, by_key) = panel.run(&["certificate", "verify", path, "--key", &key]).await;
    assert!(by_key);
    let mut changed = one.json();
    changed["document"]["erased"]["servers"] = json!(3);
    std::fs::write(&file, changed.to_string()).unwrap();
    for arguments in [
        &["certificate", "verify", path][..],
        &["certificate", "verify", path, "--key", &key],
    ] {
        let (told, is_genuine) = panel.run(arguments).await;
        assert!(!is_genuine && told.is_empty(), "{told}");
    }
    std::fs::remove_file(file).unwrap();
}
