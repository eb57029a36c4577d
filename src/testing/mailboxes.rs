//! Mailboxes whose people are signed in, for tests of what is their own.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::ids::{AppPasswordId, MailAliasId, MailDomainId, MailboxId, TenantId};
use crate::platform::secret::OneTimeToken;
use crate::platform::web::MAILBOX_COOKIE;

use super::{Client, TestApp};

/// The tenant's domain of that name, made if it is not there.
async fn domain(
    tx: &mut SystemTx,
    (id, tenant): (MailDomainId, TenantId),
    name: &str,
    now: DateTime<Utc>,
) -> Uuid {
    sqlx::query!(
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         values ($1, $2, $3, 'test', $4, 'test', $4, $4) on conflict (tenant_id, name) do nothing",
        id.0,
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
    sqlx::query_scalar!(
        "select id from mail_domain where tenant_id = $1 and name = $2",
        tenant.0,
        name
    )
    .fetch_one(tx.conn())
    .await
    .unwrap()
}

async fn mailbox(
    tx: &mut SystemTx,
    (id, tenant, domain): (MailboxId, TenantId, Uuid),
    address: &str,
    now: DateTime<Utc>,
) {
    let local = address.split('@').next().unwrap_or_default();
    sqlx::query!(
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, quota_mib, max_own_aliases, created_by, created_at, \
         updated_at) values ($1, $2, $3, $4, $5, 1024, 2, 'test', $6, $6)",
        id.0,
        tenant.0,
        domain,
        local,
        address,
        now
    )
    .execute(tx.conn())
    .await
    .unwrap();
}

async fn session(
    tx: &mut SystemTx,
    (id, hash): (Uuid, &[u8]),
    (mailbox, tenant): (MailboxId, TenantId),
    now: DateTime<Utc>,
) {
    sqlx::query!(
        "insert into mailbox_session (id, token_hash, mailbox_id, tenant_id, created_at, last_seen_at, expires_at, ip, user_agent) \
         values ($1, $2, $3, $4, $5, $5, $6, '192.0.2.7', 'test')",
        id,
        hash,
        mailbox.0,
        tenant.0,
        now,
        now + TimeDelta::days(7)
    )
    .execute(tx.conn())
    .await
    .unwrap();
}

impl TestApp {
    /// A mailbox without a password in a domain that is verified, and the browser in which its person is signed in. They may make
    /// two aliases.
    pub async fn mailbox_person(&self, tenant: TenantId, address: &str) -> (MailboxId, Client) {
        let now = self.app.now();
        let (_, name) = address.split_once('@').unwrap();
        let id = MailboxId::new(&*self.app.ids, now);
        let token = OneTimeToken::generate();
        let mut tx = self.system().begin().await.unwrap();
        let made = (MailDomainId::new(&*self.app.ids, now), tenant);
        let domain = domain(&mut tx, made, name, now).await;
        mailbox(&mut tx, (id, tenant, domain), address, now).await;
        let proof = (self.app.ids.uuid(now), &*token.hash);
        session(&mut tx, proof, (id, tenant), now).await;
        tx.commit().await.unwrap();
        let browser = self.anonymous().with_cookie(MAILBOX_COOKIE, token.text.expose());
        (id, browser)
    }

    /// A rule, an alias of its person's own and a password for a program, of a mailbox that is there.
    pub async fn things_of_mailbox(
        &self,
        tenant: TenantId,
        mailbox: MailboxId,
    ) -> (MailAliasId, AppPasswordId) {
        let now = self.app.now();
        let ids = (
            MailAliasId::new(&*self.app.ids, now),
            AppPasswordId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        sqlx::query!(
            "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, owner_id, created_by, created_at, \
             updated_at) select $1, tenant_id, domain_id, local_part || '-shop', local_part || '-shop@' || split_part(address, '@', 2), \
             'alias', array[address], id, 'test', $3, $3 from mailbox where id = $2",
            ids.0.0,
            mailbox.0,
            now
        )
        .execute(tx.conn())
        .await
        .unwrap();
        sqlx::query!(
            "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at) \
             values ($1, $2, $3, 'Phone', $4, '{imap}', $5)",
            ids.1.0,
            tenant.0,
            mailbox.0,
            ids.1.to_string(),
            now
        )
        .execute(tx.conn())
        .await
        .unwrap();
        sqlx::query!(
            r#"insert into mailbox_filter (mailbox_id, tenant_id, rules, updated_at)
               values ($1, $2, '[{"name": "News", "is_enabled": true, "all": false,
                 "conditions": [{"field": "subject", "test": "contains", "value": "news"}],
                 "actions": [{"action": "read"}]}]', $3)
               on conflict (mailbox_id) do nothing"#,
            mailbox.0,
            tenant.0,
            now
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        ids
    }

    /// Gives a mailbox a password as it is kept: with Dovecot's scheme before it.
    pub async fn mail_password(&self, mailbox: MailboxId, kept: &str) {
        let mut tx = self.system().begin().await.unwrap();
        sqlx::query!(
            "update mailbox set password_hash = $2 where id = $1",
            mailbox.0,
            kept
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
}
