//! SLAs as a whole: promises, clocks that tell once, and months that are final.

mod clocks;
mod promises;
mod reports;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, StaffRole, TenantRole};
use crate::platform::ids::{PlanId, TenantId, TicketId};
use crate::testing::{Client, TestApp};

/// The policy that the migration brings.
const STANDARD: &str = "sla_01jdr00000e008000000000pg1";
const POLICY: &str = "/api/v1/staff/sla/policies/sla_01jdr00000e008000000000pg1";

struct Scene {
    test: TestApp,
    plan: PlanId,
    tenant: TenantId,
    customer: Client,
    staff: Client,
}

fn scopes(side: Side) -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|one| one.side() == side).collect()
}

impl Scene {
    /// A tenant to whom nothing is promised.
    async fn bare() -> Self {
        Self::over(TestApp::start().await).await
    }

    async fn over(test: TestApp) -> Self {
        let plan = test.plan("Gold", 10).await;
        let (tenant, ann) = (test.tenant_on("acme", plan).await, test.person("ann").await);
        test.member(tenant, ann, TenantRole::Owner).await;
        let boss = test.staff("boss", StaffRole::Admin).await;
        let long = TimeDelta::days(300);
        let customer = test
            .program_until(ann, Some(tenant), &scopes(Side::Tenant), long)
            .await;
        let staff = test.program_until(boss, None, &scopes(Side::Staff), long).await;
        Self {
            test,
            plan,
            tenant,
            customer,
            staff,
        }
    }

    /// One to whom the standard policy is.
    async fn new() -> Self {
        let scene = Self::bare().await;
        scene.choose(json!(STANDARD), 200).await;
        scene
    }

    async fn choose(&self, policy: Value, status: u16) {
        let path = format!("/api/v1/staff/sla/plans/{}", self.plan);
        self.staff
            .json("PATCH", &path, &json!({ "policy": policy }))
            .await
            .expect(status);
    }

    /// Gives the tenant another plan, to which nothing is promised.
    async fn move_to_another_plan(&self) {
        let plan = self.test.plan("Tin", 10).await;
        let path = format!("/api/v1/staff/tenants/{}", self.tenant);
        let change = json!({ "plan_id": plan });
        self.staff.json("PATCH", &path, &change).await.expect(200);
    }

    /// Closes the tenant, or reopens it.
    async fn close(&self, is_closed: bool) {
        let verb = if is_closed { "close" } else { "reopen" };
        let path = format!("/api/v1/staff/tenants/{}/{verb}", self.tenant);
        let why = json!({ "reason": "They left." });
        self.staff.json("POST", &path, &why).await.expect(200);
    }

    async fn open(&self, subject: &str, severity: &str) -> TicketId {
        let new = json!({ "subject": subject, "body": "It does not work.", "severity": severity });
        let made = self
            .customer
            .json("POST", "/api/v1/tickets", &new)
            .await
            .expect(201);
        let id = made.json()["id"].as_str().unwrap().parse().unwrap();
        self.follow(id).await;
        id
    }

    /// What the job does after a change.
    async fn follow(&self, id: TicketId) {
        let mut tx = self.test.system().begin().await.unwrap();
        super::follow::settle(&self.test.app, &mut tx, id).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn reply(&self, id: TicketId, post: Value) {
        let path = format!("/api/v1/staff/tickets/{id}/posts");
        self.staff.json("POST", &path, &post).await.expect(201);
        self.follow(id).await;
    }

    fn later(&self, time: TimeDelta) {
        self.test.clock.advance(time);
    }
}
