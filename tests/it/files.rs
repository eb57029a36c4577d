//! Files by pages and by the API, over an engine in memory: what people see, what programs are told, and who may not.

use axum::body::Body;
use axum::http::Method;
use berth::drivers::engine::{VolumeKey, VolumePath};
use berth::platform::access::{Permission, TenantRole};
use berth::platform::ids::TenantId;
use berth::testing::{Answer, Client, TestApp};
use futures_util::stream;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::panel::until;

/// A tenant with a web site that runs, and its people.
struct Scene {
    app: TestApp,
    owner: Client,
    program: Client,
    viewer: (Client, Client),
    stranger: (Client, Client),
    page: String,
    api: String,
    server: String,
}

async fn join(app: &TestApp, name: &str, role: TenantRole, tenant: TenantId) -> (Client, Client) {
    let user = app.person(name).await;
    app.member(tenant, user, role).await;
    let program = app.program(user, Some(tenant), Permission::ALL).await;
    (app.browser(user).await, program)
}

impl Scene {
    async fn set() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut berth::config::Config)) -> Self {
        let app = TestApp::with(change).await;
        berth::servers::begin(&app.app).await.unwrap();
        let tenant = app.tenant("acme").await;
        let (owner, program) = join(&app, "ada", TenantRole::Owner, tenant).await;
        let viewer = join(&app, "vic", TenantRole::Viewer, tenant).await;
        let other = app.tenant("other").await;
        let stranger = join(&app, "eve", TenantRole::Owner, other).await;
        let new = json!({ "name": "web", "template": "static-site", "size": "small-box",
            "variables": { "SITE_OWNER": "Ada" }, "start": true });
        let made = program
            .json("POST", "/api/v1/servers", &new)
            .await
            .expect(202)
            .json();
        let server = made["server"]["id"].as_str().unwrap().to_owned();
        let operation = made["operation"]["id"].as_str().unwrap().to_owned();
        until("the server was made", async || {
            let told = program
                .get(&format!("/api/v1/operations/{operation}"))
                .await
                .json();
            told["state"] == "succeeded"
        })
        .await;
        Self {
            page: format!("/t/acme/servers/{server}/files"),
            api: format!("/api/v1/servers/{server}/files"),
            app,
            owner,
            program,
            viewer,
            stranger,
            server,
        }
    }

    fn volume(&self) -> VolumeKey {
        VolumeKey::new(format!("{}-site", self.server)).unwrap()
    }

    async fn put(&self, path: &str, content: &'static str, headers: &[(&str, &str)]) -> Answer {
        let address = format!("{}/content?path={path}", self.api);
        self.program
            .send(Method::PUT, &address, headers, Body::from(content))
            .await
    }

    async fn content(&self, path: &str) -> Answer {
        self.program
            .get(&format!("{}/content?path={path}", self.api))
            .await
    }

    async fn audit(&self) -> Vec<String> {
        let events = self
            .program
            .get("/api/v1/audit-events?limit=200")
            .await
            .expect(200)
            .json();
        let words =
            |event: &Value| format!("{} {}", event["action"].as_str().unwrap(), event["after"]["path"]);
        let all = events["items"].as_array().unwrap().iter().map(words);
        all.filter(|words| words.starts_with("file.")).collect()
    }
}

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let text = |element: scraper::ElementRef<'_>| element.text().collect::<String>().trim().to_owned();
    page.select(&selector).map(text).collect()
}

fn value(answer: &Answer, selector: &str) -> String {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector)
        .next()
        .and_then(|field| field.attr("value"))
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
async fn a_program_writes_lists_reads_changes_and_deletes() {
    let scene = Scene::set().await;
    let (api, program) = (&scene.api, &scene.program);
    let top = program.get(api).await.expect(200).json();
    assert_eq!(
        (&top["items"][0]["path"], &top["items"][0]["mounted_at"]),
        (&json!("/site"), &json!("/srv/site"))
    );
    let made = scene
        .put("/site/index.html", "<h1>Hi</h1>", &[("if-none-match", "*")])
        .await
        .expect(200);
    assert_eq!(
        (&made.json()["name"], &made.json()["size"]),
        (&json!("index.html"), &json!(11))
    );
    let again = scene
        .put("/site/index.html", "x", &[("if-none-match", "*")])
        .await
        .expect(409);
    assert_eq!(again.json()["code"], "file-exists");
    let read = scene.content("/site/index.html").await.expect(200);
    assert_eq!(
        (read.body.as_str(), read.header("etag")),
        ("<h1>Hi</h1>", made.header("etag"))
    );
    assert_eq!(read.header("content-type"), "application/octet-stream");
    assert!(
        read.header("content-disposition")
            .starts_with("attachment; filename=\"index.html\"")
    );
    assert_eq!(
        read.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );

    scene
        .put("/site/index.html", "2", &[("if-match", made.header("etag"))])
        .await
        .expect(200);
    scene
        .put("/site/index.html", "3", &[("if-match", made.header("etag"))])
        .await
        .expect(412);
    program
        .json("POST", &format!("{api}/folders"), &json!({ "path": "/site/old" }))
        .await
        .expect(201);
    let patch = json!({ "path": "/site/old/x%E9", "mode": "600" });
    let moved = program
        .json("PATCH", &format!("{api}?path=/site/index.html"), &patch)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&moved["path"], &moved["mode"]),
        (&json!("/site/old/x%E9"), &json!("600"))
    );
    assert_eq!(scene.content("/site/old/x%25E9").await.expect(200).body, "2");
    let wrong = json!({ "path": "/site/../etc", "mode": "999" });
    let wrong = program
        .json("PATCH", &format!("{api}?path=/site/old"), &wrong)
        .await
        .expect(422)
        .json();
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2);
    let tar = program
        .get(&format!("{api}/archive?path=/site/old"))
        .await
        .expect(200);
    assert!(tar.header("content-disposition").contains("old.tar"));

    program
        .json("DELETE", &format!("{api}?path=/site/old"), &json!({}))
        .await
        .expect(204);
    scene.content("/site/old/x%25E9").await.expect(404);
    let mut audit = scene.audit().await;
    audit.sort();
    assert_eq!(
        audit,
        [
            "file.archive \"/site/old\"",
            "file.delete \"/site/old\"",
            "file.folder \"/site/old\"",
            "file.mode \"/site/old/x%E9\"",
            "file.move \"/site/index.html\"",
            "file.write \"/site/index.html\"",
            "file.write \"/site/index.html\"",
        ]
    );
}

#[tokio::test]
async fn no_path_leads_out() {
    let scene = Scene::set().await;
    for path in [
        "/site/../../etc/passwd",
        "../etc",
        "/etc/passwd%00",
        "/site/%252E%252E/x",
        "/Site",
        "/site//x",
    ] {
        let answer = scene.content(path).await;
        assert!([404, 422].contains(&answer.status), "{path}: {answer:?}");
    }
    // Another volume than the template's.
    scene.content("/other/x").await.expect(404);
    scene.content("/").await.expect(404);
    let link = VolumePath::parse("/site/link").unwrap();
    scene
        .app
        .engine
        .add_odd_file(&scene.volume(), &link, Some(b"/etc"));
    let through = scene.content("/site/link/passwd").await.expect(409);
    assert_eq!(through.json()["code"], "is-a-link");
    let listed = scene
        .program
        .get(&format!("{}?path=/site", scene.api))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&listed["items"][0]["target"], &listed["items"][0]["leads_to"]),
        (&json!("/etc"), &Value::Null)
    );
}

#[tokio::test]
async fn an_upload_in_pieces_is_whole_in_the_end() {
    let scene = Scene::set().await;
    let address = format!("{}/uploads/0123456789abcdef?path=/site/a.bin", scene.api);
    let piece = async |offset: u64, content: Body| {
        let address = format!("{address}&offset={offset}&length=8");
        scene.program.send(Method::PATCH, &address, &[], content).await
    };
    assert_eq!(scene.program.get(&address).await.expect(200).json()["offset"], 0);
    assert_eq!(piece(0, Body::from("abc")).await.expect(200).json()["offset"], 3);
    let broken = stream::iter([
        Ok("de"),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    piece(3, Body::from_stream(broken)).await;
    let at = scene.program.get(&address).await.expect(200).json()["offset"]
        .as_u64()
        .unwrap();
    assert_eq!(at, 5);
    assert_eq!(
        piece(3, Body::from("defgh")).await.expect(409).json()["code"],
        "upload-offset"
    );
    scene.content("/site/a.bin").await.expect(404);
    let done = piece(5, Body::from("fgh")).await.expect(200).json();
    assert_eq!((&done["offset"], &done["file"]["size"]), (&json!(8), &json!(8)));
    assert_eq!(scene.content("/site/a.bin").await.expect(200).body, "abcdefgh");
    piece(9, Body::from("x")).await.expect(422);
    let other = format!("{}/uploads/NO?path=/site/a.bin&offset=0&length=1", scene.api);
    scene
        .program
        .send(Method::PATCH, &other, &[], Body::from("x"))
        .await
        .expect(404);
}

#[tokio::test]
async fn what_is_too_large_or_broken_changes_nothing() {
    let scene = Scene::with(|config| config.max_upload_mib = 1).await;
    scene.put("/site/page", "old", &[]).await.expect(200);
    let address = format!("{}/content?path=/site/page", scene.api);
    let large = Body::from(vec![b'x'; (1 << 20) + 1]);
    let answer = scene
        .program
        .send(Method::PUT, &address, &[], large)
        .await
        .expect(413);
    assert_eq!(answer.json()["code"], "too-large");
    let broken = stream::iter([
        Ok("ne"),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    let broken = scene
        .program
        .send(Method::PUT, &address, &[], Body::from_stream(broken))
        .await
        .expect(400);
    assert_eq!(broken.json()["code"], "bad-body");
    assert_eq!(scene.content("/site/page").await.expect(200).body, "old");
    scene.put("/site/fits", "y", &[]).await.expect(200);
}

#[tokio::test]
async fn others_see_nothing_and_viewers_change_nothing() {
    let scene = Scene::set().await;
    scene.put("/site/page", "old", &[]).await.expect(200);
    let (browser, program) = &scene.stranger;
    program
        .get(&format!("{}?path=/site", scene.api))
        .await
        .expect(404);
    program
        .get(&format!("{}/content?path=/site/page", scene.api))
        .await
        .expect(404);
    browser.get(&scene.page).await.expect(404);
    let elsewhere = scene.page.replace("/t/acme/", "/t/other/");
    browser.get(&format!("{elsewhere}?path=/site")).await.expect(404);
    let (browser, program) = &scene.viewer;
    let page = browser
        .get(&format!("{}?path=/site", scene.page))
        .await
        .expect(200);
    assert_eq!(texts(&page, "input[type=file], a[href*='/delete']"), [""; 0]);
    assert_eq!(
        browser
            .get(&format!("{}/content?path=/site/page", scene.page))
            .await
            .expect(200)
            .body,
        "old"
    );
    let address = format!("{}/content?path=/site/page", scene.api);
    program
        .send(Method::PUT, &address, &[], Body::from("x"))
        .await
        .expect(403);
    program
        .json("DELETE", &format!("{}?path=/site/page", scene.api), &json!({}))
        .await
        .expect(403);
    browser
        .post(&format!("{}/delete", scene.page), &[("path", "/site/page")])
        .await
        .expect(403);
    assert_eq!(scene.content("/site/page").await.expect(200).body, "old");
}

/// The body of a form with files, as browsers send it.
pub(crate) fn multipart(parts: &[(&str, Option<&str>, &str)]) -> String {
    let part = |(name, file, content): &(&str, Option<&str>, &str)| {
        let file = file
            .map(|file| format!("; filename=\"{file}\""))
            .unwrap_or_default();
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--x--\r\n"
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, whose steps need each other")]
async fn people_upload_edit_rename_and_delete_without_script() {
    let scene = Scene::set().await;
    let (page, owner) = (&scene.page, &scene.owner);
    let volumes = owner.get(page).await.expect(200);
    assert_eq!(texts(&volumes, "tbody th a"), ["site"]);
    let empty = owner.get(&format!("{page}?path=/site")).await.expect(200);
    assert!(empty.body.contains("This folder is empty"));

    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("sec-fetch-site", "same-origin"),
    ];
    let send = async |parts: &[(&str, Option<&str>, &str)]| {
        let body = Body::from(multipart(parts));
        owner
            .send(Method::POST, &format!("{page}/upload"), &headers, body)
            .await
    };
    let files = [
        ("path", None, "/site"),
        ("file", Some("a.txt"), "one\n"),
        ("file", Some("b <b>.txt"), "two"),
    ];
    send(&files).await.expect(303);
    let listed = owner.get(&format!("{page}?path=/site")).await.expect(200);
    assert_eq!(texts(&listed, "tbody th a"), ["a.txt", "b <b>.txt"]);
    assert!(listed.body.contains("Uploaded 2 files."));
    send(&files[..2]).await.expect(303);
    let refused = owner.get(&format!("{page}?path=/site")).await.expect(200);
    assert!(
        refused.body.contains("a.txt was not uploaded."),
        "{}",
        refused.body
    );
    send(&[("path", None, "/site")]).await.expect(303);

    let editor = owner
        .get(&format!("{page}/edit?path=/site/a.txt"))
        .await
        .expect(200);
    let version = value(&editor, "input[name=version]");
    assert_eq!(texts(&editor, "textarea"), ["one"]);
    let save = async |version: &str, content: &str, more: &[(&str, &str)]| {
        let form = [
            ("path", "/site/a.txt"),
            ("new", ""),
            ("ends", "lf"),
            ("version", version),
            ("content", content),
        ];
        owner.post(&format!("{page}/edit"), &[&form, more].concat()).await
    };
    save(&version, "one\r\nmore\r\n", &[]).await.expect(303);
    assert_eq!(scene.content("/site/a.txt").await.body, "one\nmore\n");
    let late = save(&version, "mine", &[]).await.expect(422);
    assert!(late.body.contains("Somebody else changed the file"));
    assert_eq!(texts(&late, "textarea"), ["mine"]);
    save(&version, "mine", &[("anyway", "true")]).await.expect(303);
    assert_eq!(scene.content("/site/a.txt").await.body, "mine");

    let form = owner
        .get(&format!("{page}/change?path=/site/a.txt"))
        .await
        .expect(200);
    assert_eq!(value(&form, "input[name=mode]"), "644");
    let bits = [
        ("bit", "8"),
        ("bit", "7"),
        ("mode", "644"),
        ("mode_before", "644"),
    ];
    let change = [&[("path", "/site/a.txt"), ("to", "/site/c.txt")][..], &bits].concat();
    owner.post(&format!("{page}/change"), &change).await.expect(303);
    let taken = [
        ("path", "/site/c.txt"),
        ("to", "/site/b <b>.txt"),
        ("mode", "600"),
        ("mode_before", "600"),
    ];
    let taken = owner.post(&format!("{page}/change"), &taken).await.expect(422);
    assert!(taken.body.contains("There is something with that name already"));

    owner
        .post(&format!("{page}/folders"), &[("path", "/site"), ("name", "new")])
        .await
        .expect(303);
    let twice = owner
        .post(&format!("{page}/folders"), &[("path", "/site"), ("name", "new")])
        .await
        .expect(422);
    assert!(twice.body.contains("something with that name"));
    let new = [
        ("path", "/site/new"),
        ("new", "true"),
        ("name", "inner"),
        ("content", "x"),
    ];
    owner.post(&format!("{page}/edit"), &new).await.expect(303);
    let question = owner
        .get(&format!("{page}/delete?path=/site/new"))
        .await
        .expect(200);
    assert!(
        question.body.contains("1 file and 0 folders"),
        "{}",
        question.body
    );
    owner
        .post(&format!("{page}/delete"), &[("path", "/site/new")])
        .await
        .expect(303);
    let left = owner.get(&format!("{page}?path=/site")).await.expect(200);
    assert_eq!(texts(&left, "tbody th a"), ["b <b>.txt", "c.txt"]);
    assert_eq!(texts(&left, "td .mono"), ["rw-r--r--", "rw-------"]);
}

#[tokio::test]
async fn what_customers_made_is_shown_and_never_run() {
    let scene = Scene::set().await;
    let (page, owner) = (&scene.page, &scene.owner);
    scene
        .put("/site/evil.html", "<script>alert(1)</script>", &[])
        .await
        .expect(200);
    scene
        .put("/site/evil.png", "<script>alert(1)</script>", &[])
        .await
        .expect(200);
    scene
        .put("/site/real.gif", "GIF89a<script>", &[])
        .await
        .expect(200);
    scene.put("/site/zero", "a\0b", &[]).await.expect(200);
    let view = owner
        .get(&format!("{page}?path=/site/evil.html"))
        .await
        .expect(200);
    assert_eq!(texts(&view, "pre.file-text"), ["<script>alert(1)</script>"]);
    let saved = owner
        .get(&format!("{page}/content?path=/site/evil.html"))
        .await
        .expect(200);
    assert!(saved.header("content-disposition").starts_with("attachment"));
    assert_eq!(saved.header("x-content-type-options"), "nosniff");
    owner
        .get(&format!("{page}/picture?path=/site/evil.png"))
        .await
        .expect(404);
    let picture = owner
        .get(&format!("{page}/picture?path=/site/real.gif"))
        .await
        .expect(200);
    assert_eq!(picture.header("content-type"), "image/gif");
    assert_eq!(
        picture.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    let binary = owner.get(&format!("{page}?path=/site/zero")).await.expect(200);
    assert!(binary.body.contains("No preview"));
    let not = owner
        .get(&format!("{page}/edit?path=/site/zero"))
        .await
        .expect(409);
    assert!(not.body.contains("Only text in UTF-8 can be edited here"));
}

#[tokio::test]
async fn an_engine_that_is_away_is_told() {
    let scene = Scene::set().await;
    scene.app.engine.set_down(true);
    let page = scene.owner.get(&scene.page).await.expect(200);
    assert!(page.body.contains("The container engine does not answer"));
    scene.content("/site/x").await.expect(503);
    scene.put("/site/x", "y", &[]).await.expect(503);
    scene.app.engine.set_down(false);
    scene.put("/site/x", "y", &[]).await.expect(200);
}
