//! The second wall by itself: whatever one statement of a person's transaction says, no mail of another tenant comes of it.
#![expect(
    clippy::disallowed_methods,
    reason = "the same refusal for one statement after another"
)]

use super::rows;
use crate::platform::db::{Scoped as _, TenantTx};
use crate::platform::ids::{MailDomainId, MailboxId, TenantId, UserId};
use crate::testing::TestApp;

/// A tenant with a domain that is proved and one that is not, and a rival with a proved one; each with a mailbox.
struct Scene {
    test: TestApp,
    tenant: TenantId,
    ada: UserId,
    own: MailDomainId,
    named: MailDomainId,
    ann: MailboxId,
    theirs: MailDomainId,
    eve: MailboxId,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, rival) = (test.tenant("acme").await, test.tenant("rival").await);
        let own = rows::domain(&test, tenant, "acme.example", true).await;
        let named = rows::domain(&test, tenant, "rival.example", false).await;
        let theirs = rows::domain(&test, rival, "rival.example", true).await;
        Self {
            ada: test.person("ada").await,
            ann: rows::mailbox(&test, (tenant, own), "ann@acme.example", 100).await,
            eve: rows::mailbox(&test, (rival, theirs), "eve@rival.example", 100).await,
            test,
            tenant,
            own,
            named,
            theirs,
        }
    }

    async fn tx(&self) -> TenantTx {
        self.test.app.db.tenant(self.tenant, self.ada).await.unwrap()
    }

    /// What is said to a statement of the tenant's person with these two ids in it, and the tenant's as the third.
    async fn refusal(&self, statement: &'static str, (one, two): (uuid::Uuid, uuid::Uuid)) -> String {
        let mut tx = self.tx().await;
        let done = sqlx::query(statement)
            .bind(one)
            .bind(two)
            .bind(self.tenant.0)
            .execute(tx.conn())
            .await;
        match done {
            Err(refused) => refused.to_string(),
            Ok(done) => panic!("{statement}: {done:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_hangs_on_another_tenant_s_domain() {
    let scene = Scene::new().await;
    let (theirs, ann) = (scene.theirs.0, scene.ann.0);
    for statement in [
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
         values (gen_random_uuid(), $3, $1, 'ceo', 'ceo@rival.example', $2::text, now(), now())",
        "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
         values (gen_random_uuid(), $3, $1, 'ceo', 'ceo@rival.example', 'alias', '{ann@acme.example}', $2::text, now(), now())",
        "insert into mail_key (id, tenant_id, domain_id, selector, private_key, public_key, state, created_at) \
         values (gen_random_uuid(), $3, $1, $2::text, 'none', 'none', 'next', now())",
        "insert into mailbox_send_as (mailbox_id, tenant_id, domain_id, address) values ($2, $3, $1, 'ceo@rival.example')",
        "update mail_domain set alias_of = $1 where tenant_id = $3 and id <> $2",
    ] {
        let told = scene.refusal(statement, (theirs, ann)).await;
        assert!(told.contains("foreign key"), "{statement}: {told}");
    }
}

#[tokio::test]
async fn nothing_hangs_on_another_tenant_s_mailbox() {
    let scene = Scene::new().await;
    let (eve, own) = (scene.eve.0, scene.own.0);
    for statement in [
        "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at) \
         values (gen_random_uuid(), $3, $1, 'Key', $2::text, '{imap}', now())",
        "insert into mailbox_send_as (mailbox_id, tenant_id, domain_id, address) values ($1, $3, $2, 'ann@acme.example')",
        "insert into mailbox_filter (mailbox_id, tenant_id, script, updated_at) values ($1, $3, $2::text, now())",
        "insert into mail_fetch (id, tenant_id, mailbox_id, host, port, tls, remote_user, folders, operation_id, created_by, created_at) \
         values (gen_random_uuid(), $3, $1, 'imap.example', 993, 'implicit', 'x', 'all', $2, 'x', now())",
    ] {
        let told = scene.refusal(statement, (eve, own)).await;
        assert!(told.contains("row-level security"), "{statement}: {told}");
    }
}

#[tokio::test]
async fn an_address_is_in_its_own_domain() {
    let scene = Scene::new().await;
    let (own, ann) = (scene.own.0, scene.ann.0);
    for statement in [
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
         values (gen_random_uuid(), $3, $1, 'ceo', 'ceo@rival.example', $2::text, now(), now())",
        "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
         values (gen_random_uuid(), $3, $1, 'ceo', 'ceo@rival.example', 'alias', '{ann@acme.example}', $2::text, now(), now())",
        "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
         values (gen_random_uuid(), $3, $1, '', '@rival.example', 'catch_all', '{ann@acme.example}', $2::text, now(), now())",
        "insert into mailbox_send_as (mailbox_id, tenant_id, domain_id, address) values ($2, $3, $1, '@rival.example')",
    ] {
        let told = scene.refusal(statement, (own, ann)).await;
        assert!(told.contains("not in its domain"), "{statement}: {told}");
    }
}

#[tokio::test]
async fn whose_something_is_nobody_rewrites() {
    let scene = Scene::new().await;
    let (named, ann) = (scene.named.0, scene.ann.0);
    for statement in [
        "update mailbox set address = 'ann@rival.example' where id = $2 and domain_id <> $1 and tenant_id = $3",
        "update mailbox set domain_id = $1 where id = $2 and tenant_id = $3",
        "update mailbox set used_bytes = 0 where id = $2 and domain_id <> $1 and tenant_id = $3",
        "update mail_domain set verified_at = now() where id = $1 and id <> $2 and tenant_id = $3",
        "update mail_domain set name = 'x.example' where id = $1 and id <> $2 and tenant_id = $3",
        "update mail_alias set address = 'x@rival.example' where domain_id = $1 and id <> $2 and tenant_id = $3",
        "update mailbox_filter set mailbox_id = $1 where mailbox_id = $2 and tenant_id = $3",
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         values (gen_random_uuid(), $3, 'new.example', $1::text, now(), $2::text, now(), now())",
    ] {
        let told = scene.refusal(statement, (named, ann)).await;
        assert!(told.contains("permission denied"), "{statement}: {told}");
    }
}

#[tokio::test]
async fn a_domain_is_proved_by_what_dns_has_and_nothing_else() {
    let scene = Scene::new().await;
    let now = scene.test.app.now();
    let prove = async |domain: MailDomainId, seen: &[&str]| {
        let seen: Vec<String> = seen.iter().map(|one| (*one).to_owned()).collect();
        let mut tx = scene.tx().await;
        let done = sqlx::query_scalar!(
            r#"select mail_prove_domain($1, $2, $3) as "done!""#,
            domain.0,
            &seen,
            now
        );
        done.fetch_one(tx.conn()).await.unwrap()
    };
    let fresh = rows::domain(&scene.test, scene.tenant, "new.example", false).await;
    assert!(!prove(fresh, &[]).await);
    assert!(
        !prove(
            fresh,
            &["berth-verification=", "berth-verification=guess", "proof"]
        )
        .await
    );
    assert!(prove(fresh, &["v=spf1 -all", "berth-verification=proof"]).await);
    assert!(
        !prove(scene.theirs, &["berth-verification=proof"]).await,
        "it is another tenant's"
    );
}
