//! Changing the key: every secret opens before, in the middle and after, and what was broken off is finished.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::reseal::{RotateError, forget_old_keys, reseal_batch, rotate_key};
use super::super::{actions, model::seal_context, store};
use super::scene::{Scene, database};
use crate::platform::ids::ServerId;
use crate::platform::secret::Keyring;

/// Every secret of these servers, opened with `keyring`.
async fn opened(scene: &Scene, keyring: &Keyring, servers: &[ServerId]) -> BTreeMap<String, Vec<u8>> {
    let mut tx = scene.scope.begin().await.unwrap();
    let mut all = BTreeMap::new();
    for id in servers {
        for variable in store::variables(&mut tx, *id).await.unwrap() {
            let Some(sealed) = variable.sealed else { continue };
            let context = seal_context(&variable.key, *id);
            let plain = keyring.open(&context, &sealed).unwrap();
            all.insert(context, plain.to_vec());
        }
    }
    all
}

async fn outdated(scene: &Scene, keyring: &Keyring) -> i64 {
    let mut tx = scene.test.system().begin().await.unwrap();
    store::count_outdated(&mut tx, &keyring.newest_id())
        .await
        .unwrap()
}

async fn with_two_databases() -> (Scene, [ServerId; 2]) {
    let scene = Scene::new().await;
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let asked = actions::create(&scene.test.app, &scene.scope, database(name))
            .await
            .unwrap();
        ids.push(asked.server.id);
    }
    (scene, [ids[0], ids[1]])
}

#[tokio::test]
async fn every_secret_is_sealed_with_the_new_key_and_opens() {
    let (scene, ids) = with_two_databases().await;
    let (path, running) = (scene.test.app.config.key_file(), &scene.test.app.keyring);
    let before = opened(&scene, running, &ids).await;
    assert!(before.len() >= 2, "{before:?}");
    let done = rotate_key(&scene.test.system(), &path).await.unwrap();
    assert_eq!((done.is_new, done.sealed), (true, before.len() as u64));
    let fresh = Keyring::open_or_create(&path).unwrap();
    assert_eq!(outdated(&scene, &fresh).await, 0);
    assert_eq!(
        opened(&scene, running, &ids).await,
        before,
        "a panel that runs goes on"
    );
    forget_old_keys(&scene.test.system(), &path).await.unwrap();
    let alone = Keyring::open_or_create(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    assert_eq!(opened(&scene, &alone, &ids).await, before);
}

#[tokio::test]
async fn a_rotation_that_was_broken_off_is_finished_with_its_own_key() {
    let (scene, ids) = with_two_databases().await;
    let (path, system) = (scene.test.app.config.key_file(), scene.test.system());
    let before = opened(&scene, &scene.test.app.keyring, &ids).await;
    // Killed after the first transaction.
    let half = Keyring::rotate(&path).unwrap();
    let first = (ServerId(Uuid::nil()), String::new());
    assert_eq!(reseal_batch(&system, &half, first, 1).await.unwrap().sealed, 1);
    assert_eq!(
        usize::try_from(outdated(&scene, &half).await),
        Ok(before.len() - 1)
    );
    assert_eq!(
        opened(&scene, &half, &ids).await,
        before,
        "all of them open in the middle"
    );

    let done = rotate_key(&system, &path).await.unwrap();
    assert_eq!((done.is_new, done.sealed), (false, before.len() as u64 - 1));
    let now = Keyring::open_or_create(&path).unwrap();
    assert_eq!(now.newest_id(), half.newest_id());
    assert_eq!(opened(&scene, &now, &ids).await, before);
    assert!(
        rotate_key(&system, &path).await.unwrap().is_new,
        "the next one is new again"
    );
}

#[tokio::test]
async fn keys_stay_while_a_secret_cannot_be_opened() {
    let (scene, _) = with_two_databases().await;
    let (path, system) = (scene.test.app.config.key_file(), scene.test.system());
    // Somebody put another installation's file in the place.
    std::fs::remove_file(&path).unwrap();
    Keyring::open_or_create(&path).unwrap();
    Keyring::rotate(&path).unwrap();
    let error = forget_old_keys(&system, &path).await.unwrap_err();
    assert!(matches!(error, RotateError::Unreadable(_)), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
}
