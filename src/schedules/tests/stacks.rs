//! The steps that are done to all servers of a stack: waited for, kept as long as was said of each server, told if they fail, and
//! offered only where there is a stack.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::backups::Backups;
use crate::platform::access::Permission;
use crate::platform::reconcile::Reconciler as _;
use crate::snapshots::Snapshots;

use super::backups::{alerts, all_is_well};
use super::scene::{Scene, command};

fn backup() -> Value {
    json!({ "kind": "stack_backup", "retention": { "last": 1 } })
}

fn snapshot() -> Value {
    json!({ "kind": "stack_snapshot", "keep": 1 })
}

/// Lets time pass until the schedule is due, and everybody works until there is nothing to do.
async fn later(scene: &Scene, by: TimeDelta) {
    scene.later(by).await;
    let (backups, snapshots) = (Backups::new(&scene.test.app), Snapshots::new(&scene.test.app));
    loop {
        let repositories = backups.claim(16).await.unwrap();
        let taken = snapshots.claim(16).await.unwrap();
        if repositories.is_empty() && taken.is_empty() {
            break;
        }
        for one in repositories {
            backups.reconcile(one).await.unwrap();
            // The next one of the repository is not there yet.
            scene.test.engine.set_helper("open", "[]", 0, "");
        }
        for one in taken {
            snapshots.reconcile(one).await.unwrap();
        }
    }
    // The run looks what became of it.
    scene.later(TimeDelta::seconds(2)).await;
}

/// What there is of the stack's servers, by their names.
async fn of_stack(scene: &Scene, what: &str) -> Vec<Value> {
    let stacks = scene.program.get("/api/v1/stacks").await.expect(200).json();
    let stack = stacks["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/stacks/{stack}/{what}");
    let mut all = scene.program.get(&path).await.expect(200).json();
    let all = all.as_array_mut().unwrap();
    all.sort_by_key(|one| one["server_name"].to_string());
    all.clone()
}

#[tokio::test]
async fn a_stack_is_backed_up_and_what_was_said_is_kept_of_each_server() {
    let scene = Scene::of_stack().await;
    all_is_well(&scene);
    let id = scene.schedule("0 13 * * *", &[backup()]).await;
    for wait in [TimeDelta::hours(1), TimeDelta::days(1)] {
        later(&scene, wait).await;
        let run = scene.run(&id).await;
        assert_eq!(run["state"], "succeeded", "{run}");
        assert_eq!(run["steps"][0]["step"]["kind"], "stack_backup");
    }
    let all = of_stack(&scene, "backups").await;
    assert_eq!(all.len(), 2, "the newest of each: {all:?}");
    assert_ne!(all[0]["server_id"], all[1]["server_id"]);
    for one in &all {
        assert_eq!(
            (&one["state"], &one["reason"], &one["schedule_id"]),
            (&json!("done"), &json!("schedule"), &json!(id))
        );
    }
    assert_eq!(alerts(&scene).await, 0);
}

#[tokio::test]
async fn a_backup_that_fails_fails_the_step_and_one_that_was_missed_is_told_of_each_server() {
    let scene = Scene::of_stack().await;
    all_is_well(&scene);
    let engine = &scene.test.engine;
    engine.set_helper("backup", "", 1, "Fatal: write: No space left on device");
    let steps = [command("false"), backup()];
    let never = scene.schedule("0 13 * * *", &steps).await;
    later(&scene, TimeDelta::hours(1)).await;
    assert_eq!(scene.run(&never).await["state"], "failed");
    assert_eq!(alerts(&scene).await, 2, "both are told of");
    let path = scene.path(&format!("/{never}"));
    scene.program.json("DELETE", &path, &json!({})).await.expect(204);
    assert_eq!(alerts(&scene).await, 0);

    let id = scene.schedule("0 15 * * *", &[backup()]).await;
    later(&scene, TimeDelta::hours(2)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "failed", "{run}");
    let note = run["steps"][0]["note"].as_str().unwrap().to_owned();
    let names: Vec<Value> = of_stack(&scene, "backups").await;
    for one in names {
        let name = one["server_name"].as_str().unwrap();
        assert!(note.contains(&format!("{name}: the disk is full")), "{note}");
    }
    assert_eq!(alerts(&scene).await, 2);
}

#[tokio::test]
async fn snapshots_of_a_stack_are_taken_and_so_many_kept_of_each_server() {
    let scene = Scene::of_stack().await;
    let id = scene.schedule("0 13 * * *", &[snapshot()]).await;
    for wait in [TimeDelta::hours(1), TimeDelta::days(1)] {
        later(&scene, wait).await;
        let run = scene.run(&id).await;
        assert_eq!(run["state"], "succeeded", "{run}");
    }
    let all = of_stack(&scene, "snapshots").await;
    assert_eq!(all.len(), 2, "the newest of each: {all:?}");
    assert_ne!(all[0]["server_id"], all[1]["server_id"]);
    for one in &all {
        assert_eq!(
            (&one["state"], &one["reason"], &one["schedule_id"]),
            (&json!("ready"), &json!("schedule"), &json!(id))
        );
    }
    scene.test.engine.pool().set_full(true);
    later(&scene, TimeDelta::days(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "failed", "{run}");
    let note = run["steps"][0]["note"].as_str().unwrap();
    assert_eq!(note.matches("is full").count(), 2, "{note}");
}

#[tokio::test]
async fn a_server_by_itself_has_no_such_steps() {
    let scene = Scene::new().await;
    for step in [backup(), snapshot()] {
        let new = json!({ "name": "x", "cron": "0 4 * * *", "steps": [command("true"), step] });
        let wrong = scene.program.json("POST", &scene.path(""), &new).await;
        let errors = wrong.expect(422).json()["errors"].clone();
        assert_eq!(errors[0]["field"], "steps.1.kind", "{errors}");
    }
    let id = scene.schedule("0 4 * * *", &[command("true")]).await;
    let path = scene.path(&format!("/{id}"));
    let change = json!({ "steps": [backup()] });
    scene.program.json("PATCH", &path, &change).await.expect(422);
    let form = format!("/t/acme/servers/{}/schedules/new", scene.server);
    let browser = scene.test.browser(scene.owner).await;
    let page = browser.get(&form).await.expect(200).body;
    assert!(
        page.contains("value=\"backup\"") && !page.contains("value=\"stack_"),
        "{page}"
    );
}

#[tokio::test]
async fn the_form_of_a_part_makes_them_and_a_guest_can_not() {
    let scene = Scene::of_stack().await;
    let list = format!("/t/acme/servers/{}/schedules", scene.server);
    let browser = scene.test.browser(scene.owner).await;
    let page = browser.get(&format!("{list}/new")).await.expect(200).body;
    assert!(page.contains("Take a snapshot of the whole stack"), "{page}");
    let fields = [
        ("name", "Nightly"),
        ("cron", "0 4 * * *"),
        ("steps.0.kind", "stack_snapshot"),
        ("steps.0.keep", "3"),
        ("steps.1.kind", "stack_backup"),
        ("steps.1.last", "2"),
    ];
    let made = browser.post(&list, &fields).await.expect(303);
    let page = browser.get(made.location()).await.expect(200).body;
    assert!(
        page.contains("Take a snapshot of the whole stack, keep the last 3")
            && page.contains("Back the whole stack up, keep the last 2"),
        "{page}"
    );
    let edit = browser
        .get(&format!("{}/edit", made.location()))
        .await
        .expect(200);
    assert!(
        edit.body.contains("value=\"stack_backup\" selected"),
        "{}",
        edit.body
    );

    let gus = scene.test.person("gus").await;
    let given = [
        Permission::ServerRead,
        Permission::ScheduleRead,
        Permission::ScheduleWrite,
        Permission::SnapshotWrite,
    ];
    let place = (scene.tenant, scene.server);
    scene.test.guest(place.0, place.1, gus, &given).await;
    let guest = scene.test.guest_program(gus, place, &given).await;
    let new = |step: Value| json!({ "name": "x", "cron": "0 4 * * *", "steps": [step] });
    let refused = guest.json("POST", &scene.path(""), &new(snapshot())).await;
    refused.expect(403);
    let own = json!({ "kind": "snapshot", "keep": 1 });
    guest.json("POST", &scene.path(""), &new(own)).await.expect(201);
}

#[tokio::test]
async fn a_guest_does_not_take_them_away_and_is_shown_them() {
    let scene = Scene::of_stack().await;
    let id = scene.schedule("0 4 * * *", &[snapshot()]).await;
    let gus = scene.test.person("gus").await;
    let given = [
        Permission::ServerRead,
        Permission::ScheduleRead,
        Permission::ScheduleWrite,
        Permission::SnapshotWrite,
    ];
    let place = (scene.tenant, scene.server);
    scene.test.guest(place.0, place.1, gus, &given).await;
    let guest = scene.test.guest_program(gus, place, &given).await;
    let own = json!({ "steps": [{ "kind": "snapshot", "keep": 1 }] });
    let path = scene.path(&format!("/{id}"));
    guest.json("PATCH", &path, &own).await.expect(403);
    let kept = scene.get(&format!("/{id}")).await;
    assert_eq!(kept["steps"][0]["kind"], "stack_snapshot", "{kept}");
    let form = format!("/t/acme/servers/{}/schedules/{id}/edit", scene.server);
    let page = scene.test.browser(gus).await.get(&form).await.expect(200).body;
    assert!(page.contains("value=\"stack_snapshot\" selected"), "{page}");
}

#[tokio::test]
async fn where_there_is_no_stack_any_more_the_step_says_so() {
    let scene = Scene::of_stack().await;
    all_is_well(&scene);
    let id = scene.schedule("0 13 * * *", &[backup()]).await;
    let apart =
        "update server set stack_id = null, stack_blueprint = null, stack_part = null, stack_replica = null";
    scene.test.administer(apart).await;
    later(&scene, TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        (&run["state"], &run["steps"][0]["note"]),
        (&json!("failed"), &json!("This server is not a part of a stack."))
    );
    assert_eq!(alerts(&scene).await, 1);
}
