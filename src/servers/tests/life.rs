//! A server's life between its making and its end: another size while it runs, a new container, tags and a note, several at
//! once, and suspension.

use chrono::Duration;

use crate::catalogue::Catalogue;
use crate::drivers::engine::fake::Call;
use crate::drivers::engine::{Engine as _, ObservedState, Stats};
use crate::platform::access::{StaffRole, StaffScope};
use crate::platform::error::Error;
use crate::platform::operations::State;

use super::super::actions::{self, SettingsInput};
use super::super::model::{Command, Server, Tags};
use super::super::query::ServerQuery;
use super::super::store;
use super::scene::{Scene, key};

impl Scene {
    async fn change(&self, server: &Server, input: SettingsInput) -> actions::Changed {
        self.tick();
        let changed = actions::change(&self.test.app, &self.scope, server.id, input, |_| Ok(())).await;
        changed.unwrap()
    }

    async fn resize(&self, server: &Server, size: &str) -> actions::Changed {
        let input = SettingsInput {
            size: Some(size.to_owned()),
            ..SettingsInput::default()
        };
        self.change(server, input).await
    }

    async fn engineer(&self) -> StaffScope {
        let sam = self.test.staff("sam", StaffRole::Engineer).await;
        let mut actor = self.scope.actor.clone();
        (actor.user, actor.staff) = (sam, Some(StaffRole::Engineer));
        StaffScope::new(self.test.app.db.clone(), self.scope.who.clone(), actor)
    }

    /// The names of the servers that a list asked like this has.
    async fn listed(&self, query: &ServerQuery) -> Vec<String> {
        let catalogue: &Catalogue = &self.test.app.catalogue;
        let mut tx = self.scope.begin().await.unwrap();
        let listing = query.run(catalogue, &mut tx, Some(self.scope.tenant())).await;
        listing
            .unwrap()
            .items
            .into_iter()
            .map(|server| server.name)
            .collect()
    }
}

#[tokio::test]
async fn another_size_is_given_to_a_server_while_it_runs() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let before = scene.seen(&server).await;
    let changed = scene.resize(&server, "microcomputer").await;
    scene.work().await;
    let after = scene.seen(&server).await;
    assert_eq!(after.container_id, before.container_id);
    assert_eq!(after.started_at, before.started_at, "it was not restarted");
    let stats = scene.test.engine.stats(&key(&server)).await.unwrap().unwrap();
    assert_eq!(stats.memory_limit, 1024 << 20);
    let operation = changed.operation.unwrap();
    assert_eq!(operation.kind, "server.resize");
    let asked = actions::Asked {
        server: changed.server,
        operation,
    };
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(scene.steps(&asked).await, ["Change its limits: succeeded"]);
    let calls = scene.test.engine.calls(Call::Observe);
    scene.sweep().await;
    scene.work().await;
    assert_eq!(
        scene.test.engine.calls(Call::Observe),
        calls,
        "it is as wanted and as known"
    );
}

#[tokio::test]
async fn less_memory_than_is_used_waits_and_says_so_until_a_restart() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.resize(&server, "microcomputer").await;
    scene.work().await;
    let used = Stats {
        memory_bytes: 900 << 20,
        ..Stats::default()
    };
    scene.test.engine.set_stats(&key(&server), used);
    scene.resize(&server, "small-box").await;
    scene.work().await;
    let told = scene.told(&server).await;
    assert!(
        told.contains("it uses 900 MiB of memory now, more than the 256 MiB of its new size"),
        "{told}"
    );
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    let again = scene.command(&server, Command::Restart).await;
    scene.work().await;
    assert_eq!(scene.operation(&again).await.state, State::Succeeded);
    assert_eq!(
        scene.test.engine.calls(Call::Ensure),
        1,
        "the container is the same"
    );
    let seen = scene.seen(&server).await.spec_hash.unwrap();
    assert!(seen.ends_with(&format!("/{}", 256 << 20)), "{seen}");
}

#[tokio::test]
async fn a_stopped_server_gets_its_new_size_when_it_starts() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    scene.resize(&server, "microcomputer").await;
    scene.work().await;
    assert_eq!(scene.test.engine.calls(Call::SetLimits), 0);
    let asked = scene.command(&server, Command::Start).await;
    scene.work().await;
    let steps = scene.steps(&asked).await;
    assert_eq!(steps, ["Change its limits: succeeded", "Start it: succeeded"]);
}

#[tokio::test]
async fn a_rebuild_makes_a_new_container_and_keeps_the_data() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let before = scene.seen(&server).await;
    let asked = actions::rebuild(&scene.test.app, &scene.scope, server.id)
        .await
        .unwrap();
    let again = actions::rebuild(&scene.test.app, &scene.scope, server.id)
        .await
        .unwrap();
    assert_eq!(
        again.operation.id, asked.operation.id,
        "asking twice watches the same work"
    );
    scene.work().await;
    let after = scene.seen(&server).await;
    assert_ne!(after.container_id, before.container_id);
    assert_eq!((&after.image, &after.ports), (&before.image, &before.ports));
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(scene.test.engine.calls(Call::RemoveVolume), 0);
    scene.command(&server, Command::Restart).await;
    scene.work().await;
    assert_eq!(
        scene.seen(&server).await.container_id,
        after.container_id,
        "once is enough"
    );
    let stranger = scene.stranger().await;
    let refused = actions::rebuild(&scene.test.app, &stranger, server.id).await;
    assert!(matches!(refused, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_suspended_server_stops_tells_why_and_comes_back_as_it_was() {
    let scene = Scene::new().await;
    let (up, down) = (scene.running("up").await, scene.running("down").await);
    scene.command(&down, Command::Stop).await;
    scene.work().await;
    let (app, staff) = (&scene.test.app, scene.engineer().await);
    let empty = actions::suspend(app, &staff, up.id, " ").await;
    assert!(matches!(empty, Err(Error::Invalid(_))));
    for server in [&up, &down] {
        let asked = actions::suspend(app, &staff, server.id, "It sends spam.")
            .await
            .unwrap();
        scene.work().await;
        assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
        assert!(matches!(
            scene.seen(server).await.state,
            ObservedState::Exited { .. }
        ));
        let told = scene.told(server).await;
        assert!(
            told.starts_with("Suspended: It is stopped because the provider"),
            "{told}"
        );
        for command in [Command::Start, Command::Restart] {
            let refused = actions::command(app, &scene.scope, server.id, command).await;
            assert_eq!(refused.unwrap_err().code(), "server-suspended");
        }
    }
    scene.sweep().await;
    assert_eq!(scene.work().await, 0, "it is as wanted");
    for server in [&up, &down] {
        actions::resume(app, &staff, server.id).await.unwrap();
        scene.work().await;
    }
    assert_eq!(scene.seen(&up).await.state, ObservedState::Running);
    assert!(matches!(
        scene.seen(&down).await.state,
        ObservedState::Exited { .. }
    ));
    let twice = actions::resume(app, &staff, up.id).await;
    assert_eq!(twice.unwrap_err().code(), "not-suspended");
    let log = scene.audit_log().await;
    assert!(
        log.contains("server.suspend") && log.contains("It sends spam."),
        "{log}"
    );
    let history = scene.history(&up).await;
    assert!(
        history.iter().any(|text| text.contains("asked to suspend it")),
        "{history:?}"
    );
}

#[tokio::test]
async fn tags_and_notes_touch_no_container() {
    let scene = Scene::new().await;
    let web = scene.running("web").await;
    let calls = scene.test.engine.total_calls();
    let note = "Call <b>Ada</b> first.\nThen restart.";
    let input = SettingsInput {
        tags: Some(vec!["Prod".to_owned(), "shop".to_owned()]),
        note: Some(note.to_owned()),
        ..SettingsInput::default()
    };
    let changed = scene.change(&web, input.clone()).await;
    assert!(changed.operation.is_none());
    assert_eq!(changed.server.tags, ["prod", "shop"]);
    assert!(changed.server.version > web.version);
    let same = scene.change(&web, input).await;
    assert_eq!(
        same.server.version, changed.server.version,
        "what is so already is no change"
    );
    let mut tx = scene.scope.begin().await.unwrap();
    assert_eq!(store::note(&mut tx, web.id).await.unwrap(), note);
    drop(tx);
    let mut tx = scene.stranger().await.begin().await.unwrap();
    assert_eq!(
        store::note(&mut tx, web.id).await.unwrap(),
        "",
        "a stranger reads nothing"
    );
    drop(tx);

    let wrong = SettingsInput {
        tags: Some(vec!["a b".to_owned()]),
        note: Some("x".repeat(10_001)),
        ..SettingsInput::default()
    };
    let refused = actions::change(&scene.test.app, &scene.scope, web.id, wrong, |_| Ok(())).await;
    let Err(Error::Invalid(errors)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        errors.get("tags").is_some() && errors.get("note").is_some(),
        "{errors:?}"
    );
    let emptied = SettingsInput {
        tags: Some(Vec::new()),
        note: Some(String::new()),
        ..SettingsInput::default()
    };
    assert!(scene.change(&web, emptied).await.server.tags.is_empty());
    scene.work().await;
    assert_eq!(scene.test.engine.total_calls(), calls);
    let log = scene.audit_log().await;
    assert!(log.contains("prod") && !log.contains("Call"), "{log}");
}

#[tokio::test]
async fn several_servers_are_told_at_once_and_each_has_its_own_work() {
    let scene = Scene::new().await;
    let (first, second) = (scene.running("b").await, scene.running("a").await);
    let gone = scene.create("gone").await.unwrap().server;
    scene.delete(&gone).await;
    let app = &scene.test.app;
    let ids = [first.id, second.id, gone.id];
    let bulk = actions::command_all(app, &scene.scope, &ids, Command::Stop)
        .await
        .unwrap();
    let names: Vec<_> = bulk.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!((bulk.begun(), names), (2, vec!["a", "b", "gone"]));
    assert_eq!(
        bulk.lines[2].outcome.as_ref().unwrap_err(),
        "This server is deleted. Restore it first."
    );
    scene.work().await;
    for server in [&first, &second] {
        assert!(matches!(
            scene.seen(server).await.state,
            ObservedState::Exited { .. }
        ));
    }
    let stranger = scene.stranger().await;
    let theirs = actions::command_all(app, &stranger, &ids[..1], Command::Start)
        .await
        .unwrap();
    assert_eq!(theirs.begun(), 0);
    assert_eq!(
        theirs.lines[0].name,
        first.id.to_string(),
        "not even the name is told"
    );
    let none = actions::command_all(app, &scene.scope, &[], Command::Stop).await;
    assert!(matches!(none, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn several_servers_are_tagged_at_once() {
    let scene = Scene::new().await;
    let (one, two) = (scene.running("one").await, scene.running("two").await);
    let (app, ids) = (&scene.test.app, [one.id, two.id]);
    let tags = |line: &str| Tags::parse_line(line).unwrap();
    let none = Tags::default();
    let ten = tags("a b c d e f g h i j");
    actions::retag_all(app, &scene.scope, &ids[..1], (&ten, &none))
        .await
        .unwrap();
    let bulk = actions::retag_all(app, &scene.scope, &ids, (&tags("x"), &none))
        .await
        .unwrap();
    assert_eq!(bulk.begun(), 1);
    let refusal = bulk.lines[0].outcome.as_ref().unwrap_err();
    assert!(refusal.contains("at most 10 tags"), "{refusal}");
    actions::retag_all(app, &scene.scope, &ids, (&tags("x"), &tags("a")))
        .await
        .unwrap();
    assert_eq!(scene.find(&two).await.tags, ["x"]);
    assert_eq!(scene.find(&one).await.tags.len(), 10);
    assert!(scene.audit_log().await.contains("server.tag"));
    let history = scene.history(&two).await;
    assert!(history.last().unwrap().ends_with("tagged it x."), "{history:?}");
}

#[tokio::test]
async fn a_new_name_leaves_the_host_name() {
    let scene = Scene::new().await;
    let server = scene.running("web").await;
    let input = SettingsInput {
        name: Some("shop".to_owned()),
        ..SettingsInput::default()
    };
    let renamed = scene.change(&server, input).await.server;
    assert_eq!(
        (renamed.name.as_str(), renamed.host_name.as_str()),
        ("shop", "web")
    );
    let next = scene.running("web").await;
    assert_ne!(
        next.host_name, "web",
        "the old name is free, its host name is not"
    );
    scene.later(Duration::seconds(1)).await;
    let started = scene.seen(&server).await.started_at;
    assert_eq!(started, scene.find(&server).await.observed.running_since);
}

#[tokio::test]
async fn pages_choose_and_ask_and_show_text_as_text() {
    let scene = Scene::new().await;
    let server = scene.running("web <1>").await;
    let id = server.id.to_string();
    let input = SettingsInput {
        tags: Some(vec!["prod".to_owned()]),
        note: Some("<script>alert(1)</script>".to_owned()),
        ..SettingsInput::default()
    };
    scene.change(&server, input).await;
    let browser = scene.test.browser(scene.scope.actor.user).await;
    let shown = browser.get(&format!("/t/acme/servers/{id}")).await.expect(200);
    assert!(shown.body.contains("alert(1)") && !shown.body.contains("<script>alert"));
    let list = browser.get("/t/acme/servers?tag=prod").await.expect(200);
    let field = format!("name=\"server\" value=\"{id}\" form=\"several\"");
    assert!(list.body.contains(&field) && list.body.contains("/t/acme/servers?tag=prod"));
    assert!(!list.body.contains(" checked>"));
    let all = browser.get("/t/acme/servers?select=page").await.expect(200);
    assert!(all.body.contains(" checked>"));
    browser.get("/t/acme/servers/bulk?action=stop").await.expect(303);
    let ask = format!("/t/acme/servers/bulk?action=kill&server={id}");
    let asked = browser.get(&ask).await.expect(200);
    assert!(
        asked.body.contains("Kill 1 server?")
            && asked
                .body
                .contains("action=\"/t/acme/servers/bulk/actions/kill\"")
    );
    assert!(asked.body.contains("web") && !asked.body.contains("web <1>"));
    assert_eq!(
        scene.seen(&server).await.state,
        ObservedState::Running,
        "nothing was done yet"
    );
    let done = browser
        .post("/t/acme/servers/bulk/actions/kill", &[("server", &id)])
        .await
        .expect(200);
    assert!(done.body.contains("1 of 1 begun") && done.body.contains(&field));
    scene.work().await;
    assert!(matches!(
        scene.seen(&server).await.state,
        ObservedState::Exited { .. }
    ));
    let wrong = [("server", id.as_str()), ("add", "what?")];
    let again = browser
        .post("/t/acme/servers/bulk/tags", &wrong)
        .await
        .expect(422);
    assert!(again.body.contains("value=\"what?\"") && again.body.contains("Use letters, digits"));
    let right = [("server", id.as_str()), ("add", "shop")];
    browser
        .post("/t/acme/servers/bulk/tags", &right)
        .await
        .expect(200);
    assert_eq!(scene.find(&server).await.tags, ["prod", "shop"]);
}

#[tokio::test]
async fn servers_are_found_by_their_tags() {
    let scene = Scene::new().await;
    let (web, other) = (scene.running("web").await, scene.running("other").await);
    let input = SettingsInput {
        tags: Some(vec!["Prod".to_owned(), "shop".to_owned()]),
        ..SettingsInput::default()
    };
    scene.change(&web, input).await;
    let mut query = ServerQuery::default();
    query.filter.tag = "PROD".to_owned();
    assert_eq!(scene.listed(&query).await, ["web"]);
    query.filter.tag = "pro".to_owned();
    assert!(scene.listed(&query).await.is_empty(), "a tag is a whole word");
    let mut query = ServerQuery::default();
    query.list.q = Some("sho".to_owned());
    assert_eq!(scene.listed(&query).await, ["web"], "the search covers tags");
    query.list.q = Some("other".to_owned());
    assert_eq!(scene.listed(&query).await, [other.name.as_str()]);
}
