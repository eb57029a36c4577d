//! Comparing everything with the engine, and what belongs to nobody.

use chrono::Duration;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, Health, ObservedState};

use super::scene::{Scene, key};

#[tokio::test]
async fn nothing_changed_costs_one_look_and_wakes_nobody() {
    let scene = Scene::new().await;
    for number in 0..5 {
        scene.running(&format!("web {number}")).await;
    }
    let calls = scene.test.engine.total_calls();
    assert_eq!(scene.work().await, 0);
    assert_eq!(
        scene.test.engine.total_calls(),
        calls,
        "an idle tick calls nobody"
    );
    scene.sweep().await;
    assert_eq!(scene.test.engine.calls(Call::ObserveAll), 1);
    assert_eq!(scene.work().await, 0);
}

#[tokio::test]
async fn what_changed_unseen_is_found() {
    let scene = Scene::new().await;
    let (gone, ill, well) = (
        scene.running("gone").await,
        scene.running("ill").await,
        scene.running("well").await,
    );
    scene.test.engine.vanish(&key(&gone));
    scene.test.engine.set_health(&key(&ill), Health::Unhealthy);
    scene.sweep().await;
    assert_eq!(scene.work().await, 2);
    scene.later(Duration::seconds(2)).await;
    assert_eq!(scene.seen(&gone).await.state, ObservedState::Running);
    assert_eq!(
        scene.told(&ill).await,
        "Unhealthy: It is running, but its check fails. Its log may say why."
    );
    assert_eq!(scene.find(&well).await.notes.failures, 0);
}

#[tokio::test]
async fn orphans_go_after_a_while_and_their_data_much_later() {
    let scene = Scene::new().await;
    let (orphan, kept) = (scene.running("orphan").await, scene.running("kept").await);
    scene.lose_row(&orphan).await;
    let engine = &scene.test.engine;
    scene.sweep().await;
    let left = engine.observe_all().await.unwrap();
    assert_eq!(left.len(), 2, "nothing is removed at first sight");
    scene.test.clock.advance(Duration::minutes(11));
    scene.sweep().await;
    let left = engine.observe_all().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].server, key(&kept));
    assert_eq!(engine.list_volumes().await.unwrap().len(), 2, "data is kept");
    scene.test.clock.advance(Duration::days(31));
    scene.sweep().await;
    assert_eq!(engine.list_volumes().await.unwrap().len(), 1);
    assert_eq!(engine.list_networks().await.unwrap().len(), 1);
    assert_eq!(scene.seen(&kept).await.state, ObservedState::Running);
}

#[tokio::test]
async fn what_is_from_before_installations_had_ids_is_never_an_orphan() {
    let scene = Scene::new().await;
    let (unknown, kept) = (scene.running("unknown").await, scene.running("kept").await);
    scene.test.engine.unmark();
    scene.lose_row(&unknown).await;
    let engine = &scene.test.engine;
    scene.sweep().await;
    scene.test.clock.advance(Duration::days(31));
    scene.sweep().await;
    assert_eq!(scene.seen(&unknown).await.state, ObservedState::Running);
    assert_eq!(engine.list_volumes().await.unwrap().len(), 2);
    scene.erase(&kept).await;
    scene.work().await;
    assert_eq!(
        scene.seen(&kept).await.state,
        ObservedState::Gone,
        "its row says that it is ours"
    );
    assert_eq!(engine.list_volumes().await.unwrap().len(), 1);
}
