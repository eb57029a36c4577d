//! One as a whole: power, name, deletion, the way back, the end; and what its servers can't do by themselves.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::Engine as _;

use super::scene::{Scene, cluster, shop};

impl Scene {
    async fn act(&self, id: &str, verb: &str) -> Value {
        let path = format!("/api/v1/stacks/{id}/actions/{verb}");
        self.post(&path, &json!({})).await.expect(202).json()
    }

    async fn delete_stack(&self, id: &str) {
        let path = format!("/api/v1/stacks/{id}");
        self.program.json("DELETE", &path, &json!({})).await.expect(202);
    }

    async fn is_engine_empty(&self) -> bool {
        let engine = &self.test.engine;
        engine.list_volumes().await.unwrap().is_empty() && engine.list_networks().await.unwrap().is_empty()
    }
}

#[tokio::test]
async fn it_stops_starts_and_restarts_as_one() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let asked = scene.act(&id, "stop").await;
    assert_eq!(asked["work"].as_array().unwrap().len(), 2);
    scene.work().await;
    assert_eq!(scene.stack(&id).await["status"], "stopped");
    scene.act(&id, "start").await;
    scene.work().await;
    scene.be_healthy(&id).await;
    assert_eq!(scene.stack(&id).await["status"], "running");
    let asked = scene.act(&id, "restart").await;
    scene.work().await;
    for work in asked["work"].as_array().unwrap() {
        let path = format!("/api/v1/operations/{}", work["operation_id"].as_str().unwrap());
        assert_eq!(scene.get(&path).await["state"], "succeeded");
    }
    let path = format!("/api/v1/stacks/{id}/actions/dance");
    scene.post(&path, &json!({})).await.expect(404);
}

#[tokio::test]
async fn it_waits_for_a_reconciler_that_writes_a_server_twice_and_not_the_other_way_round() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let mut reconciler = scene.tx().await;
    scene.touch(&mut reconciler).await;
    let finish = async {
        while !scene.is_somebody_waiting().await {
            tokio::task::yield_now().await;
        }
        scene.touch(&mut reconciler).await;
        reconciler.commit().await.unwrap();
    };
    let (asked, ()) = tokio::join!(scene.act(&id, "stop"), finish);
    assert_eq!(asked["work"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn its_servers_neither_go_nor_come_back_by_themselves() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let web = scene.part(&id, "web").await.remove(0);
    let path = format!("/api/v1/servers/{web}");
    let refused = scene
        .program
        .json("DELETE", &path, &json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "part-of-stack");
    assert!(
        refused["title"].as_str().unwrap().contains("Scale the stack"),
        "{refused}"
    );
    scene.delete_stack(&id).await;
    scene.work().await;
    for verb in ["restore", "erase"] {
        let refused = scene
            .post(&format!("{path}/{verb}"), &json!({}))
            .await
            .expect(409)
            .json();
        assert_eq!(refused["code"], "part-of-stack", "{verb}");
    }
    assert_eq!(scene.stack(&id).await["status"], "deleted");
}

#[tokio::test]
async fn a_server_of_it_is_started_and_stopped_alone() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let web = scene.part(&id, "web").await.remove(0);
    scene
        .post(&format!("/api/v1/servers/{web}/actions/stop"), &json!({}))
        .await
        .expect(202);
    scene.work().await;
    scene.be_healthy(&id).await;
    let stack = scene.stack(&id).await;
    assert_eq!(
        (&stack["status"], &stack["status_text"]),
        (&json!("partial"), &json!("1 of 2 servers run."))
    );
}

#[tokio::test]
async fn its_network_is_its_own() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let network = scene.stack(&id).await["network_id"].as_str().unwrap().to_owned();
    let web = scene.part(&id, "web").await.remove(0);
    let other = json!({ "name": "other", "template": "static-site", "size": "small-box",
        "variables": { "SITE_OWNER": "Ada" } });
    let other = scene.post("/api/v1/servers", &other).await.expect(202).json();
    let path = format!("/api/v1/networks/{network}");
    let refusals = [
        scene
            .program
            .json("DELETE", &format!("{path}?disconnect=true"), &json!({}))
            .await,
        scene
            .program
            .json("PATCH", &path, &json!({ "name": "mine" }))
            .await,
        scene
            .program
            .json("DELETE", &format!("{path}/servers/{web}"), &json!({}))
            .await,
        scene
            .post(
                &format!("{path}/servers"),
                &json!({ "server": other["server"]["id"] }),
            )
            .await,
    ];
    for refused in refusals {
        assert_eq!(refused.expect(409).json()["code"], "stack-network");
    }
    // By hand a part may also be where others are, and leave that again.
    scene
        .post("/api/v1/networks/common/servers", &json!({ "server": web }))
        .await
        .expect(204);
    scene.work().await;
    assert_eq!(scene.seen(&web).await.networks.len(), 2);
    let common = format!("/api/v1/networks/common/servers/{web}");
    scene
        .program
        .json("DELETE", &common, &json!({}))
        .await
        .expect(204);
    scene.work().await;
    assert_eq!(scene.seen(&web).await.networks.len(), 1);
}

#[tokio::test]
async fn what_its_parts_know_of_each_other_stays() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let (web, db) = (
        scene.part(&id, "web").await.remove(0),
        scene.part(&id, "db").await.remove(0),
    );
    let change = async |server: &str, key: &str, value: &str| {
        let change = json!({ "variables": { key: value } });
        let path = format!("/api/v1/servers/{server}");
        scene.program.json("PATCH", &path, &change).await
    };
    for (server, key) in [
        (&web, "DATABASE_HOST"),
        (&web, "DATABASE_PASSWORD"),
        (&db, "MARIADB_PASSWORD"),
        (&db, "MARIADB_USER"),
    ] {
        let refused = change(server, key, "somethingelse").await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], format!("variables.{key}"));
    }
    change(&web, "DATABASE_HOST", "db.shop.internal")
        .await
        .expect(200);
    change(&web, "SITE_TITLE", "Another").await.expect(202);
    let page = scene
        .browser
        .get(&format!("/t/acme/servers/{db}/settings"))
        .await
        .expect(200);
    assert!(page.body.contains("variables.MARIADB_MAX_CONNECTIONS"));
    assert!(!page.body.contains("variables.MARIADB_PASSWORD") && !page.body.contains("Delete server"));
}

#[tokio::test]
async fn another_name_is_one_for_all_and_cuts_nobody_off() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let path = format!("/api/v1/stacks/{id}");
    let cache = scene.part(&id, "cache").await.remove(0);
    let own = json!({ "name": "Our cache" });
    scene
        .program
        .json("PATCH", &format!("/api/v1/servers/{cache}"), &own)
        .await
        .expect(200);
    let old = scene.program.get(&path).await.header("etag").to_owned();
    scene
        .program
        .json("PATCH", &path, &json!({ "name": "Site" }))
        .await
        .expect(200);
    let stale = [("if-match", old.as_str())];
    scene
        .program
        .json_with("PATCH", &path, &json!({ "name": "X" }), &stale)
        .await
        .expect(412);
    let stack = scene.stack(&id).await;
    let names: Vec<_> = stack["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(
        names,
        ["Our cache", "Site db", "Site proxy", "Site web 1", "Site web 2"]
    );
    assert_eq!(stack["servers"][1]["inside_name"], "db.web.internal");
    let network = stack["network_id"].as_str().unwrap();
    assert_eq!(
        scene.get(&format!("/api/v1/networks/{network}")).await["name"],
        "Site"
    );
    scene.ordered(&shop("Other")).await;
    let refused = scene
        .program
        .json("PATCH", &path, &json!({ "name": "Other" }))
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["field"], "name");
}

#[tokio::test]
async fn deleted_it_is_kept_as_a_whole_and_comes_back_as_it_was() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let web = scene.part(&id, "web").await.remove(0);
    let port = scene.server(&web).await["ports"][0]["port"].clone();
    let secret = scene.secret(&web, "DATABASE_PASSWORD").await;
    scene.delete_stack(&id).await;
    scene.work().await;
    let stack = scene.stack(&id).await;
    assert_eq!(stack["status"], "deleted");
    let list = scene.get("/api/v1/stacks").await;
    assert_eq!(list["items"], json!([]));
    let deleted = scene.get("/api/v1/deleted-stacks").await;
    assert_eq!(deleted["items"][0]["id"], stack["id"]);
    let again = scene
        .program
        .json("DELETE", &format!("/api/v1/stacks/{id}"), &json!({}))
        .await;
    assert_eq!(again.expect(409).json()["code"], "stack-deleted");
    scene
        .post(&format!("/api/v1/stacks/{id}/restore"), &json!({}))
        .await
        .expect(202);
    scene.work().await;
    scene.be_healthy(&id).await;
    assert_eq!(scene.stack(&id).await["status"], "running");
    let back = scene.server(&web).await;
    assert_eq!(back["ports"][0]["port"], port);
    assert_eq!(scene.secret(&web, "DATABASE_PASSWORD").await, secret);
    assert_eq!(scene.seen(&web).await.networks.len(), 1);
}

#[tokio::test]
async fn it_comes_back_beside_another_that_took_its_name_and_only_if_there_is_room() {
    let scene = Scene::with_room(4).await;
    let id = scene.running(&shop("Shop")).await;
    scene.delete_stack(&id).await;
    scene.work().await;
    let refused = scene.post("/api/v1/stacks", &shop("Shop")).await.expect(422);
    assert!(
        refused.body.contains("networks has this name"),
        "its network is kept, too: {}",
        refused.body
    );
    let server = json!({ "name": "Shop web", "template": "static-site", "size": "small-box",
        "variables": { "SITE_OWNER": "Ada" } });
    scene.post("/api/v1/servers", &server).await.expect(202);
    let restore = format!("/api/v1/stacks/{id}/restore");
    let more = |name: &str| {
        json!({ "name": name, "template": "static-site", "size": "small-box",
        "variables": { "SITE_OWNER": "Ada" } })
    };
    scene.post("/api/v1/servers", &more("two")).await.expect(202);
    let third = scene
        .post("/api/v1/servers", &more("three"))
        .await
        .expect(202)
        .json();
    let refused = scene.post(&restore, &json!({})).await.expect(409).json();
    assert_eq!(refused["code"], "limit-reached");
    assert_eq!(
        scene.stack(&id).await["status"],
        "deleted",
        "none of it came back"
    );
    let third = format!("/api/v1/servers/{}", third["server"]["id"].as_str().unwrap());
    scene.program.json("DELETE", &third, &json!({})).await.expect(202);
    let back = scene.post(&restore, &json!({})).await.expect(202).json();
    let names: Vec<_> = back["stack"]["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["Shop db", "Shop web (restored)"]);
}

#[tokio::test]
async fn erased_nothing_of_it_is_left() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 3)).await;
    let erase = format!("/api/v1/stacks/{id}/erase");
    let refused = scene.post(&erase, &json!({})).await.expect(409).json();
    assert_eq!(refused["code"], "stack-not-deleted");
    scene.delete_stack(&id).await;
    scene.post(&erase, &json!({})).await.expect(202);
    let refused = scene.post(&erase, &json!({})).await.expect(409).json();
    assert_eq!(refused["code"], "stack-erasing");
    scene
        .post(&format!("/api/v1/stacks/{id}/restore"), &json!({}))
        .await
        .expect(409);
    scene.work().await;
    // The volume that replicas share goes once the last of them has let go of it.
    scene.later(TimeDelta::minutes(10)).await;
    assert_eq!(scene.rows().await, (0, 0, 0));
    assert!(scene.is_engine_empty().await);
    scene
        .program
        .get(&format!("/api/v1/stacks/{id}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn it_ends_by_itself_when_its_time_is_over() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    scene.delete_stack(&id).await;
    scene.work().await;
    let days = i64::from(scene.test.app.config.deleted_retention_days);
    scene.later(TimeDelta::days(days)).await;
    scene.later(TimeDelta::minutes(10)).await;
    assert_eq!(scene.rows().await, (0, 0, 0));
    assert!(scene.is_engine_empty().await);
}

#[tokio::test]
async fn a_kept_stack_makes_way_as_a_whole() {
    let scene = Scene::with_room(3).await;
    let id = scene.running(&shop("Shop")).await;
    scene.delete_stack(&id).await;
    scene.work().await;
    for name in ["one", "two"] {
        let server = json!({ "name": name, "template": "static-site", "size": "small-box",
            "variables": { "SITE_OWNER": "Ada" } });
        let made = scene.post("/api/v1/servers", &server).await.expect(202).json();
        let path = format!("/api/v1/servers/{}", made["server"]["id"].as_str().unwrap());
        scene.program.json("DELETE", &path, &json!({})).await.expect(202);
    }
    scene.later(TimeDelta::minutes(10)).await;
    assert_eq!(
        scene.rows().await,
        (0, 2, 0),
        "three are kept at most; the stack went, and not the half of it"
    );
}
