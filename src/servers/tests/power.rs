//! Starting, stopping, restarting, killing, deleting.

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, ObservedState};
use crate::platform::access::{StaffRole, StaffScope};
use crate::platform::error::Error;
use crate::platform::operations::State;

use super::super::actions;
use super::super::model::{Command, Power};
use super::scene::Scene;

#[tokio::test]
async fn power_goes_where_it_is_told() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let engine = &scene.test.engine;

    let asked = scene.command(&server, Command::Stop).await;
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(
        scene.told(&server).await,
        "Stopped: It is stopped (exit code 143 (signal 15))."
    );

    scene.command(&server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    assert_eq!(engine.calls(Call::Ensure), 1, "the container was kept");

    let before = scene.seen(&server).await.started_at;
    let asked = scene.command(&server, Command::Restart).await;
    scene.work().await;
    assert_eq!(
        scene.steps(&asked).await,
        ["Stop it: succeeded", "Start it: succeeded"]
    );
    assert!(scene.seen(&server).await.started_at > before);

    scene.command(&server, Command::Kill).await;
    scene.work().await;
    assert_eq!(engine.calls(Call::Kill), 1);
    assert_eq!(
        scene.told(&server).await,
        "Stopped: It was killed and stays stopped."
    );
    let history = scene.history(&server).await;
    assert_eq!(
        history[2..],
        [
            "ada@example.com asked to stop it.",
            "It stopped.",
            "ada@example.com asked to start it.",
            "It started.",
            "ada@example.com asked to restart it.",
            "It started anew.",
            "ada@example.com asked to kill it.",
            "It stopped.",
        ]
    );
}

#[tokio::test]
async fn asking_twice_is_harmless() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let first = scene.command(&server, Command::Restart).await;
    let second = scene.command(&server, Command::Restart).await;
    assert_eq!(first.operation.id, second.operation.id, "the same work");
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::Stop), 1);

    let total = scene.test.engine.total_calls();
    let again = scene.command(&server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.operation(&again).await.state, State::Succeeded);
    assert_eq!(
        scene.test.engine.total_calls(),
        total + 1,
        "one look and nothing done"
    );
}

#[tokio::test]
async fn a_later_wish_replaces_an_earlier_one() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let stop = scene.command(&server, Command::Stop).await;
    let kill = scene.command(&server, Command::Kill).await;
    scene.work().await;
    assert_eq!(scene.operation(&stop).await.state, State::Superseded);
    assert_eq!(scene.operation(&kill).await.state, State::Succeeded);
}

#[tokio::test]
async fn erasing_leaves_nothing_but_the_audit_log() {
    let scene = Scene::new().await;
    let (one, two) = (scene.running("one").await, scene.running("two").await);
    let engine = &scene.test.engine;
    let typo = actions::delete(&scene.test.app, &scene.scope, one.id, Some("One")).await;
    assert!(matches!(typo, Err(Error::Invalid(_))));

    let asked = scene.erase(&one).await;
    let again = actions::erase(&scene.test.app, &scene.scope, one.id, None).await;
    assert_eq!(again.unwrap().operation.id, asked.operation.id);
    let refused = actions::command(&scene.test.app, &scene.scope, one.id, Command::Start).await;
    assert_eq!(refused.unwrap_err().code(), "server-deleting");
    scene.work().await;
    let left = scene.try_find(&one).await;
    assert!(matches!(left, Err(Error::NotFound)), "{left:?}");
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(
        scene.steps(&asked).await,
        [
            "Remove the container: succeeded",
            "Remove the volumes: succeeded",
            "Remove the network if it is unused: succeeded",
            "Forget the server: succeeded"
        ]
    );
    assert_eq!(engine.list_volumes().await.unwrap().len(), 1);
    assert_eq!(
        engine.list_networks().await.unwrap().len(),
        1,
        "the other server needs it"
    );

    scene.erase(&two).await;
    scene.work().await;
    assert!(engine.observe_all().await.unwrap().is_empty());
    assert!(engine.list_volumes().await.unwrap().is_empty());
    assert!(engine.list_networks().await.unwrap().is_empty());
    let log = scene.audit_log().await;
    assert!(
        log.contains("server.delete one") && log.contains("server.erase one"),
        "{log}"
    );
}

#[tokio::test]
async fn a_suspended_tenants_servers_stop_and_come_back_as_they_were() {
    let scene = Scene::new().await;
    let (up, down) = (scene.running("up").await, scene.running("down").await);
    scene.command(&down, Command::Stop).await;
    scene.work().await;

    scene.set_suspended(true).await;
    scene.sweep().await;
    scene.work().await;
    assert_eq!(
        scene.told(&up).await,
        "Suspended: It is stopped because the organisation is not active. It comes back by itself."
    );
    assert_eq!(scene.find(&up).await.power, Power::Running);
    let refused = actions::command(&scene.test.app, &scene.scope, down.id, Command::Start).await;
    assert_eq!(refused.unwrap_err().code(), "tenant-inactive");

    scene.set_suspended(false).await;
    scene.sweep().await;
    scene.work().await;
    assert_eq!(scene.seen(&up).await.state, ObservedState::Running);
    assert!(matches!(
        scene.seen(&down).await.state,
        ObservedState::Exited { .. }
    ));
}

#[tokio::test]
async fn staff_may_use_the_power_buttons() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let sam = scene.test.staff("sam", StaffRole::Support).await;
    let mut actor = scene.scope.actor.clone();
    (actor.user, actor.staff) = (sam, Some(StaffRole::Support));
    let scope = StaffScope::new(scene.test.app.db.clone(), scene.scope.who.clone(), actor);
    let asked = actions::command_as_staff(&scene.test.app, &scope, server.id, Command::Stop).await;
    scene.work().await;
    assert_eq!(scene.operation(&asked.unwrap()).await.state, State::Succeeded);
    assert!(matches!(
        scene.seen(&server).await.state,
        ObservedState::Exited { .. }
    ));
}
