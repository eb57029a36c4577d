//! The record of uses: what a server wrote down is collected once, what cannot be is passed over, and what was done by a link
//! stands beside it.

use axum::body::Body;
use axum::http::Method;

use super::super::place::{FOLDERS, VOLUME};
use super::*;
use crate::drivers::engine::EngineError;
use crate::drivers::engine::fake::Call;
use crate::files::WholeVolumes;

/// A line as the server wrote it, so many seconds after the time ten minutes ago.
fn line(scene: &Scene, number: i64, login: &str, what: &str, path: &str) -> String {
    let at = (scene.test.app.now().timestamp() - 600 + number) * 1000;
    let line = json!({ "n": at, "at": at, "login": login, "share": "plans", "by": "smb", "what": what, "path": path,
        "from": "192.0.2.9" });
    format!("{line}\n")
}

impl Scene {
    async fn wrote(&self, text: &str) {
        let mut tx = self.test.app.db.system().await.unwrap();
        let server = servers::find(&mut tx, self.server).await.unwrap();
        let volumes = WholeVolumes::of(&self.test.app, &mut tx, &server).await.unwrap();
        drop(tx);
        let place = (VOLUME, &FOLDERS[..], "access.log");
        volumes.put(place, text.to_owned()).await.unwrap();
    }

    async fn uses(&self, query: &str) -> Value {
        let path = format!("/api/v1/servers/{}/share-uses{query}", self.server);
        self.program.get(&path).await.expect(200).json()
    }

    async fn paths(&self, query: &str) -> Vec<String> {
        let uses = self.uses(query).await;
        let paths = uses["items"].as_array().unwrap().iter();
        paths
            .map(|one| one["path"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A share that ann has, whom the server knows.
    async fn with_ann() -> (Self, String) {
        let scene = Self::new("file-share").await;
        let plans = scene.create("plans").await;
        scene.give(&plans, "ann", &json!({ "access": "write" })).await;
        scene.work().await;
        // What is told of then was after the server and its share were made.
        scene.test.clock.advance(TimeDelta::minutes(20));
        (scene, plans)
    }
}

#[tokio::test]
async fn what_the_server_wrote_down_is_collected_once() {
    let (scene, plans) = Scene::with_ann().await;
    assert_eq!(scene.uses("").await["items"], json!([]), "nothing was written");
    let first =
        line(&scene, 1, "ann", "read", "a.txt") + "not a line\n" + &line(&scene, 2, "ann", "write", "b.txt");
    scene.wrote(&first).await;
    scene.test.clock.advance(TimeDelta::minutes(6));
    assert_eq!(
        scene.work().await,
        1,
        "it is collected when the server is told again"
    );
    let list = scene.list().await;
    let before = list[0]["last_used_at"].clone();
    assert!(before.is_string(), "{list}");
    assert_eq!(list[0]["people"][0]["last_used_at"], before);
    let uses = scene.uses("").await;
    let newest = &uses["items"][0];
    assert_eq!(newest["share_id"], json!(plans), "{uses}");
    let told =
        ["login", "by", "what", "path", "address", "share"].map(|field| newest[field].as_str().unwrap());
    assert_eq!(told, ["ann", "smb", "write", "b.txt", "192.0.2.9", "plans"]);

    scene
        .wrote(&(first + &line(&scene, 400, "ann", "delete", "b.txt")))
        .await;
    assert_eq!(
        scene.paths("").await,
        ["b.txt", "b.txt", "a.txt"],
        "what is new is there when somebody looks, and nothing twice"
    );
    assert_ne!(scene.list().await[0]["last_used_at"], before);
}

#[tokio::test]
async fn it_is_searched_paged_and_kept_for_a_while() {
    let (scene, plans) = Scene::with_ann().await;
    let lines: String = (1..=4)
        .map(|number| line(&scene, number, "ann", "read", &format!("{number}_.txt")))
        .collect();
    scene.wrote(&lines).await;
    let page = scene.uses("?limit=3").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    let after = page["next"].as_str().unwrap();
    assert_eq!(scene.paths(&format!("?limit=3&after={after}")).await, ["1_.txt"]);
    assert_eq!(scene.paths("?q=3_").await, ["3_.txt"]);
    assert_eq!(scene.paths("?q=nobody").await, [""; 0]);
    assert_eq!(scene.paths(&format!("?share={plans}&q=ANN")).await.len(), 4);
    assert_eq!(
        scene.paths("?share=shr_00000000000000000000000000").await.len(),
        0
    );

    scene
        .program
        .json("DELETE", &scene.path(&format!("/{plans}")), &Value::Null)
        .await
        .expect(204);
    let kept = scene.uses("").await;
    assert_eq!(
        kept["items"][0]["share_id"],
        Value::Null,
        "the share is gone and its record is not"
    );
    assert_eq!(kept["items"][0]["share"], "plans");
    let scope = crate::platform::access::SystemScope::new(scene.test.app.db.clone(), "a test");
    let clean = || super::super::clean_up(&scene.test.app, &scope);
    assert_eq!(clean().await.unwrap(), 0);
    scene.test.clock.advance(TimeDelta::days(91));
    assert_eq!(clean().await.unwrap(), 4);
}

#[tokio::test]
async fn what_is_known_is_shown_while_the_engine_is_away() {
    let (scene, _) = Scene::with_ann().await;
    scene.wrote(&line(&scene, 1, "ann", "read", "a.txt")).await;
    assert_eq!(scene.paths("").await, ["a.txt"]);
    let down = || EngineError::Unavailable("down".into());
    scene.test.engine.fail(Call::Files, 99, down);
    assert_eq!(scene.paths("").await, ["a.txt"]);
    let bob = scene.test.person("bob").await;
    scene.test.member(scene.tenant, bob, TenantRole::Viewer).await;
    let page = scene.test.browser(bob).await;
    let path = format!("/t/acme/servers/{}/shares/uses", scene.server);
    let page = page.get(&path).await.expect(200).body;
    assert!(
        page.contains("may be missing") && page.contains("a.txt"),
        "{page}"
    );
}

#[tokio::test]
async fn pages_tell_who_used_what_and_when_last() {
    let (scene, plans) = Scene::with_ann().await;
    scene.wrote(&line(&scene, 1, "ann", "delete", "<b>.txt")).await;
    let bob = scene.test.person("bob").await;
    scene.test.member(scene.tenant, bob, TenantRole::Owner).await;
    let browser = scene.test.browser(bob).await;
    let page = async |path: &str| browser.get(path).await.expect(200).body;
    let all = page("/t/acme/shares").await;
    assert!(all.contains("plans") && all.contains("Not yet"), "{all}");
    let tab = format!("/t/acme/servers/{}/shares", scene.server);
    let uses = page(&format!("{tab}/uses?share=&q=")).await;
    assert!(
        uses.contains("Deleted") && uses.contains("&#60;b&#62;.txt"),
        "{uses}"
    );
    assert!(
        page(&format!("{tab}/uses?share={plans}"))
            .await
            .contains("selected")
    );
    assert!(
        page(&format!("{tab}/uses?q=nothing"))
            .await
            .contains("No use fits")
    );
    for path in [&tab, &format!("{tab}/{plans}"), "/t/acme/shares"] {
        let page = page(path).await;
        assert!(page.contains("Last use") && !page.contains("Not yet"), "{page}");
    }
    assert!(
        page("/t/acme/shares?q=nothing")
            .await
            .contains("No share matches")
    );
}

#[tokio::test]
async fn all_shares_are_listed_by_name() {
    let (scene, _) = Scene::with_ann().await;
    scene.create("a-first").await;
    let all = async |query: &str| {
        let answer = scene.program.get(&format!("/api/v1/shares{query}")).await;
        answer.expect(200).json()
    };
    let page = all("?limit=1").await;
    assert_eq!(page["items"][0]["name"], "a-first");
    let rest = all(&format!("?limit=1&after={}", page["next"].as_str().unwrap())).await;
    let plans = &rest["items"][0];
    assert_eq!(
        (&plans["name"], &plans["people"], &plans["server"]),
        (&json!("plans"), &json!(1), &json!("files"))
    );
    assert_eq!(all("?q=work/plans").await["items"].as_array().unwrap().len(), 1);
    scene.program.get("/api/v1/shares?sort=folder").await.expect(422);
}

#[tokio::test]
async fn who_narrows_down_what_they_see_has_the_files_read_once() {
    let (scene, _) = Scene::with_ann().await;
    let bob = scene.test.person("bob").await;
    scene.test.member(scene.tenant, bob, TenantRole::Viewer).await;
    let browser = scene.test.browser(bob).await;
    let path = format!("/t/acme/servers/{}/shares/uses", scene.server);
    browser.get(&path).await.expect(200);
    scene.wrote(&line(&scene, 1, "ann", "read", "a.txt")).await;
    // As the filter asks, at each letter.
    let typed = format!("{path}?q=ann");
    let filter = [("hx-request", "true")];
    let filtered = browser.send(Method::GET, &typed, &filter, Body::empty()).await;
    assert!(!filtered.expect(200).body.contains("a.txt"));
    assert!(browser.get(&typed).await.expect(200).body.contains("a.txt"));
}
