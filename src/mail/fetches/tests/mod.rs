//! Fetches in the panel, with a mail service and DNS in memory: what is asked for, refused and written down, and by whom it is seen.

mod ask;
mod pages;
mod work;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::mail::{FakeFetches, FetchEvent, FetchFailure, FetchReason};
use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::testing::{Answer, Client, TestApp};

use super::Fetches;

const FETCHES: &str = "/api/v1/mail/fetches";
const SERVER: &str = "imap.old.example";
const PASSWORD: &str = "the password over there";

struct Scene {
    test: TestApp,
    ada: UserId,
    program: Client,
    /// Of somebody else's organisation.
    stranger: Client,
}

impl Scene {
    /// An organisation with the mailboxes ann@a.example and bob@a.example, and another server that DNS knows.
    async fn new() -> Self {
        let test = TestApp::with(|config| config.mail_container = Some("mail".to_owned())).await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        let (other, eve) = (test.tenant("other").await, test.person("eve").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        test.member(other, eve, TenantRole::Owner).await;
        test.administer(
            "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
             select gen_random_uuid(), id, 'a.example', 'proof', now(), 'test', now(), now() from tenant where slug = 'acme'",
        )
        .await;
        test.administer(
            "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, id, p.part, p.part || '@a.example', 'test', now(), now() \
             from mail_domain, (values ('ann'), ('bob')) p(part) where name = 'a.example'",
        )
        .await;
        test.dns
            .set_addresses(SERVER, &["93.184.215.14".parse().unwrap()]);
        let stranger = program(&test, other, eve).await;
        let program = program(&test, tenant, ada).await;
        Self {
            test,
            ada,
            program,
            stranger,
        }
    }

    fn fetches(&self) -> FakeFetches {
        self.test.mail.fetches()
    }

    fn body(&self, names: &[&str]) -> Value {
        let accounts: Vec<Value> = names
            .iter()
            .map(|name| json!({ "mailbox": format!("{name}@a.example"), "user": name, "password": PASSWORD }))
            .collect();
        json!({ "host": SERVER, "accounts": accounts })
    }

    async fn ask(&self, body: &Value) -> Answer {
        self.program.json("POST", FETCHES, body).await
    }

    /// Asks for one, and says its id.
    async fn begin(&self, name: &str) -> String {
        let made = self.ask(&self.body(&[name])).await.expect(202).json();
        made["items"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn find(&self, id: &str) -> Value {
        self.program
            .get(&format!("{FETCHES}/{id}"))
            .await
            .expect(200)
            .json()
    }

    async fn cancel(&self, id: &str) -> Value {
        let path = format!("{FETCHES}/{id}/cancel");
        self.program
            .json("POST", &path, &json!({}))
            .await
            .expect(202)
            .json()
    }

    fn work(&self) -> Fetches {
        Fetches::new(&self.test.app)
    }

    /// Works on all that is due. Says how many of it are over.
    async fn run(&self) -> usize {
        let (work, mut over) = (self.work(), 0);
        for claimed in work.claim(16).await.unwrap() {
            over += usize::from(work.reconcile(claimed).await.unwrap());
        }
        over
    }

    fn later(&self, by: TimeDelta) {
        self.test.clock.advance(by);
    }

    /// How many passwords are kept.
    async fn sealed(&self) -> i64 {
        let mut tx = self.test.system().begin().await.unwrap();
        let count = sqlx::query_scalar!(r#"select count(sealed) as "count!" from mail_fetch"#);
        count.fetch_one(tx.conn()).await.unwrap()
    }

    /// How the operations ended, the oldest first.
    async fn operations(&self) -> Vec<(String, Option<String>)> {
        let mut tx = self.test.system().begin().await.unwrap();
        let rows = sqlx::query!(
            "select state, error from operation where kind = 'mailbox.fetch' order by created_at, id"
        );
        let rows = rows.fetch_all(tx.conn()).await.unwrap();
        rows.into_iter().map(|row| (row.state, row.error)).collect()
    }
}

fn failed(why: FetchReason) -> Vec<FetchEvent> {
    vec![FetchEvent::Failed(FetchFailure {
        why,
        says: "as it says".to_owned(),
        fingerprint: (why == FetchReason::Certificate).then(|| "ab".repeat(32)),
    })]
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
    // Some tests last days.
    test.program_until(user, Some(tenant), &all, TimeDelta::days(365))
        .await
}
