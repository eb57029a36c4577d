//! What belongs together, and what does not: failures of unlike kinds, and those of a server that was somebody else's.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::db::Scoped as _;

use super::Scene;

/// What the incidents of places are called.
async fn groups(scene: &Scene) -> Vec<Value> {
    let mut all = scene.all().await;
    all.retain(|one| one["signature"] == "node_down");
    all.into_iter().map(|one| one["summary"].clone()).collect()
}

#[tokio::test]
async fn unlike_failures_of_a_node_are_not_its_failure() {
    let scene = Scene::new().await;
    let mut servers = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        servers.push(scene.running(name).await);
    }
    for id in &servers[..2] {
        scene.see(*id, "exited", Some(1)).await;
        scene.hear(&[*id]).await;
    }
    scene.report(servers[2], "check:c", true).await;
    scene.report(servers[3], "check:d", true).await;
    assert_eq!((groups(&scene).await.len(), scene.told().await), (0, 4));

    let three = json!("Test is down: 3 servers");
    scene.report(servers[4], "check:e", true).await;
    assert_eq!(
        groups(&scene).await,
        std::slice::from_ref(&three),
        "three do not answer"
    );
    scene.see(servers[5], "exited", Some(1)).await;
    scene.hear(&[servers[5]]).await;
    assert_eq!(groups(&scene).await, [three.clone(), three], "and three ended");
}

#[tokio::test]
async fn a_server_that_moves_to_and_fro_leaves_each_cause_once() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.report(server, "check:1", true).await;
    scene.test.tenant("other").await;
    scene
        .test
        .administer(
            "do $$ declare s server; other uuid; at timestamptz = '2026-03-10 12:00:00Z'; begin
               select * into s from server; select id into other from tenant where slug = 'other';
               for n in 1..10 loop
                 perform move_server(s.id, other, s.name, s.host_name, at);
                 perform move_server(s.id, s.tenant_id, s.name, s.host_name, at);
               end loop; end $$",
        )
        .await;
    scene.later(TimeDelta::seconds(1));
    scene.report(server, "check:1", true).await;
    scene.report(server, "check:1", true).await;
    let mut tx = scene.app().db.system().await.unwrap();
    let causes = sqlx::query!("select id, cause from incident order by opened_at");
    let causes = causes.fetch_all(tx.conn()).await.unwrap();
    let [before, now] = causes.as_slice() else {
        panic!("{causes:?}")
    };
    assert_eq!(before.cause, format!("check:1:{}", before.id));
    assert_eq!(now.cause, "check:1");
}

#[tokio::test]
async fn two_who_say_at_once_where_a_location_stands_do_not_overwrite_each_other() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let path = format!(
        "/api/v1/staff/incidents/inventory/{}",
        scene.location(server).await
    );
    let rack = json!({ "rack": "A" });
    let first = scene.staff.json("PATCH", &path, &rack).await.expect(200);
    let seen = [("if-match", first.header("etag"))];
    let saves = ["B", "C", "D"].map(|rack| json!({ "rack": rack }));
    let saves = saves
        .iter()
        .map(|rack| scene.staff.json_with("PATCH", &path, rack, &seen));
    let answers = futures_util::future::join_all(saves).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412]);
}
