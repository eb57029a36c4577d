//! Processes that die, answers that get lost, two that want the same.

use chrono::Duration;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, ObservedState};
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::operations::State;
use crate::platform::reconcile::Reconciler as _;

use super::super::model::Command;
use super::scene::Scene;

#[tokio::test]
async fn two_processes_never_work_on_one_server() {
    let scene = Scene::new().await;
    for number in 0..6 {
        scene.create(&format!("web {number}")).await.unwrap();
    }
    let (one, other) = tokio::join!(scene.servers.claim(4), scene.servers.claim(4));
    let (one, other) = (one.unwrap(), other.unwrap());
    let all = one.iter().chain(&other);
    let mut ids: Vec<_> = all.map(|claimed| claimed.server.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), one.len() + other.len());
    assert!(ids.len() >= 4);
}

#[tokio::test]
async fn what_a_dead_process_held_is_taken_over_when_its_lease_runs_out() {
    let scene = Scene::new().await;
    let asked = scene.create("web").await.unwrap();
    let dead = scene.claim().await;
    assert_eq!(scene.work().await, 0, "it is held");
    assert_eq!(scene.later(Duration::seconds(15)).await, 1);
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);

    // The dead one was only slow: it may look, and do nothing more.
    let calls = scene.test.engine.total_calls();
    for claimed in dead {
        assert!(!scene.servers.reconcile(claimed).await.unwrap());
    }
    assert_eq!(scene.test.engine.total_calls(), calls + 1);
    assert_eq!(scene.find(&asked.server).await.observed_generation, 1);
}

#[tokio::test]
async fn a_wish_during_the_work_is_not_lost() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.command(&server, Command::Restart).await;
    let claimed = scene.claim().await;
    let stop = scene.command(&server, Command::Stop).await;
    for claimed in claimed {
        assert!(!scene.servers.reconcile(claimed).await.unwrap());
    }
    scene.work().await;
    assert_eq!(scene.operation(&stop).await.state, State::Succeeded);
    let state = scene.seen(&server).await.state;
    assert!(matches!(state, ObservedState::Exited { .. }));
}

/// The end of a server is one transaction that holds its row. Whatever is heard meanwhile must not make the work wait for
/// that row, which it would let go of only when it goes on.
#[tokio::test]
async fn news_during_the_end_of_a_server_do_not_hold_it_up() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.erase(&server).await;
    let mut claimed = scene.claim().await;
    let mut other = scene.tx().await;
    sqlx::query!(
        "select from server_port where server_id = $1 for update",
        server.id.0
    )
    .execute(other.conn())
    .await
    .unwrap();
    let limit = std::time::Duration::from_secs(10);
    let work = tokio::time::timeout(limit, scene.servers.reconcile(claimed.remove(0)));
    let news = async {
        while !scene.is_somebody_waiting().await {
            tokio::task::yield_now().await;
        }
        scene.servers.changed(server.id);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        other.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(work, news);
    assert!(done.expect("it goes on").unwrap());
    assert!(matches!(scene.try_find(&server).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_lost_answer_does_no_harm() {
    let calls = [
        Call::Observe,
        Call::BuildImage,
        Call::EnsureNetwork,
        Call::EnsureVolume,
        Call::Ensure,
        Call::Start,
        Call::Stop,
        Call::Kill,
        Call::Remove,
        Call::ListVolumes,
        Call::RemoveVolume,
        Call::RemoveNetwork,
    ];
    for call in calls {
        let scene = Scene::new().await;
        scene.test.engine.lose_answer(call, 1);
        live_and_die(&scene, &format!("{call:?}")).await;
    }
}

/// A server's whole life, with time enough for second tries.
async fn live_and_die(scene: &Scene, case: &str) {
    let minute = Duration::minutes(1);
    let asked = scene.create("web").await.unwrap();
    scene.work().await;
    scene.later(minute).await;
    let server = scene.find(&asked.server).await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running, "{case}");
    for command in [
        Command::Restart,
        Command::Stop,
        Command::Start,
        Command::Kill,
        Command::Start,
    ] {
        scene.command(&server, command).await;
        scene.work().await;
        scene.later(minute).await;
    }
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running, "{case}");
    scene.erase(&server).await;
    scene.work().await;
    scene.later(minute).await;
    assert!(
        matches!(scene.try_find(&server).await, Err(Error::NotFound)),
        "{case}"
    );
    let engine = &scene.test.engine;
    assert!(engine.observe_all().await.unwrap().is_empty(), "{case}");
    assert!(engine.list_volumes().await.unwrap().is_empty(), "{case}");
    assert!(engine.list_networks().await.unwrap().is_empty(), "{case}");
}
