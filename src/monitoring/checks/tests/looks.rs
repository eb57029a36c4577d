//! What is looked at, when, and what follows from it.

use chrono::TimeDelta;
use serde_json::json;

use crate::drivers::probe::{Ask, Verdict};
use crate::monitoring::{IncidentState, Signature};

use super::super::runner::by_hand::look;
use super::{PORT, Scene};

#[tokio::test]
async fn every_server_is_given_the_checks_of_its_template_once() {
    let scene = Scene::new().await;
    scene.later(0).await;
    let given = scene.get(&scene.of_server()).await;
    let given = given.as_array().unwrap();
    let names: Vec<_> = given
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Disk", "Memory", "Page at http", "Processor"]);
    let page = format!("/api/v1/checks/{}", given[2]["id"].as_str().unwrap());
    scene.program.json("DELETE", &page, &json!({})).await.expect(204);
    scene.later(600).await;
    assert_eq!(scene.get(&scene.of_server()).await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_new_or_changed_is_looked_at_at_once() {
    let scene = Scene::bare().await;
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    assert_eq!(scene.later(0).await, 1);
    assert_eq!(scene.get(&check).await["state"], "good");
    let slower = json!({ "interval_seconds": 3600 });
    scene.program.json("PATCH", &check, &slower).await.expect(200);
    assert_eq!(scene.later(0).await, 1);
    assert_eq!(scene.later(0).await, 0);
}

#[tokio::test]
async fn a_failure_is_told_when_it_is_believed_and_so_is_its_end() {
    let scene = Scene::bare().await;
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    assert_eq!(scene.later(30).await, 1);
    assert_eq!(scene.get(&check).await["state"], "good");
    scene.port_is(Verdict::Bad);
    scene.later(30).await;
    assert_eq!(scene.get(&check).await["state"], "good", "once is nothing");
    assert_eq!(scene.later(10).await, 1, "in doubt it is looked at soon");
    let shown = scene.get(&check).await;
    assert_eq!(
        (&shown["state"], &shown["message"]),
        (&json!("bad"), &json!("Nobody listens there."))
    );
    assert_eq!(shown["changes"][0]["state"], "bad");
    assert_eq!(
        (&shown["hours"][0]["good"], &shown["hours"][0]["bad"]),
        (&json!(1), &json!(2))
    );
    let told = scene.incidents().await;
    assert_eq!(
        (told.len(), told[0].signature, told[0].state),
        (1, Signature::Tcp, IncidentState::Open)
    );
    scene.later(60).await;
    assert_eq!(scene.incidents().await.len(), 1);
    scene.port_is(Verdict::Good);
    scene.later(30).await;
    scene.later(10).await;
    assert_eq!(scene.get(&check).await["state"], "good");
    assert_eq!(scene.incidents().await[0].state, IncidentState::Closed);
    // Where it went: to the server's own port, where its location publishes that.
    let asked = scene.test.prober.asked();
    assert!(
        asked
            .iter()
            .all(|probe| probe.at.to_string() == "127.0.0.1" && probe.port == PORT && probe.ask == Ask::Tcp)
    );
}

#[tokio::test]
async fn what_is_deleted_paused_or_stopped_ends_its_incident() {
    for end in ["delete", "pause", "stop"] {
        let scene = Scene::bare().await;
        scene.port_is(Verdict::Bad);
        let check = scene
            .check("Shop", json!({ "kind": "tcp", "port": "http" }))
            .await;
        scene.later(30).await;
        scene.later(30).await;
        assert_eq!(scene.incidents().await[0].state, IncidentState::Open, "{end}");
        match end {
            "delete" => drop(scene.program.json("DELETE", &check, &json!({})).await.expect(204)),
            "pause" => drop(
                scene
                    .program
                    .json("POST", &format!("{check}/pause"), &json!({}))
                    .await
                    .expect(200),
            ),
            _ => scene.test.administer("update server set power = 'stopped'").await,
        }
        scene.later(30).await;
        assert_eq!(scene.incidents().await[0].state, IncidentState::Closed, "{end}");
        let is_there = scene.program.get(&check).await.status == 200;
        assert_eq!(is_there, end != "delete", "{end}");
    }
}

#[tokio::test]
async fn what_something_larger_explains_is_held() {
    let scene = Scene::bare().await;
    scene.port_is(Verdict::Bad);
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    scene
        .test
        .administer("update server set observed_health = 'unhealthy'")
        .await;
    scene.later(30).await;
    scene.later(30).await;
    assert_eq!(scene.get(&check).await["state"], "held");
    assert!(scene.incidents().await.iter().all(|told| told.check.is_none()));
    scene
        .test
        .administer("update server set observed_health = 'healthy'")
        .await;
    scene.later(30).await;
    assert_eq!(scene.get(&check).await["state"], "bad");
    // Nobody looks while there is nothing to see.
    let before = scene.test.prober.count();
    scene
        .test
        .administer("update location set engine_error = 'away', engine_error_since = now()")
        .await;
    scene.later(30).await;
    let shown = scene.get(&check).await;
    assert_eq!(
        (&shown["state"], scene.test.prober.count()),
        (&json!("bad"), before)
    );
    assert!(
        shown["message"].as_str().unwrap().starts_with("Nobody looked"),
        "{shown}"
    );
}

#[tokio::test]
async fn two_panels_look_once_and_a_dead_ones_lease_runs_out() {
    let scene = Scene::bare().await;
    for number in 0..6 {
        scene
            .check(&format!("{number}"), json!({ "kind": "tcp", "port": "http" }))
            .await;
    }
    scene.test.clock.advance(TimeDelta::seconds(30));
    let (one, other) = tokio::join!(look(&scene.test.app), look(&scene.test.app));
    assert_eq!((one + other, scene.test.prober.count()), (6, 6));
    scene.test.clock.advance(TimeDelta::seconds(30));
    scene
        .test
        .administer(
            "update monitor_check set lease_id = gen_random_uuid(), lease_until = '2026-03-10T12:02:00Z'",
        )
        .await;
    assert_eq!(look(&scene.test.app).await, 0);
    scene.test.clock.advance(TimeDelta::minutes(1));
    assert_eq!(look(&scene.test.app).await, 6);
}

#[tokio::test]
async fn a_full_disk_is_seen_in_the_panels_own_measurements() {
    let scene = Scene::bare().await;
    let new =
        json!({ "name": "Disk", "looks_at": { "kind": "disk", "percent": 90 }, "failures": 1, "of_last": 1 });
    scene
        .program
        .json("POST", &scene.of_server(), &new)
        .await
        .expect(201);
    scene.later(60).await;
    assert_eq!(
        scene.get(&scene.of_server()).await[0]["state"],
        "pending",
        "nothing was measured yet"
    );
    scene
        .test
        .administer(
            "insert into usage_disk (server_id, tenant_id, bytes, at) select id, tenant_id, disk_mib * 1024 * 1000, now() from server",
        )
        .await;
    scene.later(60).await;
    let shown = scene.get(&scene.of_server()).await[0].clone();
    assert_eq!(
        (&shown["state"], &shown["message"]),
        (&json!("bad"), &json!("98 % of the disk is full."))
    );
    assert_eq!(scene.incidents().await[0].signature, Signature::DiskFull);
    assert_eq!(scene.test.prober.count(), 0);
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let scene = Scene::bare().await;
    scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    scene.later(30).await;
    scene.later(3600).await;
    let count = async || {
        super::super::clean_up(&scene.test.app, &scene.test.system())
            .await
            .unwrap()
    };
    assert_eq!(count().await, 0);
    scene.test.clock.advance(TimeDelta::days(91));
    // The first hour, and that it was well.
    assert_eq!(count().await, 2);
}
