//! The second wall by itself: whatever a query asks, a guest's transaction sees one server and nothing else of the tenant.
#![expect(
    clippy::disallowed_methods,
    reason = "the same question for one table after another"
)]

use super::*;

/// Something of every kind for both servers and the tenant.
async fn furnished() -> Scene {
    let scene = Scene::sharing(&[P::ServerRead]).await;
    for server in [scene.web, scene.shop] {
        scene.app.operation(scene.tenant, server).await;
        scene.app.schedule(scene.tenant, server).await;
    }
    scene.app.invitation(scene.tenant).await;
    scene
        .app
        .administer(
            "insert into server_event (id, server_id, tenant_id, at, kind, text)
               select gen_random_uuid(), id, tenant_id, now(), 'asked', 'x' from server;
             insert into server_variable (server_id, tenant_id, key, value) select id, tenant_id, 'K', 'v' from server;
             insert into server_egg (server_id, tenant_id, install) select id, tenant_id, 'done' from server;
             insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, host_port)
               select id, tenant_id, location_id, 'http', 80, 'tcp', 20000 + row_number() over () from server;
             insert into usage_disk (server_id, tenant_id, bytes, at) select id, tenant_id, 1, now() from server;
             insert into console_visit (id, tenant_id, server_id, shell, way, may_type, actor_kind, actor_label, opened_at,
               seen_at) select gen_random_uuid(), tenant_id, id, 's', 'shell', true, 'user', 'x', now(), now() from server;
             insert into outbox (tenant_id, topic, target_id) select tenant_id, 'server', id from server;
             insert into outbox (tenant_id, topic, target_id) select id, 'member', id from tenant;
             insert into audit_event (id, at, tenant_id, actor_kind, actor_label, action, target_kind, target_id,
               target_label) select gen_random_uuid(), now(), tenant_id, 'system', 'x', 'x.x', 'server', id, 'x'
               from server;",
        )
        .await;
    scene
}

#[tokio::test]
async fn of_two_servers_one_is_seen() {
    let scene = furnished().await;
    for (what, expected) in [
        ("select count(*) from server", 1),
        ("select count(*) from server_event", 1),
        ("select count(*) from server_variable", 1),
        ("select count(*) from server_egg", 1),
        ("select count(*) from server_port", 1),
        ("select count(*) from usage_disk", 1),
        ("select count(*) from console_visit", 1),
        ("select count(*) from operation", 1),
        ("select count(*) from outbox", 1),
        ("select count(id) from tenant", 1),
        ("select count(*) from schedule", 1),
        ("select count(*) from schedule_run", 1),
        ("select count(*) from usage_10s", 0),
        ("select count(*) from api_token", 0),
    ] {
        assert_eq!(scene.count(what).await, expected, "{what}");
    }
    let mut tx = scene.guest_tx(scene.web).await;
    let seen = sqlx::query_scalar!("select id from server")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, [scene.web.0]);
}

#[tokio::test]
async fn what_is_the_tenants_own_is_closed_to_the_role() {
    let scene = furnished().await;
    for statement in [
        "select count(*) from membership",
        "select count(*) from user_account",
        "select count(*) from one_time_link",
        "select count(*) from server_guest",
        "select count(*) from plan",
        "select count(*) from backup",
        "select count(*) from backup_restore",
        "select count(*) from backup_alert",
        "select count(*) from monitor_check",
        "select count(*) from check_hour",
        "select count(*) from check_change",
        "select count(*) from status_page",
        "select count(*) from status_component",
        "select count(*) from breakdown",
        "select count(*) from breakdown_evidence",
        "select count(*) from ticket_act",
        "select count(*) from break_glass",
        "select count(*) from break_glass_use",
        "select count(*) from restore_drill",
        "select count(*) from restore_proof",
        "select count(*) from session",
        "select count(*) from audit_event",
        "select count(*) from tenant_network",
        "select count(*) from idempotency_key",
        "select count(*) from instance_setting",
        // Of the tenant's row only what a server's page tells.
        "select count(plan_id) from tenant",
    ] {
        let mut tx = scene.guest_tx(scene.web).await;
        let refused = sqlx::query(statement).fetch_one(tx.conn()).await.unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{statement}: {refused}"
        );
    }
}

#[tokio::test]
async fn nothing_is_written_for_the_other_server_or_in_the_name_of_another() {
    let scene = furnished().await;
    for statement in [
        "insert into server_event (id, server_id, tenant_id, at, kind, text) \
         values (gen_random_uuid(), $1, $2, now(), 'asked', 'x')",
        "insert into outbox (tenant_id, topic, target_id) values ($2, 'server', $1)",
        "insert into server_variable (server_id, tenant_id, key, value) values ($1, $2, 'NEW', 'x')",
        "insert into audit_event (id, at, tenant_id, actor_kind, actor_user_id, actor_label, action, target_kind, \
         target_label) values (gen_random_uuid(), now(), $2, 'user', $1, 'x', 'x.x', 'server', 'x')",
    ] {
        let mut tx = scene.guest_tx(scene.web).await;
        let refused = sqlx::query(statement)
            .bind(scene.shop.0)
            .bind(scene.tenant.0)
            .execute(tx.conn())
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("row-level security"),
            "{statement}: {refused}"
        );
    }
    for statement in [
        "update server set name = 'mine' where id = $1",
        "update server_variable set value = 'mine' where server_id = $1",
        "delete from server_variable where server_id = $1",
        "update operation set state = 'failed' where target_id = $1",
    ] {
        let mut tx = scene.guest_tx(scene.web).await;
        let done = sqlx::query(statement)
            .bind(scene.shop.0)
            .execute(tx.conn())
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 0, "{statement}");
    }
}

#[tokio::test]
async fn a_transaction_that_says_another_server_sees_nothing() {
    let scene = furnished().await;
    let stranger = scene.app.person("eve").await;
    let other = scene.app.tenant("other").await;
    let plans = crate::platform::db::Plans::Fitted;
    let db = &scene.app.app.db;
    for (place, user) in [
        ((scene.tenant, scene.shop), scene.grace),
        ((scene.tenant, scene.web), stranger),
        ((other, scene.web), scene.grace),
    ] {
        let mut tx = db.guest_with(place, user, plans).await.unwrap();
        let seen = sqlx::query_scalar!(
            r#"select (select count(*) from server) + (select count(id) from tenant) + (select count(*) from outbox)
                 + (select count(*) from operation) + (select count(*) from server_variable) as "n!""#
        );
        assert_eq!(seen.fetch_one(tx.conn()).await.unwrap(), 0, "{place:?} {user}");
    }
    // Without a server, the role sees nothing either, and the setting of one transaction is not there in the next.
    drop(scene.guest_tx(scene.web).await);
    for _ in 0..6 {
        let mut tx = db.tenant(scene.tenant, scene.grace).await.unwrap();
        let left = sqlx::query_scalar!(
            r#"select coalesce(current_setting('berth.server_id', true), '') as "left!""#
        );
        assert_eq!(left.fetch_one(tx.conn()).await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_schedule_s_events_and_runs_are_those_of_one_server() {
    let scene = furnished().await;
    let mut tx = scene.app.system().begin().await.unwrap();
    let far: uuid::Uuid = sqlx::query_scalar("select id from schedule where server_id = $1")
        .bind(scene.shop.0)
        .fetch_one(tx.conn())
        .await
        .unwrap();
    drop(tx);
    scene
        .app
        .administer(
            "insert into outbox (tenant_id, topic, target_id) select tenant_id, 'schedule', id from schedule;
             insert into outbox (tenant_id, topic, target_id) select tenant_id, 'other', id from schedule",
        )
        .await;
    let seen =
        "select count(*) from outbox o join schedule s on s.id = o.target_id where o.topic = 'schedule'";
    assert_eq!(scene.count(seen).await, 1);
    assert_eq!(
        scene
            .count("select count(*) from outbox where topic = 'other'")
            .await,
        0
    );
    // Of the other server's schedules nothing is begun, told or read.
    for statement in [
        "insert into schedule_run (id, tenant_id, schedule_id, state, due_at, started_at, finished_at, steps)
         select gen_random_uuid(), $2, $1, 'skipped', now(), now(), now(), '[]'",
        "insert into outbox (tenant_id, topic, target_id) values ($2, 'schedule', $1)",
    ] {
        let mut tx = scene.guest_tx(scene.web).await;
        let refused = sqlx::query(statement)
            .bind(far)
            .bind(scene.tenant.0)
            .execute(tx.conn())
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("row-level security"),
            "{statement}: {refused}"
        );
    }
    // What the plan has room for is one word, and for nobody who is no guest at this moment.
    let fits = "select count(*) from (select guest_fits(1, 1, 1) as fits) x where fits";
    assert_eq!(scene.count(fits).await, 1);
    let one = scene.api(&format!("/guests/{}", scene.grace));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    assert_eq!(scene.count(fits).await, 0);
    let left = "select count(*) from (select guest_leaves() as left) x where x.left";
    assert_eq!(scene.count(left).await, 0);
}

#[tokio::test]
async fn what_was_taken_back_is_gone_from_an_open_scope() {
    let scene = furnished().await;
    assert_eq!(scene.count("select count(*) from server").await, 1);
    let one = scene.api(&format!("/guests/{}", scene.grace));
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    for what in [
        "select count(*) from server",
        "select count(*) from outbox",
        "select count(id) from tenant",
    ] {
        assert_eq!(scene.count(what).await, 0, "{what}");
    }
}

#[tokio::test]
async fn every_table_about_one_server_says_whether_guests_see_it() {
    /// Tables with a server in them that are no guest's business: whom it is shared with, and how to be
    /// invited; nor what is kept of it elsewhere.
    const NOT_THEIRS: &[&str] = &[
        "backup",
        "backup_alert",
        "backup_copy",
        "backup_restore",
        "restore_drill",
        "restore_proof",
        "one_time_link",
        "server_guest",
        "kept_port",
        "network_member",
        "common_member",
        "server_move",
        "snapshot_copy",
        "volume_attachment",
        "share",
        "share_person",
        "share_member",
        "share_link",
        "share_use",
        "share_state",
        "monitor_check",
        "incident",
        "maintenance",
        "ticket_about",
        "ticket_act",
        "breakdown_evidence",
        "status_component",
    ];
    let scene = Scene::bare().await;
    let mut tx = scene.app.system().begin().await.unwrap();
    let tables = sqlx::query!(
        r#"select c.relname as "name!",
             exists (select from pg_policy p where p.polrelid = c.oid and 'berth_guest'::regrole = any(p.polroles))
               as "is_theirs!",
             (select count(*) from pg_policy p, concat(pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)) rule
               where p.polrelid = c.oid and 'berth_guest'::regrole = any(p.polroles)
                 and rule not like '%berth_server()%') as "unbound!"
           from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'server_id'
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"#
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables {
        let expected = !NOT_THEIRS.contains(&&*table.name);
        assert_eq!(
            table.is_theirs, expected,
            "{table:?}: give it a policy and a grant for berth_guest, or name it above"
        );
        assert_eq!(table.unbound, 0, "{table:?} shows a guest other servers' rows");
    }
}
