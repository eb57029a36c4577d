//! Archives as a whole: what is in one, whose it is, and how it ends; on the engine in memory.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::TenantId;
use crate::platform::reconcile::Reconciler as _;
use crate::servers::{self, Servers};
use crate::testing::{Client, TestApp};

use crate::platform::hex::hex;

const ARCHIVE: &str = "/api/v1/tenant/archive";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    owner: Client,
    servers: Arc<Servers>,
}

fn tenant_scopes() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == Side::Tenant)
        .collect()
}

/// The files of an archive that is whole, by name.
fn files(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(tar);
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if entry.header().entry_type().is_file() {
            assert!(files.insert(name.clone(), content).is_none(), "{name} twice");
        }
    }
    files
}

fn read(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    let known: Vec<_> = files.keys().collect();
    let content = files
        .get(name)
        .unwrap_or_else(|| panic!("no {name} in {known:?}"));
    serde_json::from_slice(content).unwrap()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let location = servers::set_up_location(&test.app, &test.system()).await.unwrap();
        let owner = test.program(ada, Some(tenant), &tenant_scopes()).await;
        let servers = Arc::new(Servers::new(&test.app, location.id));
        Self {
            test,
            tenant,
            owner,
            servers,
        }
    }

    /// Makes a server of whoever the program is of; its id.
    async fn server(&self, program: &Client, name: &str, template: &str) -> String {
        let variables = if template == "static-site" {
            json!({ "SITE_OWNER": "Ada" })
        } else {
            json!({})
        };
        let new =
            json!({ "name": name, "template": template, "size": "microcomputer", "variables": variables });
        let made = program.json("POST", "/api/v1/servers", &new).await.expect(202);
        while let claimed = self.servers.claim(10).await.unwrap()
            && !claimed.is_empty()
        {
            for item in claimed {
                self.servers.reconcile(item).await.unwrap();
            }
        }
        made.json()["server"]["id"].as_str().unwrap().to_owned()
    }

    async fn write(&self, program: &Client, server: &str, path: &str, content: &str) {
        let path = format!("/api/v1/servers/{server}/files/content?path={path}");
        let headers = [("content-type", "application/octet-stream")];
        let body = Body::from(content.to_owned());
        program
            .send("PUT".parse().unwrap(), &path, &headers, body)
            .await
            .expect(200);
    }

    /// Begins a download.
    async fn begin(&self, program: &Client, path: &str) -> (StatusCode, Body) {
        // The newest is the one that was begun last.
        self.test.clock.advance(chrono::TimeDelta::seconds(1));
        let request = Request::builder()
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::AUTHORIZATION, format!("Bearer {}", program.bearer()));
        let request = request.body(Body::empty()).unwrap();
        let answer = self.test.router().oneshot(request).await.unwrap();
        (answer.status(), answer.into_body())
    }

    /// A download that is whole.
    async fn take(&self, program: &Client, path: &str) -> Vec<u8> {
        let (status, body) = self.begin(program, path).await;
        assert_eq!(status, 200);
        body.collect().await.unwrap().to_bytes().to_vec()
    }

    async fn downloads(&self) -> Vec<Value> {
        let list = self.owner.get("/api/v1/tenant/archives").await.expect(200);
        list.json().as_array().unwrap().clone()
    }

    /// Waits until the newest download is in a state; what is said of it then.
    async fn settles(&self, state: &str) -> Value {
        let looked = async {
            loop {
                let newest = self.downloads().await.remove(0);
                if newest["state"] == state {
                    return newest;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let newest = tokio::time::timeout(Duration::from_mins(2), looked).await;
        newest.unwrap_or_else(|_| panic!("no download gets {state}"))
    }
}

#[tokio::test]
async fn an_archive_has_everything_and_its_end() {
    let scene = Scene::new().await;
    let web = scene.server(&scene.owner, "web", "static-site").await;
    let long = format!("/site/{}/index.html", "d".repeat(120));
    let folder = json!({ "path": format!("/site/{}", "d".repeat(120)) });
    let folders = format!("/api/v1/servers/{web}/files/folders");
    scene.owner.json("POST", &folders, &folder).await.expect(201);
    scene.write(&scene.owner, &web, &long, "<h1>Ours</h1>").await;
    let tar = scene.take(&scene.owner, ARCHIVE).await;
    let files = files(&tar);
    let page = format!("servers/web/volumes{long}");
    assert_eq!(files[&page], b"<h1>Ours</h1>");
    assert_eq!(read(&files, "tenant.json")["id"], scene.tenant.to_string());
    assert_eq!(
        read(&files, "members.json")["members"][0]["email"],
        "ada@example.com"
    );
    let about = read(&files, "servers/web/server.json");
    assert_eq!(
        (&about["id"], &about["template"]),
        (&json!(web), &json!("static-site"))
    );
    let readme = String::from_utf8(files["README.txt"].clone()).unwrap();
    for section in super::sections::SECTIONS {
        assert!(readme.contains(section.place), "{readme}");
    }
    let audit = String::from_utf8(files["audit/00001.csv"].clone()).unwrap();
    assert!(
        audit.contains("server.create") && audit.contains("tenant.export"),
        "{audit}"
    );

    // Every file but the checksums and the end has its checksum, and no other has one.
    let lines: String = files
        .iter()
        .filter(|(name, _)| name.starts_with("checksums/"))
        .map(|(_, content)| String::from_utf8(content.clone()).unwrap())
        .collect();
    let sums: BTreeMap<&str, &str> = lines
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(sum, name)| (name, sum))
        .collect();
    let summed = files
        .iter()
        .filter(|(name, _)| !name.starts_with("checksums/") && *name != "END.json");
    let mut count = 0;
    for (name, content) in summed {
        assert_eq!(sums[name.as_str()], hex(&Sha256::digest(content)), "{name}");
        count += 1;
    }
    assert_eq!(sums.len(), count);

    let end = read(&files, "END.json");
    let newest = scene.settles("whole").await;
    assert_eq!((&end["complete"], &end["archive"]), (&json!(true), &newest["id"]));
    // The mark counts what came before it.
    assert_eq!(end["files"], json!(files.len() - 1));
    let before: usize = files
        .iter()
        .filter(|(name, _)| *name != "END.json")
        .map(|(_, content)| content.len())
        .sum();
    assert_eq!(end["bytes"], json!(before));
    assert_eq!(newest["files"], json!(files.len()));
}

#[tokio::test]
async fn mail_is_in_it_without_what_opens_it() {
    let scene = Scene::new().await;
    let other = scene.test.tenant("globex").await;
    let mut tx = scene.test.system().begin().await.unwrap();
    for (tenant, name) in [(scene.tenant, "ours.example"), (other, "theirs.example")] {
        sqlx::query!(
            "with d as (insert into mail_domain (id, tenant_id, name, proof, created_by, created_at, updated_at)
               values (gen_random_uuid(), $1, $2, 'proofword', 'test', now(), now()) returning id, tenant_id, name),
             a as (insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at)
               select gen_random_uuid(), tenant_id, id, 'info', 'info@' || name, 'alias', array['ada@' || name], 'test', now(), now()
                 from d)
             insert into mailbox (id, tenant_id, domain_id, local_part, address, password_hash, created_by, created_at, updated_at)
               select gen_random_uuid(), tenant_id, id, 'ada', 'ada@' || name, '{ARGON2ID}hashword', 'test', now(), now() from d",
            tenant.0,
            name
        )
        .execute(tx.conn())
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let files = files(&scene.take(&scene.owner, ARCHIVE).await);
    let domains = read(&files, "mail/domains.json");
    assert_eq!(
        (domains.as_array().unwrap().len(), &domains[0]["name"]),
        (1, &json!("ours.example"))
    );
    let mailboxes = read(&files, "mail/mailboxes/00001.json");
    assert_eq!(mailboxes.as_array().unwrap().len(), 1);
    assert_eq!(mailboxes[0]["address"], "ada@ours.example");
    let aliases = read(&files, "mail/aliases/00001.json");
    assert_eq!(aliases[0]["targets"], json!(["ada@ours.example"]));
    for (name, content) in &files {
        let text = String::from_utf8_lossy(content);
        assert!(
            !text.contains("hashword") && !text.contains("theirs.example"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn secrets_are_in_it_only_if_they_are_asked_for_and_may_be_seen() {
    let scene = Scene::new().await;
    scene.server(&scene.owner, "db", "postgresql").await;
    let secret = |tar: &[u8]| {
        let about = read(&files(tar), "servers/db/server.json");
        let variables = about["variables"].as_array().unwrap().clone();
        let found = variables.into_iter().find(|one| one["is_secret"] == true);
        found.unwrap()["value"].clone()
    };
    let plain = scene.take(&scene.owner, ARCHIVE).await;
    assert_eq!(secret(&plain), Value::Null);
    scene.settles("whole").await;
    let full = scene.take(&scene.owner, &format!("{ARCHIVE}?secrets=true")).await;
    assert!(secret(&full).as_str().unwrap().len() >= 12);
    assert_eq!(scene.settles("whole").await["has_secrets"], true);

    let lean = scene.test.person("lean").await;
    scene.test.member(scene.tenant, lean, TenantRole::Owner).await;
    let lean = scene
        .test
        .program(lean, Some(scene.tenant), &[Permission::TenantExport])
        .await;
    lean.get(&format!("{ARCHIVE}?secrets=true")).await.expect(403);
    let manager = scene.test.person("manager").await;
    scene
        .test
        .member(scene.tenant, manager, TenantRole::Manager)
        .await;
    let manager = scene
        .test
        .program(manager, Some(scene.tenant), &tenant_scopes())
        .await;
    manager.get(ARCHIVE).await.expect(403);
}

#[tokio::test]
async fn nothing_of_another_tenant_is_in_it_for_staff_either() {
    let scene = Scene::new().await;
    let web = scene.server(&scene.owner, "web", "static-site").await;
    scene.write(&scene.owner, &web, "/site/ours.txt", "ours").await;
    let (other, eve) = (
        scene.test.tenant("globex").await,
        scene.test.person("evelyn").await,
    );
    scene.test.member(other, eve, TenantRole::Owner).await;
    let theirs = scene.test.program(eve, Some(other), &tenant_scopes()).await;
    let shop = scene.server(&theirs, "theirshop", "static-site").await;
    scene
        .write(&theirs, &shop, "/site/private.txt", "theirsecret")
        .await;
    scene.test.network(other, "theirnet").await;

    let root = scene.test.staff("root", StaffRole::Admin).await;
    let scopes = [Permission::StaffTenantExport, Permission::StaffBreakGlass];
    let staff = scene.test.program(root, None, &scopes).await;
    let ours = scene.take(&scene.owner, ARCHIVE).await;
    scene.settles("whole").await;
    let by_staff = format!("/api/v1/staff/tenants/{}/archive", scene.tenant);
    let closed = staff.get(&by_staff).await.expect(409);
    assert_eq!(closed.json()["code"], "glass-closed");
    let ticket = scene.test.ticket(scene.tenant).await;
    let wish = json!({ "ticket": ticket, "parts": ["archive"], "reason": "They leave and ask for it.", "minutes": 15 });
    staff
        .json("POST", "/api/v1/staff/break-glass", &wish)
        .await
        .expect(201);
    for tar in [ours, scene.take(&staff, &by_staff).await] {
        let text = String::from_utf8_lossy(&tar).into_owned();
        assert!(text.contains("servers/web/volumes/site/ours.txt"));
        for word in ["globex", "evelyn", "theirshop", "theirsecret", "theirnet"] {
            assert!(!text.contains(word), "{word}");
        }
    }
    let audit = scene.owner.get("/api/v1/audit-events").await.expect(200);
    assert!(audit.body.contains("root"), "the tenant sees that staff took it");
    let seen = scene.owner.get("/api/v1/break-glass").await.expect(200).json();
    assert_eq!(seen["items"][0]["looks"][0]["what"], "all that there is");
    let nobody = format!("/api/v1/staff/tenants/{}/archive", TenantId(uuid::Uuid::nil()));
    staff.get(&nobody).await.expect(404);
}

#[tokio::test]
async fn a_tenant_has_one_download_at_a_time_and_another_after_one_that_broke_off() {
    let scene = Scene::new().await;
    scene.server(&scene.owner, "web", "static-site").await;
    // Nobody reads, so it waits.
    let (status, body) = scene.begin(&scene.owner, ARCHIVE).await;
    assert_eq!(status, 200);
    let second = scene.owner.get(ARCHIVE).await.expect(409);
    assert_eq!(second.json()["code"], "archive-under-way");
    let page = scene.downloads().await;
    assert_eq!((page.len(), &page[0]["state"]), (1, &json!("running")));
    drop(body);
    let broken = scene.settles("broken").await;
    assert!(
        broken["error"].as_str().unwrap().contains("broken off"),
        "{broken}"
    );
    scene.take(&scene.owner, ARCHIVE).await;
    scene.settles("whole").await;
}

#[tokio::test]
async fn tickets_are_in_it_without_what_is_internal() {
    let scene = Scene::new().await;
    let new = json!({ "subject": "The shop is slow", "body": "Ten seconds.", "severity": "p3" });
    let made = scene
        .owner
        .json("POST", "/api/v1/tickets", &new)
        .await
        .expect(201);
    let number = made.json()["number"].as_i64().unwrap();
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "insert into ticket_post (id, ticket_id, tenant_id, kind, is_public, body, side, author_name, created_at) \
         select gen_random_uuid(), id, tenant_id, 'note', false, 'They never pay.', 'staff', 'eve', opened_at from ticket"
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query!(
        "with file as (insert into ticket_attachment (id, ticket_id, is_public, name, kind, size, sha256, created_by, created_at) \
           select gen_random_uuid(), t.id, p, case when p then 'told.txt' else 'kept.txt' end, 'txt', 2, sha256('hi'::bytea), 'eve', t.opened_at \
           from ticket t, unnest(array[true, false]) as p returning id) \
         insert into ticket_attachment_piece (attachment_id, place, bytes) select id, 0, 'hi'::bytea from file"
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query!(
        "insert into incident (id, tenant_id, cause, signature, summary, state, began_at, opened_at, failing_since, changed_at) \
         select gen_random_uuid(), tenant_id, 'check:1', 'http', 'web: HTTP', 'open', opened_at, opened_at, opened_at, opened_at \
         from ticket"
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let tar = scene.take(&scene.owner, ARCHIVE).await;
    let files = files(&tar);
    let ticket = read(&files, &format!("tickets/{number}/ticket.json"));
    let posts = ticket["posts"].as_array().unwrap();
    assert_eq!((posts.len(), &posts[0]["body"]), (1, &json!("Ten seconds.")));
    assert_eq!(files[&format!("tickets/{number}/files/told.txt")], b"hi");
    assert!(!files.contains_key(&format!("tickets/{number}/files/kept.txt")));
    assert_eq!(read(&files, "incidents/00001.json")[0]["summary"], "web: HTTP");
}

#[tokio::test]
async fn one_whose_panel_died_makes_way_after_a_minute() {
    let scene = Scene::new().await;
    let (_, body) = scene.begin(&scene.owner, ARCHIVE).await;
    let mut tx = scene.test.system().begin().await.unwrap();
    // As a panel would leave it that was killed: nobody says anything any more.
    sqlx::query!("update exit_archive set id = gen_random_uuid()")
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    drop(body);
    scene.owner.get(ARCHIVE).await.expect(409);
    scene.test.clock.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(scene.downloads().await[0]["state"], "broken");
    scene.take(&scene.owner, ARCHIVE).await;
    scene.settles("whole").await;
}

#[tokio::test]
async fn an_engine_that_goes_away_cuts_it_off_before_its_end() {
    let scene = Scene::new().await;
    scene.server(&scene.owner, "web", "static-site").await;
    scene.test.engine.set_down(true);
    let (status, body) = scene.begin(&scene.owner, ARCHIVE).await;
    assert_eq!(status, 200);
    let cut = body.collect().await;
    assert!(cut.is_err(), "a part must not pass for the whole");
    let broken = scene.settles("broken").await;
    assert!(broken["error"].as_str().unwrap().contains("engine"), "{broken}");
    scene.test.engine.set_down(false);
    let tar = scene.take(&scene.owner, ARCHIVE).await;
    assert_eq!(read(&files(&tar), "END.json")["complete"], true);
}

#[tokio::test]
async fn people_find_it_in_their_settings() {
    let test = TestApp::start().await;
    let (_, owner) = test.owner("acme").await;
    let settings = owner.get("/t/acme/settings").await.expect(200);
    assert!(settings.body.contains("/t/acme/settings/archive"));
    let page = owner.get("/t/acme/settings/archive").await.expect(200);
    assert!(page.body.contains("Nobody has taken an archive yet"));
    assert!(
        page.body
            .contains("/t/acme/settings/archive/download?secrets=true")
    );
    let tar = owner.get("/t/acme/settings/archive/download").await.expect(200);
    assert_eq!(tar.header("content-type"), "application/x-tar");
    assert_eq!(
        tar.header("content-disposition"),
        "attachment; filename=\"acme-2026-03-10.tar\""
    );
    assert!(tar.body.contains("END.json"));
    let mut live = owner.listen("/t/acme/settings/archive/live?after=0").await;
    live.hears("archive-rows").await;
}

#[tokio::test]
async fn backups_of_volumes_are_told_as_such() {
    let scene = Scene::new().await;
    let web = scene.server(&scene.owner, "web", "static-site").await;
    scene.test.backup(scene.tenant, web.parse().unwrap()).await;
    let volume = scene.test.volume(scene.tenant, "media").await;
    scene.test.volume_backup(scene.tenant, volume).await;
    let tar = scene.take(&scene.owner, ARCHIVE).await;
    let all = read(&files(&tar), "backups.json");
    let (of_volume, of_server): (Vec<&Value>, Vec<&Value>) = all
        .as_array()
        .unwrap()
        .iter()
        .partition(|one| one["volume_id"] == volume.to_string());
    assert_eq!(
        (&of_volume[0]["volume_name"], &of_volume[0]["server_name"]),
        (&json!("media"), &Value::Null)
    );
    assert_eq!(
        (&of_server[0]["server_id"], &of_server[0]["volume_name"]),
        (&json!(web), &Value::Null)
    );
}
