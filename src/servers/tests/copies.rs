//! Copies of servers: what they have, what their sources do meanwhile, and what is left when the copying fails.

use chrono::Duration;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{
    CopyFailure, EngineError, Expected, FilePart, FilesSpec, FilesVolume, NewContent, ObservedState,
    TenantKey, UploadKey, VolumeFiles as _, VolumePath,
};
use crate::networks;
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::operations::State;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::super::actions::{self, Asked, CloneData, CloneInput};
use super::super::model::{Command, Server};
use super::super::{reconcile::volume_key, store};
use super::scene::{Scene, database, key, site};

const FILE: &str = "/data/note.txt";

fn files(server: &Server) -> FilesSpec {
    FilesSpec {
        server: key(server),
        tenant: TenantKey::new(server.tenant.to_string()).unwrap(),
        base_image: "debian".to_owned(),
        volumes: vec![FilesVolume {
            name: "data".to_owned(),
            key: volume_key(server, "data").unwrap(),
        }],
    }
}

/// Puts a file into the server's volume.
pub(super) async fn write(scene: &Scene, server: &Server, text: &str) {
    let new = NewContent {
        expected: Expected::Anything,
        upload: UploadKey::new("0123456789abcdef").unwrap(),
        offset: 0,
        total: None,
    };
    let body = stream::iter([Ok(bytes::Bytes::copy_from_slice(text.as_bytes()))]).boxed();
    let path = VolumePath::parse(FILE).unwrap();
    let engine = &scene.test.engine;
    engine
        .write_file(&files(server), &path, &new, body)
        .await
        .unwrap();
}

/// What the file in the server's volume holds, if it is there.
pub(super) async fn read(scene: &Scene, server: &Server) -> Option<String> {
    let path = VolumePath::parse(FILE).unwrap();
    let part = FilePart::default();
    let file = scene
        .test
        .engine
        .read_file(&files(server), &path, part)
        .await
        .ok()?;
    let pieces: Vec<_> = file.content.try_collect().await.unwrap();
    Some(String::from_utf8(pieces.concat()).unwrap())
}

/// A database that runs and holds something.
async fn filled(scene: &Scene, name: &str) -> Server {
    scene.tick();
    let asked = actions::create(&scene.test.app, &scene.scope, database(name))
        .await
        .unwrap();
    scene.work().await;
    let server = scene.find(&asked.server).await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    write(scene, &server, "hello").await;
    server
}

fn how(data: CloneData) -> CloneInput {
    CloneInput {
        name: None,
        data,
        snapshot: None,
        backup: None,
        same_networks: true,
        start: true,
    }
}

async fn clone(scene: &Scene, source: &Server, input: CloneInput) -> Result<Asked, Error> {
    scene.tick();
    actions::clone(&scene.test.app, &scene.scope, source.id, input).await
}

async fn password(scene: &Scene, server: &Server) -> String {
    let secret = actions::reveal(&scene.test.app, &scene.scope, server.id, "POSTGRES_PASSWORD").await;
    secret.unwrap().expose().clone()
}

async fn is_running(scene: &Scene, server: &Server) -> bool {
    scene.seen(server).await.state == ObservedState::Running
}

#[tokio::test]
async fn a_copy_has_the_data_and_addresses_and_secrets_of_its_own() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let before = scene.test.engine.calls(Call::Stop);
    let asked = clone(&scene, &source, how(CloneData::Stopped)).await.unwrap();
    assert_eq!(asked.server.name, "db (copy)");
    assert_eq!(
        scene.told(&source).await,
        "Stopping: It waits for its turn.",
        "it holds still"
    );
    scene.work().await;
    let copy = scene.find(&asked.server).await;
    assert!(is_running(&scene, &source).await, "{}", scene.told(&source).await);
    assert!(is_running(&scene, &copy).await, "{}", scene.told(&copy).await);
    assert_eq!(
        scene.test.engine.calls(Call::Stop),
        before + 1,
        "only the source was stopped"
    );
    assert_eq!(read(&scene, &copy).await.as_deref(), Some("hello"));
    write(&scene, &copy, "other").await;
    assert_eq!(read(&scene, &source).await.as_deref(), Some("hello"));

    assert_ne!(scene.ports(&copy).await, scene.ports(&source).await);
    assert_ne!(copy.host_name, source.host_name);
    assert_eq!((&copy.template, &copy.image), (&source.template, &source.image));
    assert_eq!((&copy.size, copy.resources), (&source.size, source.resources));
    assert_ne!(password(&scene, &copy).await, password(&scene, &source).await);
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    let steps = scene.steps(&asked).await;
    assert_eq!(steps[0], "Copy the data: succeeded", "{steps:?}");
    assert_eq!(scene.find(&source).await.still_for, None);
    let history = scene.history(&source).await;
    for told in [
        "ada@example.com asked to copy it to db (copy).",
        "It was copied to db (copy).",
    ] {
        assert!(history.iter().any(|line| line == told), "{told}: {history:?}");
    }
    let log = scene.audit_log().await;
    assert!(log.contains("server.clone db (copy)"), "{log}");
    scene.sweep().await;
    assert_eq!(scene.work().await, 0, "nothing is left to do");
}

#[tokio::test]
async fn what_data_knows_stays_and_what_is_set_at_each_start_is_made_up_anew() {
    let scene = Scene::new().await;
    for (template, is_fresh) in [("postgresql", true), ("luanti", false)] {
        let mut input = database(template);
        input.template = template.to_owned();
        if template == "luanti" {
            input
                .variables
                .insert("SERVER_NAME".to_owned(), "World".to_owned());
        }
        let offer = scene.test.app.catalogue.offer(template).unwrap();
        let secret = offer
            .template
            .variables
            .iter()
            .find(|one| one.is_secret())
            .unwrap();
        let source = actions::create(&scene.test.app, &scene.scope, input)
            .await
            .unwrap()
            .server;
        let mut secrets = Vec::new();
        for data in [CloneData::Live, CloneData::None] {
            let copy = clone(&scene, &source, how(data)).await.unwrap().server;
            for server in [&source, &copy] {
                let text = actions::reveal(&scene.test.app, &scene.scope, server.id, &secret.key).await;
                secrets.push(text.unwrap().expose().clone());
            }
            scene.work().await;
        }
        assert_eq!(secrets[0] != secrets[1], is_fresh, "{template}");
        assert_ne!(
            secrets[2], secrets[3],
            "{template}: without data nothing knows the old one"
        );
    }
}

#[tokio::test]
async fn a_source_may_go_on_running_and_no_data_may_be_wanted() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let before = scene.test.engine.calls(Call::Stop);
    let live = clone(&scene, &source, how(CloneData::Live)).await.unwrap().server;
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::Stop), before);
    assert_eq!(read(&scene, &live).await.as_deref(), Some("hello"));
    let empty = CloneInput {
        name: Some("empty".to_owned()),
        start: false,
        ..how(CloneData::None)
    };
    let empty = clone(&scene, &source, empty).await.unwrap().server;
    scene.work().await;
    assert_eq!(empty.name, "empty");
    assert_eq!(read(&scene, &empty).await, None);
    assert_eq!(scene.seen(&empty).await.state, ObservedState::Gone);
    assert_eq!(scene.test.engine.calls(Call::CopyVolumes), 1);
}

#[tokio::test]
async fn one_that_does_not_start_has_its_data_all_the_same() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let input = CloneInput {
        start: false,
        ..how(CloneData::Stopped)
    };
    let asked = clone(&scene, &source, input).await.unwrap();
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(read(&scene, &asked.server).await.as_deref(), Some("hello"));
    assert_eq!(scene.seen(&asked.server).await.state, ObservedState::Gone);
    assert!(is_running(&scene, &source).await);
}

#[tokio::test]
async fn a_copy_that_failed_never_starts_and_can_be_made_again() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let asked = clone(&scene, &source, how(CloneData::Stopped)).await.unwrap();
    let engine = &scene.test.engine;
    engine.fail_copy(&key(&asked.server), Some(CopyFailure::DiskFull));
    scene.work().await;
    let told = scene.told(&asked.server).await;
    assert_eq!(
        told,
        "Failing: Wanted running, is not made yet: its data could not be copied: the disk is full."
    );
    let operation = scene.operation(&asked).await;
    assert_eq!(operation.state, State::Failed);
    assert_eq!(
        operation.error.as_deref(),
        Some("its data could not be copied: the disk is full")
    );
    assert!(is_running(&scene, &source).await, "it goes on");

    scene.sweep().await;
    scene.later(Duration::hours(1)).await;
    let before = scene.history(&asked.server).await.len();
    scene.sweep().await;
    scene.work().await;
    assert_eq!(
        scene.history(&asked.server).await.len(),
        before,
        "it is told once"
    );
    let start = scene.command(&asked.server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.operation(&start).await.state, State::Failed);
    assert_eq!(scene.seen(&asked.server).await.state, ObservedState::Gone);
    let refused = clone(&scene, &asked.server, how(CloneData::Stopped)).await;
    assert_eq!(refused.unwrap_err().code(), "copy-failed");

    engine.fail_copy(&key(&asked.server), None);
    let again = actions::copy_again(&scene.test.app, &scene.scope, asked.server.id).await;
    let again = again.unwrap();
    scene.work().await;
    assert_eq!(scene.operation(&again).await.state, State::Succeeded);
    assert!(is_running(&scene, &asked.server).await && is_running(&scene, &source).await);
    assert_eq!(read(&scene, &asked.server).await.as_deref(), Some("hello"));
    let done = actions::copy_again(&scene.test.app, &scene.scope, asked.server.id).await;
    assert_eq!(done.unwrap_err().code(), "copy-not-failed");
}

#[tokio::test]
async fn who_deletes_the_source_or_the_copy_keeps_nobody_waiting() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let asked = clone(&scene, &source, how(CloneData::Stopped)).await.unwrap();
    scene.delete(&source).await;
    scene.work().await;
    let told = scene.told(&asked.server).await;
    assert!(
        told.ends_with("its data could not be copied: db was deleted while it was copied."),
        "{told}"
    );
    let refused = actions::copy_again(&scene.test.app, &scene.scope, asked.server.id).await;
    assert_eq!(refused.unwrap_err().code(), "source-gone");

    scene.restore(&source).await;
    scene.work().await;
    actions::copy_again(&scene.test.app, &scene.scope, asked.server.id)
        .await
        .unwrap();
    assert_eq!(scene.find(&source).await.still_for, Some(asked.server.id));
    scene.delete(&asked.server).await;
    assert_eq!(scene.find(&source).await.still_for, None);
    scene.work().await;
    assert!(is_running(&scene, &source).await);
    assert_eq!(scene.test.engine.calls(Call::CopyVolumes), 0, "nobody wants it");
}

#[tokio::test]
async fn a_source_is_copied_once_at_a_time_and_holds_still() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let first = clone(&scene, &source, how(CloneData::Stopped)).await.unwrap();
    let second = clone(&scene, &source, how(CloneData::Live)).await.unwrap_err();
    assert_eq!(second.code(), "being-copied");
    for command in [Command::Start, Command::Restart] {
        let refused = actions::command(&scene.test.app, &scene.scope, source.id, command).await;
        assert_eq!(refused.unwrap_err().code(), "being-copied");
    }
    let of_the_copy = clone(&scene, &first.server, how(CloneData::Live))
        .await
        .unwrap_err();
    assert_eq!(of_the_copy.code(), "being-copied");
    // Who is told to stop meanwhile stays stopped.
    scene.command(&source, Command::Stop).await;
    scene.work().await;
    assert!(!is_running(&scene, &source).await && is_running(&scene, &first.server).await);
}

#[tokio::test]
async fn a_copy_counts_for_the_plan_and_is_nobody_elses() {
    let scene = Scene::with_room(2).await;
    let source = filled(&scene, "db").await;
    clone(&scene, &source, how(CloneData::None)).await.unwrap();
    let third = clone(&scene, &source, how(CloneData::None)).await.unwrap_err();
    assert!(matches!(third, Error::LimitReached { .. }), "{third:?}");
    let stranger = scene.stranger().await;
    let theirs = actions::clone(&scene.test.app, &stranger, source.id, how(CloneData::None)).await;
    assert!(matches!(theirs, Err(Error::NotFound)), "{theirs:?}");
}

#[tokio::test]
async fn a_copy_is_where_its_source_is() {
    let scene = Scene::new().await;
    let source = scene.running("web").await;
    let network = networks::create(&scene.test.app, &scene.scope, "back")
        .await
        .unwrap();
    let mut tx = scene.tx().await;
    sqlx::query!(
        "insert into network_member (network_id, server_id, tenant_id, is_wanted, created_at) values ($1, $2, $3, true, $4)",
        network.id.0,
        source.id.0,
        source.tenant.0,
        scene.test.app.now()
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    scene.wake(&source).await;
    scene.work().await;
    let copy = clone(&scene, &source, how(CloneData::Live)).await.unwrap().server;
    let apart = CloneInput {
        same_networks: false,
        ..how(CloneData::Live)
    };
    scene.work().await;
    let apart = clone(&scene, &source, apart).await.unwrap().server;
    scene.work().await;
    let places = scene.seen(&source).await.networks;
    assert_eq!(places.len(), 2);
    assert_eq!(scene.seen(&copy).await.networks, places);
    assert_eq!(scene.seen(&apart).await.networks.len(), 1);
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let asked = clone(&scene, &source, how(CloneData::Stopped)).await.unwrap();
    let lost = || EngineError::Unavailable("down".into());
    scene.test.engine.fail(Call::CopyVolumes, 1, lost);
    scene.work().await;
    assert_eq!(scene.operation(&asked).await.state, State::Running);
    assert_eq!(scene.find(&source).await.still_for, Some(asked.server.id));
    scene.servers.engine_is_back().await;
    scene.later(Duration::seconds(20)).await;
    assert_eq!(
        scene.operation(&asked).await.state,
        State::Succeeded,
        "{}",
        scene.told(&asked.server).await
    );
    assert!(is_running(&scene, &source).await && is_running(&scene, &asked.server).await);
}

#[tokio::test]
async fn a_process_that_dies_while_it_copies_leaves_what_the_next_begins_anew() {
    let scene = Scene::new().await;
    let source = filled(&scene, "db").await;
    let asked = clone(&scene, &source, how(CloneData::Stopped)).await.unwrap();
    scene.test.engine.lose_answer(Call::CopyVolumes, 1);
    scene.work().await;
    write(&scene, &asked.server, "half").await;
    let dead = scene.claim().await;
    assert!(dead.is_empty(), "it waits for its next try");
    scene.later(Duration::minutes(1)).await;
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(read(&scene, &asked.server).await.as_deref(), Some("hello"));
    let copying = store::copying(&mut scene.tx().await, asked.server.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((copying.total, copying.done), (Some(5), 5));
}

#[tokio::test]
async fn pages_ask_how_and_tell_what_becomes_of_it() {
    let scene = Scene::new().await;
    let source = scene.running("web").await;
    let owner = scene.test.browser(scene.scope.actor.user).await;
    let form = format!("/t/acme/servers/{}/clone", source.id);
    let page = owner.get(&form).await.expect(200);
    assert!(page.body.contains("value=\"web (copy)\""), "{}", page.body);
    let wrong = [("name", ""), ("data", "stopped")];
    let again = owner.post(&form, &wrong).await.expect(422);
    assert!(again.body.contains("Give it a name."), "{}", again.body);
    let fields = [("name", "web-2"), ("data", "stopped"), ("start", "true")];
    let done = owner.post(&form, &fields).await.expect(303);
    let page = owner.get(done.location()).await.expect(200);
    assert!(page.body.contains("as soon as web has stopped"), "{}", page.body);
    let page = owner
        .get(&format!("/t/acme/servers/{}", source.id))
        .await
        .expect(200);
    assert!(
        page.body.contains("It is being copied to web-2."),
        "{}",
        page.body
    );
    let copy = done.location().rsplit('/').next().unwrap().parse().unwrap();
    let copy = store::find(&mut scene.tx().await, copy).await.unwrap();
    scene.test.engine.fail_copy(&key(&copy), Some(CopyFailure::Quota));
    scene.work().await;
    let page = owner.get(done.location()).await.expect(200);
    assert!(
        page.body.contains("The data of web could not be copied"),
        "{}",
        page.body
    );
    scene.test.engine.fail_copy(&key(&copy), None);
    let again = format!("{}/copy-again", done.location());
    owner.post(&again, &[]).await.expect(303);
    scene.work().await;
    assert!(is_running(&scene, &copy).await);
    assert_eq!(site("x").template, copy.template);
}
