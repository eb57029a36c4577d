//! Checks from end to end: given, looked at, told and forgotten.

mod looks;
mod people;
mod told;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::probe::Verdict;
use crate::monitoring::{Incident, incidents_of};
use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::ids::{ServerId, TenantId};
use crate::testing::{Client, TestApp};

use super::runner::by_hand::work;

const PORT: u16 = 20_000;

/// A tenant with a server that has run for an hour, with a page at a port.
struct Scene {
    test: TestApp,
    tenant: TenantId,
    server: ServerId,
    browser: Client,
    program: Client,
}

fn all(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == side).collect()
}

impl Scene {
    /// Without checks: none are given either.
    async fn bare() -> Self {
        let scene = Self::new().await;
        scene.test.administer("update server set has_checks = true").await;
        scene
    }

    async fn new() -> Self {
        let test = TestApp::start().await;
        let tenant = test.tenant("acme").await;
        let ada = test.person("ada").await;
        test.member(tenant, ada, TenantRole::Owner).await;
        let server = test.server(tenant, "web").await;
        test.administer(
            "update server set power = 'running', observed_state = 'running', running_since = '2026-03-10T11:00:00Z';
             insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, scheme, host_port)
               select id, tenant_id, location_id, 'http', 80, 'tcp', 'http', 20000 from server",
        )
        .await;
        Self {
            browser: test.browser(ada).await,
            program: test.program(ada, Some(tenant), &all(Side::Tenant)).await,
            test,
            tenant,
            server,
        }
    }

    fn of_server(&self) -> String {
        format!("/api/v1/servers/{}/checks", self.server)
    }

    /// Makes a check that fails when two of two looks did, half a minute apart. Its address.
    async fn check(&self, name: &str, looks_at: Value) -> String {
        let new = json!({ "name": name, "looks_at": looks_at, "interval_seconds": 30, "failures": 2, "of_last": 2 });
        let made = self
            .program
            .json("POST", &self.of_server(), &new)
            .await
            .expect(201)
            .json();
        format!("/api/v1/checks/{}", made["id"].as_str().unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    /// Some seconds pass, and everything is done that is due then.
    async fn later(&self, seconds: i64) -> usize {
        self.test.clock.advance(TimeDelta::seconds(seconds));
        work(&self.test.app).await
    }

    async fn incidents(&self) -> Vec<Incident> {
        let now = self.test.app.now();
        let mut tx = self.test.app.db.system().await.unwrap();
        let found = incidents_of(
            &mut tx,
            self.server,
            now - TimeDelta::days(1),
            now + TimeDelta::days(1),
        )
        .await;
        found.unwrap()
    }

    fn port_is(&self, verdict: Verdict) {
        self.test.prober.set(PORT, verdict, "Nobody listens there.");
    }
}
