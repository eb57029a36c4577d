//! Rows of mail as tests need them, without what makes them elsewhere.

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};
use crate::testing::TestApp;

/// A domain as a row only.
pub(in crate::mail) async fn domain(
    app: &TestApp,
    tenant: TenantId,
    name: &str,
    is_verified: bool,
) -> MailDomainId {
    let (now, id) = (app.app.now(), MailDomainId::new(&*app.app.ids, app.app.now()));
    let mut tx: SystemTx = app.app.db.system().await.unwrap();
    sqlx::query!(
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         values ($1, $2, $3, 'proof', $4, 'test', $5, $5)",
        id.0,
        tenant.0,
        name,
        is_verified.then_some(now),
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// A mailbox as a row only, that may hold so many MiB and whose person just signed in.
pub(in crate::mail) async fn mailbox(
    app: &TestApp,
    (tenant, domain): (TenantId, MailDomainId),
    address: &str,
    quota_mib: i64,
) -> MailboxId {
    let (now, id) = (app.app.now(), MailboxId::new(&*app.app.ids, app.app.now()));
    let local = address.split('@').next().unwrap_or_default();
    let mut tx: SystemTx = app.app.db.system().await.unwrap();
    sqlx::query!(
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, quota_mib, last_imap_at, created_by, created_at, \
           updated_at) values ($1, $2, $3, $4, $5, $6, $7, 'test', $7, $7)",
        id.0,
        tenant.0,
        domain.0,
        local,
        address,
        quota_mib,
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// What the mail service would write when something came in.
pub(in crate::mail) async fn holds(app: &TestApp, mailbox: MailboxId, bytes: i64) {
    let mut tx: SystemTx = app.app.db.system().await.unwrap();
    sqlx::query!(
        "update mailbox set used_bytes = $2 where id = $1",
        mailbox.0,
        bytes
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}
