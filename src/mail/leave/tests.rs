//! What is left of a tenant's mail when it goes.

use super::let_all_go;
use crate::mail::tests::rows;
use crate::platform::db::Scoped as _;
use crate::testing::TestApp;

#[tokio::test]
async fn a_tenant_that_is_erased_leaves_its_files_to_be_removed_and_no_row() {
    let app = TestApp::start().await;
    let tenant = app.tenant("acme").await;
    let domain = rows::domain(&app, tenant, "example.com", true).await;
    let mailbox = rows::mailbox(&app, (tenant, domain), "ada@example.com", 100).await;
    app.administer(
            "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, id, 'info', 'info@example.com', 'alias', '{ada@example.com}', 'test', now(), now() \
             from mail_domain",
        )
        .await;
    rows::holds(&app, mailbox, 77).await;
    let mut left = Vec::new();
    for _ in 0..2 {
        let mut tx = app.app.db.system().await.unwrap();
        left.push(let_all_go(&app.app, &mut tx, tenant).await.unwrap());
        tx.commit().await.unwrap();
    }
    assert!(left[0] > 0, "the caller keeps what was done: {left:?}");
    let mut tx = app.app.db.system().await.unwrap();
    let row = sqlx::query!(
        r#"select (select count(*) from mailbox) as "mailboxes!", (select count(*) from mail_domain) as "domains!",
             (select count(*) from mail_alias) as "aliases!",
             (select max(bytes) from mail_erasure where mailbox_id = $1) as "bytes!""#,
        mailbox.0
    );
    let row = row.fetch_one(tx.conn()).await.unwrap();
    assert_eq!(
        (row.mailboxes, row.domains, row.aliases, row.bytes),
        (0, 0, 0, 77)
    );
}
