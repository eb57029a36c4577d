//! Domains in the panel, with a DNS in memory: whose they become, what is said of their records, how their keys rotate.

mod keys;
mod life;
mod pages;
mod records;
mod watch;

use serde_json::{Value, json};

use crate::platform::access::{Permission, TenantRole};
use crate::platform::ids::TenantId;
use crate::testing::{Answer, Client, TestApp};

const HOST: &str = "mx.provider.example";
const PANEL: &str = "panel.provider.example";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    program: Client,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::with(|config| {
            config.mail_host = Some(HOST.to_owned());
            config.public_url = format!("https://{PANEL}");
        })
        .await;
        test.dns.set_addresses(HOST, &["192.0.2.7".parse().unwrap()]);
        test.dns.set_addresses(PANEL, &["192.0.2.8".parse().unwrap()]);
        let (tenant, program) = Self::tenant(&test, "acme").await;
        Self {
            test,
            tenant,
            program,
        }
    }

    /// A tenant, and a program of its owner's.
    async fn tenant(test: &TestApp, slug: &str) -> (TenantId, Client) {
        let (tenant, owner) = (
            test.tenant(slug).await,
            test.person(&format!("owner-{slug}")).await,
        );
        test.member(tenant, owner, TenantRole::Owner).await;
        let scopes = [Permission::MailRead, Permission::MailWrite, Permission::AuditRead];
        // Some tests last days.
        let program = test.program_until(owner, Some(tenant), &scopes, chrono::TimeDelta::days(365));
        (tenant, program.await)
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.program.json("POST", path, &body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.program.json("DELETE", path, &json!({})).await
    }

    async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    /// Adds a domain; the address of its operations.
    async fn add(&self, name: &str) -> String {
        add(&self.program, name).await
    }

    /// Adds a domain and proves it.
    async fn proved(&self, name: &str) -> String {
        let domain = self.add(name).await;
        self.publish_proof(&domain).await;
        self.post(&format!("{domain}/verify"), json!({}))
            .await
            .expect(200);
        domain
    }

    /// Publishes what proves a domain.
    async fn publish_proof(&self, domain: &str) {
        let record = self.record(domain, "proof").await;
        self.test
            .dns
            .set_txt(text(&record["name"]), &[text(&record["value"])]);
    }

    /// A record of a domain.
    async fn record(&self, domain: &str, kind: &str) -> Value {
        let all = self.get(&format!("{domain}/records")).await;
        let all = all["records"].as_array().unwrap().clone();
        let found = all.into_iter().find(|record| record["kind"] == kind);
        found.unwrap_or_else(|| panic!("no record {kind}"))
    }
}

async fn add(program: &Client, name: &str) -> String {
    let made = program
        .json("POST", "/api/v1/mail/domains", &json!({ "name": name }))
        .await;
    format!("/api/v1/mail/domains/{}", text(&made.expect(201).json()["id"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The id at the end of an address.
fn id(domain: &str) -> &str {
    domain.rsplit('/').next().unwrap()
}
