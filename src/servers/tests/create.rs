//! Creating servers, within limits.

use crate::drivers::engine::{Engine as _, ObservedState};
use crate::platform::error::Error;
use crate::platform::operations::State;

use super::super::actions;
use super::super::model::{Command, Power};
use super::super::store;
use super::scene::{Scene, database, site};

#[tokio::test]
async fn a_created_server_runs_with_network_volume_and_port() {
    let scene = Scene::new().await;
    let asked = scene.create("My shop").await.unwrap();
    assert_eq!(
        scene.told(&asked.server).await,
        "Creating: It waits for its turn."
    );
    scene.work().await;

    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(
        scene.steps(&asked).await,
        [
            "Prepare the image: succeeded",
            "Prepare the network: succeeded",
            "Prepare the volumes: succeeded",
            "Make the container: succeeded",
            "Start it: succeeded"
        ]
    );
    let server = scene.find(&asked.server).await;
    assert_eq!(
        (server.host_name.as_str(), server.observed_generation),
        ("my-shop", 1)
    );
    let seen = scene.seen(&server).await;
    assert_eq!(seen.state, ObservedState::Running);
    assert_eq!(seen.ports[0].host_port, 20_000);
    let engine = &scene.test.engine;
    assert!(engine.list_networks().await.unwrap()[0].subnets[0].ends_with("/24"));
    assert_eq!(engine.list_volumes().await.unwrap().len(), 1);
    assert_eq!(
        scene.history(&server).await,
        ["ada@example.com asked to create it.", "It started."]
    );
}

#[tokio::test]
async fn a_server_may_be_created_stopped() {
    let scene = Scene::new().await;
    let mut input = site("later");
    input.start = false;
    let asked = actions::create(&scene.test.app, &scene.scope, input)
        .await
        .unwrap();
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(
        scene.told(&asked.server).await,
        "Stopped: It is stopped; its container is made when it starts."
    );
}

#[tokio::test]
async fn of_two_that_race_for_the_last_place_one_is_told_the_limit() {
    let scene = Scene::with_room(1).await;
    let (one, other) = tokio::join!(scene.create("one"), scene.create("other"));
    let ((Ok(_), Err(refused)) | (Err(refused), Ok(_))) = (one, other) else {
        panic!("one of the two should have been refused");
    };
    let is_limit = matches!(
        refused,
        Error::LimitReached {
            what: "servers",
            limit: 1,
            used: 1
        }
    );
    assert!(is_limit, "{refused:?}");
}

#[tokio::test]
async fn a_server_on_its_way_out_takes_no_place() {
    let scene = Scene::with_room(1).await;
    let server = scene.running("one").await;
    scene.delete(&server).await;
    assert!(scene.create("other").await.is_ok());
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let scene = Scene::new().await;
    let mut input = site(" ");
    input.size = "huge".to_owned();
    input.variables.insert("SITE_OWNER".to_owned(), "x".repeat(81));
    input.variables.insert("NONSENSE".to_owned(), "1".to_owned());
    let refused = actions::create(&scene.test.app, &scene.scope, input).await;
    let Err(Error::Invalid(errors)) = refused else {
        panic!("it was taken");
    };
    let mut fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["name", "size", "variables.NONSENSE", "variables.SITE_OWNER"]
    );
    let message = errors.get("variables.SITE_OWNER").unwrap();
    assert!(
        message.starts_with("Owner must have at most 80 characters"),
        "{message}"
    );
}

#[tokio::test]
async fn a_name_is_taken_once_per_tenant() {
    let scene = Scene::new().await;
    scene.create("web").await.unwrap();
    let Err(Error::Invalid(errors)) = scene.create("web").await else {
        panic!("it was taken");
    };
    assert!(
        errors
            .get("name")
            .unwrap()
            .contains("Another server has this name")
    );
    let stranger = scene.stranger().await;
    let theirs = actions::create(&scene.test.app, &stranger, site("web")).await;
    assert!(theirs.is_ok());
}

#[tokio::test]
async fn a_secret_that_nobody_gave_is_made_up_and_sealed() {
    let scene = Scene::new().await;
    let app = &scene.test.app;
    let asked = actions::create(app, &scene.scope, database("db")).await.unwrap();
    let id = asked.server.id;
    let mut tx = scene.scope.begin().await.unwrap();
    let variables = store::variables(&mut tx, id).await.unwrap();
    let is_password = |variable: &&super::super::model::StoredVariable| variable.key == "POSTGRES_PASSWORD";
    let password = variables.iter().find(is_password).unwrap();
    assert_eq!(password.value, None);
    let revealed = actions::reveal(app, &scene.scope, id, "POSTGRES_PASSWORD").await;
    let revealed = revealed.unwrap();
    assert_eq!(revealed.expose().len(), 32);
    let sealed = String::from_utf8_lossy(password.sealed.as_ref().unwrap()).into_owned();
    assert!(!sealed.contains(revealed.expose().as_str()));
    let log = scene.audit_log().await;
    assert!(
        log.contains("server.reveal") && !log.contains(revealed.expose().as_str()),
        "{log}"
    );
    let plain = actions::reveal(app, &scene.scope, id, "POSTGRES_USER").await;
    assert!(
        matches!(plain, Err(Error::NotFound)),
        "what is no secret is not revealed"
    );
}

#[tokio::test]
async fn another_tenant_finds_nothing() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let stranger = scene.stranger().await;
    let app = &scene.test.app;
    let found = actions::delete(app, &stranger, server.id, None).await;
    assert!(matches!(found, Err(Error::NotFound)));
    let found = actions::command(app, &stranger, server.id, Command::Kill).await;
    assert!(matches!(found, Err(Error::NotFound)));
    assert_eq!(scene.find(&server).await.power, Power::Running);
}
