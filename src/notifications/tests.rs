//! What is told, to whom, and what becomes of it: over a real database, with a mailer in memory.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::drivers::mailer::MailError;
use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{NotificationId, TenantId};
use crate::platform::secret::Secret;
use crate::storage::{self, Kind};
use crate::testing::{Client, TestApp};

use super::model::MAX_ATTEMPTS;

struct Scene {
    app: TestApp,
    tenant: TenantId,
    staff: Client,
}

const STAFF: [Permission; 2] = [Permission::StaffSystemRead, Permission::StaffSystemManage];

impl Scene {
    async fn new() -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        Self::of(TestApp::with(|config| config.smtp_url = Some(url)).await).await
    }

    /// A tenant with two owners, one of whom may not sign in, and somebody who only looks.
    async fn of(app: TestApp) -> Self {
        let tenant = app.tenant("acme").await;
        for (name, role) in [
            ("ada", TenantRole::Owner),
            ("gone", TenantRole::Owner),
            ("vic", TenantRole::Viewer),
        ] {
            let user = app.person(name).await;
            app.member(tenant, user, role).await;
        }
        app.administer("update user_account set disabled_at = now() where email like 'gone%'")
            .await;
        let root = app.staff("root", StaffRole::Owner).await;
        let staff = app.program(root, None, &STAFF).await;
        Self { app, tenant, staff }
    }

    /// Fills so much of the tenant's disk, in percent, and lets it be judged.
    async fn fill(&self, percent: i64) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let allowed = sqlx::query_scalar!("select max_disk_mib from plan limit 1");
        let allowed = allowed.fetch_one(tx.conn()).await.unwrap() * 1024 * 1024;
        let now = self.app.app.now();
        let one = Uuid::from_u128(1);
        storage::record(
            &mut tx,
            self.tenant,
            Kind::Mail,
            one,
            allowed / 100 * percent,
            now,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        storage::judge(&self.app.app, &self.app.system()).await.unwrap();
    }

    async fn all(&self) -> Vec<Value> {
        let list = self
            .staff
            .get("/api/v1/staff/notifications")
            .await
            .expect(200)
            .json();
        list["items"].as_array().unwrap().clone()
    }

    async fn work(&self, one: &Value) -> Result<(), String> {
        let id: NotificationId = one["id"].as_str().unwrap().parse().unwrap();
        super::jobs::work(&self.app.app, &self.app.system(), id).await
    }

    async fn mailed(&self) -> bool {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query_scalar!(
            r#"select exists (select from storage_notice where mailed_at is not null) as "found!""#
        );
        found.fetch_one(tx.conn()).await.unwrap()
    }
}

#[tokio::test]
async fn owners_who_may_sign_in_are_told_once_of_a_storage_that_fills() {
    let scene = Scene::new().await;
    scene.fill(85).await;
    scene.fill(86).await;
    let all = scene.all().await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["state"], scene.mailed().await),
        (&json!("waiting"), false)
    );
    scene.work(&all[0]).await.unwrap();
    scene.work(&all[0]).await.unwrap();
    let [mail] = <[_; 1]>::try_from(scene.app.mailer.sent()).expect("one mail");
    assert_eq!(mail.to, "ada@example.com");
    assert_eq!(mail.subject, "The storage of Acme is 85 % full");
    assert!(mail.text.contains("/t/acme/storage"), "{}", mail.text);
    assert!(mail.text.contains("nothing larger can be made"), "{}", mail.text);
    assert!(mail.id.starts_with("ntf_"));
    assert_eq!(
        (&scene.all().await[0]["state"], scene.mailed().await),
        (&json!("sent"), true)
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again_and_one_that_refuses_is_not() {
    let scene = Scene::new().await;
    scene
        .staff
        .json("POST", "/api/v1/staff/notifications/test", &json!({}))
        .await
        .expect(202);
    let one = scene.all().await.remove(0);
    scene
        .app
        .mailer
        .fail(Some(MailError::NotNow("421 later".to_owned())));
    for attempt in 1..MAX_ATTEMPTS {
        scene.work(&one).await.unwrap_err();
        let seen = scene.all().await.remove(0);
        assert_eq!(
            (&seen["state"], &seen["attempts"]),
            (&json!("waiting"), &json!(attempt))
        );
        assert_eq!(seen["error"], "not now: 421 later");
    }
    scene.work(&one).await.unwrap();
    assert_eq!(
        scene.all().await[0]["state"],
        "failed",
        "in the end it is given up"
    );
    scene
        .app
        .mailer
        .fail(Some(MailError::Refused("550 nobody".to_owned())));
    let retry = format!(
        "/api/v1/staff/notifications/{}/retry",
        one["id"].as_str().unwrap()
    );
    scene.staff.json("POST", &retry, &json!({})).await.expect(202);
    scene.work(&one).await.unwrap();
    let seen = scene.all().await.remove(0);
    assert_eq!((&seen["state"], &seen["attempts"]), (&json!("failed"), &json!(1)));
    scene.app.mailer.fail(None);
    scene.staff.json("POST", &retry, &json!({})).await.expect(202);
    scene.work(&one).await.unwrap();
    let seen = scene.all().await.remove(0);
    assert_eq!((&seen["state"], &seen["error"]), (&json!("sent"), &json!(null)));
    assert_eq!(scene.app.mailer.sent()[0].to, "root@example.com");
    let again = scene
        .staff
        .json("POST", &retry, &json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(again["code"], "notification-not-failed");
}

#[tokio::test]
async fn without_a_mail_server_nothing_waits_for_one() {
    let scene = Scene::of(TestApp::start().await).await;
    scene.fill(95).await;
    assert_eq!(scene.all().await, Vec::<Value>::new());
    let refused = scene
        .staff
        .json("POST", "/api/v1/staff/notifications/test", &json!({}))
        .await;
    assert_eq!(refused.expect(409).json()["code"], "no-mail-server");
    let reader = scene.app.staff("reader", StaffRole::Auditor).await;
    let page = scene
        .app
        .browser(reader)
        .await
        .get("/staff/notifications")
        .await
        .expect(200);
    assert!(page.body.contains("No mail server is set"));
}

#[tokio::test]
async fn a_mail_whose_server_was_taken_away_is_given_up_and_says_why() {
    let scene = Scene::new().await;
    scene.fill(85).await;
    let one = scene.all().await.remove(0);
    let id: NotificationId = one["id"].as_str().unwrap().parse().unwrap();
    let other = TestApp::over(&scene.app.database_url(), |_| {});
    for _ in 1..MAX_ATTEMPTS {
        super::jobs::work(&other.app, &other.system(), id)
            .await
            .unwrap_err();
    }
    super::jobs::work(&other.app, &other.system(), id).await.unwrap();
    let seen = scene.all().await.remove(0);
    assert_eq!(
        (&seen["state"], &seen["error"]),
        (&json!("failed"), &json!("not now: this panel has no mail server"))
    );
}

#[tokio::test]
async fn staff_see_what_failed_and_send_it_again() {
    let scene = Scene::new().await;
    let id = scene.app.notification().await;
    let root = scene.app.staff("boss", StaffRole::Admin).await;
    let boss = scene.app.browser(root).await;
    let page = boss.get("/staff/notifications?q=full").await.expect(200);
    assert!(
        page.body.contains("refused: 550") && page.body.contains("Send again"),
        "{}",
        page.body
    );
    let none = boss.get("/staff/notifications?q=nothing").await.expect(200);
    assert!(none.body.contains("No notification matches"));
    boss.post(&format!("/staff/notifications/{id}/retry"), &[])
        .await
        .expect(303);
    let page = boss.get("/staff/notifications").await.expect(200);
    assert!(
        page.body.contains("Waiting") && !page.body.contains("Send again"),
        "{}",
        page.body
    );
    boss.post(&format!("/staff/notifications/{id}/retry"), &[])
        .await
        .expect(303);
    boss.post("/staff/notifications/test", &[]).await.expect(303);
    assert_eq!(scene.all().await.len(), 2);
}
