//! The end of deleted mailboxes, with a mail service in memory that can be away.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::drivers::mail::MailService as _;
use crate::drivers::mail::fake::FakeMail;
use crate::mail::mailboxes::Erasures;
use crate::platform::reconcile::Reconciler as _;

impl Scene {
    fn erasures(&self, disk: &FakeMail) -> Erasures {
        Erasures::by(&self.test.app, Some(Arc::new(disk.clone())))
    }

    /// How many are to be erased, and what stood in the way the last time.
    async fn waiting(&self) -> Vec<Option<String>> {
        let mut tx = self.test.system().begin().await.unwrap();
        let rows = sqlx::query_scalar!("select last_error from mail_erasure");
        rows.fetch_all(tx.conn()).await.unwrap()
    }

    /// Returns when nobody holds a mailbox: who was refused lets go of it a moment after the answer, and what is held is passed over.
    async fn until_free(&self) {
        self.test.administer("select from mailbox for update").await;
    }
}

/// Works on all that is due. Says how many of it is done.
async fn work(erasures: &Erasures) -> usize {
    let mut done = 0;
    for claimed in erasures.claim(16).await.unwrap() {
        done += usize::from(erasures.reconcile(claimed).await.unwrap());
    }
    done
}

fn uuid(id: &str) -> Uuid {
    id.parse::<crate::platform::ids::MailboxId>().unwrap().0
}

#[tokio::test]
async fn one_is_erased_when_its_time_is_over_and_not_before() {
    let scene = Scene::of(TestApp::with(|config| config.mailbox_retention_days = 30).await).await;
    let disk = FakeMail::default();
    let erasures = scene.erasures(&disk);
    let (id, other) = (
        scene.create("ann@a.example").await,
        scene.create("bob@a.example").await,
    );
    scene.delete(&id).await;
    scene.later(TimeDelta::days(30) - TimeDelta::seconds(1));
    assert_eq!(work(&erasures).await, 0);
    scene.find(&id).await;
    scene.later(TimeDelta::seconds(1));
    assert_eq!(work(&erasures).await, 1);
    assert_eq!(disk.erased(), [uuid(&id)]);
    scene.program.get(&one(&id, "")).await.expect(404);
    assert!(scene.waiting().await.is_empty());
    scene.find(&other).await;
    assert_eq!(scene.counted().await, (1, 1));
}

#[tokio::test]
async fn erasing_now_and_keeping_nothing_are_at_once() {
    let scene = Scene::of(TestApp::with(|config| config.mailbox_retention_days = 0).await).await;
    let disk = FakeMail::default();
    let erasures = scene.erasures(&disk);
    let id = scene.create("ann@a.example").await;
    scene.delete(&id).await;
    scene.act(&id, "restore", 404).await;
    scene.program.get(&one(&id, "")).await.expect(404);
    scene.until_free().await;
    assert_eq!(work(&erasures).await, 1);

    let kept = Scene::of(TestApp::with(|config| config.mailbox_retention_days = 30).await).await;
    let id = kept.create("ann@a.example").await;
    kept.delete(&id).await;
    kept.act(&id, "erase", 204).await;
    kept.act(&id, "restore", 404).await;
    kept.until_free().await;
    assert_eq!(work(&kept.erasures(&disk)).await, 1);
    assert_eq!(disk.erased().len(), 2);
}

#[tokio::test]
async fn a_service_that_is_away_is_asked_again_later_and_later() {
    let scene = Scene::of(TestApp::with(|config| config.mailbox_retention_days = 0).await).await;
    let disk = FakeMail::default();
    let erasures = scene.erasures(&disk);
    let id = scene.create("ann@a.example").await;
    scene.delete(&id).await;
    disk.set_away(Some("switched off"));
    assert_eq!(work(&erasures).await, 0);
    let told = Some("the mail service does not answer".to_owned());
    assert_eq!(scene.waiting().await, [told]);
    assert_eq!(erasures.claim(16).await.unwrap().len(), 0, "not at once");
    scene.later(TimeDelta::seconds(1));
    assert_eq!(work(&erasures).await, 0);
    scene.later(TimeDelta::seconds(1));
    assert_eq!(
        erasures.claim(16).await.unwrap().len(),
        0,
        "later than the first time"
    );
    disk.set_away(None);
    scene.later(TimeDelta::minutes(5));
    assert_eq!(work(&erasures).await, 1);
    assert!(scene.waiting().await.is_empty());
}

#[tokio::test]
async fn a_process_that_dies_is_followed_by_one_that_asks_again() {
    let scene = Scene::of(TestApp::with(|config| config.mailbox_retention_days = 0).await).await;
    let disk = FakeMail::default();
    let (dead, next) = (scene.erasures(&disk), scene.erasures(&disk));
    let id = scene.create("ann@a.example").await;
    scene.delete(&id).await;
    let claimed = dead.claim(16).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(work(&next).await, 0, "it is held");
    disk.erase(uuid(&id)).await.unwrap();
    scene.later(TimeDelta::minutes(10));
    assert_eq!(work(&next).await, 1);
    assert_eq!(disk.erased(), [uuid(&id), uuid(&id)]);
    // What the first one still believes changes nothing.
    dead.reconcile(claimed.into_iter().next().unwrap()).await.unwrap();
    assert!(scene.waiting().await.is_empty());
}

#[tokio::test]
async fn without_a_mail_service_the_wish_waits() {
    let scene = Scene::of(TestApp::with(|config| config.mailbox_retention_days = 0).await).await;
    let erasures = Erasures::by(&scene.test.app, None);
    let id = scene.create("ann@a.example").await;
    scene.delete(&id).await;
    assert_eq!(work(&erasures).await, 0);
    assert_eq!(scene.waiting().await, [None::<String>]);
    let disk = FakeMail::default();
    assert_eq!(work(&scene.erasures(&disk)).await, 1);
}

#[tokio::test]
async fn aliases_of_ones_own_go_with_the_mailbox_and_do_not_lead_to_the_next() {
    let scene = Scene::new().await;
    let (mailbox, _) = scene.test.mailbox_person(scene.tenant, "ann@a.example").await;
    scene.test.things_of_mailbox(scene.tenant, mailbox).await;
    scene
        .test
        .administer(
            "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, id, 'sales', 'sales@a.example', 'alias', '{ann@a.example}', 'test', now(), now() \
             from mail_domain",
        )
        .await;
    let left = async || {
        let mut tx = scene.test.system().begin().await.unwrap();
        let all = sqlx::query_scalar!("select address from mail_alias order by address");
        all.fetch_all(tx.conn()).await.unwrap()
    };
    assert_eq!(left().await, ["ann-shop@a.example", "sales@a.example"]);
    let id = mailbox.to_string();
    scene.delete(&id).await;
    assert_eq!(left().await, ["sales@a.example"], "the tenant's stay");
    let audit = scene.program.get("/api/v1/audit-events").await.expect(200).body;
    assert!(audit.contains("ann-shop@a.example"), "{audit}");
    scene.create("ann-shop@a.example").await;
    scene.act(&id, "restore", 200).await;
    assert_eq!(left().await, ["sales@a.example"]);
}
