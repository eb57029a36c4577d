//! What follows the first evidence: that of a relapse, and a log that could not be read. And whom an outage touches.

use chrono::TimeDelta;
use serde_json::json;

use crate::monitoring::{Signal, Signature};
use crate::platform::reconcile::Reconciler as _;
use crate::testing::Client;

use super::super::late::Late;
use super::{PASSWORD, Scene, has_written};

async fn count(scene: &Scene, client: &Client, words: &str) -> usize {
    let posts = scene.posts(client, &scene.only().await).await;
    posts.iter().filter(|(_, body)| body.contains(words)).count()
}

#[tokio::test]
async fn a_relapse_that_the_last_evidence_does_not_show_has_some_of_its_own() {
    let scene = Scene::new().await;
    scene.report(true).await;
    scene.gather().await;
    for (minutes, evidence) in [(14, 1), (16, 2)] {
        scene.report(false).await;
        scene.later(TimeDelta::minutes(minutes));
        scene.report(true).await;
        scene.gather().await;
        scene.gather().await;
        let found = count(&scene, &scene.staff, "## Evidence").await;
        assert_eq!(found, evidence, "after {minutes} minutes");
    }
}

/// Asks for what is owed. Says of each whether it was there.
async fn ask(scene: &Scene, late: &Late) -> Vec<bool> {
    let mut outcomes = Vec::new();
    for owed in late.claim(16).await.unwrap() {
        // Whoever is slow finds it told.
        let (one, other) = tokio::join!(late.reconcile(owed.clone()), late.reconcile(owed));
        outcomes.push(one.unwrap() && other.unwrap());
    }
    scene.later(TimeDelta::minutes(6));
    outcomes
}

#[tokio::test]
async fn a_log_that_could_not_be_read_follows_once() {
    let scene = Scene::new().await;
    has_written(&scene).await;
    scene.test.engine.set_down(true);
    scene.report(true).await;
    scene.gather().await;
    assert_eq!(count(&scene, &scene.staff, "line 0\n").await, 0);
    let late = Late::new(&scene.test.app);
    assert_eq!(ask(&scene, &late).await, [false]);
    scene.test.engine.set_down(false);
    assert_eq!(ask(&scene, &late).await, [true]);
    assert_eq!(ask(&scene, &late).await, [false; 0], "it is owed no more");
    assert_eq!(count(&scene, &scene.staff, "line 0\n").await, 1);
    assert_eq!(count(&scene, &scene.customer, "can be read again").await, 1);
    assert_eq!(count(&scene, &scene.staff, PASSWORD).await, 0);
}

#[tokio::test]
async fn what_is_suspended_is_not_touched_by_an_engine_that_is_away() {
    let scene = Scene::new().await;
    for (slug, server) in [("late", "shop"), ("quiet", "blog"), ("still", "wiki")] {
        let tenant = scene.test.tenant(slug).await;
        scene.test.server(tenant, server).await;
    }
    scene
        .test
        .administer(
            "update server set power = case when name = 'wiki' then 'stopped' else 'running' end,
               location_id = (select location_id from server where name = 'cache') where name <> 'cache';
             update server set suspended_at = now(), suspended_reason = 'x' where name = 'blog';
             update tenant set status = 'suspended', status_reason = 'x' where slug = 'late'",
        )
        .await;
    scene
        .tell(Signal {
            cause: "test:engine".to_owned(),
            tenant: None,
            location: Some(scene.location),
            server: None,
            check: None,
            signature: Signature::EngineAway,
            summary: "The engine of Local does not answer".to_owned(),
            failing: true,
            since: scene.test.app.now(),
            detail: json!({}),
        })
        .await;
    assert_eq!(scene.only().await["tenant"], scene.tenant.to_string());
}
