//! What people and programs ask for: who may, what is refused, and what it moves.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::engine::fake::Call;
use crate::platform::access::{Permission, StaffRole, TenantRole};

use super::scene::{Scene, all, at, command, power, time};

fn nightly(steps: &[Value]) -> Value {
    json!({ "name": "Nightly", "cron": "0 4 * * *", "steps": steps })
}

#[tokio::test]
async fn mistakes_are_told_by_field() {
    let scene = Scene::new().await;
    let new = json!({ "name": "", "cron": "0 25 * * *", "steps": [{ "kind": "command" }, { "kind": "power", "wait_seconds": 9999 }] });
    let refused = scene
        .program
        .json("POST", &scene.path(""), &new)
        .await
        .expect(422)
        .json();
    let errors = refused["errors"].as_array().unwrap();
    let fields: Vec<&str> = errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "name",
            "cron",
            "steps.0.command",
            "steps.1.power",
            "steps.1.wait_seconds"
        ]
    );
    scene.schedule("0 4 * * *", &[command("true")]).await;
    let again = nightly(&[command("true")]);
    let taken = scene
        .program
        .json("POST", &scene.path(""), &again)
        .await
        .expect(422)
        .json();
    assert_eq!(taken["errors"][0]["field"], "name");
}

#[tokio::test]
async fn a_server_has_twenty_schedules_at_most() {
    let scene = Scene::new().await;
    let mut new = nightly(&[command("true")]);
    for number in 0..20 {
        new["name"] = json!(format!("Schedule {number}"));
        scene
            .program
            .json("POST", &scene.path(""), &new)
            .await
            .expect(201);
    }
    new["name"] = json!("One more");
    let refused = scene
        .program
        .json("POST", &scene.path(""), &new)
        .await
        .expect(409);
    assert_eq!(refused.json()["code"], "too-many-schedules");
    assert_eq!(scene.get("").await.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn nobody_has_a_schedule_say_what_they_may_not_say_themselves() {
    let scene = Scene::new().await;
    let narrow = [
        Permission::ScheduleRead,
        Permission::ScheduleWrite,
        Permission::ServerPower,
    ];
    let program = scene.test.program(scene.owner, Some(scene.tenant), &narrow).await;
    program
        .json("POST", &scene.path(""), &nightly(&[command("true")]))
        .await
        .expect(403);
    let made = program
        .json("POST", &scene.path(""), &nightly(&[power("restart")]))
        .await
        .expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = scene.path(&format!("/{id}"));
    program
        .json("PATCH", &path, &json!({ "steps": [command("true")] }))
        .await
        .expect(403);
    // Somebody who may has changed it; the program may still pause it, and not run it.
    scene
        .program
        .json("PATCH", &path, &json!({ "steps": [command("true")] }))
        .await
        .expect(200);
    program
        .json("POST", &format!("{path}/run"), &json!({}))
        .await
        .expect(403);
    program
        .json("POST", &format!("{path}/pause"), &json!({}))
        .await
        .expect(200);
    program
        .json("POST", &format!("{path}/resume"), &json!({}))
        .await
        .expect(403);
}

#[tokio::test]
async fn strangers_find_nothing() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 4 * * *", &[command("true")]).await;
    let (other, eve) = (scene.test.tenant("other").await, scene.test.person("eve").await);
    scene.test.member(other, eve, TenantRole::Owner).await;
    let stranger = scene.test.program(eve, Some(other), &all()).await;
    for rest in ["", &format!("/{id}"), &format!("/{id}/runs")] {
        stranger.get(&scene.path(rest)).await.expect(404);
    }
    stranger
        .json("POST", &scene.path(""), &nightly(&[command("true")]))
        .await
        .expect(404);
    for verb in ["run", "pause", "resume"] {
        let path = scene.path(&format!("/{id}/{verb}"));
        stranger.json("POST", &path, &json!({})).await.expect(404);
    }
    stranger
        .json("DELETE", &scene.path(&format!("/{id}")), &json!({}))
        .await
        .expect(404);
    assert_eq!(scene.get("").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_pause_holds_and_makes_up_for_nothing() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 13 * * *", &[command("true")]).await;
    scene.post(&format!("/{id}/pause")).await.expect(200);
    let paused = scene.get(&format!("/{id}")).await;
    assert_eq!(
        (&paused["paused"], &paused["next_run"]),
        (&json!(true), &json!(null))
    );
    scene.later(TimeDelta::hours(2)).await;
    let resumed = scene.post(&format!("/{id}/resume")).await.expect(200).json();
    assert_eq!(time(&resumed["next_run"]), at("2026-03-11T13:00:00Z"));
    scene.work().await;
    assert_eq!(scene.runs(&id).await.len(), 0);
    let audit = scene.audit_log().await;
    assert!(
        audit.contains("schedule.pause") && audit.contains("schedule.resume"),
        "{audit}"
    );
}

#[tokio::test]
async fn a_run_by_hand_is_told_by_whom_and_never_twice_at_once() {
    let scene = Scene::new().await;
    let slow = json!({ "kind": "command", "command": "echo hello", "wait_seconds": 30 });
    let id = scene.schedule("0 4 * * *", &[slow]).await;
    scene.post(&format!("/{id}/pause")).await.expect(200);
    scene.post(&format!("/{id}/run")).await.expect(202);
    let refused = scene.post(&format!("/{id}/run")).await.expect(409);
    assert_eq!(refused.json()["code"], "schedule-running");
    scene.later(TimeDelta::seconds(30)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        (&run["state"], &run["asked_by"]),
        (&json!("succeeded"), &json!("ada@example.com"))
    );
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
}

#[tokio::test]
async fn a_change_knows_what_it_was_made_from() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 4 * * *", &[command("true")]).await;
    let path = scene.path(&format!("/{id}"));
    let tag = scene
        .program
        .get(&path)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let later = json!({ "cron": "0 5 * * *" });
    let changed = scene
        .program
        .json_with("PATCH", &path, &later, &[("if-match", &tag)])
        .await
        .expect(200);
    assert_eq!(time(&changed.json()["next_run"]), at("2026-03-11T05:00:00Z"));
    assert_eq!(changed.json()["steps"][0]["command"], "true");
    let late = json!({ "name": "Late" });
    scene
        .program
        .json_with("PATCH", &path, &late, &[("if-match", &tag)])
        .await
        .expect(412);
    let audit = scene.audit_log().await;
    assert!(
        audit.contains("schedule.create Nightly") && audit.contains("schedule.update Nightly"),
        "{audit}"
    );
}

#[tokio::test]
async fn the_time_zone_moves_what_is_next() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 4 * * *", &[command("true")]).await;
    let next = async || time(&scene.get(&format!("/{id}")).await["next_run"]);
    assert_eq!(next().await, at("2026-03-11T04:00:00Z"));
    let path = "/api/v1/tenant/time-zone";
    assert_eq!(
        scene.program.get(path).await.expect(200).json()["time_zone"],
        "UTC"
    );
    let tokyo = json!({ "time_zone": "Asia/Tokyo" });
    scene.program.json("PUT", path, &tokyo).await.expect(200);
    assert_eq!(next().await, at("2026-03-10T19:00:00Z"));
    let refused = scene
        .program
        .json("PUT", path, &json!({ "time_zone": "Mars" }))
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["field"], "time_zone");
    let root = scene.test.staff("root", StaffRole::Owner).await;
    let staff = scene.test.program(root, None, Permission::ALL).await;
    let path = format!("/api/v1/staff/tenants/{}/time-zone", scene.tenant);
    assert_eq!(
        staff.get(&path).await.expect(200).json()["time_zone"],
        "Asia/Tokyo"
    );
    staff
        .json("PUT", &path, &json!({ "time_zone": "America/New_York" }))
        .await
        .expect(200);
    // New York has had summer time since Sunday.
    assert_eq!(next().await, at("2026-03-11T08:00:00Z"));
    let audit = scene.audit_log().await;
    assert_eq!(audit.matches("tenant.time_zone Acme").count(), 2, "{audit}");
}
