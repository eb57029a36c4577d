//! Moves to another tenant: who sees the server then, what goes along, what ends, and where it runs.

use serde_json::json;

use crate::drivers::engine::{Engine as _, NetworkKey, ObservedState};
use crate::networks;
use crate::platform::access::{Actor, Permission, StaffRole, StaffScope, TenantScope, Via, Who};
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SessionId, TenantId};
use crate::platform::operations::State;
use crate::testing::Client;

use super::super::actions::{self, Asked, CloneData, CloneInput, Restored};
use super::super::model::{Command, Power, Server};
use super::copies::{read, write};
use super::scene::{Scene, database};

/// One of the provider's people.
async fn staff(scene: &Scene) -> (StaffScope, Client) {
    let user = scene.test.staff("root", StaffRole::Engineer).await;
    let actor = Actor {
        user,
        name: "Root".to_owned(),
        email: "root@example.com".to_owned(),
        staff: Some(StaffRole::Engineer),
        memberships: Vec::new(),
        guests: Vec::new(),
        glass: Vec::new(),
        via: Via::Session(SessionId::new(&*scene.test.app.ids, scene.test.app.now())),
    };
    let who = Who::actor(&actor, "127.0.0.1", "test");
    let browser = scene.test.browser(user).await;
    (StaffScope::new(scene.test.app.db.clone(), who, actor), browser)
}

async fn give(scene: &Scene, scope: &StaffScope, server: &Server, to: TenantId) -> Result<Restored, Error> {
    scene.tick();
    actions::move_server(&scene.test.app, scope, server.id, (to, None), Some(&server.name)).await
}

/// Tables in which rows of a moved server may keep the former tenant, and why.
const MAY_STAY: [&str; 6] = [
    // A guest's tokens have ended, and are theirs to see.
    "api_token",
    // What they were told of it, and what was done about it.
    "breakdown_evidence",
    // Whose visits they were is told to those.
    "console_visit",
    "incident",
    // Where it came from.
    "server_move",
    "ticket_act",
];

/// The tables in which something of a server has another tenant than the server.
async fn left_behind(scene: &Scene, server: &Server) -> Vec<String> {
    let rows = sqlx::query!(
        r#"select c.table_name as "name!",
             (xpath('/row/n/text()', query_to_xml(format(
                'select count(*) as n from %I where server_id = %L and tenant_id <> %L', c.table_name, $1::uuid, $2::uuid),
                false, true, '')))[1]::text::bigint as "left!"
           from information_schema.columns c
           join information_schema.columns d on d.table_name = c.table_name and d.table_schema = c.table_schema
           join information_schema.tables t on t.table_name = c.table_name and t.table_schema = c.table_schema
           where c.table_schema = 'public' and c.column_name = 'tenant_id' and d.column_name = 'server_id'
             and t.table_type = 'BASE TABLE' order by 1"#,
        server.id.0,
        server.tenant.0
    );
    let rows = rows.fetch_all(scene.tx().await.conn()).await.unwrap();
    assert!(rows.len() > 12, "{rows:?}");
    let left = rows
        .into_iter()
        .filter(|row| row.left > 0 && !MAY_STAY.contains(&&*row.name));
    left.map(|row| row.name).collect()
}

/// A row in each table about one server that has none yet.
async fn furnish(scene: &Scene, server: &Server) {
    let any_time = "create table usage_any_time partition of usage_10s default";
    scene.test.administer(any_time).await;
    let mut tx = scene.tx().await;
    let (id, tenant) = (server.id.0, server.tenant.0);
    for done in [
        sqlx::query!("insert into usage_10s (server_id, tenant_id, at, memory) values ($1, $2, now(), 1)", id, tenant).execute(tx.conn()).await,
        sqlx::query!("insert into usage_disk (server_id, tenant_id, bytes, at) values ($1, $2, 1, now())", id, tenant).execute(tx.conn()).await,
        sqlx::query!("insert into server_note (server_id, tenant_id, text, updated_by, updated_at) values ($1, $2, 'x', 'x', now())", id, tenant).execute(tx.conn()).await,
        sqlx::query!("insert into server_crash (server_id, tenant_id) values ($1, $2)", id, tenant).execute(tx.conn()).await,
        sqlx::query!("insert into common_member (server_id, tenant_id, is_wanted, is_in) values ($1, $2, true, false)", id, tenant).execute(tx.conn()).await,
    ] {
        done.unwrap();
    }
    tx.commit().await.unwrap();
    // A breakdown that goes on, whose ticket is about the server and was acted on.
    scene.test.ticket(server.tenant).await;
    for told in [
        "insert into ticket_about (ticket_id, position, tenant_id, server_id, label) \
           select t.id, 9, t.tenant_id, s.id, s.name from ticket t join server s on s.tenant_id = t.tenant_id",
        "insert into ticket_act (id, ticket_id, tenant_id, server_id, server_name, operation_id, verb, by_label, asked_at) \
           select t.id, t.id, t.tenant_id, s.id, s.name, t.id, 'restart', 'x', now() from ticket t join server s on s.tenant_id = t.tenant_id",
        "insert into incident (id, tenant_id, server_id, cause, signature, summary, state, began_at, opened_at, failing_since, changed_at) \
           select s.id, s.tenant_id, s.id, 'server:' || s.id || ':engine', 'stopped', 'x', 'open', now(), now(), now(), now() from server s",
    ] {
        scene.test.administer(told).await;
    }
}

struct Two {
    scene: Scene,
    other: TenantScope,
    root: StaffScope,
    staff: Client,
    server: Server,
}

async fn two() -> Two {
    let scene = Scene::new().await;
    let other = scene.stranger().await;
    let (root, staff) = staff(&scene).await;
    let asked = actions::create(&scene.test.app, &scene.scope, database("db"))
        .await
        .unwrap();
    scene.work().await;
    let server = scene.find(&asked.server).await;
    write(&scene, &server, "hello").await;
    Two {
        scene,
        other,
        root,
        staff,
        server,
    }
}

/// What the move has ended and told, and what it has not.
async fn check_traces(scene: &Scene, server: &Server, new: TenantId) {
    let old = server.tenant;
    // The former network had nobody else in it.
    let networks = scene.test.engine.list_networks().await.unwrap();
    assert_eq!(networks.len(), 1);
    let mut tx = scene.tx().await;
    let counts = sqlx::query!(
        r#"select (select count(*) from tenant_network where tenant_id = $1) as "subnets!",
             (select count(*) from server_guest where server_id = $2) as "guests!",
             (select count(*) from server_move) as "moves!",
             (select bool_and(is_paused and next_run is null) from schedule where server_id = $2) as "is_paused!",
             (select count(*) from audit_event where action = 'server.move' and tenant_id = $1) as "told_old!",
             (select count(*) from audit_event where action = 'server.move' and tenant_id = $3) as "told_new!",
             (select count(*) from audit_event where action = 'server.move' and tenant_id = $1
                and concat(before, after) ilike '%other%' and concat(before, after) like '%Eve%') as "names!""#,
        old.0,
        server.id.0,
        new.0
    );
    let counts = counts.fetch_one(tx.conn()).await.unwrap();
    assert_eq!((counts.subnets, counts.guests, counts.moves), (0, 0, 0));
    assert!(counts.is_paused);
    assert_eq!((counts.told_old, counts.told_new, counts.names), (1, 1, 0));
}

#[tokio::test]
async fn a_moved_server_is_the_others_with_all_that_is_its_own() {
    let Two {
        scene,
        other,
        staff,
        server,
        ..
    } = two().await;
    furnish(&scene, &server).await;
    let (old, new) = (server.tenant, other.tenant());
    let guest = scene.test.person("grace").await;
    scene
        .test
        .guest(old, server.id, guest, &[Permission::ServerRead])
        .await;
    let program = scene
        .test
        .guest_program(guest, (old, server.id), &[Permission::ServerRead])
        .await;
    scene.test.schedule(old, server.id).await;
    let ports = scene.ports(&server).await;
    let secret = actions::reveal(&scene.test.app, &scene.scope, server.id, "POSTGRES_PASSWORD").await;
    let ada = scene.test.browser(scene.scope.actor.user).await;
    let eve = scene.test.browser(other.actor.user).await;
    let at = format!("servers/{}", server.id);
    ada.get(&format!("/t/acme/{at}")).await.expect(200);
    program.get(&format!("/api/v1/{at}")).await.expect(200);

    let form = format!("/staff/{at}/move");
    let page = staff.get(&format!("{form}?q=other")).await.expect(200);
    assert!(page.body.contains(&new.to_string()), "{}", page.body);
    let wrong = [("tenant", &*new.to_string()), ("confirm", "web")];
    staff.post(&form, &wrong).await.expect(422);
    let right = [("tenant", &*new.to_string()), ("confirm", "db")];
    staff.post(&form, &right).await.expect(303);

    ada.get(&format!("/t/acme/{at}")).await.expect(404);
    program.get(&format!("/api/v1/{at}")).await.expect(401);
    eve.get(&format!("/t/other/{at}")).await.expect(200);
    let moved = scene.find(&server).await;
    assert_eq!(moved.tenant, new);
    assert_eq!(left_behind(&scene, &moved).await, [""; 0]);
    scene.work().await;
    assert_eq!(left_behind(&scene, &moved).await, [""; 0]);
    let seen = scene.seen(&server).await;
    assert_eq!(
        seen.state,
        ObservedState::Running,
        "{}",
        scene.told(&server).await
    );
    let place = NetworkKey::new(new.to_string()).unwrap();
    assert_eq!(seen.networks.into_iter().collect::<Vec<_>>(), [place]);
    assert_eq!(scene.ports(&server).await, ports);
    assert_eq!(read(&scene, &moved).await.as_deref(), Some("hello"));
    let same = actions::reveal(&scene.test.app, &other, server.id, "POSTGRES_PASSWORD").await;
    assert_eq!(same.unwrap().expose(), secret.unwrap().expose());

    check_traces(&scene, &server, new).await;
    scene.sweep().await;
    assert_eq!(scene.work().await, 0, "nothing is left to do");
}

#[tokio::test]
async fn a_stopped_server_leaves_the_network_and_starts_in_the_new_one() {
    let Two {
        scene,
        other,
        root,
        server,
        ..
    } = two().await;
    let neighbour = scene.running("web").await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    let moved = give(&scene, &root, &server, other.tenant()).await.unwrap();
    scene.work().await;
    let asked = Asked {
        server: moved.server.clone(),
        operation: moved.operation,
    };
    assert_eq!(scene.operation(&asked).await.state, State::Succeeded);
    assert_eq!(scene.seen(&server).await.state, ObservedState::Gone);
    assert_eq!(scene.find(&server).await.power, Power::Stopped);
    assert_eq!(scene.seen(&neighbour).await.state, ObservedState::Running);
    actions::command(&scene.test.app, &other, server.id, Command::Start)
        .await
        .unwrap();
    scene.work().await;
    let place = NetworkKey::new(other.tenant().to_string()).unwrap();
    assert!(scene.seen(&server).await.networks.contains(&place));
    assert_eq!(read(&scene, &moved.server).await.as_deref(), Some("hello"));
    assert_eq!(scene.test.engine.list_networks().await.unwrap().len(), 2);
}

#[tokio::test]
async fn one_that_is_back_before_it_left_keeps_its_tenants_network() {
    let Two {
        scene,
        other,
        root,
        server,
        ..
    } = two().await;
    scene.command(&server, Command::Stop).await;
    scene.work().await;
    give(&scene, &root, &server, other.tenant()).await.unwrap();
    let back = give(&scene, &root, &server, scene.scope.tenant()).await.unwrap();
    scene.work().await;
    let own = NetworkKey::new(scene.scope.tenant().to_string()).unwrap();
    let networks = scene.test.engine.list_networks().await.unwrap();
    let keys: Vec<_> = networks.into_iter().map(|network| network.key).collect();
    assert_eq!(keys, [own]);
    scene.command(&back.server, Command::Start).await;
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    assert_eq!(read(&scene, &back.server).await.as_deref(), Some("hello"));
}

#[tokio::test]
async fn networks_of_the_former_tenant_are_left() {
    let Two {
        scene,
        other,
        root,
        server,
        ..
    } = two().await;
    let network = networks::create(&scene.test.app, &scene.scope, "back")
        .await
        .unwrap();
    let ada = scene.test.browser(scene.scope.actor.user).await;
    let add = format!("/t/acme/networks/{}/servers", network.id);
    ada.post(&add, &[("server", &server.id.to_string())])
        .await
        .expect(303);
    scene.work().await;
    assert_eq!(scene.seen(&server).await.networks.len(), 2);
    give(&scene, &root, &server, other.tenant()).await.unwrap();
    scene.work().await;
    let place = NetworkKey::new(other.tenant().to_string()).unwrap();
    let networks = scene.seen(&server).await.networks;
    assert_eq!(networks.into_iter().collect::<Vec<_>>(), [place]);
}

#[tokio::test]
async fn a_name_that_is_taken_there_becomes_another() {
    let Two {
        scene,
        other,
        root,
        server,
        ..
    } = two().await;
    actions::create(&scene.test.app, &other, database("db"))
        .await
        .unwrap();
    let moved = give(&scene, &root, &server, other.tenant()).await.unwrap();
    assert_eq!(moved.renamed_from.as_deref(), Some("db"));
    assert_eq!(
        (&*moved.server.name, &*moved.server.host_name),
        ("db (moved)", "db-moved")
    );
}

#[tokio::test]
async fn what_can_not_be_is_refused_and_changes_nothing() {
    let Two {
        scene,
        other,
        root,
        server,
        ..
    } = two().await;
    let tiny = scene.test.plan("tiny", 0).await;
    let full = scene.test.tenant_on("full", tiny).await;
    let refused = give(&scene, &root, &server, full).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached { .. }), "{refused:?}");
    let same = give(&scene, &root, &server, server.tenant).await.unwrap_err();
    assert_eq!(same.status(), 422, "{same:?}");
    let asleep = scene.test.tenant("asleep").await;
    scene.test.suspend(asleep).await;
    assert_eq!(
        give(&scene, &root, &server, asleep).await.unwrap_err().status(),
        422
    );
    let nobody = TenantId::new(&*scene.test.app.ids, scene.test.app.now());
    assert_eq!(
        give(&scene, &root, &server, nobody).await.unwrap_err().status(),
        422
    );
    let input = CloneInput {
        data: CloneData::Stopped,
        ..CloneInput::default()
    };
    let copy = actions::clone(&scene.test.app, &scene.scope, server.id, input)
        .await
        .unwrap();
    for one in [&server, &copy.server] {
        let refused = give(&scene, &root, one, other.tenant()).await.unwrap_err();
        assert_eq!(refused.code(), "being-copied");
    }
    scene.work().await;
    scene.delete(&server).await;
    let refused = give(&scene, &root, &server, other.tenant()).await.unwrap_err();
    assert_eq!(refused.code(), "server-deleted");
    assert_eq!(scene.find(&server).await.tenant, scene.scope.tenant());
}

#[tokio::test]
async fn staff_restore_and_erase_what_tenants_deleted() {
    let Two {
        scene, staff, server, ..
    } = two().await;
    scene.delete(&server).await;
    scene.work().await;
    let list = staff.get("/staff/deleted-servers").await.expect(200);
    assert!(
        list.body
            .contains(&format!("/staff/servers/{}/restore", server.id)),
        "{}",
        list.body
    );
    staff
        .post(&format!("/staff/servers/{}/restore", server.id), &[])
        .await
        .expect(303);
    scene.work().await;
    assert_eq!(scene.seen(&server).await.state, ObservedState::Running);
    let log = scene.audit_log().await;
    assert!(log.contains("server.restore db"), "{log}");

    scene.delete(&server).await;
    scene.work().await;
    let erase = format!("/staff/servers/{}/erase", server.id);
    staff.post(&erase, &[("confirm", "web")]).await.expect(303);
    assert!(
        scene.find(&server).await.deleting_at.is_none(),
        "the name did not fit"
    );
    staff.post(&erase, &[("confirm", "db")]).await.expect(303);
    scene.work().await;
    assert!(matches!(scene.try_find(&server).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn staff_tell_several_tenants_servers_at_once() {
    let Two {
        scene,
        other,
        staff,
        server,
        ..
    } = two().await;
    let theirs = actions::create(&scene.test.app, &other, database("theirs"))
        .await
        .unwrap()
        .server;
    scene.work().await;
    let list = staff.get("/staff/servers?select=page").await.expect(200);
    assert!(
        list.body
            .contains(&format!("value=\"{}\" form=\"several\"", theirs.id)),
        "{}",
        list.body
    );
    let chosen = format!("server={}&server={}", server.id, theirs.id);
    let ask = staff
        .get(&format!("/staff/servers/bulk?action=suspend&{chosen}"))
        .await
        .expect(200);
    assert!(
        ask.body.contains("theirs") && ask.body.contains("Suspend 2 servers?"),
        "{}",
        ask.body
    );
    let (one, two) = (server.id.to_string(), theirs.id.to_string());
    let stop = [("server", &*one), ("server", &*two)];
    let done = staff
        .post("/staff/servers/bulk/actions/stop", &stop)
        .await
        .expect(200);
    assert!(done.body.contains("2 of 2 begun"), "{}", done.body);
    scene.work().await;
    for one in [&server, &theirs] {
        assert!(matches!(
            scene.seen(one).await.state,
            ObservedState::Exited { .. }
        ));
    }
    suspend_both(&scene, &staff, (&server, &theirs)).await;
}

/// Suspends two servers of two tenants that were stopped before.
async fn suspend_both(scene: &Scene, staff: &Client, (server, theirs): (&Server, &Server)) {
    let (one, two) = (server.id.to_string(), theirs.id.to_string());
    let empty = [("server", &*one), ("reason", " ")];
    let again = staff
        .post("/staff/servers/bulk/suspend", &empty)
        .await
        .expect(422);
    assert!(again.body.contains("Say why."), "{}", again.body);
    let reason = [("server", &*one), ("server", &*two), ("reason", "unpaid")];
    staff
        .post("/staff/servers/bulk/suspend", &reason)
        .await
        .expect(200);
    for tenant in [server.tenant, theirs.tenant] {
        let mut tx = scene.tx().await;
        let told = sqlx::query_scalar!(
            r#"select count(*) as "n!" from audit_event where tenant_id = $1 and action in ('server.stop', 'server.suspend')"#,
            tenant.0
        );
        assert_eq!(told.fetch_one(tx.conn()).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn programs_of_the_staff_do_the_same_and_who_is_not_there_is_a_line() {
    let Two { scene, server, .. } = two().await;
    let nobody = ServerId::new(&*scene.test.app.ids, scene.test.app.now());
    let api = scene.test.staff("api", StaffRole::Owner).await;
    let program = scene.test.program(api, None, Permission::ALL).await;
    let path = "/api/v1/staff/servers/bulk/actions/stop";
    let body = json!({ "servers": [server.id, nobody] });
    let answer = program.json("POST", path, &body).await.expect(200).json();
    let items = answer["items"].as_array().unwrap();
    assert!(items[0]["operation_id"].is_string(), "{items:?}");
    assert!(items[1]["error"].is_string(), "{items:?}");
    program
        .json("POST", path, &json!({ "servers": [] }))
        .await
        .expect(422);
    scene.work().await;
    let state = scene.seen(&server).await.state;
    assert!(matches!(state, ObservedState::Exited { .. }), "{state:?}");
}
