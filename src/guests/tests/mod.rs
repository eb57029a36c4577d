//! Sharing a server, from the invitation to the end, with those who try for more.

mod attacks;
mod manage;
mod more;
mod walls;

use serde_json::{Value, json};

use crate::platform::access::{Permission, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{ServerId, TenantId, UserId};
use crate::testing::{Client, TestApp};

use Permission as P;

const GOOD: &str = "quiet harbour lantern 7";
const NEW: [(&str, &str); 2] = [("name", "Grace"), ("password", GOOD)];

/// A tenant with two servers, its owner, and somebody with whom the first is shared.
struct Scene {
    app: TestApp,
    tenant: TenantId,
    owner: Client,
    program: Client,
    web: ServerId,
    shop: ServerId,
    grace: UserId,
}

fn of_tenant() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == crate::platform::access::Side::Tenant)
        .collect()
}

impl Scene {
    /// Shares nothing yet.
    async fn bare() -> Self {
        Self::of(TestApp::start().await).await
    }

    async fn of(app: TestApp) -> Self {
        let tenant = app.tenant("acme").await;
        let ada = app.person("ada").await;
        app.member(tenant, ada, TenantRole::Owner).await;
        Self {
            web: app.server(tenant, "web-1").await,
            shop: app.server(tenant, "shop-1").await,
            owner: app.browser(ada).await,
            program: app.program(ada, Some(tenant), &of_tenant()).await,
            grace: app.person("grace").await,
            app,
            tenant,
        }
    }

    async fn sharing(given: &[Permission]) -> Self {
        let scene = Self::bare().await;
        scene.app.guest(scene.tenant, scene.web, scene.grace, given).await;
        scene
    }

    fn page(&self, below: &str) -> String {
        format!("/t/acme/servers/{}{below}", self.web)
    }

    fn api(&self, below: &str) -> String {
        format!("/api/v1/servers/{}{below}", self.web)
    }

    /// Offers the first server; the path of the link.
    async fn offer(&self, email: &str, permissions: &[&str]) -> String {
        self.tick();
        let body = json!({ "email": email, "permissions": permissions });
        let made = self
            .program
            .json("POST", &self.api("/guests/invitations"), &body)
            .await
            .expect(201);
        link(&made.json())
    }

    async fn guests(&self) -> Vec<Value> {
        let list = self.program.get(&self.api("/guests")).await.expect(200);
        list.json()["items"].as_array().unwrap().clone()
    }

    /// What the tenant's audit log tells of guests, oldest first: who did what to whom.
    async fn audited(&self) -> Vec<(String, String, String)> {
        let log = self.program.get("/api/v1/audit-events?limit=200").await;
        let log = log.expect(200).json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let events = log["items"].as_array().unwrap().iter().rev();
        events
            .filter(|event| event["action"].as_str().unwrap().starts_with("guest."))
            .map(|event| {
                (
                    text(&event["actor"]["label"]),
                    text(&event["action"]),
                    text(&event["target"]["label"]),
                )
            })
            .collect()
    }

    /// A moment later, so that what happens next sorts after what happened before.
    fn tick(&self) {
        self.app.clock.advance(chrono::TimeDelta::milliseconds(1));
    }

    /// What was done, oldest first.
    async fn deeds(&self) -> Vec<String> {
        let told = self.audited().await.into_iter();
        told.map(|(_, what, _)| what).collect()
    }

    /// How many rows of a table a guest's transaction sees.
    #[expect(
        clippy::disallowed_methods,
        reason = "the same question for one table after another"
    )]
    async fn count(&self, what: &'static str) -> i64 {
        let mut tx = self.guest_tx(self.web).await;
        sqlx::query_scalar::<_, i64>(what)
            .fetch_one(tx.conn())
            .await
            .unwrap()
    }

    async fn guest_tx(&self, server: ServerId) -> crate::platform::db::TenantTx {
        let plans = crate::platform::db::Plans::Fitted;
        let place = (self.tenant, server);
        self.app
            .app
            .db
            .guest_with(place, self.grace, plans)
            .await
            .unwrap()
    }
}

/// The path of an invitation.
fn link(made: &Value) -> String {
    let url = made["url"].as_str().unwrap();
    url[url.find("/invite/").unwrap()..].to_owned()
}
