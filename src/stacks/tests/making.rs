//! Ordering: all of it or nothing, what parts are told of each other, and who is refused.

use serde_json::{Value, json};

use crate::drivers::engine::NetworkKey;
use crate::platform::access::Permission;
use crate::testing::Answer;

use super::scene::{Scene, cluster, shop};

fn fields(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap().iter();
    let mut fields: Vec<String> = errors
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn its_servers_are_in_a_network_of_their_own_and_know_each_other() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let stack = scene.stack(&id).await;
    let names: Vec<_> = stack["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["Shop db", "Shop web"]);
    let (web, db) = (&scene.part(&id, "web").await[0], &scene.part(&id, "db").await[0]);
    let own = format!("{}-{}", scene.tenant, stack["network_id"].as_str().unwrap());
    for server in [web, db] {
        let seen = scene.seen(server).await;
        let within: Vec<&str> = seen.networks.iter().map(NetworkKey::as_str).collect();
        assert_eq!(within, [own.as_str()], "nobody else reaches it");
    }
    let site = scene.server(web).await;
    assert_eq!(site["variables"]["DATABASE_HOST"], "db.shop.internal");
    assert_eq!(site["variables"]["DATABASE_USER"], "app");
    assert_eq!(
        scene.secret(web, "DATABASE_PASSWORD").await,
        scene.secret(db, "MARIADB_PASSWORD").await
    );
    assert_eq!(
        site["ports"].as_array().unwrap().len(),
        1,
        "the world reaches the site"
    );
    let database = scene.server(db).await;
    assert_eq!(database["ports"], json!([]), "and not its database");
    scene.be_healthy(&id).await;
    assert_eq!(scene.stack(&id).await["status"], "running");
    let log = scene.audit_log().await;
    assert!(
        log.contains("stack.create Shop") && log.contains("network.create Shop"),
        "{log}"
    );
    let secret = scene.secret(db, "MARIADB_PASSWORD").await;
    assert!(!log.contains(secret.as_str().unwrap()), "no secret is in the log");
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_and_nothing_is_made() {
    let scene = Scene::new().await;
    let order = json!({ "name": " ", "blueprint": "web-cluster", "parts": {
        "web": { "replicas": 9, "size": "huge", "variables": { "SITE_OWNER": "x".repeat(81), "DATABASE_HOST": "evil" } },
        "db": { "replicas": 2, "variables": { "NONSENSE": "1" } },
        "roof": {} } });
    let refused = scene.post("/api/v1/stacks", &order).await.expect(422);
    assert_eq!(
        fields(&refused),
        [
            "name",
            "parts.db.replicas",
            "parts.db.variables.NONSENSE",
            "parts.roof",
            "parts.web.replicas",
            "parts.web.size",
            "parts.web.variables.DATABASE_HOST",
            "parts.web.variables.SITE_OWNER",
        ]
    );
    let unknown = json!({ "name": "Shop", "blueprint": "castle" });
    let refused = scene.post("/api/v1/stacks", &unknown).await.expect(422);
    assert_eq!(fields(&refused), ["blueprint"]);
    assert_eq!(scene.rows().await, (0, 0, 0));
}

#[tokio::test]
async fn the_plan_is_asked_once_for_the_whole() {
    let scene = Scene::with_room(4).await;
    let refused = scene.post("/api/v1/stacks", &cluster("Web", 2)).await.expect(409);
    assert_eq!(refused.json()["code"], "limit-reached");
    assert_eq!(scene.rows().await, (0, 0, 0));
    scene.post("/api/v1/stacks", &cluster("Web", 1)).await.expect(202);
    assert_eq!(scene.rows().await, (1, 4, 1));
}

#[tokio::test]
async fn of_two_that_race_for_the_last_place_one_gets_it() {
    let scene = Scene::with_room(3).await;
    let (one, other) = (shop("One"), shop("Other"));
    let both = tokio::join!(
        scene.post("/api/v1/stacks", &one),
        scene.post("/api/v1/stacks", &other)
    );
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409]);
    assert_eq!(scene.rows().await, (1, 2, 1));
}

#[tokio::test]
async fn networks_have_a_limit_of_their_own() {
    let scene = Scene::new().await;
    for number in 1..=5 {
        let name = json!({ "name": format!("net {number}") });
        scene.post("/api/v1/networks", &name).await.expect(201);
    }
    let refused = scene.post("/api/v1/stacks", &shop("Shop")).await.expect(409);
    assert!(
        refused.json()["title"].as_str().unwrap().contains("networks"),
        "{}",
        refused.body
    );
    assert_eq!(scene.rows().await, (0, 0, 5));
}

#[tokio::test]
async fn a_name_that_anything_of_it_would_share_is_refused() {
    let scene = Scene::new().await;
    let message = |answer: Answer| -> String {
        let body: Value = answer.expect(422).json();
        assert_eq!(body["errors"][0]["field"], "name");
        body["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    scene
        .post("/api/v1/networks", &json!({ "name": "Net" }))
        .await
        .expect(201);
    let told = message(scene.post("/api/v1/stacks", &shop("net")).await);
    assert_eq!(told, "One of your networks has this name. Choose another.");
    let server = json!({ "name": "Shop db", "template": "mariadb", "size": "microcomputer" });
    scene.post("/api/v1/servers", &server).await.expect(202);
    let told = message(scene.post("/api/v1/stacks", &shop("Shop")).await);
    assert_eq!(told, "There is a server Shop db already. Choose another name.");
    scene.ordered(&shop("Other")).await;
    let told = message(scene.post("/api/v1/stacks", &shop("Other")).await);
    assert_eq!(told, "One of your networks has this name. Choose another.");
    assert_eq!(scene.rows().await, (1, 3, 2));
}

#[tokio::test]
async fn who_may_not_create_servers_orders_no_stack() {
    let scene = Scene::new().await;
    let reads = [Permission::ServerRead, Permission::ServerPower];
    let reader = scene.test.program(scene.owner, Some(scene.tenant), &reads).await;
    reader
        .json("POST", "/api/v1/stacks", &shop("Shop"))
        .await
        .expect(403);
    let id = scene.ordered(&shop("Shop")).await;
    reader.get(&format!("/api/v1/stacks/{id}")).await.expect(200);
    let stop = format!("/api/v1/stacks/{id}/actions/stop");
    reader.json("POST", &stop, &json!({})).await.expect(202);
    reader
        .json("DELETE", &format!("/api/v1/stacks/{id}"), &json!({}))
        .await
        .expect(403);
}

#[tokio::test]
async fn another_tenant_finds_nothing() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let (_, stranger) = scene.test.owner("other").await;
    for (method, path) in [
        ("GET", format!("/t/other/stacks/{id}")),
        ("POST", format!("/t/other/stacks/{id}/actions/stop")),
        ("POST", format!("/t/other/stacks/{id}/parts/web/scale")),
        ("POST", format!("/t/other/stacks/{id}/settings")),
        ("POST", format!("/t/other/stacks/{id}/delete")),
        ("POST", format!("/t/other/stacks/{id}/restore")),
        ("POST", format!("/t/other/stacks/{id}/erase")),
    ] {
        let fields = [("replicas", "1"), ("name", "Mine"), ("confirm", "Web")];
        let answer = match method {
            "GET" => stranger.get(&path).await,
            _ => stranger.post(&path, &fields).await,
        };
        assert_eq!(answer.status, 404, "{path}");
    }
    let list = stranger.get("/t/other/stacks").await.expect(200);
    assert!(!list.body.contains(&id));
    assert_eq!(scene.stack(&id).await["name"], "Web");
}
