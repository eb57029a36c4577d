//! Tickets as programs of both sides use them, and what other parts find in them.

mod lists;
mod talk;
mod walls;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::ids::{TenantId, TicketId, UserId};
use crate::testing::{Answer, Client, TestApp};

struct Scene {
    test: TestApp,
    tenant: TenantId,
    ann: UserId,
    engineer: UserId,
    customer: Client,
    staff: Client,
}

fn scopes(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == side).collect()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ann) = (test.tenant("acme").await, test.person("ann").await);
        test.member(tenant, ann, TenantRole::Owner).await;
        let engineer = test.staff("eve", StaffRole::Engineer).await;
        let long = TimeDelta::days(300);
        Self {
            customer: test
                .program_until(ann, Some(tenant), &scopes(Side::Tenant), long)
                .await,
            staff: test
                .program_until(engineer, None, &scopes(Side::Staff), long)
                .await,
            tenant,
            ann,
            engineer,
            test,
        }
    }

    /// Opens a ticket as the customer; its id.
    async fn open(&self, subject: &str, body: &str) -> String {
        self.later(TimeDelta::seconds(1));
        let new = json!({ "subject": subject, "body": body, "severity": "p3" });
        let made = self.customer.json("POST", "/api/v1/tickets", &new).await;
        made.expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    /// Answers as the customer.
    async fn answer(&self, id: &str, body: &str) -> Answer {
        self.later(TimeDelta::seconds(1));
        let path = format!("/api/v1/tickets/{id}/posts");
        self.customer.json("POST", &path, &json!({ "body": body })).await
    }

    /// Writes as staff.
    async fn write(&self, id: &str, post: Value) -> Answer {
        self.later(TimeDelta::seconds(1));
        let path = format!("/api/v1/staff/tickets/{id}/posts");
        self.staff.json("POST", &path, &post).await
    }

    /// Changes a ticket as staff.
    async fn change(&self, id: &str, new: Value) -> Answer {
        let path = format!("/api/v1/staff/tickets/{id}");
        self.staff.json("PATCH", &path, &new).await
    }

    async fn state(&self, id: &str) -> String {
        let ticket = self.customer.get(&format!("/api/v1/tickets/{id}")).await;
        ticket.expect(200).json()["state"].as_str().unwrap().to_owned()
    }

    /// What a list says of its items.
    async fn all(&self, client: &Client, path: &str, field: &str) -> Vec<String> {
        let list = client.get(path).await.expect(200).json();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                item[field]
                    .as_str()
                    .map_or_else(|| item[field].to_string(), str::to_owned)
            })
            .collect()
    }

    fn later(&self, time: TimeDelta) {
        self.test.clock.advance(time);
    }
}

fn id_of(text: &str) -> TicketId {
    text.parse().unwrap()
}
