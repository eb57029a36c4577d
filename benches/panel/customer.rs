//! A customer who creates servers through the API and waits until they run.

use std::time::Duration;

use berth::platform::access::{Permission, Side, TenantRole};
use berth::testing::TestApp;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::panel::{Panel, until_every};

/// How often whoever waits asks; for many servers one asks for all, since asking shares the processors with the work.
const ASK: Duration = Duration::from_millis(10);
const ASK_TOGETHER: Duration = Duration::from_millis(50);

pub(crate) struct Customer {
    servers: String,
    /// What its servers are made of.
    pub(crate) template: &'static str,
    pub(crate) token: String,
    http: reqwest::Client,
}

impl Customer {
    /// A tenant with room for a thousand servers, and its token.
    pub(crate) async fn of(app: &TestApp, slug: &str, panel: &Panel) -> Self {
        let plan = app.plan(&format!("Plan of {slug}"), 1000).await;
        let tenant = app.tenant_on(slug, plan).await;
        let user = app.person(&format!("owner-of-{slug}")).await;
        app.member(tenant, user, TenantRole::Owner).await;
        let all = Permission::ALL.iter().copied();
        let scopes: Vec<Permission> = all
            .filter(|permission| permission.side() == Side::Tenant)
            .collect();
        let program = app.program(user, Some(tenant), &scopes).await;
        Self {
            servers: panel.url("/api/v1/servers"),
            template: "tiny",
            token: program.bearer().to_owned(),
            http: reqwest::Client::new(),
        }
    }

    /// From the call to a running container; its id.
    pub(crate) async fn create(&self, name: &str) -> String {
        let id = self.ask_for(name.to_owned()).await;
        let url = format!("{}/{id}", self.servers);
        until_every(ASK, "it runs", async || {
            self.read(&url).await["engine_state"] == "running"
        })
        .await;
        id
    }

    /// From the first call to the last running container. The newest ones are theirs.
    pub(crate) async fn create_together(&self, name: &str, count: usize) {
        let asked = join_all((0..count).map(|n| self.ask_for(format!("{name}-{n}")))).await;
        let url = format!("{}?limit=200", self.servers);
        until_every(ASK_TOGETHER, "all run", async || {
            let servers = self.read(&url).await;
            let servers = servers["items"].as_array().unwrap();
            let running = |id: &String| {
                let is_it = |server: &&Value| server["id"] == id.as_str();
                servers
                    .iter()
                    .find(is_it)
                    .is_some_and(|server| server["engine_state"] == "running")
            };
            asked.iter().all(running)
        })
        .await;
    }

    /// Asks for a server; its id.
    async fn ask_for(&self, name: String) -> String {
        let request = self.http.post(&self.servers);
        let body = json!({ "name": name, "template": self.template, "size": "small-box" });
        let answer = request.bearer_auth(&self.token).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let asked: Value = answer.json().await.unwrap();
        asked["server"]["id"].as_str().unwrap().to_owned()
    }

    /// Puts bytes somewhere.
    pub(crate) async fn put(&self, url: &str, bytes: Vec<u8>) {
        let request = self.http.put(url).bearer_auth(&self.token).body(bytes);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Asks for something; the answer.
    pub(crate) async fn post(&self, url: &str, body: &Value) -> Value {
        let request = self.http.post(url).bearer_auth(&self.token).json(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub(crate) async fn read(&self, url: &str) -> Value {
        let request = self.http.get(url).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }
}
