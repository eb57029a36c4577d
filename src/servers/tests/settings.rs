//! Changing name, size and variables.

use std::collections::BTreeMap;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, ObservedState};
use crate::platform::error::Error;
use crate::platform::operations::{self, State};

use super::super::actions::{self, Changed, SettingsInput, VariableChange};
use super::super::model::{Command, Server};
use super::super::store;
use super::scene::{Scene, database};

async fn change(scene: &Scene, server: &Server, input: SettingsInput) -> Result<Changed, Error> {
    scene.tick();
    actions::change(&scene.test.app, &scene.scope, server.id, input, |_| Ok(())).await
}

fn variable(key: &str, change: VariableChange) -> SettingsInput {
    SettingsInput {
        variables: BTreeMap::from([(key.to_owned(), change)]),
        ..SettingsInput::default()
    }
}

fn set(key: &str, value: &str) -> SettingsInput {
    variable(key, VariableChange::Set(value.to_owned()))
}

fn size(size: &str) -> SettingsInput {
    SettingsInput {
        size: Some(size.to_owned()),
        ..SettingsInput::default()
    }
}

fn name(name: &str) -> SettingsInput {
    SettingsInput {
        name: Some(name.to_owned()),
        ..SettingsInput::default()
    }
}

#[tokio::test]
async fn a_new_name_touches_no_container() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let calls = scene.test.engine.total_calls();
    let changed = change(&scene, &server, name("Shop 🛒")).await.unwrap();
    assert!(changed.operation.is_none());
    assert_eq!(
        (changed.server.name.as_str(), changed.server.version),
        ("Shop 🛒", 2)
    );
    scene.work().await;
    assert_eq!(scene.test.engine.total_calls(), calls);
    let history = scene.history(&server).await;
    assert!(history.last().unwrap().contains("renamed it from web to Shop 🛒"));
}

#[tokio::test]
async fn another_answer_makes_a_new_container_with_the_old_volumes() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let before = scene.seen(&server).await;
    let changed = change(&scene, &server, set("SITE_TITLE", "New")).await.unwrap();
    scene.work().await;
    let after = scene.seen(&server).await;
    assert_ne!(before.container_id, after.container_id);
    assert_eq!(after.state, ObservedState::Running);
    assert_eq!(before.ports, after.ports, "its address stays");
    assert_eq!(scene.test.engine.list_volumes().await.unwrap().len(), 1);
    assert_eq!(scene.test.engine.calls(Call::RemoveVolume), 0);
    let id = changed.operation.unwrap().id;
    let operation = operations::find(&mut scene.tx().await, id).await.unwrap();
    assert_eq!(operation.state, State::Succeeded);
}

#[tokio::test]
async fn what_does_not_change_restarts_nothing() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let input = SettingsInput {
        name: Some(server.name.clone()),
        size: Some(server.size.clone()),
        ..set("SITE_OWNER", " Ada ")
    };
    let changed = change(&scene, &server, input).await.unwrap();
    assert!(changed.operation.is_none());
    assert_eq!(changed.server.version, server.version);
}

#[tokio::test]
async fn a_stopped_server_takes_its_settings_at_the_next_start() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    change(&scene, &server, set("SITE_TITLE", "New")).await.unwrap();
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::Ensure), 1);
    scene.command(&server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::Ensure), 2);
}

#[tokio::test]
async fn secrets_stay_unless_they_are_changed() {
    let scene = Scene::new().await;
    let app = &scene.test.app;
    let asked = actions::create(app, &scene.scope, database("db")).await.unwrap();
    scene.work().await;
    let (server, key) = (asked.server, "POSTGRES_PASSWORD");
    let reveal = || async {
        let secret = actions::reveal(app, &scene.scope, server.id, key).await;
        secret.unwrap().expose().clone()
    };
    let first = reveal().await;
    change(&scene, &server, set("POSTGRES_DB", "shop")).await.unwrap();
    assert_eq!(reveal().await, first);
    change(&scene, &server, set(key, "hunter42hunter42"))
        .await
        .unwrap();
    assert_eq!(reveal().await, "hunter42hunter42");
    let reset = variable(key, VariableChange::Reset);
    change(&scene, &server, reset).await.unwrap();
    assert_eq!(reveal().await.len(), 32);
    let log = scene.audit_log().await;
    assert!(
        log.contains("POSTGRES_PASSWORD") && !log.contains("hunter42"),
        "{log}"
    );
    let variables = store::variables(&mut scene.tx().await, server.id).await.unwrap();
    let database = variables.iter().find(|variable| variable.key == "POSTGRES_DB");
    assert_eq!(database.unwrap().value.as_deref(), Some("shop"));
}

#[tokio::test]
async fn somebody_elses_change_is_not_overwritten() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let stale = |_| Err(Error::PreconditionFailed);
    let refused = actions::change(&scene.test.app, &scene.scope, server.id, name("mine"), stale).await;
    assert!(matches!(refused, Err(Error::PreconditionFailed)));
    assert_eq!(scene.find(&server).await.name, "web");
}

#[tokio::test]
async fn a_size_beyond_the_plan_or_below_the_template_is_refused() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.shrink_plan(&server).await;
    let refused = change(&scene, &server, size("mainframe")).await;
    assert!(matches!(refused, Err(Error::LimitReached { .. })), "{refused:?}");
    let unknown = change(&scene, &server, size("huge")).await;
    assert!(matches!(unknown, Err(Error::Invalid(_))));
}
