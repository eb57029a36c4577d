//! A volume's life: made, resized, deleted; its place in plan and ledger; and what is refused.

use std::collections::BTreeSet;

use serde_json::json;

use super::{MIB, Scene};
use crate::drivers::engine::VolumeKey;
use crate::platform::access::{Permission, Side, TenantRole};

fn name(volume: &str) -> String {
    format!("berth-{volume}")
}

#[tokio::test]
async fn one_is_made_resized_and_deleted_with_operations_that_say_so() {
    let scene = Scene::new().await;
    let asked = scene
        .post("/api/v1/volumes", json!({ "name": "media", "size_mib": 64 }))
        .await;
    let asked = asked.expect(202).json();
    assert_eq!(asked["volume"]["state"], "making");
    scene.work().await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
    let id = asked["volume"]["id"].as_str().unwrap();
    let volume = scene.find(id).await;
    assert_eq!(
        (&volume["state"], &volume["quota"]),
        (&json!("ready"), &json!("enforced"))
    );
    let there = scene.pool().volume(&name(id)).unwrap();
    assert_eq!(
        (there.size, there.tenant),
        (64 * MIB, Some(scene.tenant.to_string()))
    );

    let path = format!("/api/v1/volumes/{id}");
    let asked = scene
        .program
        .json("PATCH", &path, &json!({ "size_mib": 128 }))
        .await
        .expect(202)
        .json();
    scene.work().await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
    assert_eq!(scene.pool().volume(&name(id)).unwrap().size, 128 * MIB);
    let renamed = scene
        .program
        .json("PATCH", &path, &json!({ "name": "films" }))
        .await
        .expect(200)
        .json();
    assert_eq!(renamed["name"], "films");

    let asked = scene.delete(&path).await.expect(202).json();
    scene.work().await;
    assert_eq!(scene.operation(&asked).await["state"], "succeeded");
    scene.program.get(&path).await.expect(404);
    assert_eq!(scene.pool().volume(&name(id)), None);
}

#[tokio::test]
async fn without_a_pool_its_quota_is_soft_and_says_so() {
    let scene = Scene::with(None).await;
    let id = scene.volume("media", 64).await;
    assert_eq!(scene.find(&id).await["quota"], "soft");
    let path = format!("/api/v1/volumes/{id}");
    scene
        .program
        .json("PATCH", &path, &json!({ "size_mib": 32 }))
        .await
        .expect(202);
    scene.work().await;
    let volume = scene.find(&id).await;
    assert_eq!(
        (&volume["state"], &volume["size_mib"]),
        (&json!("ready"), &json!(32))
    );
}

#[tokio::test]
async fn a_size_below_what_it_holds_is_refused_and_it_keeps_its_size() {
    let scene = Scene::new().await;
    let id = scene.volume("media", 128).await;
    let path = format!("/api/v1/volumes/{id}");
    // Nobody has measured it: the pool refuses.
    scene.pool().fill(&name(&id), 100 * MIB);
    let asked = scene
        .program
        .json("PATCH", &path, &json!({ "size_mib": 64 }))
        .await
        .expect(202)
        .json();
    scene.work().await;
    let operation = scene.operation(&asked).await;
    assert_eq!(operation["state"], "failed");
    assert!(
        operation["error"].as_str().unwrap().contains("holds 100 MiB"),
        "{operation}"
    );
    let volume = scene.find(&id).await;
    assert_eq!(
        (&volume["size_mib"], &volume["state"]),
        (&json!(128), &json!("ready"))
    );
    // Measured, it is refused at once.
    scene
        .test
        .administer("update volume set used_bytes = 104857600, measured_at = now()")
        .await;
    let refused = scene
        .program
        .json("PATCH", &path, &json!({ "size_mib": 64 }))
        .await
        .expect(422)
        .json();
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("holds 100 MiB"), "{message}");
}

#[tokio::test]
async fn it_takes_of_the_plan_until_it_is_gone() {
    let scene = Scene::new().await;
    scene.test.administer("update plan set max_disk_mib = 100").await;
    let id = scene.volume("media", 64).await;
    let more = json!({ "name": "more", "size_mib": 64 });
    let refused = scene
        .post("/api/v1/volumes", more.clone())
        .await
        .expect(409)
        .json();
    assert_eq!(refused["code"], "limit-reached");
    let path = format!("/api/v1/volumes/{id}");
    scene
        .program
        .json("PATCH", &path, &json!({ "size_mib": 101 }))
        .await
        .expect(409);
    // Its room is free when the pool has it back, and not before.
    scene.delete(&path).await.expect(202);
    scene.post("/api/v1/volumes", more.clone()).await.expect(409);
    scene.work().await;
    scene.post("/api/v1/volumes", more).await.expect(202);
}

#[tokio::test]
async fn what_it_holds_is_in_the_ledger_until_it_is_gone() {
    let scene = Scene::new().await;
    let id = scene.volume("media", 64).await;
    let mut tx = scene.test.app.db.system().await.unwrap();
    let now = scene.test.app.now();
    let used = [(name(&id), 7_340_032)];
    assert_eq!(crate::volumes::measured(&mut tx, &used, now).await.unwrap(), 1);
    crate::storage::measured(&mut tx, now).await.unwrap();
    tx.commit().await.unwrap();
    let things = scene.get("/api/v1/storage/things").await;
    let thing = &things["items"][0];
    assert_eq!(
        (&thing["kind"], &thing["name"]),
        (&json!("volume"), &json!("media"))
    );
    assert_eq!(
        (&thing["bytes"], &thing["allowed_bytes"]),
        (&json!(7_340_032), &json!(64 << 20))
    );
    assert_eq!(scene.find(&id).await["used_bytes"], 7_340_032);
    scene.delete(&format!("/api/v1/volumes/{id}")).await.expect(202);
    scene.work().await;
    assert_eq!(scene.get("/api/v1/storage/things").await["items"], json!([]));
}

#[tokio::test]
async fn bad_input_and_others_things_are_refused_clearly() {
    let scene = Scene::new().await;
    let id = scene.volume("media", 64).await;
    for (name, size) in [
        ("", 64),
        ("a\nb", 64),
        ("x", 15),
        ("x", -1),
        ("x", i64::MAX),
        ("Media", 64),
    ] {
        let new = json!({ "name": name, "size_mib": size });
        scene.post("/api/v1/volumes", new).await.expect(422);
    }
    let paths = ["/attachments", "/attachments/srv_01h455vb4pex5vsknk084sn02q"];
    let eve = scene.test.person("eve").await;
    let other = scene.test.tenant("third").await;
    scene.test.member(other, eve, TenantRole::Owner).await;
    let all = Permission::ALL.iter().copied();
    let all: Vec<_> = all.filter(|one| one.side() == Side::Tenant).collect();
    let theirs = scene.test.program(eve, Some(other), &all).await;
    let path = format!("/api/v1/volumes/{id}");
    theirs.get(&path).await.expect(404);
    theirs
        .json("PATCH", &path, &json!({ "size_mib": 128 }))
        .await
        .expect(404);
    theirs.json("DELETE", &path, &json!({})).await.expect(404);
    let body = json!({ "server": "srv_01h455vb4pex5vsknk084sn02q", "path": "/x" });
    theirs
        .json("POST", &format!("{path}{}", paths[0]), &body)
        .await
        .expect(404);
    theirs
        .json("DELETE", &format!("{path}{}", paths[1]), &json!({}))
        .await
        .expect(404);
    let found = theirs.get("/api/v1/volumes").await.expect(200).json();
    assert_eq!(found["items"], json!([]));
    assert_eq!(scene.find(&id).await["size_mib"], 64);
}

#[tokio::test]
async fn lists_are_sorted_searched_and_paged() {
    let scene = Scene::new().await;
    for (name, size) in [("beta", 32), ("Alpha", 64), ("gamma", 16)] {
        scene.volume(name, size).await;
    }
    for (sort, wanted) in [
        ("name", ["Alpha", "beta", "gamma"]),
        ("-name", ["gamma", "beta", "Alpha"]),
        ("size", ["gamma", "beta", "Alpha"]),
        ("-size", ["Alpha", "beta", "gamma"]),
    ] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = scene
                .get(&format!("/api/v1/volumes?sort={sort}&limit=1&after={after}"))
                .await;
            found.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["name"].clone()),
            );
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        assert_eq!(found, wanted, "{sort}");
    }
    let found = scene.get("/api/v1/volumes?q=ALPH").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    scene.program.get("/api/v1/volumes?sort=colour").await.expect(422);
}

#[tokio::test]
async fn one_that_the_engine_lost_is_told_and_never_made_again() {
    let scene = Scene::new().await;
    let (id, server) = (scene.volume("media", 64).await, scene.server("web").await);
    scene.attach(&id, &server, "/shared").await;
    scene.power(&server, "stop").await;
    scene
        .test
        .engine
        .lose_volume(&VolumeKey::new(id.clone()).unwrap());
    let mut tx = scene.test.app.db.system().await.unwrap();
    let location = crate::servers::own_location(&mut tx).await.unwrap().unwrap();
    let now = scene.test.app.now();
    crate::volumes::note_presence(&mut tx, location, &BTreeSet::new(), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.find(&id).await["state"], "missing");
    scene.power(&server, "start").await;
    scene.later(2).await;
    let told = scene.get(&format!("/api/v1/servers/{server}")).await;
    assert_ne!(told["engine_state"], "running", "{told}");
    assert_eq!(
        scene.pool().volume(&name(&id)),
        None,
        "no empty folder passes for the data"
    );
}
