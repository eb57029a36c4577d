//! Deleted servers: what is kept, what comes back, what makes way, and what is gone for good.

use chrono::Duration;

use crate::drivers::engine::{Engine as _, ObservedState};
use crate::platform::error::Error;
use crate::platform::operations::State;
use crate::platform::reconcile::Reconciler as _;
use crate::tenants;

use super::super::actions;
use super::super::model::{Command, Power, Server};
use super::scene::{Scene, database};

async fn volumes(scene: &Scene) -> usize {
    scene.test.engine.list_volumes().await.unwrap().len()
}

async fn restore(scene: &Scene, server: &Server) -> Result<actions::Restored, Error> {
    actions::restore(&scene.test.app, &scene.scope, server.id, None).await
}

#[tokio::test]
async fn a_deleted_server_keeps_its_data_and_comes_back_as_it_was() {
    let scene = Scene::new().await;
    let asked = actions::create(&scene.test.app, &scene.scope, database("db"))
        .await
        .unwrap();
    scene.work().await;
    let server = scene.find(&asked.server).await;
    let ports = scene.ports(&server).await;
    let secret = actions::reveal(&scene.test.app, &scene.scope, server.id, "POSTGRES_PASSWORD").await;

    let deleted = scene.delete(&server).await;
    assert_eq!(scene.delete(&server).await.operation.id, deleted.operation.id);
    scene.work().await;
    let engine = &scene.test.engine;
    assert!(engine.observe_all().await.unwrap().is_empty());
    assert!(engine.list_networks().await.unwrap().is_empty());
    assert_eq!(volumes(&scene).await, 1);
    assert!(scene.ports(&server).await.is_empty(), "others may have its port");
    assert_eq!(scene.operation(&deleted).await.state, State::Succeeded);
    assert_eq!(
        scene.steps(&deleted).await,
        [
            "Stop it: succeeded",
            "Remove the container: succeeded",
            "Give its ports back: succeeded",
            "Remove the network if it is unused: succeeded"
        ]
    );
    assert_eq!(
        scene.told(&server).await,
        "Deleted: Kept until 2026-03-17 12:00 UTC, then erased. Until then it can be restored."
    );
    let refused = actions::command(&scene.test.app, &scene.scope, server.id, Command::Start).await;
    assert_eq!(refused.unwrap_err().code(), "server-deleted");
    scene.sweep().await;
    assert_eq!(
        scene.work().await,
        0,
        "nothing is left to do, and nothing is an orphan"
    );

    let restored = scene.restore(&server).await;
    assert_eq!(restored.renamed_from, None);
    scene.work().await;
    let back = scene.find(&server).await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    assert_eq!((&back.name, &back.host_name), (&server.name, &server.host_name));
    assert_eq!(scene.ports(&server).await, ports);
    assert_eq!(volumes(&scene).await, 1);
    let again = actions::reveal(&scene.test.app, &scene.scope, server.id, "POSTGRES_PASSWORD").await;
    assert_eq!(again.unwrap().expose(), secret.unwrap().expose());
    let log = scene.audit_log().await;
    assert!(log.contains("server.restore db"), "{log}");
    assert_eq!(restore(&scene, &server).await.unwrap_err().code(), "not-deleted");
}

#[tokio::test]
async fn one_that_was_stopped_comes_back_stopped() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    scene.delete(&server).await;
    scene.work().await;
    scene.restore(&server).await;
    scene.work().await;
    assert_eq!(scene.find(&server).await.power, Power::Stopped);
    assert_eq!(scene.seen(&server).await.state, ObservedState::Gone);
    scene.command(&server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
}

#[tokio::test]
async fn what_others_have_taken_meanwhile_is_given_anew() {
    let scene = Scene::new().await;
    let old = scene.running("web").await;
    let ports = scene.ports(&old).await;
    scene.delete(&old).await;
    scene.work().await;
    let new = scene.running("web").await;
    assert_eq!(scene.ports(&new).await, ports, "the lowest that is free");

    let restored = scene.restore(&old).await;
    assert_eq!(restored.renamed_from.as_deref(), Some("web"));
    assert_eq!(restored.server.name, "web (restored)");
    assert_eq!(restored.server.host_name, "web-restored");
    scene.work().await;
    let given = scene.ports(&old).await;
    assert_eq!(given.len(), ports.len());
    assert_ne!(given, ports);
    assert_eq!(scene.seen(&old).await.ports[0].host_port, given[0]);
    let taken = actions::restore(&scene.test.app, &scene.scope, old.id, None).await;
    assert_eq!(taken.unwrap_err().code(), "not-deleted");
}

#[tokio::test]
async fn a_name_that_is_asked_for_is_taken_or_refused() {
    let scene = Scene::new().await;
    let (one, other) = (scene.running("one").await, scene.running("other").await);
    scene.delete(&one).await;
    scene.work().await;
    let as_ = async |name| actions::restore(&scene.test.app, &scene.scope, one.id, Some(name)).await;
    for name in ["other", " ", "a\nb"] {
        let Err(Error::Invalid(errors)) = as_(name).await else {
            panic!("{name:?} was taken");
        };
        assert!(errors.get("name").is_some(), "{name:?}");
    }
    assert!(scene.find(&one).await.is_deleted(), "nothing was done in half");
    assert_eq!(as_("third").await.unwrap().server.name, "third");
    scene.work().await;
    assert_eq!(scene.seen(&one).await.state, ObservedState::Running);
    assert_eq!(scene.seen(&other).await.state, ObservedState::Running);
}

#[tokio::test]
async fn a_restored_server_has_to_fit_into_the_plan() {
    let scene = Scene::with_room(1).await;
    let old = scene.running("old").await;
    scene.delete(&old).await;
    let new = scene.running("new").await;
    let refused = restore(&scene, &old).await.unwrap_err();
    let is_limit = matches!(
        refused,
        Error::LimitReached {
            what: "servers",
            limit: 1,
            used: 1
        }
    );
    assert!(is_limit, "{refused:?}");
    assert!(scene.find(&old).await.is_deleted());
    scene.delete(&new).await;
    let both = tokio::join!(restore(&scene, &old), restore(&scene, &new));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
}

#[tokio::test]
async fn the_oldest_makes_way_when_too_many_are_kept() {
    let scene = Scene::with_room(1).await;
    let mut all = Vec::new();
    for name in ["first", "second", "third"] {
        let server = scene.running(name).await;
        scene.delete(&server).await;
        scene.work().await;
        all.push(server);
    }
    assert!(matches!(scene.try_find(&all[0]).await, Err(Error::NotFound)));
    assert!(scene.find(&all[1]).await.is_deleted());
    assert!(scene.find(&all[2]).await.is_deleted());
    assert_eq!(volumes(&scene).await, 2);
    let log = scene.audit_log().await;
    let line = log.lines().find(|line| line.starts_with("server.erase first"));
    assert!(
        line.unwrap().contains("the oldest of those that are kept"),
        "{log}"
    );
}

#[tokio::test]
async fn a_kept_server_is_erased_when_its_time_is_over_and_not_looked_at_before() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.delete(&server).await;
    scene.work().await;
    assert_eq!(scene.later(Duration::hours(7 * 24 - 1)).await, 0);
    assert_eq!(volumes(&scene).await, 1);
    scene.later(Duration::hours(1)).await;
    assert!(matches!(scene.try_find(&server).await, Err(Error::NotFound)));
    assert_eq!(volumes(&scene).await, 0);
    let log = scene.audit_log().await;
    let line = log.lines().find(|line| line.starts_with("server.erase web"));
    assert!(line.unwrap().contains("as long as was promised"), "{log}");
}

#[tokio::test]
async fn the_retention_is_a_setting() {
    let scene = Scene::with(|config| config.deleted_retention_days = 0).await;
    let server = scene.running("web").await;
    scene.delete(&server).await;
    scene.work().await;
    assert!(matches!(scene.try_find(&server).await, Err(Error::NotFound)));
    assert_eq!(volumes(&scene).await, 0);
}

#[tokio::test]
async fn whoever_restores_in_the_last_moment_is_heard() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.delete(&server).await;
    scene.work().await;
    scene.test.clock.advance(Duration::days(7));
    let mut claimed = scene.claim().await;
    scene.restore(&server).await;
    scene.servers.reconcile(claimed.remove(0)).await.unwrap();
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    assert_eq!(volumes(&scene).await, 1);
}

#[tokio::test]
async fn one_that_is_restored_while_it_is_put_away_keeps_its_port() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let ports = scene.ports(&server).await;
    scene.delete(&server).await;
    let mut claimed = scene.claim().await;
    scene.restore(&server).await;
    scene.servers.reconcile(claimed.remove(0)).await.unwrap();
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    assert_eq!(scene.ports(&server).await, ports);
}

#[tokio::test]
async fn erasing_asks_for_the_name_and_only_takes_what_is_deleted() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let (app, scope) = (&scene.test.app, &scene.scope);
    let alive = actions::erase(app, scope, server.id, Some("web")).await;
    assert_eq!(alive.unwrap_err().code(), "not-deleted");
    scene.delete(&server).await;
    let typo = actions::erase(app, scope, server.id, Some("Web")).await;
    assert!(matches!(typo, Err(Error::Invalid(_))));

    let stranger = scene.stranger().await;
    let erased = actions::erase(app, &stranger, server.id, None).await;
    assert!(matches!(erased, Err(Error::NotFound)));
    let restored = actions::restore(app, &stranger, server.id, None).await;
    assert!(matches!(restored, Err(Error::NotFound)));

    let asked = actions::erase(app, scope, server.id, Some("web")).await.unwrap();
    assert_eq!(
        restore(&scene, &server).await.unwrap_err().code(),
        "server-deleting"
    );
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert!(matches!(scene.try_find(&server).await, Err(Error::NotFound)));
    assert_eq!(volumes(&scene).await, 0);
}

#[tokio::test]
async fn a_tenant_that_is_erased_leaves_no_kept_server() {
    let scene = Scene::new().await;
    let (kept, live) = (scene.running("kept").await, scene.running("live").await);
    scene.delete(&kept).await;
    scene.work().await;
    scene.set_closed().await;
    tenants::purge_closed(&scene.test.app, &scene.test.system())
        .await
        .unwrap();
    scene.work().await;
    for server in [&kept, &live] {
        assert!(matches!(scene.try_find(server).await, Err(Error::NotFound)));
    }
    assert_eq!(volumes(&scene).await, 0);
    let gone = tenants::purge_closed(&scene.test.app, &scene.test.system()).await;
    assert_eq!(gone.unwrap(), 1);
}
