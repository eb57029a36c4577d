//! Links: who has one fetches what it names or brings files, as long as it lasts, and nothing else.

use axum::body::Body;
use axum::http::Method;

use super::*;
use crate::testing::Answer;

/// A share with one file, and somebody without an account.
struct Links {
    scene: Scene,
    share: String,
    visitor: Client,
}

impl Links {
    async fn new() -> Self {
        let scene = Scene::new("file-share").await;
        let share = scene.create("plans").await;
        let file = format!(
            "/api/v1/servers/{}/files/content?path=/share/files/work/plans/may.txt",
            scene.server
        );
        let folders = format!("/api/v1/servers/{}/files/folders", scene.server);
        for path in ["/share/files", "/share/files/work", "/share/files/work/plans"] {
            scene
                .program
                .json("POST", &folders, &json!({ "path": path }))
                .await;
        }
        let bytes = [("content-type", "application/octet-stream")];
        let put = scene
            .program
            .send(Method::PUT, &file, &bytes, Body::from("a line"));
        assert!([200, 201].contains(&put.await.status));
        Self {
            visitor: scene.test.anonymous(),
            scene,
            share,
        }
    }

    fn path(&self, rest: &str) -> String {
        self.scene.path(&format!("/{}/links{rest}", self.share))
    }

    async fn make(&self, kind: &str, path: &str) -> Value {
        // What happens at one moment has no order.
        self.scene.test.clock.advance(TimeDelta::seconds(1));
        let end = self.scene.test.app.now() + TimeDelta::days(1);
        let new = json!({ "kind": kind, "path": path, "expires_at": end });
        let made = self.scene.program.json("POST", &self.path(""), &new).await;
        made.expect(201).json()
    }

    /// The part of a link's address that is behind the panel's own.
    async fn link(&self, kind: &str, path: &str) -> String {
        let made = self.make(kind, path).await;
        let url = made["url"].as_str().unwrap();
        url[url.find("/s/").unwrap()..].to_owned()
    }

    async fn listed(&self) -> Value {
        self.scene.program.get(&self.path("")).await.expect(200).json()["items"].clone()
    }

    async fn bring(&self, link: &str, name: &str, content: &str) -> Answer {
        self.scene.test.clock.advance(TimeDelta::seconds(1));
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--x--\r\n"
        );
        let headers = [
            ("content-type", "multipart/form-data; boundary=x"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.visitor
            .send(Method::POST, link, &headers, Body::from(body))
            .await
    }

    /// What is in a file of the server's volume.
    async fn content(&self, path: &str) -> String {
        let content = self.scene.content(&format!("/share/files/{path}")).await;
        String::from_utf8(content).unwrap()
    }

    /// The record of uses says this of links, the newest first.
    async fn used(&self, what: &str, paths: &[&str]) {
        let path = format!("/api/v1/servers/{}/share-uses", self.scene.server);
        let uses = self.scene.program.get(&path).await.expect(200).json();
        let uses = uses["items"].as_array().unwrap();
        assert!(
            uses.iter()
                .all(|one| one["by"] == "link" && one["login"] == Value::Null && one["what"] == what)
        );
        let found: Vec<_> = uses.iter().map(|one| one["path"].as_str().unwrap()).collect();
        assert_eq!(found, paths);
        let last = &self.scene.list().await[0]["last_used_at"];
        assert_eq!(*last, uses[0]["at"]);
    }

    async fn audited(&self) -> Vec<String> {
        let mut tx = self.scene.test.app.db.system().await.unwrap();
        let all =
            sqlx::query_scalar!("select action from audit_event where action like 'share.%' order by at, id");
        all.fetch_all(tx.conn()).await.unwrap()
    }
}

#[tokio::test]
async fn a_file_is_fetched_by_link_until_it_ends() {
    let it = Links::new().await;
    let link = it.link("download", "may.txt").await;
    let page = it.visitor.get(&link).await.expect(200).body;
    assert!(
        page.contains("may.txt") && page.contains("6 bytes") && page.contains("Acme"),
        "{page}"
    );
    assert_eq!(it.listed().await[0]["uses"], 0, "looking is no use");
    it.scene.test.clock.advance(TimeDelta::seconds(1));
    let fetched = it.visitor.get(&format!("{link}/content")).await.expect(200);
    assert_eq!(fetched.body, "a line");
    assert!(fetched.header("content-disposition").contains("may.txt"));
    let listed = it.listed().await;
    assert_eq!(listed[0]["uses"], 1);
    assert!(
        listed[0]["last_used_at"].is_string() && listed[0].get("url").is_none(),
        "{listed}"
    );
    assert_eq!(it.audited().await, ["share.create", "share.link", "share.fetch"]);
    let content = format!("{link}/content");
    let head = it.visitor.send(Method::HEAD, &content, &[], Body::empty());
    head.await.expect(200);
    assert_eq!(
        it.listed().await[0]["uses"],
        1,
        "who asks for the head fetches nothing"
    );
    it.used("read", &["may.txt"]).await;
    it.bring(&link, "x.txt", "x").await.expect(404);
    it.scene.test.clock.advance(TimeDelta::hours(25));
    let over = it.visitor.get(&link).await.expect(404);
    assert!(over.body.contains("leads nowhere") && !over.body.contains("may.txt"));
    it.visitor.get(&format!("{link}/content")).await.expect(404);
    it.visitor.get("/s/unknown").await.expect(404);
}

#[tokio::test]
async fn a_folder_is_a_tar_and_what_is_gone_is_not_found() {
    let it = Links::new().await;
    let all = it.link("download", "").await;
    let tar = it.visitor.get(&format!("{all}/content")).await.expect(200);
    assert_eq!(tar.header("content-type"), "application/x-tar");
    assert!(tar.body.contains("may.txt") && tar.body.contains("a line"));
    let gone = it.link("download", "june.txt").await;
    it.visitor.get(&gone).await.expect(404);
    it.visitor.get(&format!("{gone}/content")).await.expect(404);
    assert_eq!(it.listed().await[0]["uses"], 0);
}

#[tokio::test]
async fn who_brings_files_sees_none_and_replaces_none() {
    let it = Links::new().await;
    let link = it.link("drop-off", "in/new").await;
    let page = it.visitor.get(&link).await.expect(200).body;
    assert!(
        page.contains("Send files to") && !page.contains("may.txt"),
        "{page}"
    );
    it.visitor.get(&format!("{link}/content")).await.expect(404);
    let done = it.bring(&link, "C:\\a\\offer.txt", "one").await.expect(303);
    assert_eq!(done.location(), link);
    it.bring(&link, "offer.txt", "two").await.expect(303);
    it.bring(&link, "", "").await.expect(303);
    assert_eq!(it.content("work/plans/in/new/offer.txt").await, "one");
    assert_eq!(it.content("work/plans/in/new/offer (1).txt").await, "two");
    it.used("write", &["in/new/offer (1).txt", "in/new/offer.txt"])
        .await;
    for bad in ["..", ".", "a\u{85}b"] {
        it.bring(&link, bad, "x").await.expect(303);
    }
    assert_eq!(it.listed().await[0]["uses"], 2);
    assert_eq!(
        it.audited().await,
        ["share.create", "share.link", "share.bring", "share.bring"]
    );
}

#[tokio::test]
async fn a_link_ends_with_its_removal_and_with_its_share() {
    let it = Links::new().await;
    let made = it.make("download", "may.txt").await;
    let id = made["id"].as_str().unwrap();
    let url = made["url"].as_str().unwrap();
    let link = &url[url.find("/s/").unwrap()..];
    let stays = it.link("download", "may.txt").await;
    let gone = it.path(&format!("/{id}"));
    it.scene
        .program
        .json("DELETE", &gone, &Value::Null)
        .await
        .expect(204);
    it.scene
        .program
        .json("DELETE", &gone, &Value::Null)
        .await
        .expect(404);
    it.visitor.get(link).await.expect(404);
    it.visitor.get(&stays).await.expect(200);
    let share = it.scene.path(&format!("/{}", it.share));
    it.scene
        .program
        .json("DELETE", &share, &Value::Null)
        .await
        .expect(204);
    it.visitor.get(&stays).await.expect(404);
}

#[tokio::test]
async fn links_lead_nowhere_else() {
    let it = Links::new().await;
    let now = it.scene.test.app.now();
    let soon = now + TimeDelta::days(1);
    let bad = [
        json!({ "kind": "download", "path": "../other", "expires_at": soon }),
        json!({ "kind": "download", "path": "a//b", "expires_at": soon }),
        json!({ "kind": "download", "path": "may.txt", "expires_at": now }),
        json!({ "kind": "download", "path": "may.txt", "expires_at": now + TimeDelta::days(400) }),
        json!({ "kind": "upload", "path": "", "expires_at": soon }),
    ];
    for new in bad {
        it.scene
            .program
            .json("POST", &it.path(""), &new)
            .await
            .expect(422);
    }
    let link = it.link("download", "may.txt").await;
    let (other, eve) = (
        it.scene.test.tenant("other").await,
        it.scene.test.person("eve").await,
    );
    it.scene.test.member(other, eve, TenantRole::Owner).await;
    let program = it.scene.test.program(eve, Some(other), &of_tenant()).await;
    program.get(&it.path("")).await.expect(404);
    let mut tx = it.scene.test.app.db.tenant(other, eve).await.unwrap();
    let seen = sqlx::query_scalar!(r#"select count(*) as "seen!" from share_link"#);
    assert_eq!(seen.fetch_one(tx.conn()).await.unwrap(), 0);
    it.visitor.get(&link).await.expect(200);
    it.scene.test.suspend(it.scene.tenant).await;
    it.visitor.get(&link).await.expect(404);
}

#[tokio::test]
async fn links_are_made_and_removed_on_the_share_s_page() {
    let it = Links::new().await;
    let bob = it.scene.test.person("bob").await;
    it.scene
        .test
        .member(it.scene.tenant, bob, TenantRole::Owner)
        .await;
    let browser = it.scene.test.browser(bob).await;
    let share = format!("/t/acme/servers/{}/shares/{}", it.scene.server, it.share);
    let wrong = [("kind", "download"), ("path", "../x"), ("last_day", "")];
    let wrong = browser.post(&format!("{share}/links"), &wrong).await.expect(422);
    assert!(wrong.body.contains("Enter the last day") && wrong.body.contains("value=\"../x\""));
    let past = [
        ("kind", "download"),
        ("path", "may.txt"),
        ("last_day", "2001-01-01"),
    ];
    let past = browser.post(&format!("{share}/links"), &past).await.expect(422);
    assert!(
        past.body.contains("has passed") && past.body.contains("href=\"#f-last_day\""),
        "{}",
        past.body
    );
    let day = (it.scene.test.app.now() + TimeDelta::days(3))
        .format("%Y-%m-%d")
        .to_string();
    let good = [("kind", "download"), ("path", "may.txt"), ("last_day", &*day)];
    let made = browser
        .post(&format!("{share}/links"), &good)
        .await
        .expect(200)
        .body;
    let url = made
        .split("id=\"share-link\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    it.visitor.get(&url[url.find("/s/").unwrap()..]).await.expect(200);
    let page = browser.get(&share).await.expect(200).body;
    assert!(page.contains("may.txt") && page.contains("Not yet") && !page.contains(url));
    let id = it.listed().await[0]["id"].as_str().unwrap().to_owned();
    browser
        .post(&format!("{share}/links/{id}/remove"), &[])
        .await
        .expect(303);
    let page = browser.get(&share).await.expect(200).body;
    assert!(page.contains("A link is for somebody without a login"), "{page}");
}
