//! The wall behind tickets: whatever a query forgets, a tenant's transaction reads and writes what is public of its own tickets, and
//! nobody's deletes any.

use berth::platform::access::{TenantRole, Who};
use berth::platform::db::Scoped;
use berth::testing::TestApp;
use berth::tickets::{self, Author, EventKind, NewPost, PostKind};

/// What a statement is refused with.
#[expect(
    clippy::disallowed_methods,
    reason = "what is not allowed is no checked query"
)]
async fn refused(tx: &mut impl Scoped, statement: &'static str) -> String {
    use sqlx::Connection as _;
    let mut inner = tx.conn().begin().await.unwrap();
    let error = sqlx::raw_sql(statement).execute(&mut *inner).await.unwrap_err();
    inner.rollback().await.unwrap();
    error.to_string()
}

#[tokio::test]
async fn a_tenant_reads_what_is_public() {
    let app = TestApp::start().await;
    let (ours, theirs, we) = (
        app.tenant("ours").await,
        app.tenant("theirs").await,
        app.person("we").await,
    );
    app.member(ours, we, TenantRole::Owner).await;
    let id = app.ticket(ours).await;
    app.ticket(theirs).await;
    let mut tx = app.app.db.system().await.unwrap();
    let who = Who::system("test");
    for (kind, public) in [
        (PostKind::Note, true),
        (PostKind::Evidence, true),
        (PostKind::System, false),
    ] {
        let post = NewPost {
            kind,
            public,
            body: "secret".to_owned(),
            by: Author::System,
        };
        tickets::add_post(&app.app, &mut tx, &who, id, post)
            .await
            .unwrap();
    }
    let verb = "restart".to_owned();
    tickets::record(&app.app, &mut tx, &who, id, EventKind::ActedOn { verb }, false)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = app.app.db.tenant(ours, we).await.unwrap();
    let seen = sqlx::query_scalar!("select body from ticket_post")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, ["Something **broke**."]);
    let seen = sqlx::query_scalar!("select kind from ticket_event")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, ["opened"]);
    let found = sqlx::query_scalar!(r#"select ticket_found_by_tenant('secret', null, 9) as "ids!""#);
    assert!(found.fetch_one(tx.conn()).await.unwrap().is_empty());
    let found = sqlx::query_scalar!(r#"select ticket_found_by_tenant('broke', 2, 9) as "ids!""#);
    assert_eq!(
        found.fetch_one(tx.conn()).await.unwrap(),
        [id.0],
        "and of its own"
    );
}

#[tokio::test]
async fn a_tenant_writes_only_what_a_customer_writes() {
    let app = TestApp::start().await;
    let (ours, we) = (app.tenant("ours").await, app.person("we").await);
    app.ticket(ours).await;
    let mut tx = app.app.db.tenant(ours, we).await.unwrap();
    let denied = [
        "select ticket_found('secret', null, 9)",
        "update ticket set severity = 'p1'",
        "update ticket set tenant_id = null",
        "update ticket_post set body = 'x'",
        "update ticket_event set followed = true",
    ];
    for statement in denied {
        let error = refused(&mut tx, statement).await;
        assert!(error.contains("permission denied"), "{statement}: {error}");
    }
    let walled = [
        "insert into ticket_post (id, ticket_id, tenant_id, kind, is_public, body, side, author_id, author_name, created_at) \
         select gen_random_uuid(), id, tenant_id, 'note', false, 'x', 'customer', berth_user(), 'we', now() from ticket",
        "insert into ticket_post (id, ticket_id, tenant_id, kind, is_public, body, side, author_id, author_name, created_at) \
         select gen_random_uuid(), id, tenant_id, 'reply', true, 'x', 'staff', berth_user(), 'we', now() from ticket",
        "insert into ticket_event (ticket_id, tenant_id, at, kind, actor_name, is_public) \
         select id, tenant_id, now(), 'opened', 'we', true from ticket",
        "insert into ticket_watcher (ticket_id, tenant_id, address, is_staff, added_at) \
         select id, tenant_id, 'a@b.c', true, now() from ticket",
    ];
    for statement in walled {
        let error = refused(&mut tx, statement).await;
        assert!(error.contains("row-level security"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn nobody_deletes_tickets_and_they_go_with_their_tenant() {
    let app = TestApp::start().await;
    let (ours, we) = (app.tenant("ours").await, app.person("we").await);
    let id = app.ticket(ours).await;
    let deletions = [
        "delete from ticket",
        "delete from ticket_post",
        "delete from ticket_event",
        "delete from ticket_about",
    ];
    let db = &app.app.db;
    let (mut web, mut staff, mut system) = (
        db.tenant(ours, we).await.unwrap(),
        db.staff(we).await.unwrap(),
        db.system().await.unwrap(),
    );
    for statement in deletions {
        let errors = [
            refused(&mut web, statement).await,
            refused(&mut staff, statement).await,
            refused(&mut system, statement).await,
        ];
        assert!(
            errors.iter().all(|error| error.contains("permission denied")),
            "{errors:?}"
        );
    }
    sqlx::query!("delete from tenant where id = $1", ours.0)
        .execute(system.conn())
        .await
        .unwrap();
    assert!(tickets::find(&mut system, id).await.is_err());
}
