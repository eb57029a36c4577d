//! Networks on pages: a server's own tab, and the live streams.

mod live;
mod server;

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::events::Event;
use crate::platform::ids::{NetworkId, ServerId, TenantId};
use crate::testing::{Client, TestApp};

/// A tenant with two servers and a network, another one with the same, and streams that nothing ends by itself.
struct Scene {
    test: TestApp,
    tenant: TenantId,
    web: ServerId,
    db: ServerId,
    back: NetworkId,
    browser: Client,
    program: Client,
    other: TenantId,
    far: ServerId,
    foreign: NetworkId,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::with(|config| config.stream_lifetime = Duration::from_hours(24)).await;
        let (tenant, other) = (test.tenant("acme").await, test.tenant("other").await);
        let ada = test.person("ada").await;
        test.member(tenant, ada, TenantRole::Owner).await;
        let all = Permission::ALL.iter().copied();
        let all: Vec<_> = all.filter(|one| one.side() == Side::Tenant).collect();
        Self {
            web: test.server(tenant, "web").await,
            db: test.server(tenant, "db").await,
            back: test.network(tenant, "back-office").await,
            browser: test.browser(ada).await,
            program: test.program(ada, Some(tenant), &all).await,
            far: test.server(other, "far-away").await,
            foreign: test.network(other, "foreign-net").await,
            test,
            tenant,
            other,
        }
    }

    fn tab(&self, below: &str) -> String {
        format!("/t/acme/servers/{}/networks{below}", self.web)
    }

    async fn join(&self, server: ServerId) {
        let path = format!("/api/v1/networks/{}/servers", self.back);
        let new = json!({ "server": server });
        self.program.json("POST", &path, &new).await.expect(204);
    }

    /// What the reconciler notes when it has moved a server.
    async fn settle(&self) {
        let done = "update network_member set is_in = is_wanted; update common_member set is_in = is_wanted";
        self.test.administer(done).await;
    }

    /// What the database tells every process.
    fn tell(&self, tenant: TenantId, topic: &str, target: Option<Uuid>) {
        self.test.app.hub.hand_out(Event {
            id: 0,
            tenant_id: Some(tenant.0),
            topic: topic.to_owned(),
            target_id: target,
        });
    }

    /// What belongs to others, under every name that it could come by.
    fn tell_of_others(&self) {
        self.tell(self.other, "network", Some(self.foreign.0));
        self.tell(self.other, "network", Some(self.back.0));
        self.tell(self.other, "network", None);
        self.tell(self.other, "server", Some(self.far.0));
        self.tell(self.other, "server", Some(self.web.0));
    }
}
