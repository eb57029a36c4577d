//! A password that several parts know is changed for all of them, or for none.

use serde_json::{Value, json};

use crate::platform::access::Permission;

use super::scene::{Scene, cluster, shop};

impl Scene {
    async fn change_secret(&self, id: &str, place: &str, value: &Value) -> crate::testing::Answer {
        let path = format!("/api/v1/stacks/{id}/parts/{place}/change");
        self.post(&path, value).await
    }
}

#[tokio::test]
async fn all_who_know_a_password_get_the_new_one() {
    let scene = Scene::new().await;
    let id = scene.running(&cluster("Web", 2)).await;
    let (db, web) = (scene.part(&id, "db").await, scene.part(&id, "web").await);
    let before = scene.secret(&db[0], "MARIADB_PASSWORD").await;
    let container = scene.seen(&web[1]).await.container_id;
    let cache = scene.secret(&web[0], "CACHE_PASSWORD").await;
    let place = "db/passwords/MARIADB_PASSWORD";
    let begun = scene
        .change_secret(&id, place, &json!({ "value": "harbour-light-7" }))
        .await;
    assert_eq!(begun.expect(202).json()["work"].as_array().unwrap().len(), 3);
    scene.work().await;
    for (server, key) in [
        (&db[0], "MARIADB_PASSWORD"),
        (&web[0], "DATABASE_PASSWORD"),
        (&web[1], "DATABASE_PASSWORD"),
    ] {
        assert_eq!(
            scene.secret(server, key).await,
            "harbour-light-7",
            "{key} of {server}"
        );
    }
    assert_ne!(
        scene.seen(&web[1]).await.container_id,
        container,
        "it is made anew"
    );
    assert_eq!(
        scene.secret(&web[1], "CACHE_PASSWORD").await,
        cache,
        "the others stay"
    );
    // Made up, and not what it was.
    scene.change_secret(&id, place, &json!({})).await.expect(202);
    scene.work().await;
    let made_up = scene.secret(&db[0], "MARIADB_PASSWORD").await;
    assert_ne!(made_up, before);
    assert_ne!(made_up, "harbour-light-7");
    assert_eq!(scene.secret(&web[0], "DATABASE_PASSWORD").await, made_up);
    scene.be_healthy(&id).await;
    assert_eq!(scene.stack(&id).await["status"], "running");
    let log = scene.audit_log().await;
    assert!(
        log.contains("stack.secret Web") && !log.contains("harbour-light-7"),
        "{log}"
    );
}

#[tokio::test]
async fn what_is_no_shared_password_is_not_there() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let new = json!({ "value": "harbour-light-7" });
    for place in [
        "db/passwords/MARIADB_USER",
        "db/passwords/NOTHING",
        "web/passwords/DATABASE_PASSWORD",
        "roof/passwords/MARIADB_PASSWORD",
    ] {
        scene.change_secret(&id, place, &new).await.expect(404);
    }
    let place = "db/passwords/MARIADB_PASSWORD";
    let short = scene
        .change_secret(&id, place, &json!({ "value": "x" }))
        .await
        .expect(422)
        .json();
    assert_eq!(short["errors"][0]["field"], "value");
    let reader = scene
        .test
        .program(scene.owner, Some(scene.tenant), &[Permission::ServerRead])
        .await;
    let path = format!("/api/v1/stacks/{id}/parts/{place}/change");
    reader.json("POST", &path, &new).await.expect(403);
    scene
        .program
        .json("DELETE", &format!("/api/v1/stacks/{id}"), &json!({}))
        .await
        .expect(202);
    scene.change_secret(&id, place, &new).await.expect(409);
}

#[tokio::test]
async fn the_page_makes_up_another() {
    let scene = Scene::new().await;
    let id = scene.running(&shop("Shop")).await;
    let page = format!("/t/acme/stacks/{id}");
    let shown = scene.browser.get(&page).await.expect(200);
    let form = format!("{page}/parts/db/passwords/MARIADB_PASSWORD/change");
    assert_eq!(
        shown.body.matches(&form).count(),
        1,
        "one password is known to two parts"
    );
    let (db, web) = (scene.part(&id, "db").await, scene.part(&id, "web").await);
    let before = scene.secret(&db[0], "MARIADB_PASSWORD").await;
    scene.browser.post(&form, &[]).await.expect(303);
    scene.work().await;
    let after = scene.secret(&db[0], "MARIADB_PASSWORD").await;
    assert_ne!(after, before);
    assert_eq!(scene.secret(&web[0], "DATABASE_PASSWORD").await, after);
}
