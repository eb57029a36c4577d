//! Updates: they keep data, prove themselves by the check, and go back by themselves.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;

use crate::drivers::engine::fake::{Call, Program};
use crate::drivers::engine::{BuildRequest, Engine as _, EngineError, Health, Observed, ObservedState};
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::operations::State;

use super::super::actions::{self, Asked};
use super::super::model::{Command, Server};
use super::super::updates::has_update;
use super::scene::{Scene, key};

const OLD: &str = "berth/static-site:000000000000";

impl Scene {
    /// A site that runs and was made from an older image of its template.
    async fn behind(&self, name: &str) -> Server {
        let folder = self.test.app.catalogue.get("static-site").unwrap();
        let request = BuildRequest {
            tag: OLD.to_owned(),
            context_tar: folder.build_context(None).unwrap().into(),
            build_args: BTreeMap::from([("BASE".to_owned(), self.test.app.config.base_image.clone())]),
            labels: BTreeMap::new(),
            fresh: false,
        };
        let mut built = self.test.engine.build_image(request).await.unwrap();
        while let Some(part) = built.next().await {
            part.unwrap();
        }
        let asked = self.create(name).await.unwrap();
        let mut tx = self.tx().await;
        sqlx::query!(
            "update server set image = $2 where id = $1",
            asked.server.id.0,
            OLD
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        self.work().await;
        self.say(&asked.server, Health::Healthy).await;
        self.find(&asked.server).await
    }

    /// The check says something, and the engine's event is worked on.
    async fn say(&self, server: &Server, health: Health) {
        self.test.engine.set_health(&key(server), health);
        self.wake(server).await;
        self.work().await;
    }

    async fn update(&self, server: &Server) -> Result<Asked, Error> {
        self.tick();
        actions::update(&self.test.app, &self.scope, server.id).await
    }

    /// An update under way, whose container runs and whose check has said nothing yet.
    async fn on_trial(&self, server: &Server) -> Asked {
        let asked = self.update(server).await.unwrap();
        self.work().await;
        assert_eq!(
            self.told(server).await,
            "Updating: It runs the new image, which stays if its check succeeds."
        );
        assert_eq!(self.operation(&asked).await.state, State::Running);
        asked
    }

    async fn is_back(&self, server: &Server, asked: &Asked, reason: &str) -> Observed {
        let operation = self.operation(asked).await;
        let told = format!("Rolled back because {reason}.");
        assert_eq!((operation.state, operation.error), (State::Failed, Some(told)));
        let seen = self.seen(server).await;
        assert_eq!(
            (&seen.state, seen.image.as_deref()),
            (&ObservedState::Running, Some(OLD))
        );
        let server = self.find(server).await;
        assert!(!server.is_pending() && !server.is_on_trial(), "{server:?}");
        assert!(
            has_update(&self.test.app.catalogue, &server),
            "it is offered again"
        );
        seen
    }
}

#[tokio::test]
async fn an_update_keeps_volumes_and_addresses_and_stays_when_its_check_succeeds() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let before = scene.seen(&server).await;
    let asked = scene.on_trial(&server).await;
    scene.say(&server, Health::Healthy).await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert!(
        scene
            .steps(&asked)
            .await
            .contains(&"Wait for its check: succeeded".to_owned())
    );
    let after = scene.seen(&server).await;
    assert_ne!(before.image, after.image);
    assert_eq!(before.ports, after.ports);
    assert_eq!(scene.test.engine.calls(Call::RemoveVolume), 0);
    assert_eq!(scene.test.engine.list_volumes().await.unwrap().len(), 1);
    let server = scene.find(&server).await;
    assert!(!server.is_on_trial() && !has_update(&scene.test.app.catalogue, &server));
    let again = scene.update(&server).await;
    assert!(
        matches!(
            again,
            Err(Error::Conflict {
                code: "up-to-date",
                ..
            })
        ),
        "{again:?}"
    );
    assert!(scene.audit_log().await.contains("server.update"));
}

#[tokio::test]
async fn an_update_whose_check_fails_goes_back_by_itself() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let asked = scene.on_trial(&server).await;
    scene.say(&server, Health::Unhealthy).await;
    scene.is_back(&server, &asked, "its health check failed").await;
    let steps = scene.steps(&asked).await;
    assert!(
        steps.contains(&"Wait for its check: failed".to_owned()),
        "{steps:?}"
    );
    assert!(
        steps.contains(&"Go back: start it: succeeded".to_owned()),
        "{steps:?}"
    );
    let history = scene.history(&server).await;
    let told = history
        .iter()
        .filter(|text| text.contains("because its health check failed"));
    assert_eq!(told.count(), 2, "{history:?}");
}

#[tokio::test]
async fn an_update_whose_process_ends_goes_back_by_itself() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let crashing = Program {
        exit_code: Some(1),
        ..Program::default()
    };
    scene.test.engine.set_program(&key(&server), crashing);
    let asked = scene.update(&server).await.unwrap();
    for claimed in scene.claim().await {
        use crate::platform::reconcile::Reconciler as _;
        scene.servers.reconcile(claimed).await.unwrap();
    }
    scene.test.engine.set_program(&key(&server), Program::default());
    scene.work().await;
    let reason = "it keeps ending by itself; the engine started it again 1 times";
    scene.is_back(&server, &asked, reason).await;
}

#[tokio::test]
async fn an_image_that_can_not_be_built_disturbs_nobody() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let before = scene.seen(&server).await;
    scene.test.engine.fail(Call::BuildImage, 3, || {
        EngineError::BuildFailed("apt-get says no".to_owned())
    });
    let asked = scene.update(&server).await.unwrap();
    for _ in 0..3 {
        scene.later(chrono::Duration::seconds(10)).await;
    }
    let seen = scene
        .is_back(&server, &asked, "its image could not be built")
        .await;
    assert_eq!(seen.container_id, before.container_id);
    assert_eq!(seen.started_at, before.started_at);
}

#[tokio::test]
async fn a_stopped_server_is_tried_at_its_next_start() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    let updated = scene.update(&server).await.unwrap();
    scene.work().await;
    assert_eq!(scene.operation(&updated).await.state, State::Succeeded);
    let started = scene.command(&server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.operation(&started).await.state, State::Running);
    scene.say(&server, Health::Unhealthy).await;
    scene.is_back(&server, &started, "its health check failed").await;
}

#[tokio::test]
async fn a_stop_in_the_middle_leaves_the_trial_open() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let asked = scene.on_trial(&server).await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Superseded);
    assert!(scene.find(&server).await.is_on_trial());
    let started = scene.command(&server, Command::Start).await;
    scene.work().await;
    scene.say(&server, Health::Healthy).await;
    assert_eq!(scene.operation(&started).await.state, State::Succeeded);
    assert!(!scene.find(&server).await.is_on_trial());
}

#[tokio::test]
async fn settings_do_not_update() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let input = actions::SettingsInput {
        size: Some("microcomputer".to_owned()),
        ..actions::SettingsInput::default()
    };
    let changed = actions::change(&scene.test.app, &scene.scope, server.id, input, |_| Ok(())).await;
    changed.unwrap();
    scene.work().await;
    assert_eq!(scene.seen(&server).await.image.as_deref(), Some(OLD));
}

#[tokio::test]
async fn all_that_are_behind_are_updated_but_those_that_it_failed_on() {
    let scene = Scene::new().await;
    let (failed, first, second) = (
        scene.behind("failed").await,
        scene.behind("first").await,
        scene.behind("second").await,
    );
    let current = scene.running("current").await;
    scene.on_trial(&failed).await;
    scene.say(&failed, Health::Unhealthy).await;
    let bulk = actions::update_all(&scene.test.app, &scene.scope).await.unwrap();
    let taken: Vec<_> = bulk
        .lines
        .iter()
        .map(|line| (line.id, line.outcome.is_ok()))
        .collect();
    assert_eq!(taken, [(first.id, true), (second.id, true)]);
    assert!(!bulk.has_more);
    scene.work().await;
    assert_eq!(scene.seen(&current).await.restart_count, 0);
    let stranger = scene.stranger().await;
    let other = actions::update_all(&scene.test.app, &stranger).await.unwrap();
    assert!(other.lines.is_empty());
}

#[tokio::test]
async fn somebody_elses_server_is_not_there() {
    let scene = Scene::new().await;
    let server = scene.behind("web").await;
    let stranger = scene.stranger().await;
    let refused = actions::update(&scene.test.app, &stranger, server.id).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
}
