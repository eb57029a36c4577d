//! Servers of imported templates: what the reconciler does more for them, on the engine in memory.

use std::collections::BTreeMap;

use chrono::Duration;
use serde_json::json;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, EngineError, LogStream, ObservedState};
use crate::platform::access::{Permission, StaffRole};
use crate::platform::error::Error;
use crate::platform::operations::State;
use crate::testing::Client;

use super::super::actions::{self, Asked, NewServerInput};
use super::super::model::{Command, Condition, Server};
use super::super::store;
use super::scene::{Scene, key};

const IMAGE: &str = "registry.example/lines:1";
const INSTALLER: &str = "registry.example/installer:1";

fn egg(script: &str) -> serde_json::Value {
    json!({
        "name": "Lines",
        "docker_images": { "A small one": IMAGE, "B large one": "registry.example/lines:2" },
        "startup": "./lines --port {{SERVER_PORT}}",
        "config": {
            "files": { "server.properties": { "parser": "properties", "find": { "port": "{{server.build.default.port}}" } } },
            "startup": { "done": "is up" },
            "stop": "end"
        },
        "scripts": { "installation": { "script": script, "container": INSTALLER, "entrypoint": "sh" } },
        "variables": [{ "name": "Players", "env_variable": "PLAYERS", "default_value": "5", "rules": "integer|max:9" }]
    })
}

impl Scene {
    async fn staff(&self) -> Client {
        let root = self.test.staff("root", StaffRole::Owner).await;
        let scopes = [Permission::StaffCatalogueRead, Permission::StaffCatalogueManage];
        self.test.program(root, None, &scopes).await
    }

    /// An egg whose images registries have.
    async fn import(&self) -> Client {
        self.test.engine.add_to_registry(IMAGE);
        self.test.engine.add_to_registry(INSTALLER);
        let staff = self.staff().await;
        staff
            .json("POST", "/api/v1/staff/eggs", &json!({ "egg": egg("true") }))
            .await
            .expect(201);
        staff
    }

    async fn order(&self) -> Result<Asked, Error> {
        self.tick();
        let input = NewServerInput {
            name: "game".to_owned(),
            template: "lines".to_owned(),
            size: "small-box".to_owned(),
            variables: BTreeMap::new(),
            start: true,
        };
        actions::create(&self.test.app, &self.scope, input).await
    }

    async fn game(&self) -> Server {
        let asked = self.order().await.unwrap();
        self.work().await;
        let server = self.find(&asked.server).await;
        assert_eq!(server.observed.seen.word(), "running", "{server:?}");
        server
    }

    async fn installation(&self, server: &Server) -> (String, String) {
        let state = store::egg_state(&mut self.tx().await, server.id)
            .await
            .unwrap()
            .unwrap();
        (state.install, state.log)
    }

    /// Waits until a line was heard by who follows the log.
    async fn until_healthy(&self, server: &Server) {
        while self.find(server).await.observed.health != Condition::Healthy {
            tokio::task::yield_now().await;
            self.work().await;
        }
    }
}

#[tokio::test]
async fn it_is_installed_once_then_started_and_heard() {
    let scene = Scene::new().await;
    scene.import().await;
    let asked = scene.order().await.unwrap();
    scene
        .test
        .engine
        .set_task(&key(&asked.server), &["unpacking", "done"], 0);
    scene.work().await;
    let server = scene.find(&asked.server).await;
    assert_eq!(
        scene.installation(&server).await,
        ("done".to_owned(), "unpacking\ndone\n".to_owned())
    );
    let steps = scene.steps(&asked).await;
    assert!(steps.contains(&"Install it: succeeded".to_owned()), "{steps:?}");
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(server.template, "lines@1");
    assert_eq!(server.observed.health, Condition::Starting);
    assert!(scene.told(&server).await.starts_with("Starting: "));

    scene
        .test
        .engine
        .log(&key(&server), LogStream::Stdout, "the server is up");
    scene.until_healthy(&server).await;
    assert!(scene.told(&server).await.starts_with("Running: "));
    scene.command(&server, Command::Restart).await;
    scene.work().await;
    assert_eq!(
        scene.test.engine.calls(Call::RunTask),
        1,
        "a restart installs nothing"
    );
    assert_eq!(
        scene.find(&server).await.observed.health,
        Condition::Starting,
        "another start says so anew"
    );
}

#[tokio::test]
async fn its_files_are_edited_before_each_start() {
    let scene = Scene::new().await;
    scene.import().await;
    let server = scene.game().await;
    let ports = store::ports(&mut scene.tx().await, server.id).await.unwrap();
    assert_eq!((ports.len(), ports[0].host_port), (2, ports[1].host_port));
    assert_eq!(ports[0].container_port, ports[0].host_port);
    let cat = ["cat", "/home/container/server.properties"].map(str::to_owned);
    let said = scene
        .test
        .engine
        .exec(&key(&server), cat.into(), std::time::Duration::from_secs(1))
        .await;
    assert_eq!(said.unwrap().stdout, format!("port={}\n", ports[0].host_port));
}

#[tokio::test]
async fn it_ends_by_its_line() {
    let scene = Scene::new().await;
    scene.import().await;
    let server = scene.game().await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    assert_eq!(scene.test.engine.typed(&key(&server)), ["end"]);
    assert!(matches!(
        scene.seen(&server).await.state,
        ObservedState::Exited { .. }
    ));
}

#[tokio::test]
async fn a_script_that_fails_is_not_run_again_before_somebody_asks() {
    let scene = Scene::new().await;
    scene.import().await;
    let asked = scene.order().await.unwrap();
    let server = key(&asked.server);
    scene.test.engine.set_task(&server, &["no space"], 3);
    scene.work().await;
    scene.later(Duration::minutes(10)).await;
    assert_eq!(scene.test.engine.calls(Call::RunTask), 1);
    let told = scene.told(&asked.server).await;
    assert!(told.contains("its install script ended with 3"), "{told}");

    scene.test.engine.set_task(&server, &[], 0);
    actions::reinstall(&scene.test.app, &scene.scope, asked.server.id)
        .await
        .unwrap();
    scene.work().await;
    assert_eq!(scene.installation(&asked.server).await.0, "done");
    assert_eq!(scene.seen(&asked.server).await.state, ObservedState::Running);
}

#[tokio::test]
async fn a_failed_installation_can_be_taken_as_it_is() {
    let scene = Scene::new().await;
    scene.import().await;
    let asked = scene.order().await.unwrap();
    scene.test.engine.set_task(&key(&asked.server), &[], 1);
    scene.work().await;
    let id = asked.server.id;
    actions::accept_installation(&scene.test.app, &scene.scope, id)
        .await
        .unwrap();
    scene.work().await;
    assert_eq!(scene.seen(&asked.server).await.state, ObservedState::Running);
    let again = actions::accept_installation(&scene.test.app, &scene.scope, id).await;
    assert_eq!(again.unwrap_err().code(), "not-failed");
}

#[tokio::test]
async fn an_image_that_no_registry_gives_is_told() {
    let scene = Scene::new().await;
    let staff = scene.staff().await;
    staff
        .json("POST", "/api/v1/staff/eggs", &json!({ "egg": egg("true") }))
        .await
        .expect(201);
    let asked = scene.order().await.unwrap();
    scene.work().await;
    let told = scene.told(&asked.server).await;
    assert!(
        told.contains(&format!(
            "the image {IMAGE} could not be fetched: its registry has none of this name"
        )),
        "{told}"
    );
}

#[tokio::test]
async fn a_server_keeps_its_version_until_it_is_updated() {
    let scene = Scene::new().await;
    let staff = scene.import().await;
    let server = scene.game().await;
    let newest = actions::update_template(&scene.test.app, &scene.scope, server.id).await;
    assert_eq!(newest.unwrap_err().code(), "template-newest");
    let mut anew = egg("true");
    anew["startup"] = json!("./lines --new");
    staff
        .json(
            "POST",
            "/api/v1/staff/eggs/lines/versions",
            &json!({ "egg": anew }),
        )
        .await
        .expect(201);
    scene.command(&server, Command::Restart).await;
    scene.work().await;
    assert_eq!(scene.find(&server).await.template, "lines@1");
    let removal = staff.json("DELETE", "/api/v1/staff/eggs/lines", &json!({})).await;
    assert_eq!(removal.expect(409).json()["code"], "egg-in-use");
    staff
        .json("PATCH", "/api/v1/staff/eggs/lines", &json!({ "enabled": false }))
        .await
        .expect(200);
    assert!(
        matches!(scene.order().await.unwrap_err(), Error::Invalid(_)),
        "it is not offered"
    );
    staff
        .json("PATCH", "/api/v1/staff/eggs/lines", &json!({ "enabled": true }))
        .await
        .expect(200);
    actions::update_template(&scene.test.app, &scene.scope, server.id)
        .await
        .unwrap();
    scene.work().await;
    let updated = scene.find(&server).await;
    assert_eq!(
        (updated.template.as_str(), updated.observed.seen.word()),
        ("lines@2", "running")
    );
    let stranger = scene.stranger().await;
    let refused = actions::reinstall(&scene.test.app, &stranger, server.id).await;
    assert!(matches!(refused.unwrap_err(), Error::NotFound));
}

#[tokio::test]
async fn a_script_that_is_not_waited_for_is_ended() {
    let scene = Scene::new().await;
    scene.import().await;
    let lost = || EngineError::Timeout(std::time::Duration::ZERO);
    scene.test.engine.fail(Call::RunTask, 1, lost);
    let asked = scene.order().await.unwrap();
    scene.work().await;
    assert_eq!(scene.installation(&asked.server).await.0, "running");
    scene.command(&asked.server, Command::Stop).await;
    scene.work().await;
    assert_eq!(scene.installation(&asked.server).await.0, "needed");
    assert_eq!(scene.test.engine.calls(Call::EndTask), 1);
    scene.erase(&asked.server).await;
    scene.work().await;
    assert!(matches!(
        scene.try_find(&asked.server).await,
        Err(Error::NotFound)
    ));
}
