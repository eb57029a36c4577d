//! Mailboxes in the panel, without a mail service or with one in memory: what is written, what is refused, and to whom.

mod end;
mod life;
mod pages;
mod parts;
mod setup;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::mail::tests::rows;
use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{MailDomainId, TenantId, UserId};
use crate::platform::secret::Secret;
use crate::testing::{Answer, Client, TestApp};

const MAILBOXES: &str = "/api/v1/mail/mailboxes";
const HASH: &str = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY";
const GOOD: &str = "quiet harbour lantern 7";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    ada: UserId,
    program: Client,
    domain: MailDomainId,
}

impl Scene {
    async fn new() -> Self {
        Self::of(TestApp::start().await).await
    }

    /// With a mailer of the panel's own.
    async fn mailing() -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        Self::of(TestApp::with(|config| config.smtp_url = Some(url)).await).await
    }

    async fn of(test: TestApp) -> Self {
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let program = program(&test, tenant, ada).await;
        let domain = rows::domain(&test, tenant, "a.example", true).await;
        Self {
            test,
            tenant,
            ada,
            program,
            domain,
        }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.program.json("POST", path, &body).await
    }

    async fn ask(&self, address: &str) -> Answer {
        self.post(MAILBOXES, json!({ "address": address, "password_hash": HASH }))
            .await
    }

    /// Makes one, and says its id.
    async fn create(&self, address: &str) -> String {
        id_of(&self.ask(address).await.expect(201).json())
    }

    async fn find(&self, id: &str) -> Value {
        self.program.get(&one(id, "")).await.expect(200).json()
    }

    async fn act(&self, id: &str, verb: &str, status: u16) -> Answer {
        self.post(&one(id, verb), json!({})).await.expect(status)
    }

    async fn delete(&self, id: &str) {
        let gone = self.program.json("DELETE", &one(id, ""), &json!({})).await;
        gone.expect(204);
    }

    async fn list(&self, query: &str) -> Vec<String> {
        let page = self.program.get(&format!("{MAILBOXES}{query}")).await.expect(200);
        let items = page.json()["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["address"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Whose sessions are to be ended; forgets it.
    async fn kicked(&self) -> Vec<String> {
        let mut tx = self.test.system().begin().await.unwrap();
        let gone = sqlx::query_scalar!("delete from mail_kick returning address");
        let mut gone = gone.fetch_all(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        gone.sort();
        gone
    }

    /// What is kept of a mailbox's password, and whether there is a link.
    async fn secrets(&self, address: &str) -> (Option<String>, bool) {
        let mut tx = self.test.system().begin().await.unwrap();
        let row = sqlx::query!(
            r#"select password_hash, (setup_hash is not null) as "has_link!" from mailbox where address = $1"#,
            address
        );
        let row = row.fetch_one(tx.conn()).await.unwrap();
        (row.password_hash, row.has_link)
    }

    /// How many mailboxes the sums of domain and tenant tell.
    async fn counted(&self) -> (i32, i32) {
        let mut tx = self.test.system().begin().await.unwrap();
        let row = sqlx::query!(
            r#"select d.mailboxes as "domain!", t.mailboxes as "tenant!" from mail_domain d
               join mail_total t on t.tenant_id = d.tenant_id where d.id = $1"#,
            self.domain.0
        );
        let row = row.fetch_one(tx.conn()).await.unwrap();
        (row.domain, row.tenant)
    }

    fn later(&self, by: TimeDelta) {
        self.test.clock.advance(by);
    }
}

fn one(id: &str, verb: &str) -> String {
    let joint = if verb.is_empty() { "" } else { "/" };
    format!("{MAILBOXES}/{id}{joint}{verb}")
}

fn id_of(mailbox: &Value) -> String {
    mailbox["id"].as_str().unwrap().to_owned()
}

/// Which fields are wrong.
fn fields(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

async fn program(test: &TestApp, tenant: TenantId, user: UserId) -> Client {
    let all = Permission::ALL.iter().copied();
    let all: Vec<Permission> = all.filter(|one| one.side() == Side::Tenant).collect();
    // Some tests last weeks.
    test.program_until(user, Some(tenant), &all, chrono::TimeDelta::days(365))
        .await
}
