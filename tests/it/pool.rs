//! Connections are few and requests are many: what they share must neither run out nor carry one tenant's ways to another.

use berth::platform::access::{Permission, TenantRole};
use berth::platform::db::Scoped as _;
use berth::testing::{Client, TestApp};
use futures_util::future::join_all;
use serde_json::json;

const AT_ONCE: usize = 24;

/// More requests that change something than there are connections. Each needs two in turn, its action's and its key's;
/// whoever held one while waiting for the other would wait for requests that wait for it.
#[tokio::test]
async fn many_that_change_something_do_not_wait_for_each_other() {
    let app = TestApp::with(|config| config.database_connections = 2).await;
    let (tenant, _) = app.owner("harbour").await;
    let user = app.person("bob").await;
    app.member(tenant, user, TenantRole::Owner).await;
    let program = app
        .program(
            user,
            Some(tenant),
            &[Permission::MemberManage, Permission::MemberRead],
        )
        .await;
    let invite = |number: usize| {
        let program = &program;
        async move {
            let body = json!({ "email": format!("guest-{number}@example.com"), "role": "viewer" });
            let key = format!("invite-{number}");
            let answer = program
                .json_with("POST", "/api/v1/invitations", &body, &[("idempotency-key", &key)])
                .await;
            answer.status
        }
    };
    let statuses = join_all((0..AT_ONCE).map(invite)).await;
    assert_eq!(statuses, [201; AT_ONCE]);
}

/// A list's plan is made for no tenant in particular, on a connection that everybody uses. It must read the rows of who
/// asks: a small tenant's list next to a big one's may not walk over the big one's rows.
#[tokio::test]
async fn a_small_tenants_list_does_not_walk_over_a_big_ones_rows() {
    let app = TestApp::with(|config| config.database_connections = 1).await;
    let big = owner(&app, "big").await;
    let small = owner(&app, "small").await;
    app.server(big.0, "a").await;
    // The planner has seen one tenant only, so every index looks as good as the tenants'.
    app.administer(THOUSANDS).await;
    // In the midst of the thousands, whichever way a walk goes.
    app.server(small.0, "m").await;
    let read_before = rows_read(&app).await;
    let sorts = ["-created", "created", "name", "-name", "state", "-state"];
    for sort in sorts {
        let path = format!("/api/v1/servers?sort={sort}");
        let items = |answer: berth::testing::Answer| answer.json()["items"].as_array().unwrap().len();
        assert_eq!(items(big.1.get(&path).await.expect(200)), 50, "{sort}");
    }
    let read_by_big = rows_read(&app).await - read_before;
    assert!(
        (300..1000).contains(&read_by_big),
        "six pages of fifty of the big one's 8,001 servers read {read_by_big} rows"
    );
    for sort in sorts {
        let path = format!("/api/v1/servers?sort={sort}");
        let answer = small.1.get(&path).await.expect(200);
        assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1, "{sort}");
    }
    let read_by_small = rows_read(&app).await - read_before - read_by_big;
    assert!(
        read_by_small < 100,
        "six lists of one server read {read_by_small} rows"
    );
}

const THOUSANDS: &str = "
    insert into server (id, tenant_id, location_id, name, host_name, template, image, size_id, cpu_millis, memory_mib,
        disk_mib, power, observed_generation, observed_state, created_by, created_at, updated_at)
    select gen_random_uuid(), s.tenant_id, s.location_id, side || n, side || n, s.template, s.image, s.size_id, s.cpu_millis,
        s.memory_mib, s.disk_mib, s.power, 1, state, 'test', s.created_at + n * interval '1 second' * way, now()
    from server s, generate_series(1, 4000) n,
        (values ('b', 'created', 1), ('y', 'running', -1)) as around (side, state, way)
    where s.name = 'a';
    analyze server";

/// Rows of servers that were read so far, by whichever way.
async fn rows_read(app: &TestApp) -> i64 {
    // What the one connection has counted, it would tell about a second later.
    let mut conn = app.app.db.login().await.unwrap();
    sqlx::query!("select pg_stat_force_next_flush()")
        .fetch_one(conn.conn())
        .await
        .unwrap();
    sqlx::query_scalar!(
        r#"select coalesce(seq_tup_read, 0)
            + coalesce((select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'server'), 0) as "rows!"
           from pg_stat_user_tables where relname = 'server'"#
    )
    .fetch_one(conn.conn())
    .await
    .unwrap()
}

async fn owner(app: &TestApp, slug: &str) -> (berth::platform::ids::TenantId, Client) {
    let tenant = app.tenant(slug).await;
    let user = app.person(slug).await;
    app.member(tenant, user, TenantRole::Owner).await;
    let program = app.program(user, Some(tenant), &[Permission::ServerRead]).await;
    (tenant, program)
}
