//! What is told to incidents, and what becomes of checks whose server goes to another tenant.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::probe::Verdict;
use crate::monitoring::{Incident, IncidentState, Signature};

use super::super::runner::by_hand::{look, work};
use super::Scene;

fn one_of(told: &[Incident], signature: Signature) -> &Incident {
    let mut all = told.iter().filter(|one| one.signature == signature);
    all.next().unwrap()
}

#[tokio::test]
async fn a_page_that_fails_after_its_certificate_is_told_as_that() {
    let scene = Scene::bare().await;
    let page = json!({ "kind": "http", "port": "http", "tls": true, "path": "/", "first": 200, "last": 399, "days": 14 });
    scene.check("Shop", page).await;
    scene.port_is(Verdict::Certificate);
    scene.later(30).await;
    scene.later(10).await;
    let told = scene.incidents().await;
    assert_eq!((told.len(), told[0].signature), (1, Signature::Certificate));
    scene.port_is(Verdict::Bad);
    scene.later(30).await;
    assert_eq!(scene.incidents().await.len(), 1, "once is nothing");
    let first = scene.test.app.now();
    scene.later(10).await;
    let told = scene.incidents().await;
    assert_eq!(told.len(), 2);
    let outage = one_of(&told, Signature::Http);
    assert_eq!((outage.state, outage.began_at), (IncidentState::Open, first));
    assert_eq!(one_of(&told, Signature::Certificate).state, IncidentState::Open);
    let tickets = scene.get("/api/v1/tickets").await;
    let mut severities: Vec<_> = tickets["items"].as_array().unwrap().iter().collect();
    severities.sort_by_key(|ticket| ticket["severity"].to_string());
    let severities: Vec<_> = severities.iter().map(|ticket| &ticket["severity"]).collect();
    assert_eq!(severities, [&json!("p2"), &json!("p3")]);
    // It answers again, and its certificate is as it was.
    scene.port_is(Verdict::Certificate);
    scene.later(30).await;
    scene.later(10).await;
    let told = scene.incidents().await;
    assert_eq!(one_of(&told, Signature::Http).state, IncidentState::Closed);
    assert_eq!(one_of(&told, Signature::Certificate).state, IncidentState::Open);
    scene.port_is(Verdict::Good);
    scene.later(30).await;
    scene.later(10).await;
    let told = scene.incidents().await;
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|one| one.state == IncidentState::Closed));
}

#[tokio::test]
async fn one_that_cannot_be_told_keeps_no_other_from_it() {
    let scene = Scene::bare().await;
    scene.port_is(Verdict::Bad);
    for name in ["One", "Two", "Three"] {
        scene.check(name, json!({ "kind": "tcp", "port": "http" })).await;
    }
    for seconds in [30, 10] {
        scene.test.clock.advance(TimeDelta::seconds(seconds));
        assert_eq!(look(&scene.test.app).await, 3);
    }
    // As if a newer Berth had written it.
    scene
        .test
        .administer("update monitor_check set spec = '{\"kind\": \"later\"}' where name = 'One'")
        .await;
    scene.later(0).await;
    assert_eq!(scene.incidents().await.len(), 2);
    scene
        .test
        .administer(
            "update monitor_check set spec = '{\"kind\": \"tcp\", \"port\": \"http\"}' where name = 'One'",
        )
        .await;
    scene.later(0).await;
    assert_eq!(scene.incidents().await.len(), 3);
}

/// Makes an echo of a server that is not told while another check fails. Its id.
async fn waits(scene: &Scene, server: &str, name: &str, on: Option<&str>) -> String {
    let new = json!({ "name": name, "looks_at": { "kind": "ping" }, "depends_on": on });
    let path = format!("/api/v1/servers/{server}/checks");
    let made: Value = scene.program.json("POST", &path, &new).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_goes_to_another_tenant_although_checks_wait_for_each_other() {
    let scene = Scene::bare().await;
    let (web, db) = (
        scene.server.to_string(),
        scene.test.server(scene.tenant, "db").await.to_string(),
    );
    scene.test.tenant("other").await;
    let goes = waits(&scene, &web, "Goes", None).await;
    let base = waits(&scene, &db, "Base", None).await;
    let left = waits(&scene, &db, "Left", Some(&goes)).await;
    waits(&scene, &web, "Goes too", Some(&base)).await;
    scene
        .test
        .administer(
            "select move_server(s.id, t.id, 'web', 'web', '2026-03-10T12:00:00Z') from server s, tenant t \
             where s.name = 'web' and t.slug = 'other'",
        )
        .await;
    work(&scene.test.app).await;
    scene
        .program
        .get(&format!("/api/v1/checks/{goes}"))
        .await
        .expect(404);
    let left = scene.get(&format!("/api/v1/checks/{left}")).await;
    assert_eq!(
        (&left["depends_on"], &left["name"]),
        (&json!(null), &json!("Left"))
    );
    assert_eq!(scene.get(&format!("/api/v1/checks/{base}")).await["name"], "Base");
}
