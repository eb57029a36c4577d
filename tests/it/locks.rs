//! Files that the author of an egg keeps people from, attacked by pages and by the API, over an engine in memory. What is
//! there was written by the server itself.

use std::io::Read as _;

use axum::body::Body;
use axum::http::Method;
use berth::drivers::engine::{
    Expected, FilePart, FilesSpec, FilesVolume, NewContent, ServerKey, TenantKey, UploadKey,
    VolumeFiles as _, VolumeKey, VolumePath,
};
use berth::platform::access::{Permission, StaffRole, TenantRole};
use berth::testing::{Answer, Client, TestApp};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::files::multipart;
use crate::panel::until;

const IMAGE: &str = "registry.example/lines:1";

/// A game whose author locks some of its files, with an owner who tries.
struct Scene {
    app: TestApp,
    browser: Client,
    program: Client,
    page: String,
    api: String,
    spec: FilesSpec,
}

fn egg() -> Value {
    json!({
        "name": "Lines", "docker_images": { "One": IMAGE }, "startup": "./lines",
        "config": { "files": {}, "startup": {}, "stop": "end" },
        "file_denylist": ["secret.cfg", "/config/keys/", "*.pem", "!public.pem"],
    })
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        berth::servers::begin(&app.app).await.unwrap();
        app.engine.add_to_registry(IMAGE);
        let root = app.staff("root", StaffRole::Owner).await;
        let scopes = [Permission::StaffCatalogueRead, Permission::StaffCatalogueManage];
        let staff = app.program(root, None, &scopes).await;
        let import = json!({ "egg": egg() });
        staff
            .json("POST", "/api/v1/staff/eggs", &import)
            .await
            .expect(201);
        let (tenant, ada) = (app.tenant("acme").await, app.person("ada").await);
        app.member(tenant, ada, TenantRole::Owner).await;
        let program = app.program(ada, Some(tenant), Permission::ALL).await;
        let new = json!({ "name": "game", "template": "lines", "size": "small-box", "start": true });
        let made = program
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202)
            .json();
        let server = made["server"]["id"].as_str().unwrap().to_owned();
        until("the server was made", async || {
            let now = program.get(&format!("/api/v1/servers/{server}")).await.json();
            now["engine_state"] == "running"
        })
        .await;
        let spec = FilesSpec {
            server: ServerKey::new(&server).unwrap(),
            tenant: TenantKey::new(tenant.to_string()).unwrap(),
            base_image: app.app.config.base_image.clone(),
            volumes: vec![FilesVolume {
                name: "data".to_owned(),
                key: VolumeKey::new(format!("{server}-data")).unwrap(),
            }],
        };
        let scene = Self {
            browser: app.browser(ada).await,
            page: format!("/t/acme/servers/{server}/files"),
            api: format!("/api/v1/servers/{server}/files"),
            app,
            program,
            spec,
        };
        scene.furnish().await;
        scene
    }

    /// What the server has written.
    async fn furnish(&self) {
        for folder in [
            "/data/config",
            "/data/config/keys",
            "/data/plain",
            "/data/plain/deep",
        ] {
            self.own_folder(folder).await;
        }
        for file in [
            "/data/secret.cfg",
            "/data/open.cfg",
            "/data/config/keys/one",
            "/data/config/open",
            "/data/plain/deep/secret.cfg",
            "/data/plain/open",
            "/data/public.pem",
        ] {
            self.own_file(file).await;
        }
    }

    async fn own_folder(&self, path: &str) {
        let make = berth::drivers::engine::FilesChange::MakeFolder(place(path));
        self.app.engine.change_files(&self.spec, &make).await.unwrap();
    }

    /// Writes a file as the server does: past the gate.
    async fn own_file(&self, path: &str) {
        let new = NewContent {
            expected: Expected::Anything,
            upload: UploadKey::new("0000000000000000").unwrap(),
            offset: 0,
            total: None,
        };
        let content = stream::iter([Ok(Bytes::from_static(b"its own"))]).boxed();
        let path = place(path);
        let written = self.app.engine.write_file(&self.spec, &path, &new, content);
        written.await.unwrap();
    }

    /// What is in a file, as the server sees it.
    async fn own_content(&self, path: &str) -> String {
        let path = place(path);
        let file = self.app.engine.read_file(&self.spec, &path, FilePart::default());
        let pieces: Vec<Bytes> = file.await.unwrap().content.try_collect().await.unwrap();
        String::from_utf8(pieces.concat()).unwrap()
    }

    async fn put(&self, path: &str) -> Answer {
        let address = format!("{}/content?path={path}", self.api);
        let body = Body::from("theirs");
        self.program.send(Method::PUT, &address, &[], body).await
    }

    async fn patch(&self, path: &str, wish: &Value) -> Answer {
        let address = format!("{}?path={path}", self.api);
        self.program.json("PATCH", &address, wish).await
    }

    async fn delete(&self, path: &str) -> Answer {
        let address = format!("{}?path={path}", self.api);
        self.program.json("DELETE", &address, &json!({})).await
    }

    async fn tar(&self, path: &str) -> Vec<String> {
        let answer = self
            .program
            .get(&format!("{}/archive?path={path}", self.api))
            .await;
        names(&answer.expect(200))
    }
}

fn place(path: &str) -> VolumePath {
    VolumePath::parse(path).unwrap()
}

/// The names in a tar; that all of it can be read.
fn names(answer: &Answer) -> Vec<String> {
    let mut archive = tar::Archive::new(answer.body.as_bytes());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        entry.read_to_end(&mut Vec::new()).unwrap();
        entry
            .path()
            .unwrap()
            .display()
            .to_string()
            .trim_end_matches('/')
            .to_owned()
    });
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

#[track_caller]
fn assert_locked(answer: &Answer, what: &str) {
    let told = (answer.status, answer.json()["code"].clone());
    assert_eq!(told, (409, json!("file-locked")), "{what}: {}", answer.body);
}

#[tokio::test]
async fn a_locked_file_is_seen_and_neither_read_nor_changed() {
    let scene = Scene::set().await;
    let list = scene
        .program
        .get(&format!("{}?path=/data", scene.api))
        .await
        .expect(200)
        .json();
    let locked = |name: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["name"] == name).unwrap()["locked"].clone()
    };
    assert_eq!(
        [
            locked("secret.cfg"),
            locked("open.cfg"),
            locked("public.pem"),
            locked("config")
        ],
        [json!(true), json!(false), json!(false), json!(false)]
    );
    for path in [
        "/data/secret.cfg",
        "/data/config/keys/one",
        "/data/plain/deep/secret.cfg",
    ] {
        let get = async |below: &str| {
            scene
                .program
                .get(&format!("{}{below}?path={path}", scene.api))
                .await
        };
        assert_locked(&get("/content").await, path);
        assert_locked(&get("/archive").await, path);
        assert_locked(&scene.put(path).await, path);
        assert_locked(&scene.patch(path, &json!({ "mode": "666" })).await, path);
        assert_locked(&scene.patch(path, &json!({ "path": "/data/mine" })).await, path);
        assert_locked(&scene.delete(path).await, path);
        let piece = format!(
            "{}/uploads/0000000000000001?path={path}&offset=0&length=6",
            scene.api
        );
        let sent = scene
            .program
            .send(Method::PATCH, &piece, &[], Body::from("theirs"));
        assert_locked(&sent.await, path);
        assert_eq!(scene.own_content(path).await, "its own", "{path}");
    }
}

#[tokio::test]
async fn nothing_is_made_where_it_would_be_locked() {
    let scene = Scene::set().await;
    // Nothing in a locked folder is named, and a file that is not there yet can't be made.
    let keys = scene
        .program
        .get(&format!("{}?path=/data/config/keys", scene.api))
        .await;
    assert_locked(&keys, "the folder");
    for path in ["/data/new.pem", "/data/plain/secret.cfg", "/data/config/keys/two"] {
        assert_locked(&scene.put(path).await, path);
        let folder = json!({ "path": path });
        let made = scene
            .program
            .json("POST", &format!("{}/folders", scene.api), &folder)
            .await;
        assert_locked(&made, path);
    }
    // Another spelling is another file, and what the list lets through is open.
    for path in ["/data/SECRET.CFG", "/data/public.pem", "/data/open.cfg"] {
        scene.put(path).await.expect(200);
    }
    assert_eq!(scene.own_content("/data/secret.cfg").await, "its own");
}

#[tokio::test]
async fn no_folder_carries_a_locked_file_away_or_in() {
    let scene = Scene::set().await;
    // The folder around it: renamed so that the pattern fits no more, moved, deleted.
    let config = scene
        .patch("/data/config", &json!({ "path": "/data/other" }))
        .await;
    assert_locked(&config, "rename the folder above");
    let plain = scene
        .patch("/data/plain", &json!({ "path": "/data/config/plain" }))
        .await;
    assert_locked(&plain, "move the folder above");
    for path in ["/data/config", "/data/plain", "/data/plain/deep"] {
        assert_locked(&scene.delete(path).await, path);
    }
    // A folder or file of one's own, brought to where it would be locked.
    scene.own_folder("/data/mine").await;
    scene.own_file("/data/mine/one").await;
    let to_keys = json!({ "path": "/data/config/keys" });
    assert_locked(
        &scene.patch("/data/mine", &to_keys).await,
        "take the locked place",
    );
    let to_pem = json!({ "path": "/data/new.pem" });
    assert_locked(
        &scene.patch("/data/open.cfg", &to_pem).await,
        "take a locked name",
    );
    let fresh = json!({ "path": "/data/config2" });
    scene.own_folder("/data/mine/keys").await;
    scene.patch("/data/mine", &fresh).await.expect(200);
    let swapped = scene.patch("/data/config2/keys", &to_keys).await;
    assert_locked(&swapped, "fill the locked place by its parent");
    // A downloaded folder lacks what is locked, and the rest of it is whole.
    assert_eq!(
        scene.tar("/data").await,
        [
            "data",
            "data/config",
            "data/config/open",
            "data/config2",
            "data/config2/keys",
            "data/config2/one",
            "data/open.cfg",
            "data/plain",
            "data/plain/deep",
            "data/plain/open",
            "data/public.pem",
        ]
    );
    assert_eq!(scene.tar("/data/config").await, ["config", "config/open"]);
    assert_eq!(scene.own_content("/data/config/keys/one").await, "its own");
}

#[tokio::test]
async fn a_link_to_a_locked_file_leads_nowhere() {
    let scene = Scene::set().await;
    let key = scene.spec.volumes[0].key.clone();
    let link = place("/data/plain/link");
    scene.app.engine.add_odd_file(&key, &link, Some(b"../secret.cfg"));
    let content = scene
        .program
        .get(&format!("{}/content?path=/data/plain/link", scene.api))
        .await;
    assert_eq!(content.expect(409).json()["code"], "is-a-link");
    // What is written there takes the link's place, and not what it leads to.
    scene.put("/data/plain/link").await.expect(200);
    assert_eq!(scene.own_content("/data/secret.cfg").await, "its own");
}

#[tokio::test]
async fn pages_show_the_lock_and_no_way_around_it() {
    let scene = Scene::set().await;
    let page = async |below: &str| scene.browser.get(&format!("{}{below}", scene.page)).await;
    let list = page("?path=/data").await.expect(200).body;
    assert_eq!(list.matches("locked by the template").count(), 1, "{list}");
    assert!(!list.contains("change?path=/data/secret.cfg") && list.contains("change?path=/data/open.cfg"));
    for path in ["/data/secret.cfg", "/data/config/keys"] {
        let told = page(&format!("?path={path}")).await.expect(200).body;
        assert!(told.contains("keeps people from reading"), "{told}");
        assert!(!told.contains("its own") && !told.contains("/delete?"), "{told}");
        page(&format!("/change?path={path}")).await.expect(409);
        page(&format!("/delete?path={path}")).await.expect(409);
        page(&format!("/edit?path={path}")).await.expect(409);
        page(&format!("/archive?path={path}")).await.expect(409);
    }
    page("?path=/data/config/keys/one").await.expect(409);
    page("/content?path=/data/secret.cfg").await.expect(409);
    page("/picture?path=/data/secret.cfg").await.expect(409);
    let act = async |below: &str, fields: &[(&str, &str)]| {
        scene
            .browser
            .post(&format!("{}{below}", scene.page), fields)
            .await
            .status
    };
    act("/delete", &[("path", "/data/secret.cfg")]).await;
    act("/delete", &[("path", "/data/plain")]).await;
    act(
        "/edit",
        &[
            ("path", "/data/secret.cfg"),
            ("content", "theirs"),
            ("anyway", "true"),
        ],
    )
    .await;
    act("/change", &[("path", "/data/plain"), ("to", "/data/elsewhere")]).await;
    let upload = multipart(&[
        ("path", None, "/data"),
        ("replace", None, "true"),
        ("file", Some("secret.cfg"), "theirs"),
        ("file", Some("fine.cfg"), "theirs"),
    ]);
    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("sec-fetch-site", "same-origin"),
    ];
    let address = format!("{}/upload", scene.page);
    let sent = scene
        .browser
        .send(Method::POST, &address, &headers, Body::from(upload));
    sent.await.expect(303);
    assert_eq!(scene.own_content("/data/secret.cfg").await, "its own");
    assert_eq!(scene.own_content("/data/plain/deep/secret.cfg").await, "its own");
    assert_eq!(scene.own_content("/data/fine.cfg").await, "theirs");
}

/// A backup holds what is locked as well: it comes back with the whole server only.
#[tokio::test]
async fn what_is_locked_stays_so_in_backups() {
    let scene = Scene::set().await;
    berth::backups::begin(&scene.app.app);
    let snapshot = "0123456789abcdef0123456789abcdef";
    let engine = &scene.app.engine;
    engine.set_helper("open", "[]", 0, "");
    engine.set_helper("found", &format!("[{{\"id\":\"{snapshot}\"}}]"), 0, "");
    let summary = "{\"message_type\":\"summary\",\"snapshot_id\":\"01234567\",\"total_bytes_processed\":4096,\
                   \"data_added\":1024,\"total_files_processed\":3}\n";
    engine.set_helper("backup", summary, 0, "");
    let folder =
        "{\"struct_type\":\"node\",\"name\":\"plain\",\"type\":\"dir\",\"path\":\"/volumes/data/plain\"}\n";
    engine.set_helper("list", folder, 0, "");
    let backups = scene.api.replace("/files", "/backups");
    let made = scene.program.json("POST", &backups, &json!({})).await;
    let one = format!("{backups}/{}", made.expect(202).json()["id"].as_str().unwrap());
    until("the backup is whole", async || {
        scene.program.get(&one).await.json()["state"] == "done"
    })
    .await;
    for (place, code) in [
        ("/data/secret.cfg", 409),
        ("/data/config/keys/one", 409),
        // A folder, in which something may be locked.
        ("/data/plain", 409),
        ("/data/open.cfg", 200),
    ] {
        let content = format!("{one}/content?path={place}");
        scene.program.get(&content).await.expect(code);
    }
    let restore = format!("{one}/restore");
    for (path, name, code) in [
        ("/data/secret.cfg", "read-me", 409),
        ("/data/open.cfg", "secret.cfg", 409),
        ("/data/plain", "all", 202),
    ] {
        let wish = json!({ "path": path, "name": name });
        scene.program.json("POST", &restore, &wish).await.expect(code);
    }
    until("it was tried", async || {
        let restores = &scene.program.get(&one).await.json()["restores"];
        restores[0]["state"] == "failed"
    })
    .await;
    assert!(!engine.helper_calls().iter().any(|call| call[0] == "beside"));
}
