//! Who loses access is kicked: once, for as long as it takes, and all of a tenant's when it is suspended.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::drivers::mail::fake::FakeMail;
use crate::mail::tests::rows;
use crate::platform::access::{StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{MailDomainId, TenantId};
use crate::platform::reconcile::Reconciler as _;
use crate::testing::TestApp;

use super::{Kicks, ask};

struct Scene {
    app: TestApp,
    tenant: TenantId,
    domain: MailDomainId,
    service: FakeMail,
    kicks: Kicks,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let tenant = app.tenant("acme").await;
        let domain = rows::domain(&app, tenant, "example.com", true).await;
        let service = FakeMail::default();
        let kicks = Kicks::new(&app.app, Arc::new(service.clone()));
        Self {
            app,
            tenant,
            domain,
            service,
            kicks,
        }
    }

    async fn ask(&self, address: &str) {
        let mut tx = self.app.app.db.system().await.unwrap();
        ask(&mut tx, self.tenant, &[address.to_owned()], self.app.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Works off what is due. Says how much that was.
    async fn work(&self) -> usize {
        let claimed = self.kicks.claim(10).await.unwrap();
        let count = claimed.len();
        for one in claimed {
            self.kicks.reconcile(one).await.unwrap();
        }
        count
    }

    /// The same some seconds later.
    async fn work_later(&self) -> usize {
        self.app.clock.advance(TimeDelta::seconds(6));
        self.work().await
    }

    async fn left(&self) -> i64 {
        let mut tx = self.app.app.db.system().await.unwrap();
        sqlx::query_scalar!(r#"select count(*) as "count!" from mail_kick"#)
            .fetch_one(tx.conn())
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn whoever_is_asked_for_is_kicked_and_once_more_when_all_sign_ins_are_over() {
    let scene = Scene::new().await;
    scene.ask("ada@example.com").await;
    scene.ask("ada@example.com").await;
    assert_eq!(scene.work().await, 1);
    assert_eq!(scene.service.kicked(), ["ada@example.com"]);
    assert_eq!((scene.work().await, scene.left().await), (0, 1));
    assert_eq!((scene.work_later().await, scene.left().await), (1, 0));
    assert_eq!(scene.service.kicked().len(), 2);
}

#[tokio::test]
async fn what_the_mail_service_did_not_do_is_done_when_it_is_back() {
    let scene = Scene::new().await;
    scene.service.set_away(Some("it is away"));
    scene.ask("ada@example.com").await;
    scene.work().await;
    assert_eq!((scene.work().await, scene.left().await), (0, 1), "it waits");
    scene.service.set_away(None);
    scene.app.clock.advance(TimeDelta::minutes(2));
    scene.work().await;
    assert_eq!(scene.service.kicked(), ["ada@example.com"]);
    scene.work_later().await;
    assert_eq!(scene.left().await, 0);
}

#[tokio::test]
async fn what_is_asked_for_meanwhile_and_what_a_dead_panel_held_is_not_lost() {
    let scene = Scene::new().await;
    scene.ask("ada@example.com").await;
    let mut claimed = scene.kicks.claim(10).await.unwrap();
    scene.ask("ada@example.com").await;
    assert_eq!(scene.work().await, 0, "another has it");
    scene.kicks.reconcile(claimed.remove(0)).await.unwrap();
    assert_eq!(scene.work().await, 1, "it was asked for anew");
    assert_eq!(scene.service.kicked().len(), 2);
    scene.ask("ada@example.com").await;
    drop(scene.kicks.claim(10).await.unwrap());
    scene.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(scene.work().await, 1, "whoever held it is dead");
    scene.work_later().await;
    assert_eq!(scene.left().await, 0);
}

#[tokio::test]
async fn what_a_panel_did_and_did_not_note_is_done_again() {
    let scene = Scene::new().await;
    scene.ask("ada@example.com").await;
    let claimed = scene.kicks.claim(10).await.unwrap().remove(0);
    scene.service.cut_off(scene.kicks.reconcile(claimed)).await;
    assert_eq!((scene.service.kicked().len(), scene.left().await), (1, 1));
    scene.app.clock.advance(TimeDelta::minutes(2));
    scene.work().await;
    scene.work_later().await;
    assert_eq!((scene.service.kicked().len(), scene.left().await), (3, 0));
}

#[tokio::test]
async fn nobody_asks_for_another_tenant() {
    let scene = Scene::new().await;
    let (user, other) = (scene.app.person("ada").await, scene.app.tenant("other").await);
    scene.app.member(scene.tenant, user, TenantRole::Owner).await;
    let mut tx = scene.app.app.db.tenant(scene.tenant, user).await.unwrap();
    let all = ["ada@example.com".to_owned()];
    ask(&mut tx, other, &all, scene.app.app.now()).await.unwrap_err();
}

#[tokio::test]
async fn who_only_names_a_domain_ends_nobodys_sessions_there() {
    let scene = Scene::new().await;
    let rival = scene.app.tenant("rival").await;
    rows::domain(&scene.app, rival, "example.com", false).await;
    let all = ["ada@example.com".to_owned()];
    let mut tx = scene.app.app.db.system().await.unwrap();
    ask(&mut tx, rival, &all, scene.app.app.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((scene.work().await, scene.left().await), (0, 0));
    scene.ask("ada@example.com").await;
    assert_eq!(scene.work().await, 1, "its owner does");
}

#[tokio::test]
async fn all_of_a_domain_that_is_disabled_are_kicked() {
    let scene = Scene::new().await;
    let other = rows::domain(&scene.app, scene.tenant, "example.org", true).await;
    for (domain, address) in [(scene.domain, "ada@example.com"), (other, "bob@example.org")] {
        rows::mailbox(&scene.app, (scene.tenant, domain), address, 100).await;
    }
    let user = scene.app.person("ada").await;
    scene.app.member(scene.tenant, user, TenantRole::Owner).await;
    let browser = scene.app.browser(user).await;
    let path = format!("/t/acme/mail/domains/{}/settings", scene.domain);
    let fields = [("version", "1"), ("quota_mib", ""), ("hourly_limit", "")];
    browser.post(&path, &fields).await.expect(303);
    scene.work().await;
    assert_eq!(scene.service.kicked(), ["ada@example.com"]);
}

#[tokio::test]
async fn a_suspended_tenants_mailboxes_are_all_kicked() {
    let scene = Scene::new().await;
    for address in ["ada@example.com", "bob@example.com"] {
        rows::mailbox(&scene.app, (scene.tenant, scene.domain), address, 100).await;
    }
    scene
        .app
        .administer(
            "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, id, 'never', 'never@example.com', 'test', now(), now() from mail_domain",
        )
        .await;
    let other = scene.app.tenant("other").await;
    let strange = rows::domain(&scene.app, other, "example.org", true).await;
    rows::mailbox(&scene.app, (other, strange), "eve@example.org", 100).await;
    let admin = scene.app.staff("admin", StaffRole::Admin).await;
    let admin = scene.app.browser(admin).await;
    let path = format!("/staff/tenants/{}/suspend", scene.tenant);
    admin.post(&path, &[("reason", "unpaid")]).await.expect(303);
    scene.work().await;
    let mut kicked = scene.service.kicked();
    kicked.sort();
    assert_eq!(kicked, ["ada@example.com", "bob@example.com"]);
}
