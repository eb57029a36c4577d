//! The live streams of schedules: each change is seen, nobody else's is, and they end with the access.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::platform::access::{Permission, TenantRole};
use crate::platform::events::{Event, GUEST_TOPIC};
use crate::platform::ids::{ScheduleId, ServerId, TenantId};
use crate::testing::{Client, TestApp};

use super::super::actions::TOPIC;
use super::scene::all;

/// A tenant with a server, another one with a schedule, and streams that nothing ends by itself.
struct Live {
    test: TestApp,
    tenant: TenantId,
    server: ServerId,
    browser: Client,
    program: Client,
    others: (TenantId, ScheduleId),
}

impl Live {
    async fn new() -> Self {
        let test = TestApp::with(|config| config.stream_lifetime = Duration::from_hours(24)).await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let server = test.server(tenant, "web").await;
        let other = test.tenant("other").await;
        let far = test.server(other, "far").await;
        let (foreign, _) = test.schedule(other, far).await;
        Self {
            browser: test.browser(ada).await,
            program: test.program(ada, Some(tenant), &all()).await,
            others: (other, foreign),
            test,
            tenant,
            server,
        }
    }

    fn page(&self, below: &str) -> String {
        format!("/t/acme/servers/{}/schedules{below}", self.server)
    }

    fn api(&self, below: &str) -> String {
        format!("/api/v1/servers/{}/schedules{below}", self.server)
    }

    async fn make(&self, name: &str) -> ScheduleId {
        let steps = [json!({ "kind": "power", "power": "restart" })];
        let new = json!({ "name": name, "cron": "0 4 * * *", "steps": steps });
        let made = self
            .program
            .json("POST", &self.api(""), &new)
            .await
            .expect(201)
            .json();
        made["id"].as_str().unwrap().parse().unwrap()
    }

    /// What the database tells every process.
    fn tell(&self, tenant: TenantId, topic: &str, target: Uuid) {
        self.test.app.hub.hand_out(Event {
            id: 0,
            tenant_id: Some(tenant.0),
            topic: topic.to_owned(),
            target_id: Some(target),
        });
    }

    /// What belongs to others, under every name that it could come by.
    fn tell_of_others(&self, ours: ScheduleId) {
        let (other, theirs) = self.others;
        self.tell(other, TOPIC, theirs.0);
        self.tell(other, TOPIC, ours.0);
    }
}

#[tokio::test]
async fn a_row_is_added_replaced_and_removed_and_nobody_else_s_shows() {
    let live = Live::new().await;
    let mut stream = live.browser.listen(&live.page("/live")).await;
    let id = live.make("First name").await;
    live.tell_of_others(id);
    live.tell(live.tenant, TOPIC, id.0);
    stream.hears("First name").await;
    let second = json!({ "name": "Second name" });
    live.program
        .json("PATCH", &live.api(&format!("/{id}")), &second)
        .await
        .expect(200);
    live.tell_of_others(id);
    live.tell(live.tenant, TOPIC, id.0);
    stream.hears("Second name").await;
    live.program
        .json("DELETE", &live.api(&format!("/{id}")), &json!({}))
        .await
        .expect(204);
    live.tell_of_others(id);
    live.tell(live.tenant, TOPIC, id.0);
    let said = stream.hears("No schedules yet").await;
    assert_eq!(said.matches("hx-target=\"#schedule-rows\"").count(), 3, "{said}");
    assert!(!said.contains(&live.others.1.to_string()), "{said}");
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_and_is_one_s_own() {
    let live = Live::new().await;
    let theirs = live.others.1;
    live.test
        .administer(
            "insert into outbox (tenant_id, topic, target_id) select tenant_id, 'schedule', id from schedule",
        )
        .await;
    let id = live.make("While away").await;
    let mut stream = live.browser.listen(&live.page("/live?after=0")).await;
    let said = stream.hears("While away").await.to_owned();
    assert!(
        said.contains(&id.to_string()) && !said.contains(&theirs.to_string()),
        "{said}"
    );
}

#[tokio::test]
async fn one_schedule_s_panel_follows_it_to_its_end() {
    let live = Live::new().await;
    let (id, beside) = (live.make("Watched").await, live.make("Beside").await);
    let mut stream = live.browser.listen(&live.page(&format!("/{id}/live"))).await;
    live.tell_of_others(id);
    live.tell(live.tenant, TOPIC, beside.0);
    let paused = live.api(&format!("/{id}/pause"));
    live.program.json("POST", &paused, &json!({})).await.expect(200);
    live.tell(live.tenant, TOPIC, id.0);
    stream.hears("/resume").await;
    let one = live.api(&format!("/{id}"));
    live.program.json("DELETE", &one, &json!({})).await.expect(204);
    live.tell(live.tenant, TOPIC, id.0);
    let said = stream.hears("This schedule and its runs are gone").await;
    assert_eq!(said.matches("hx-target=\"#schedule-panel\"").count(), 2, "{said}");
    // Of another tenant's there is no stream.
    let foreign = live.page(&format!("/{}/live", live.others.1));
    live.browser.get(&foreign).await.expect(404);
}

#[tokio::test]
async fn a_guest_s_stream_ends_when_access_is_taken_back() {
    let live = Live::new().await;
    let id = live.make("Shared").await;
    let grace = live.test.person("grace").await;
    let given = [Permission::ServerRead, Permission::ScheduleRead];
    live.test.guest(live.tenant, live.server, grace, &given).await;
    let browser = live.test.browser(grace).await;
    let run = live.api(&format!("/{id}/run"));
    let run = live.program.json("POST", &run, &json!({})).await;
    let run = run.json()["id"].as_str().unwrap().to_owned();
    let paths = [
        live.page("/live"),
        live.page(&format!("/{id}/live")),
        live.page(&format!("/{id}/runs/{run}/live")),
    ];
    let mut streams = Vec::new();
    for path in &paths {
        streams.push(browser.listen(path).await);
    }
    live.tell(live.tenant, TOPIC, id.0);
    for stream in &mut streams {
        stream.hears("hx-partial").await;
    }
    let one = format!("/api/v1/servers/{}/guests/{grace}", live.server);
    live.program.json("DELETE", &one, &json!({})).await.expect(204);
    live.tell(live.tenant, GUEST_TOPIC, live.server.0);
    for stream in streams {
        stream.end().await;
    }
    for path in &paths {
        browser.get(path).await.expect(404);
    }
}
