//! Networks of people's own: whom servers reach by them, under the reconcilers and an engine in memory.

use chrono::Duration;

use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, EngineError, NetworkKey};
use crate::networks::{self, Network, NetworkRef, Networks};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::reconcile::Reconciler as _;

use super::super::model::{Command, Server};
use super::scene::{Scene, key};

const COMMON: NetworkRef = NetworkRef::Common;

impl Scene {
    async fn network(&self, name: &str) -> Network {
        self.tick();
        networks::create(&self.test.app, &self.scope, name).await.unwrap()
    }

    async fn join(&self, network: NetworkRef, server: &Server) -> Result<(), Error> {
        self.tick();
        networks::join(&self.test.app, &self.scope, network, server.id).await
    }

    async fn leave(&self, network: NetworkRef, server: &Server) -> Result<(), Error> {
        self.tick();
        networks::leave(&self.test.app, &self.scope, network, server.id).await
    }

    /// Takes the networks that are due to go. Says how many went.
    async fn remove_networks(&self) -> usize {
        let reconciler = Networks::new(&self.test.app);
        let mut gone = 0;
        for claimed in reconciler.claim(16).await.unwrap() {
            gone += usize::from(reconciler.reconcile(claimed).await.unwrap());
        }
        gone
    }

    fn finds(&self, from: &Server, to: &Server) -> bool {
        self.test.engine.finds(&key(from), &to.host_name)
    }

    async fn networks_on_engine(&self) -> usize {
        self.test.engine.list_networks().await.unwrap().len()
    }
}

fn of(network: &Network) -> NetworkRef {
    NetworkRef::Private(network.id)
}

fn engines_key(scope: &TenantScope, network: &Network) -> NetworkKey {
    NetworkKey::new(networks::key_text(scope.tenant(), network.id)).unwrap()
}

#[track_caller]
fn assert_conflict(done: Result<(), Error>, code: &str) {
    let error = done.unwrap_err();
    assert!(
        matches!(&error, Error::Conflict { code: is, .. } if *is == code),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_running_server_moves_without_a_restart() {
    let scene = Scene::new().await;
    let (site, db, stranger) = (
        scene.running("site").await,
        scene.running("db").await,
        scene.running("stranger").await,
    );
    let back = scene.network("Back office").await;
    assert_eq!(scene.networks_on_engine().await, 1, "made when somebody joins");
    let starts = scene.test.engine.calls(Call::Start);
    for server in [&site, &db] {
        scene.join(of(&back), server).await.unwrap();
    }
    scene.leave(COMMON, &db).await.unwrap();
    scene.work().await;
    assert_eq!(scene.networks_on_engine().await, 2);
    assert!(scene.finds(&site, &db) && scene.finds(&db, &site));
    assert!(!scene.finds(&stranger, &db) && !scene.finds(&db, &stranger));
    assert!(scene.finds(&stranger, &site));
    assert_eq!(scene.test.engine.calls(Call::Start), starts);
    assert_eq!(scene.test.engine.calls(Call::Stop), 0);

    scene.join(COMMON, &db).await.unwrap();
    scene.leave(of(&back), &db).await.unwrap();
    scene.work().await;
    assert!(scene.finds(&stranger, &db));
    assert_eq!(scene.seen(&db).await.networks.len(), 1);
    assert_eq!(scene.work().await, 0, "nothing is left to do");
    scene.sweep().await;
    assert_eq!(scene.work().await, 0);
}

#[tokio::test]
async fn a_new_container_starts_where_the_old_one_was() {
    let scene = Scene::new().await;
    let (one, two) = (scene.running("one").await, scene.running("two").await);
    let back = scene.network("Back office").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.leave(COMMON, &one).await.unwrap();
    scene.work().await;
    scene.test.engine.vanish(&key(&one));
    scene.sweep().await;
    scene.work().await;
    // What ends by itself is started again after a moment.
    scene.later(Duration::seconds(2)).await;
    let only = [engines_key(&scene.scope, &back)];
    assert_eq!(
        scene.seen(&one).await.networks.into_iter().collect::<Vec<_>>(),
        only
    );
    assert!(!scene.finds(&two, &one));
    scene.command(&one, Command::Restart).await;
    scene.work().await;
    assert_eq!(
        scene.seen(&one).await.networks.into_iter().collect::<Vec<_>>(),
        only
    );
}

#[tokio::test]
async fn one_that_is_stopped_leaves_too() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    let back = scene.network("Back office").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.work().await;
    scene.command(&one, Command::Stop).await;
    scene.work().await;
    scene.leave(of(&back), &one).await.unwrap();
    scene.work().await;
    assert_eq!(scene.seen(&one).await.networks.len(), 1);
    scene.command(&one, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.seen(&one).await.networks.len(), 1);
}

#[tokio::test]
async fn what_was_unplugged_behind_our_back_is_found_and_networks_of_others_are_left() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    let back = scene.network("Back office").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.work().await;
    scene
        .test
        .engine
        .unplug(&key(&one), &engines_key(&scene.scope, &back));
    scene.sweep().await;
    assert_eq!(scene.work().await, 1);
    assert_eq!(scene.seen(&one).await.networks.len(), 2);
    scene.test.clock.advance(Duration::minutes(11));
    scene.sweep().await;
    assert_eq!(scene.networks_on_engine().await, 2, "it is no orphan");
}

#[tokio::test]
async fn a_failed_attempt_is_told_and_finished_later() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    let back = scene.network("Back office").await;
    let engine = &scene.test.engine;
    engine.fail(Call::JoinNetwork, 1, || EngineError::NoAddresses);
    scene.join(of(&back), &one).await.unwrap();
    scene.work().await;
    let error = scene.find(&one).await.notes.error;
    assert!(error.is_some_and(|error| error.contains("addresses")));
    scene.later(Duration::minutes(5)).await;
    assert_eq!(scene.seen(&one).await.networks.len(), 2);
    engine.lose_answer(Call::LeaveNetwork, 1);
    scene.leave(of(&back), &one).await.unwrap();
    scene.work().await;
    scene.later(Duration::minutes(5)).await;
    assert_eq!(scene.seen(&one).await.networks.len(), 1);
    assert_eq!(scene.find(&one).await.notes.error, None);
}

#[tokio::test]
async fn a_deleted_network_goes_when_its_servers_have_left() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    let back = scene.network("Back office").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.work().await;
    let (app, scope) = (&scene.test.app, &scene.scope);
    let refused = networks::remove(app, scope, of(&back), false).await.map(drop);
    assert_conflict(refused, "network-not-empty");
    scene.leave(COMMON, &one).await.unwrap();
    let refused = networks::remove(app, scope, of(&back), true).await.map(drop);
    assert_conflict(refused, "only-network");
    scene.join(COMMON, &one).await.unwrap();
    networks::remove(app, scope, of(&back), true).await.unwrap();
    assert_eq!(scene.remove_networks().await, 0, "its server has not left");
    assert_eq!(scene.networks_on_engine().await, 2);
    scene.work().await;
    scene.test.clock.advance(Duration::seconds(2));
    assert_eq!(scene.remove_networks().await, 1);
    assert_eq!(scene.networks_on_engine().await, 1);
    let gone = networks::remove(app, scope, of(&back), true).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    assert!(
        scene
            .history(&one)
            .await
            .iter()
            .any(|line| line.ends_with("deleted the network Back office."))
    );
}

#[tokio::test]
async fn an_engine_that_is_away_delays_a_deletion() {
    let scene = Scene::new().await;
    let back = scene.network("Back office").await;
    let one = scene.running("one").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.work().await;
    scene.leave(of(&back), &one).await.unwrap();
    scene.work().await;
    networks::remove(&scene.test.app, &scene.scope, of(&back), false)
        .await
        .unwrap();
    scene.test.engine.set_down(true);
    assert_eq!(scene.remove_networks().await, 0);
    scene.test.engine.set_down(false);
    scene.test.clock.advance(Duration::minutes(6));
    assert_eq!(scene.remove_networks().await, 1);
    assert_eq!(scene.networks_on_engine().await, 1);
}

#[tokio::test]
async fn a_server_is_always_in_a_network_and_limits_hold() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    assert_conflict(scene.leave(COMMON, &one).await, "only-network");
    let back = scene.network("Back office").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.join(of(&back), &one).await.unwrap();
    scene.leave(COMMON, &one).await.unwrap();
    assert_conflict(scene.leave(of(&back), &one).await, "only-network");
    for number in 2..=5 {
        scene.network(&format!("Network {number}")).await;
    }
    let full = networks::create(&scene.test.app, &scene.scope, "Sixth").await;
    assert!(
        matches!(
            full,
            Err(Error::LimitReached {
                limit: 5,
                used: 5,
                ..
            })
        ),
        "{full:?}"
    );
    let same = networks::create(&scene.test.app, &scene.scope, "").await;
    assert!(matches!(same, Err(Error::Invalid(_))), "{same:?}");
}

#[tokio::test]
async fn another_tenants_servers_and_networks_are_not_there() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    let back = scene.network("Back office").await;
    let (app, eve) = (&scene.test.app, scene.stranger().await);
    let own = networks::create(app, &eve, "Theirs").await.unwrap();
    for (network, server) in [(of(&back), one.id), (of(&own), one.id), (COMMON, one.id)] {
        let refused = networks::join(app, &eve, network, server).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    let refused = networks::remove(app, &eve, of(&back), true).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
}

#[tokio::test]
async fn all_is_in_the_audit_log() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    let back = scene.network("Back office").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.leave(COMMON, &one).await.unwrap();
    scene.join(COMMON, &one).await.unwrap();
    networks::remove(&scene.test.app, &scene.scope, of(&back), true)
        .await
        .unwrap();
    let log = scene.audit_log().await;
    for line in [
        "network.create Back office",
        "network.join Back office",
        "network.leave Common network",
        "network.join Common network",
        "network.delete Back office",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
}

#[tokio::test]
async fn pages_tell_who_reaches_whom() {
    let scene = Scene::new().await;
    let one = scene.running("one").await;
    scene.running("two").await;
    let browser = scene.test.browser(scene.scope.actor.user).await;
    let bad = browser
        .post("/t/acme/networks", &[("name", " ")])
        .await
        .expect(422);
    assert!(bad.body.contains("Give it a name."), "{}", bad.body);
    let made = browser
        .post("/t/acme/networks", &[("name", "Back <b>office</b>")])
        .await
        .expect(303);
    let page = made.location().to_owned();
    let servers = format!("{page}/servers");
    browser
        .post(&servers, &[("server", &one.id.to_string())])
        .await
        .expect(303);
    let shown = browser.get(&page).await.expect(200);
    assert!(
        shown.body.contains("Joining") && shown.body.contains("Back &#60;b&#62;office"),
        "{}",
        shown.body
    );
    scene.work().await;
    browser
        .post(&format!("/t/acme/networks/common/servers/{}/remove", one.id), &[])
        .await
        .expect(303);
    scene.work().await;
    browser.get("/t/acme/networks/common").await.expect(200);
    let shown = browser.get("/t/acme/networks").await.expect(200);
    assert!(
        shown.body.contains("<svg") && shown.body.contains("nobody"),
        "{}",
        shown.body
    );
}

#[tokio::test]
async fn programs_do_the_same() {
    let scene = Scene::new().await;
    let (one, two) = (scene.running("one").await, scene.running("two").await);
    let back = scene.network("Back <b>office</b>").await;
    scene.join(of(&back), &one).await.unwrap();
    scene.leave(COMMON, &one).await.unwrap();
    scene.work().await;
    let user = scene.scope.actor.user;
    let all = crate::platform::access::Permission::ALL;
    let program = scene.test.program(user, Some(scene.scope.tenant()), all).await;
    let map = program.get("/api/v1/networks/reach").await.expect(200).json();
    assert_eq!(
        map["servers"][0]["networks"],
        serde_json::json!(["Back <b>office</b>"])
    );
    assert_eq!(map["servers"][0]["reaches"], serde_json::json!([]));
    let path = format!("/api/v1/networks/{}", back.id);
    let body = serde_json::json!({ "server": two.id.to_string() });
    program
        .json("POST", &format!("{path}/servers"), &body)
        .await
        .expect(204);
    scene.work().await;
    let shown = program.get(&path).await.expect(200).json();
    assert_eq!(shown["members"][1]["state"], "in");
    assert!(shown["subnet"].as_str().unwrap().ends_with("/24"));
    program
        .json("DELETE", &path, &serde_json::json!({}))
        .await
        .expect(409);
    let renamed = program
        .json("PATCH", &path, &serde_json::json!({ "name": "Front" }))
        .await
        .expect(200);
    assert_eq!(renamed.json()["name"], "Front");
    program
        .json(
            "PATCH",
            "/api/v1/networks/common",
            &serde_json::json!({ "name": "Front" }),
        )
        .await
        .expect(409);
    let left = format!("{path}/servers/{}", two.id);
    program
        .json("DELETE", &left, &serde_json::json!({}))
        .await
        .expect(204);
    let list = program.get("/api/v1/networks?q=fro").await.expect(200).json();
    assert_eq!(list["items"][0]["servers"], 1);
}
