//! The second wall: whatever a query forgets, PostgreSQL shows a tenant its own rows only.

use berth::platform::access::{Permission, TenantRole};
use berth::platform::db::{Scoped as _, make_roles};
use berth::platform::error::Error;
use berth::testing::TestApp;

#[tokio::test]
async fn a_tenant_sees_its_own_rows_only() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.tenant("ours").await, app.tenant("theirs").await);
    let (we, they) = (app.person("we").await, app.person("they").await);
    app.member(ours, we, TenantRole::Owner).await;
    app.member(theirs, they, TenantRole::Owner).await;

    let mut tx = app.app.db.tenant(ours, we).await.unwrap();
    let seen = sqlx::query_scalar!("select user_id from membership")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, [we.0]);
    let seen = sqlx::query_scalar!("select id from tenant")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, [ours.0]);
    let people = sqlx::query_scalar!("select id from user_account")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(people, [we.0]);
}

#[tokio::test]
async fn a_tenant_cannot_write_for_another() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.tenant("ours").await, app.tenant("theirs").await);
    let we = app.person("we").await;
    let mut tx = app.app.db.tenant(ours, we).await.unwrap();
    let now = app.app.now();
    let refused = sqlx::query!(
        "insert into membership (tenant_id, user_id, role, created_at) values ($1, $2, 'owner', $3)",
        theirs.0,
        we.0,
        now
    )
    .execute(tx.conn())
    .await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("row-level security"), "{text}");
}

/// Tables that hold nothing of anybody: what the migrations keep of themselves.
const NOBODYS: [&str; 1] = ["_sqlx_migrations"];

#[tokio::test]
async fn every_table_has_row_security_and_rules() {
    let app = TestApp::start().await;
    let mut tx = app.app.db.system().await.unwrap();
    let tables = sqlx::query!(
        r#"select c.relname as "name!", c.relrowsecurity as "is_guarded!",
             (select count(*) from pg_policy p where p.polrelid = c.oid) as "rules!",
             exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as "is_of_tenants!",
             (select count(*) from pg_policy p, concat(pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)) rule
                where p.polrelid = c.oid and ('berth_web'::regrole = any(p.polroles) or 0 = any(p.polroles))
                  and rule not like '%berth_tenant()%' and rule not like '%berth_user()%') as "unbound!"
           from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"#
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables.iter().filter(|table| !NOBODYS.contains(&&*table.name)) {
        assert!(
            table.is_guarded && table.rules > 0,
            "{table:?} is open to every role"
        );
        // Whoever comes in by the web and has a rule for a tenant's table, has it by tenant or by person.
        assert!(
            !table.is_of_tenants || table.unbound == 0,
            "{table:?} shows other tenants' rows"
        );
    }
}

#[tokio::test]
async fn the_scope_ends_with_its_transaction() {
    let app = TestApp::start().await;
    let (ours, we) = (app.tenant("ours").await, app.person("we").await);
    app.app.db.tenant(ours, we).await.unwrap().commit().await.unwrap();
    for _ in 0..6 {
        let mut tx = app.app.db.user(we).await.unwrap();
        let seen = sqlx::query_scalar!("select id from tenant")
            .fetch_all(tx.conn())
            .await
            .unwrap();
        assert!(seen.is_empty(), "a pooled connection kept the tenant");
    }
}

#[tokio::test]
async fn a_request_cut_off_at_its_beginning_leaves_no_scope_behind() {
    let app = TestApp::with(|config| config.database_connections = 1).await;
    let (ours, we) = (app.tenant("ours").await, app.person("we").await);
    app.member(ours, we, TenantRole::Owner).await;
    let program = app.program(we, Some(ours), &[Permission::ServerRead]).await;
    let db = &app.app.db;
    for _ in 0..20 {
        let mut begun = Box::pin(db.tenant(ours, we));
        // Its BEGIN is on the way, and whoever wanted it is gone.
        assert!(futures_util::poll!(&mut begun).is_pending());
        drop(begun);
        let mut conn = db.login().await.unwrap();
        let role = sqlx::query_scalar!(r#"select current_user::text as "role!""#);
        assert_eq!(role.fetch_one(conn.conn()).await.unwrap(), "berth");
        drop(conn);
        assert!(
            app.app
                .authenticate
                .token(db, program.bearer())
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn a_request_asks_and_works_on_one_connection() {
    let app = TestApp::with(|config| config.database_connections = 1).await;
    let (ours, we) = (app.tenant("ours").await, app.person("we").await);
    app.member(ours, we, TenantRole::Owner).await;
    let program = app.program(we, Some(ours), &[Permission::ServerRead]).await;
    let db = app.app.db.for_request();
    assert!(
        app.app
            .authenticate
            .token(&db, program.bearer())
            .await
            .unwrap()
            .is_some()
    );
    // The pool has no other one: what was kept is what begins.
    let mut tx = db.tenant(ours, we).await.unwrap();
    let role = sqlx::query_scalar!(r#"select current_user::text as "role!""#);
    assert_eq!(role.fetch_one(tx.conn()).await.unwrap(), "berth_web");
    drop(tx);
    assert!(
        app.app
            .authenticate
            .token(&db, program.bearer())
            .await
            .unwrap()
            .is_some()
    );
    db.release();
    app.app.db.system().await.unwrap();
}

#[tokio::test]
async fn nobody_rewrites_the_audit_log() {
    let app = TestApp::start().await;
    let staff = app.person("staff").await;
    let mut tx = app.app.db.staff(staff).await.unwrap();
    let refused = sqlx::query!("delete from audit_event")
        .execute(tx.conn())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    let mut tx = app.app.db.system().await.unwrap();
    let refused = sqlx::query!("update audit_event set action = 'x'")
        .execute(tx.conn())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

#[tokio::test]
async fn text_with_nul_is_the_callers_mistake() {
    let app = TestApp::start().await;
    let mut tx = app.app.db.system().await.unwrap();
    let error = sqlx::query_scalar!("select $1::text", "a\0b")
        .fetch_one(tx.conn())
        .await
        .unwrap_err();
    assert_eq!(Error::from(error).status(), 400);
}

#[tokio::test]
async fn no_function_with_its_owners_rights_uses_tables_of_its_callers() {
    let app = TestApp::start().await;
    let mut tx = app.app.db.system().await.unwrap();
    let functions = sqlx::query!(
        r#"select p.oid::regprocedure::text as "name!",
             exists (select from unnest(p.proconfig) c where c ~ '^search_path=.*, *"?pg_temp"?$') as "is_safe!"
           from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname in ('public', 'mail_api')"#
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    assert!(functions.len() > 20, "{functions:?}");
    for function in functions {
        assert!(function.is_safe, "{}: pg_temp is not last", function.name);
    }
}

#[tokio::test]
async fn whoever_reads_mail_makes_no_temporary_tables() {
    let app = TestApp::start().await;
    // A database that was cloned has none of its template's own grants, so it gets them as an installation does.
    make_roles(&app.admin_url()).await.unwrap();
    let mut tx = app.app.db.system().await.unwrap();
    let may = sqlx::query_scalar!(
        r#"select has_database_privilege('mail_reader', current_database(), 'temporary') as "may!""#
    );
    assert!(!may.fetch_one(tx.conn()).await.unwrap());
}
