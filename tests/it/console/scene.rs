//! A panel that serves on a port of its own inside the test, with the fake engine and a server that runs.

use std::net::SocketAddr;

use berth::config::Config;
use berth::drivers::engine::{Engine as _, ObservedState, ServerKey};
use berth::platform::access::{Permission, Side, TenantRole};
use berth::platform::ids::{TenantId, UserId};
use berth::testing::{Client, TestApp};
use serde_json::json;
use tokio::net::TcpListener;

use super::client::{Console, cookie, open, token};
use crate::panel::until;

pub(crate) const SLUG: &str = "harbour";

pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(super) tenant: TenantId,
    pub(crate) owner: UserId,
    pub(super) address: SocketAddr,
    pub(crate) program: Client,
}

pub(super) fn all(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == side).collect()
}

impl Scene {
    pub(crate) async fn set(change: impl FnOnce(&mut Config)) -> Self {
        let app = TestApp::with(change).await;
        let plan = app.plan("Small", 40).await;
        let tenant = app.tenant_on(SLUG, plan).await;
        let owner = app.person("ada").await;
        app.member(tenant, owner, TenantRole::Owner).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, tasks) = (app.router(), app.app.tasks.clone());
        let serving = berth::platform::web::serve(listener, router, tasks);
        app.app.tasks.spawn(async move { serving.await.unwrap() });
        let hub = app.app.hub.clone();
        app.app
            .tasks
            .spawn(hub.run(app.app.db.clone(), app.app.tasks.clone()));
        berth::servers::begin(&app.app).await.unwrap();
        Self {
            program: app.program(owner, Some(tenant), &all(Side::Tenant)).await,
            app,
            tenant,
            owner,
            address,
        }
    }

    /// A server that runs. Its id.
    pub(crate) async fn server(&self, name: &str, template: &str) -> String {
        let order = json!({ "name": name, "template": template, "size": "microcomputer", "variables": answers(template) });
        let asked = self
            .program
            .json("POST", "/api/v1/servers", &order)
            .await
            .expect(202);
        let id = asked.json()["server"]["id"].as_str().unwrap().to_owned();
        self.runs(&id).await;
        id
    }

    pub(super) async fn runs(&self, id: &str) {
        let key = ServerKey::new(id).unwrap();
        until("it runs", async || {
            self.app.engine.observe(&key).await.unwrap().state == ObservedState::Running
        })
        .await;
    }

    pub(super) async fn act(&self, id: &str, verb: &str) {
        let path = format!("/api/v1/servers/{id}/actions/{verb}");
        self.program.json("POST", &path, &json!({})).await.expect(202);
    }

    /// Opens the console with a token.
    pub(super) async fn console(&self, program: &Client, id: &str) -> Result<Console, u16> {
        let path = format!("/api/v1/servers/{id}/console?columns=80&rows=24");
        open(self.address, &path, &token(program)).await
    }

    /// Opens it as the page does.
    pub(super) async fn page(&self, browser: &Client, id: &str) -> Result<Console, u16> {
        let path = format!("/t/{SLUG}/servers/{id}/console/socket?columns=80&rows=24");
        open(self.address, &path, &cookie(browser, self.address)).await
    }

    /// Somebody with a role, as a program with all that the role has.
    pub(super) async fn member(&self, name: &str, role: TenantRole) -> (UserId, Client) {
        let user = self.app.person(name).await;
        self.app.member(self.tenant, user, role).await;
        let program = self
            .app
            .program(user, Some(self.tenant), &all(Side::Tenant))
            .await;
        (user, program)
    }

    pub(super) fn shells(&self, id: &str) -> usize {
        self.app.engine.shells(&ServerKey::new(id).unwrap())
    }

    /// The visits in the tenant's audit log, oldest first: action and what is told of it.
    pub(super) async fn visits(&self) -> Vec<(String, serde_json::Value)> {
        let log = self
            .program
            .get("/api/v1/audit-events?limit=200")
            .await
            .expect(200)
            .json();
        let events = log["items"].as_array().unwrap().iter().rev();
        let visits = events.filter(|event| event["action"].as_str().unwrap().starts_with("console."));
        visits
            .map(|event| {
                (
                    event["action"].as_str().unwrap().to_owned(),
                    event["after"].clone(),
                )
            })
            .collect()
    }
}

fn answers(template: &str) -> serde_json::Value {
    match template {
        "static-site" => json!({ "SITE_OWNER": "Ada" }),
        _ => json!({ "SERVER_NAME": "Ada's" }),
    }
}
