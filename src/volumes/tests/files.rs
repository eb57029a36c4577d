//! What is in a volume: seen and changed by pages and by the API while no server has it, by whom that is allowed to, and said
//! clearly while there is nothing to look at.

use axum::body::Body;
use axum::http::Method;

use crate::drivers::engine::{VolumeKey, VolumePath};
use crate::files::Files as Opened;
use crate::platform::access::{Actor, Member, Standing, TenantScope, Via, Who};
use crate::platform::ids::{ServerId, SessionId, VolumeId};

use super::*;

struct Files {
    scene: Scene,
    id: String,
    api: String,
    page: String,
}

impl Files {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let id = scene.volume("media", 64).await;
        Self {
            api: format!("/api/v1/volumes/{id}/files"),
            page: format!("/t/acme/volumes/{id}/files"),
            id,
            scene,
        }
    }

    async fn put(&self, who: &Client, path: &str, content: &'static str) -> Answer {
        let address = format!("{}/content?path={path}", self.api);
        who.send(Method::PUT, &address, &[], Body::from(content)).await
    }

    async fn content(&self, path: &str) -> Answer {
        let address = format!("{}/content?path={path}", self.api);
        self.scene.program.get(&address).await
    }

    /// A member's browser, and a program with all scopes.
    async fn member(&self, name: &str, role: TenantRole) -> (Client, Client) {
        let (test, tenant) = (&self.scene.test, self.scene.tenant);
        let user = test.person(name).await;
        test.member(tenant, user, role).await;
        let program = test.program(user, Some(tenant), Permission::ALL).await;
        (test.browser(user).await, program)
    }

    /// An owner's scope, as a request has it.
    async fn scope(&self) -> TenantScope {
        let test = &self.scene.test;
        let member = Member {
            tenant: self.scene.tenant,
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            standing: Standing::Member(TenantRole::Owner),
            suspended: None,
        };
        let actor = Actor {
            user: test.person("olga").await,
            name: "Olga".to_owned(),
            email: "olga@example.com".to_owned(),
            staff: None,
            memberships: vec![member.clone()],
            guests: Vec::new(),
            glass: Vec::new(),
            via: Via::Session(SessionId::new(&*test.app.ids, test.app.now())),
        };
        let who = Who::actor(&actor, "127.0.0.1", "test");
        TenantScope::new(test.app.db.clone(), who, actor, member)
    }

    /// What the audit log tells of files.
    async fn audit(&self) -> Vec<Value> {
        let events = self.scene.get("/api/v1/audit-events?limit=200").await;
        let all = events["items"].as_array().unwrap().iter().cloned();
        all.filter(|event| event["action"].as_str().unwrap().starts_with("file."))
            .collect()
    }

    /// What a page and a program are told instead of what is in it.
    async fn is_closed(&self, code: &str, words: &str) {
        let read = self.content("/data/notes.txt").await.expect(409).json();
        assert_eq!(read["code"], code, "{read}");
        let written = self.put(&self.scene.program, "/data/notes.txt", "two").await;
        assert_eq!(written.expect(409).json()["code"], code);
        let bob = self.member("bob", TenantRole::Owner).await;
        let page = bob.0.get(&self.page).await.expect(200).body;
        assert!(
            page.contains("Nothing to look at now") && page.contains(words),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_program_sees_and_changes_what_no_server_has() {
    let it = Files::new().await;
    let (api, program) = (&it.api, &it.scene.program);
    let top = program.get(api).await.expect(200).json();
    assert_eq!(
        (&top["items"][0]["path"], &top["items"][0]["mounted_at"]),
        (&json!("/data"), &Value::Null)
    );
    it.put(program, "/data/notes.txt", "one").await.expect(200);
    let folder = json!({ "path": "/data/old" });
    program
        .json("POST", &format!("{api}/folders"), &folder)
        .await
        .expect(201);
    let patch = json!({ "path": "/data/old/notes.txt", "mode": "666" });
    let moved = program
        .json("PATCH", &format!("{api}?path=/data/notes.txt"), &patch)
        .await
        .expect(200)
        .json();
    assert_eq!(moved["mode"], "666");
    assert_eq!(it.content("/data/old/notes.txt").await.expect(200).body, "one");
    let piece = format!("{api}/uploads/0123456789abcdef?path=/data/large&offset=0&length=3");
    let piece = program.send(Method::PATCH, &piece, &[], Body::from("abc")).await;
    assert_eq!(piece.expect(200).json()["file"]["size"], 3);
    let tar = program
        .get(&format!("{api}/archive?path=/data"))
        .await
        .expect(200);
    assert!(tar.header("content-disposition").contains("data.tar"));
    program
        .json("DELETE", &format!("{api}?path=/data/old"), &json!({}))
        .await
        .expect(204);
    it.content("/data/old/notes.txt").await.expect(404);
    // Nothing else is reached from here.
    it.content("/site/index.html").await.expect(404);
    it.content("/data/../etc/passwd").await.expect(422);
}

#[tokio::test]
async fn the_audit_log_says_whose_files_were_changed() {
    let it = Files::new().await;
    it.put(&it.scene.program, "/data/notes.txt", "one")
        .await
        .expect(200);
    let path = format!("{}?path=/data/notes.txt", it.api);
    it.scene.delete(&path).await.expect(204);
    let mut told = Vec::new();
    for event in it.audit().await {
        let target = json!({ "kind": "volume", "id": it.id, "label": "media" });
        assert_eq!(event["target"], target);
        assert_eq!(event["after"]["path"], "/data/notes.txt");
        told.push(event["action"].as_str().unwrap().to_owned());
    }
    told.sort();
    assert_eq!(told, ["file.delete", "file.write"]);
}

#[tokio::test]
async fn people_upload_edit_and_rename_without_script() {
    let it = Files::new().await;
    let (page, (browser, _)) = (&it.page, it.member("bob", TenantRole::Owner).await);
    let volume = browser
        .get(&format!("/t/acme/volumes/{}", it.id))
        .await
        .expect(200);
    assert!(volume.body.contains(&format!("href=\"{page}\"")));
    let empty = browser.get(page).await.expect(200).body;
    assert!(
        empty.contains("This folder is empty") && empty.contains("media"),
        "{empty}"
    );

    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("sec-fetch-site", "same-origin"),
    ];
    let body = "--x\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\n/data\r\n\
                --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\none\r\n--x--\r\n";
    let sent = browser
        .send(
            Method::POST,
            &format!("{page}/upload"),
            &headers,
            Body::from(body),
        )
        .await;
    let listed = browser.get(sent.expect(303).location()).await.expect(200).body;
    assert!(
        listed.contains("Uploaded a.txt.") && listed.contains("path=/data/a.txt"),
        "{listed}"
    );
    let view = browser.get(&format!("{page}?path=/data/a.txt")).await;
    assert!(view.expect(200).body.contains("<pre"));

    let form = [
        ("path", "/data/a.txt"),
        ("new", ""),
        ("ends", "lf"),
        ("anyway", "true"),
        ("content", "two"),
    ];
    browser.post(&format!("{page}/edit"), &form).await.expect(303);
    let form = [("path", "/data/a.txt"), ("to", "/data/b.txt")];
    browser.post(&format!("{page}/change"), &form).await.expect(303);
    assert_eq!(it.content("/data/b.txt").await.expect(200).body, "two");
    let saved = browser.get(&format!("{page}/content?path=/data/b.txt")).await;
    assert_eq!(saved.expect(200).body, "two");
    browser
        .get(&format!("{page}/archive?path=/data"))
        .await
        .expect(200);
    browser
        .get(&format!("{page}/picture?path=/data/b.txt"))
        .await
        .expect(404);
}

#[tokio::test]
async fn people_make_folders_and_delete_them() {
    let it = Files::new().await;
    let (page, (browser, _)) = (&it.page, it.member("bob", TenantRole::Owner).await);
    let form = [("path", "/data"), ("name", "new")];
    let folders = format!("{page}/folders");
    browser.post(&folders, &form).await.expect(303);
    let twice = browser.post(&folders, &form).await.expect(422);
    assert!(twice.body.contains("something with that name"));
    let listed = browser.get(page).await.expect(200).body;
    assert!(listed.contains("path=/data/new"), "{listed}");
    let question = browser
        .get(&format!("{page}/delete?path=/data/new"))
        .await
        .expect(200);
    assert!(question.body.contains("0 files and 0 folders"));
    browser
        .post(&format!("{page}/delete"), &[("path", "/data/new")])
        .await
        .expect(303);
    let left = browser.get(page).await.expect(200).body;
    assert!(!left.contains("path=/data/new"), "{left}");
}

#[tokio::test]
async fn an_upload_of_a_page_goes_on_where_it_stopped() {
    let it = Files::new().await;
    let (browser, _) = it.member("bob", TenantRole::Owner).await;
    let upload = format!("{}/uploads/0123456789abcdef?path=/data/large", it.page);
    let headers = [("sec-fetch-site", "same-origin")];
    let piece = async |offset: u64, content: &'static str| {
        let address = format!("{upload}&offset={offset}&length=6");
        let sent = browser
            .send(Method::POST, &address, &headers, Body::from(content))
            .await;
        sent.expect(200).json()
    };
    assert_eq!(piece(0, "abc").await["offset"], 3);
    assert_eq!(browser.get(&upload).await.expect(200).json()["offset"], 3);
    assert_eq!(piece(3, "def").await["is_whole"], true);
    assert_eq!(it.content("/data/large").await.expect(200).body, "abcdef");
}

#[tokio::test]
async fn whoever_may_look_may_not_write_and_whoever_runs_servers_may() {
    let it = Files::new().await;
    it.put(&it.scene.program, "/data/notes.txt", "one")
        .await
        .expect(200);
    let (browser, program) = it.member("vera", TenantRole::Viewer).await;
    let page = browser.get(&it.page).await.expect(200).body;
    assert!(
        page.contains("notes.txt") && !page.contains("type=\"file\"") && !page.contains("/delete?"),
        "{page}"
    );
    let path = "?path=/data/notes.txt";
    program
        .get(&format!("{}/content{path}", it.api))
        .await
        .expect(200);
    it.put(&program, "/data/notes.txt", "two").await.expect(403);
    program
        .json("DELETE", &format!("{}{path}", it.api), &json!({}))
        .await
        .expect(403);
    let form = [("path", "/data/notes.txt")];
    browser
        .post(&format!("{}/delete", it.page), &form)
        .await
        .expect(403);
    assert_eq!(it.content("/data/notes.txt").await.expect(200).body, "one");
    let (_, program) = it.member("olga", TenantRole::Operator).await;
    it.put(&program, "/data/notes.txt", "two").await.expect(200);
}

#[tokio::test]
async fn for_strangers_and_guests_there_is_nothing() {
    let it = Files::new().await;
    it.put(&it.scene.program, "/data/notes.txt", "one")
        .await
        .expect(200);
    let (test, tenant) = (&it.scene.test, it.scene.tenant);
    let (other, eve) = (test.tenant("other").await, test.person("eve").await);
    test.member(other, eve, TenantRole::Owner).await;
    let (browser, program) = (
        test.browser(eve).await,
        test.program(eve, Some(other), Permission::ALL).await,
    );
    browser.get(&it.page).await.expect(404);
    let elsewhere = it.page.replace("/t/acme/", "/t/other/");
    browser.get(&elsewhere).await.expect(404);
    program.get(&it.api).await.expect(404);
    it.put(&program, "/data/notes.txt", "two").await.expect(404);

    // Not even of one that a server has which is shared with them.
    let server = it.scene.server("web").await;
    it.scene.attach(&it.id, &server, "/shared").await;
    let server: ServerId = server.parse().unwrap();
    let gus = test.person("gus").await;
    let given = [
        Permission::ServerRead,
        Permission::FileRead,
        Permission::FileWrite,
    ];
    test.guest(tenant, server, gus, &given).await;
    let (browser, program) = (
        test.browser(gus).await,
        test.guest_program(gus, (tenant, server), &given).await,
    );
    program
        .get(&format!("/api/v1/servers/{server}/files"))
        .await
        .expect(200);
    browser.get(&it.page).await.expect(404);
    program.get(&it.api).await.expect(404);
    it.put(&program, "/data/notes.txt", "two").await.expect(404);
    assert_eq!(it.content("/data/notes.txt").await.expect(200).body, "one");
}

#[tokio::test]
async fn a_suspended_tenant_reads_and_changes_nothing() {
    let it = Files::new().await;
    it.put(&it.scene.program, "/data/notes.txt", "one")
        .await
        .expect(200);
    it.scene.test.suspend(it.scene.tenant).await;
    assert_eq!(it.content("/data/notes.txt").await.expect(200).body, "one");
    let refused = it.put(&it.scene.program, "/data/notes.txt", "two").await;
    assert_eq!(refused.expect(403).json()["code"], "tenant-suspended");
}

#[tokio::test]
async fn one_that_is_not_made_yet_says_so_and_is_open_when_it_is() {
    let scene = Scene::new().await;
    let new = json!({ "name": "media", "size_mib": 64 });
    let asked = scene.post("/api/v1/volumes", new).await.expect(202).json();
    let id = asked["volume"]["id"].as_str().unwrap().to_owned();
    let it = Files {
        api: format!("/api/v1/volumes/{id}/files"),
        page: format!("/t/acme/volumes/{id}/files"),
        id,
        scene,
    };
    it.is_closed("volume-not-made", "is being made").await;
    it.scene.work().await;
    it.put(&it.scene.program, "/data/notes.txt", "one")
        .await
        .expect(200);
}

#[tokio::test]
async fn one_that_the_engine_lost_says_so_before_and_after_that_was_noticed() {
    let it = Files::new().await;
    let key = VolumeKey::new(it.id.clone()).unwrap();
    it.scene.test.engine.lose_volume(&key);
    let read = it.content("/data/notes.txt").await.expect(409).json();
    assert_eq!(read["code"], "volume-missing");
    it.scene.note(&BTreeSet::new()).await;
    it.is_closed("volume-missing", "does not have media any more")
        .await;
}

#[tokio::test]
async fn one_that_is_being_deleted_says_so_until_it_is_gone() {
    let it = Files::new().await;
    let volume = format!("/api/v1/volumes/{}", it.id);
    it.scene.delete(&volume).await.expect(202);
    it.is_closed("volume-deleting", "is being deleted").await;
    it.scene.work().await;
    it.content("/data/notes.txt").await.expect(404);
}

#[tokio::test]
async fn one_that_was_deleted_meanwhile_is_not_said_to_be_lost() {
    let it = Files::new().await;
    let (scope, id) = (it.scope().await, it.id.parse::<VolumeId>().unwrap());
    let opened = Opened::of(&it.scene.test.app, &scope, id.into()).await.unwrap();
    let top = VolumePath::of_volume("data").unwrap();
    let key = VolumeKey::new(it.id.clone()).unwrap();
    it.scene.test.engine.lose_volume(&key);
    let told = opened.find(&top).await.err().unwrap();
    assert_eq!(told.code(), "volume-missing");
    let volume = format!("/api/v1/volumes/{}", it.id);
    it.scene.delete(&volume).await.expect(202);
    let told = opened.find(&top).await.err().unwrap();
    assert_eq!(told.code(), "volume-deleting");
    it.scene.work().await;
    let told = opened.find(&top).await.err().unwrap();
    assert_eq!(told.status(), 404);
}
