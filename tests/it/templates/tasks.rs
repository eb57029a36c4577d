//! Tasks by the clock.

use std::time::Duration;

use serde_json::json;

use super::Scene;
use crate::panel::until_within;

/// The shortest interval that cron knows, and a little.
const A_MINUTE: Duration = Duration::from_secs(80);

#[tokio::test]
async fn a_task_runs_by_the_clock_and_its_results_are_kept() {
    let scene = Scene::begin(&["scheduler"]).await;
    let wrong = json!({
        "name": "wrong", "template": "scheduler", "size": "microcomputer", "variables": { "TASKS": "every day, please" },
    });
    let (status, answer) = scene.api.post("/api/v1/servers", &wrong).await;
    assert_eq!(status, 422, "{answer}");
    let answers = json!({ "TASKS": "* * * * * echo \"the word has ${#TASK_SECRET} letters\"\n@yearly true",
        "TASK_SECRET": "twelve chars" });
    let server = scene.order("scheduler", "tasks", answers).await;
    let log = format!("{}/logs", server.path);
    until_within(A_MINUTE, "the task has run", async || {
        let said = scene.api.get(&log).await.to_string();
        said.contains("the word has 12 letters") && said.contains("ended with 0")
    })
    .await;
    server.restart().await;
    let kept = server.inside("cat /srv/tasks/results/echo-*/last.json").await;
    assert!(
        kept.contains("the word has 12 letters") && kept.contains("\"exit_code\": 0"),
        "{kept}"
    );
}
