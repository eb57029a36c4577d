//! What falls due: run once, in order, told, and by whom it is taken up when a panel dies.

use chrono::TimeDelta;
use serde_json::json;

use crate::drivers::engine::fake::Call;
use crate::platform::reconcile::Reconciler as _;

use super::super::store;
use super::scene::{Scene, at, command, power, time};

#[tokio::test]
async fn what_is_due_runs_once_and_keeps_what_it_printed() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 13 * * *", &[command("echo hello")]).await;
    scene.later(TimeDelta::minutes(59)).await;
    assert_eq!(scene.runs(&id).await.len(), 0);
    scene.later(TimeDelta::minutes(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(time(&run["due_at"]), at("2026-03-10T13:00:00Z"));
    assert_eq!(run["asked_by"], json!(null));
    assert_eq!(run["steps"][0]["output"], "hello\n");
    assert_eq!(run["steps"][0]["exit_code"], 0);
    scene.later(TimeDelta::hours(2)).await;
    assert_eq!(scene.runs(&id).await.len(), 1);
    let next = scene.get(&format!("/{id}")).await["next_run"].clone();
    assert_eq!(time(&next), at("2026-03-11T13:00:00Z"));
}

#[tokio::test]
async fn two_panels_run_it_once() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 13 * * *", &[command("echo hello")]).await;
    scene.test.clock.advance(TimeDelta::hours(1));
    let (one, other) = (scene.runner(), scene.runner());
    let (one, other) = tokio::join!(one.claim(16), other.claim(16));
    let claimed = [one.unwrap(), other.unwrap()].concat();
    assert!(claimed.len() <= 1, "{claimed:?}");
    for run in claimed {
        scene.runner().reconcile(run).await.unwrap();
    }
    scene.work().await;
    assert_eq!(scene.runs(&id).await.len(), 1);
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
}

#[tokio::test]
async fn a_power_step_is_over_when_the_server_is_there() {
    let scene = Scene::new().await;
    let starts = scene.test.engine.calls(Call::Start);
    let id = scene
        .schedule("0 13 * * *", &[power("restart"), command("echo up")])
        .await;
    scene.later(TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        (&run["state"], &run["steps"][0]["state"]),
        (&json!("running"), &json!("running"))
    );
    scene.later(TimeDelta::seconds(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(run["steps"][1]["output"], "up\n");
    assert!(run["steps"][0]["operation_id"].is_string());
    assert_eq!(scene.test.engine.calls(Call::Start), starts + 1);
    let audit = scene.audit_log().await;
    assert!(audit.contains("server.restart"), "{audit}");
}

#[tokio::test]
async fn a_power_step_that_somebody_overtakes_fails() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 13 * * *", &[power("stop")]).await;
    scene.test.clock.advance(TimeDelta::hours(1));
    let runner = scene.runner();
    for run in runner.claim(16).await.unwrap() {
        runner.reconcile(run).await.unwrap();
    }
    scene.test.clock.advance(TimeDelta::milliseconds(1));
    let start = format!("/api/v1/servers/{}/actions/start", scene.server);
    scene.program.json("POST", &start, &json!({})).await.expect(202);
    scene.later(TimeDelta::seconds(2)).await;
    scene.later(TimeDelta::seconds(2)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "failed", "{run}");
    let note = run["steps"][0]["note"].as_str().unwrap();
    assert!(note.starts_with("Somebody asked"), "{note}");
}

#[tokio::test]
async fn steps_wait_and_a_failure_ends_the_run_unless_it_is_to_go_on() {
    let scene = Scene::new().await;
    let wait = json!({ "kind": "command", "command": "echo late", "wait_seconds": 30 });
    let mut fails = command("false");
    fails["go_on"] = json!(true);
    let id = scene
        .schedule(
            "0 13 * * *",
            &[fails, wait, command("nonsense"), command("echo never")],
        )
        .await;
    scene.later(TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        (&run["state"], run["steps"].as_array().unwrap().len()),
        (&json!("running"), 1)
    );
    scene.later(TimeDelta::seconds(29)).await;
    assert_eq!(scene.run(&id).await["steps"].as_array().unwrap().len(), 1);
    scene.later(TimeDelta::seconds(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "failed");
    let states: Vec<_> = run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["state"].clone())
        .collect();
    assert_eq!(states, ["failed", "succeeded", "failed"]);
    assert_eq!(run["steps"][2]["exit_code"], 127);
    assert_eq!(
        run["reason"],
        "Step 3 failed, so the step after it was not begun."
    );
}

#[tokio::test]
async fn a_command_that_takes_too_long_or_finds_no_server_fails_with_words() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 13 * * *", &[command("sleep 1000")]).await;
    scene.later(TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        run["steps"][0]["note"],
        "The command did not end in time. It may still be running."
    );
    let stop = format!("/api/v1/servers/{}/actions/stop", scene.server);
    scene.program.json("POST", &stop, &json!({})).await.expect(202);
    scene.work().await;
    scene.later(TimeDelta::days(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        (&run["state"], &run["steps"][0]["note"]),
        (&json!("failed"), &json!("The server did not run."))
    );
}

#[tokio::test]
async fn a_game_gets_its_line_and_what_it_prints_is_the_answer() {
    let scene = Scene::of("openttd", json!({ "SERVER_NAME": "Ada's" })).await;
    let id = scene.schedule("0 13 * * *", &[command("say hello")]).await;
    scene.later(TimeDelta::hours(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(run["steps"][0]["output"], "got say hello\n");
    assert_eq!(run["steps"][0]["exit_code"], json!(null));
}

#[tokio::test]
async fn a_run_that_comes_too_early_is_skipped_and_told() {
    let scene = Scene::new().await;
    let slow = json!({ "kind": "command", "command": "echo slow", "wait_seconds": 150 });
    let id = scene.schedule("* * * * *", &[slow]).await;
    for _ in 0..3 {
        scene.later(TimeDelta::minutes(1)).await;
    }
    let runs = scene.runs(&id).await;
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert_eq!(
        (&runs[0]["state"], &runs[0]["times"]),
        (&json!("skipped"), &json!(2))
    );
    assert_eq!(runs[0]["reason"], "The run before it had not ended.");
    assert_eq!(runs[1]["state"], "running");
    scene.later(TimeDelta::minutes(1)).await;
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
    let ended = scene.runs(&id).await;
    assert!(ended.iter().any(|run| run["state"] == "succeeded"), "{ended:?}");
}

#[tokio::test]
async fn what_was_missed_runs_at_most_once_and_only_if_it_is_fresh() {
    let scene = Scene::new().await;
    let id = scene.schedule("0 13 * * *", &[command("echo hello")]).await;
    // Three days without a panel, and back ten minutes after the time.
    scene.later(TimeDelta::days(3) + TimeDelta::minutes(70)).await;
    let runs = scene.runs(&id).await;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["state"], "succeeded");
    assert_eq!(time(&runs[0]["due_at"]), at("2026-03-13T13:00:00Z"));
    // A night without one, and back too late.
    scene.later(TimeDelta::days(1) + TimeDelta::hours(2)).await;
    let runs = scene.runs(&id).await;
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["state"], "skipped");
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
}

#[tokio::test]
async fn a_suspended_tenants_schedules_do_not_run_and_say_so_once() {
    let scene = Scene::new().await;
    let id = scene.schedule("*/10 * * * *", &[command("echo hello")]).await;
    scene.later(TimeDelta::minutes(10)).await;
    scene.set_suspended(true).await;
    for _ in 0..3 {
        scene.later(TimeDelta::minutes(10)).await;
    }
    let runs = scene.runs(&id).await;
    assert_eq!(runs.len(), 2);
    assert_eq!(
        (&runs[0]["state"], &runs[0]["times"]),
        (&json!("skipped"), &json!(3))
    );
    assert_eq!(
        runs[0]["reason"],
        "The organisation is not active, so nothing was run."
    );
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
    scene.set_suspended(false).await;
    scene.work().await;
    scene.later(TimeDelta::minutes(10)).await;
    assert_eq!(scene.test.engine.calls(Call::Exec), 2);
}

#[tokio::test]
async fn a_run_in_its_middle_ends_with_the_suspension() {
    let scene = Scene::new().await;
    let late = json!({ "kind": "command", "command": "echo late", "wait_seconds": 60 });
    let id = scene.schedule("0 13 * * *", &[command("echo one"), late]).await;
    scene.later(TimeDelta::hours(1)).await;
    scene.set_suspended(true).await;
    scene.later(TimeDelta::minutes(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(
        (&run["state"], &run["reason"]),
        (
            &json!("interrupted"),
            &json!("The organisation is no longer active.")
        )
    );
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
}

#[tokio::test]
async fn a_panel_that_dies_in_a_command_leaves_an_interrupted_run() {
    let scene = Scene::new().await;
    let id = scene
        .schedule("0 13 * * *", &[command("echo one"), command("echo two")])
        .await;
    scene.test.clock.advance(TimeDelta::hours(1));
    let claimed = scene.runner().claim(16).await.unwrap();
    let mut tx = scene.tx().await;
    let now = scene.test.app.now();
    assert!(
        store::begin_step(&mut tx, claimed[0], (0, None), now)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    scene.later(TimeDelta::seconds(14)).await;
    assert_eq!(scene.run(&id).await["state"], "running");
    scene.later(TimeDelta::seconds(1)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "interrupted");
    assert_eq!(run["reason"], "Berth was stopped in the middle of step 1.");
    assert_eq!(run["steps"][0]["state"], "interrupted");
    assert_eq!(scene.test.engine.calls(Call::Exec), 0);
    // Whoever was only slow changes nothing any more.
    let mut tx = scene.tx().await;
    let is_ours = store::renew(&mut tx, claimed[0], now).await.unwrap();
    assert!(!is_ours);
    // The next one is as ever.
    scene.later(TimeDelta::days(1)).await;
    assert_eq!(scene.run(&id).await["state"], "succeeded");
}

#[tokio::test]
async fn a_panel_that_dies_between_steps_is_followed_by_one_that_goes_on() {
    let scene = Scene::new().await;
    let id = scene
        .schedule("0 13 * * *", &[command("echo one"), command("echo two")])
        .await;
    scene.test.clock.advance(TimeDelta::hours(1));
    let runner = scene.runner();
    for run in runner.claim(16).await.unwrap() {
        runner.reconcile(run).await.unwrap();
    }
    scene.test.clock.advance(TimeDelta::milliseconds(1));
    // Taken, and not begun.
    assert_eq!(runner.claim(16).await.unwrap().len(), 1);
    scene.later(TimeDelta::seconds(16)).await;
    let run = scene.run(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(scene.test.engine.calls(Call::Exec), 2);
}

#[tokio::test]
async fn fifty_runs_are_kept() {
    let scene = Scene::new().await;
    let id = scene.schedule("* * * * *", &[command("echo hello")]).await;
    for _ in 0..53 {
        scene.later(TimeDelta::minutes(1)).await;
    }
    let runs = scene.runs(&id).await;
    assert_eq!(runs.len(), 50);
    assert_eq!(time(&runs[0]["due_at"]), at("2026-03-10T12:53:00Z"));
    assert_eq!(scene.test.engine.calls(Call::Exec), 53);
}

#[tokio::test]
async fn a_schedule_that_is_deleted_in_its_run_runs_no_further() {
    let scene = Scene::new().await;
    let late = json!({ "kind": "command", "command": "echo late", "wait_seconds": 60 });
    let id = scene.schedule("0 13 * * *", &[command("echo one"), late]).await;
    scene.later(TimeDelta::hours(1)).await;
    scene
        .program
        .json("DELETE", &scene.path(&format!("/{id}")), &json!({}))
        .await
        .expect(204);
    scene.later(TimeDelta::minutes(2)).await;
    assert_eq!(scene.test.engine.calls(Call::Exec), 1);
}
