//! What mailboxes hold gets into the ledger, and who fills a mailbox is warned once for each level.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;

use crate::drivers::mail::fake::FakeMail;
use crate::mail::tests::rows;
use crate::platform::access::{Permission, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{MailboxId, TenantId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::testing::TestApp;

use super::Warnings;

const MIB: i64 = 1 << 20;

struct Scene {
    app: TestApp,
    tenant: TenantId,
    user: UserId,
    mailbox: MailboxId,
    service: FakeMail,
    warnings: Warnings,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let (tenant, user) = (app.tenant("acme").await, app.person("ada").await);
        app.member(tenant, user, TenantRole::Owner).await;
        let domain = rows::domain(&app, tenant, "example.com", true).await;
        let mailbox = rows::mailbox(&app, (tenant, domain), "ada@example.com", 100).await;
        let service = FakeMail::default();
        let warnings = Warnings::new(&app.app, Arc::new(service.clone()));
        Self {
            app,
            tenant,
            user,
            mailbox,
            service,
            warnings,
        }
    }

    async fn holds(&self, mib: i64) {
        rows::holds(&self.app, self.mailbox, mib * MIB).await;
    }

    async fn warn(&self) -> usize {
        let claimed = self.warnings.claim(10).await.unwrap();
        let count = claimed.len();
        for one in claimed {
            self.warnings.reconcile(one).await.unwrap();
        }
        count
    }

    async fn flush(&self) -> u64 {
        super::flush(&self.app.app, &self.app.system()).await.unwrap()
    }

    async fn storage(&self, below: &str) -> Value {
        let scopes = [Permission::TenantRead];
        let program = self.app.program(self.user, Some(self.tenant), &scopes).await;
        let path = format!("/api/v1/storage{below}");
        program.get(&path).await.expect(200).json()
    }
}

#[tokio::test]
async fn each_level_is_told_once() {
    let scene = Scene::new().await;
    scene.holds(79).await;
    assert_eq!(scene.warn().await, 0, "nothing was crossed");
    for (mib, mails) in [(80, 1), (85, 1), (91, 2), (100, 3), (120, 3), (50, 3), (81, 4)] {
        scene.holds(mib).await;
        scene.warn().await;
        assert_eq!(scene.service.put_there().len(), mails, "{mib}");
    }
    let put = scene.service.put_there();
    assert!(put.iter().all(|(address, _)| address == "ada@example.com"));
    assert!(
        put[1].1.contains("Subject: Your mailbox is 90 % full\r\n"),
        "{}",
        put[1].1
    );
    assert!(
        put[2].1.contains("Subject: Your mailbox is full\r\n"),
        "{}",
        put[2].1
    );
}

#[tokio::test]
async fn a_warning_waits_for_the_mail_service_and_outlives_the_panel() {
    let scene = Scene::new().await;
    scene.service.set_away(Some("it is away"));
    scene.holds(95).await;
    assert_eq!(scene.warn().await, 1);
    assert_eq!(scene.warn().await, 0, "it waits");
    scene.service.set_away(None);
    scene.app.clock.advance(TimeDelta::hours(1));
    drop(scene.warnings.claim(10).await.unwrap());
    assert_eq!(scene.warn().await, 0, "another has it");
    scene.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(scene.warn().await, 1, "which died");
    assert_eq!(scene.service.put_there().len(), 1);
}

#[tokio::test]
async fn a_panel_that_dies_after_it_warned_warns_again_under_the_same_id() {
    let scene = Scene::new().await;
    scene.holds(95).await;
    let claimed = scene.warnings.claim(10).await.unwrap().remove(0);
    scene.service.cut_off(scene.warnings.reconcile(claimed)).await;
    scene.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(scene.warn().await, 1);
    let ids: Vec<String> = scene
        .service
        .put_there()
        .iter()
        .filter_map(|(_, mail)| mail.lines().find(|line| line.starts_with("Message-ID: ")))
        .map(str::to_owned)
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(scene.warn().await, 0, "and that was all");
}

#[tokio::test]
async fn a_larger_quota_takes_a_warning_back_and_a_smaller_one_brings_it() {
    let scene = Scene::new().await;
    scene.holds(50).await;
    scene.app.administer("update mailbox set quota_mib = 60").await;
    scene.warn().await;
    assert_eq!(scene.service.put_there().len(), 1);
    scene.app.administer("update mailbox set quota_mib = 500").await;
    scene.warn().await;
    scene.app.administer("update mailbox set quota_mib = 60").await;
    scene.warn().await;
    assert_eq!(scene.service.put_there().len(), 2);
}

/// Whoever erases a tenant holds its row, and then writes notes of its domains.
#[tokio::test]
async fn a_tenant_that_is_being_erased_is_passed_over() {
    let scene = Scene::new().await;
    scene.holds(42).await;
    let mut erasing = scene.app.app.db.system().await.unwrap();
    sqlx::query!("select id from tenant where id = $1 for update", scene.tenant.0)
        .fetch_one(erasing.conn())
        .await
        .unwrap();
    let flushed = tokio::time::timeout(Duration::from_secs(10), scene.flush()).await;
    assert_eq!(
        flushed.expect("it waits for the tenant, with a note in its hands"),
        0
    );
    sqlx::query!("delete from mailbox where tenant_id = $1", scene.tenant.0)
        .execute(erasing.conn())
        .await
        .unwrap();
    erasing.commit().await.unwrap();
    assert_eq!(scene.flush().await, 1);
    assert_eq!(scene.storage("").await["used_bytes"], 0);
}

#[tokio::test]
async fn what_domains_hold_is_in_the_ledger_and_goes_with_them() {
    let scene = Scene::new().await;
    scene.holds(42).await;
    assert_eq!(scene.flush().await, 1);
    assert_eq!(scene.flush().await, 0, "only what changed");
    assert_eq!(scene.storage("").await["used_bytes"], 42 * MIB);
    let things = scene.storage("/things?kind=mail").await;
    let thing = &things["items"][0];
    assert_eq!(thing["name"], "example.com");
    assert_eq!(thing["bytes"], 42 * MIB);
    let page = scene
        .app
        .browser(scene.user)
        .await
        .get("/t/acme/storage")
        .await
        .expect(200);
    assert!(
        page.body.contains("/t/acme/mail/domains/mdo_"),
        "its row leads to the domain"
    );
    let glance = scene
        .app
        .browser(scene.user)
        .await
        .get("/t/acme")
        .await
        .expect(200);
    assert!(glance.body.contains("in 1 domain<"), "it is in the overview");
    scene
        .app
        .administer("delete from mailbox; delete from mail_domain")
        .await;
    assert_eq!(scene.flush().await, 1);
    assert_eq!(scene.storage("").await["used_bytes"], 0);
}
