//! Repositories are checked once a week, and what a check finds is told until one passes.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole};
use crate::platform::db::Scoped as _;
use crate::platform::ids::UserId;
use crate::platform::reconcile::Reconciler as _;
use crate::testing::Client;

use super::super::Backups;
use super::staff::staff;
use super::whole::backup;
use super::{Scene, all};

const ALL_OF_THEM: &str = "/api/v1/staff/backup-repositories";
const BROKEN: &str = "pack 0a1b2c3d: does not exist\nFatal: repository contains errors";

impl Scene {
    /// Lets time pass and works until there is nothing to do.
    async fn later(&self, time: TimeDelta) {
        self.test.clock.advance(time);
        self.work().await;
    }

    /// How many checks were made, or begun.
    fn checks(&self) -> usize {
        let commands = self.commands();
        commands.iter().filter(|command| *command == "check").count()
    }

    /// The owner's program, whose token is of now.
    async fn member(&self) -> Client {
        self.test.program(self.owner, Some(self.tenant), &all()).await
    }

    /// The tenant's only repository.
    async fn repository(&self) -> Value {
        let program = self.member().await;
        let all = program.get("/api/v1/backup-repositories").await.expect(200);
        all.json()[0].clone()
    }

    /// What the customer's and the provider's overviews count.
    async fn alerts(&self, root: UserId) -> [Value; 2] {
        let staff = self
            .test
            .program(root, None, &[Permission::StaffSystemRead])
            .await;
        let (member, path) = (self.member().await, "backup_check_alerts");
        let own = member.get("/api/v1/overview").await.expect(200).json();
        let all = staff.get("/api/v1/staff/overview").await.expect(200).json();
        [own[path].clone(), all[path].clone()]
    }
}

#[tokio::test]
async fn a_repository_is_checked_once_a_week() {
    let scene = Scene::new().await;
    backup(&scene).await;
    scene.later(TimeDelta::days(6)).await;
    assert_eq!(scene.checks(), 0);
    assert_eq!(scene.repository().await["checked_at"], Value::Null);
    scene.later(TimeDelta::days(1)).await;
    assert_eq!(scene.checks(), 1);
    let calls = scene.test.engine.helper_calls();
    assert_eq!(calls.last().unwrap(), &["check", "5%"]);
    let known = scene.repository().await;
    assert_eq!(known["checked_at"], json!(scene.test.app.now()));
    assert_eq!(known["check_error"], Value::Null);
    let ada = scene.test.browser(scene.owner).await;
    let page = ada.get("/t/acme/backups").await.expect(200).body;
    assert!(page.contains("checked just now"), "{page}");
    scene.later(TimeDelta::days(6)).await;
    assert_eq!(scene.checks(), 1);
    scene.later(TimeDelta::days(1)).await;
    assert_eq!(scene.checks(), 2);
}

#[tokio::test]
async fn a_check_that_fails_is_an_alert_until_one_passes() {
    let scene = Scene::new().await;
    let root = scene.test.staff("root", StaffRole::Owner).await;
    backup(&scene).await;
    scene.test.engine.set_helper("check", "", 1, BROKEN);
    scene.later(TimeDelta::days(7)).await;
    let known = scene.repository().await;
    let since = known["check_failed_at"].clone();
    assert_eq!(known["check_error"], "the repository is damaged");
    assert_eq!(since, json!(scene.test.app.now()));
    assert_eq!(scene.alerts(root).await, [json!(1), json!(1)]);
    let (ada, boss) = (
        scene.test.browser(scene.owner).await,
        scene.test.browser(root).await,
    );
    for (browser, path) in [(&ada, "/t/acme"), (&boss, "/staff")] {
        let page = browser.get(path).await.expect(200).body;
        assert!(page.contains("Backups at This machine"), "{page}");
    }
    for (browser, path) in [(&ada, "/t/acme/backups"), (&boss, "/staff/backups")] {
        let page = browser.get(path).await.expect(200).body;
        // What may be long is no part of the status, which does not wrap.
        let why = "<span class=\"sub break\">the first time just now: the repository is damaged</span>";
        assert!(page.contains(why), "{page}");
    }
    // It is looked at every six hours then.
    scene.later(TimeDelta::hours(5)).await;
    assert_eq!(scene.checks(), 1);
    scene.later(TimeDelta::hours(1)).await;
    assert_eq!(scene.checks(), 2);
    assert_eq!(scene.repository().await["check_failed_at"], since);
    scene.test.engine.set_helper("check", "", 0, "");
    scene.later(TimeDelta::hours(6)).await;
    assert_eq!(scene.repository().await["check_error"], Value::Null);
    assert_eq!(scene.alerts(root).await, [json!(0), json!(0)]);
    let told = sqlx::query_scalar!(
        r#"select action as "action!" from audit_event where action like 'backup-repository.%' order by at"#
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    let told = told.fetch_all(tx.conn()).await.unwrap();
    let fail = "backup-repository.check_fail";
    assert_eq!(told, [fail, fail, "backup-repository.check_recover"]);
}

#[tokio::test]
async fn an_engine_that_is_away_is_no_failure() {
    let scene = Scene::new().await;
    backup(&scene).await;
    scene.test.engine.set_down(true);
    scene.later(TimeDelta::days(7)).await;
    let known = scene.repository().await;
    assert_eq!(
        (&known["checked_at"], &known["check_error"]),
        (&json!(null), &json!(null))
    );
    scene.test.engine.set_down(false);
    scene.test.engine.fail_helper_once("check", None, "");
    scene.later(TimeDelta::minutes(6)).await;
    assert_eq!(scene.checks(), 1, "it was cut off");
    assert_eq!(scene.repository().await["check_error"], Value::Null);
    scene.later(TimeDelta::minutes(6)).await;
    assert_eq!(scene.checks(), 2);
    assert_eq!(
        scene.repository().await["checked_at"],
        json!(scene.test.app.now())
    );
}

#[tokio::test]
async fn a_check_that_is_cut_off_again_and_again_fails() {
    let scene = Scene::new().await;
    backup(&scene).await;
    scene.test.clock.advance(TimeDelta::days(7));
    for made in 1..=6 {
        assert_eq!(scene.repository().await["check_error"], Value::Null);
        scene.test.engine.fail_helper_once("check", None, "");
        if made == 3 {
            // What else is done there is no check that ended.
            let asked = scene.member().await;
            let asked = asked.json("POST", &scene.path(""), &json!({})).await;
            asked.expect(202);
        }
        scene.later(TimeDelta::minutes(6)).await;
        assert_eq!(scene.checks(), made);
    }
    let known = scene.repository().await;
    assert_eq!(known["check_error"], "it was cut off again and again");
    let counts = sqlx::query!("select cut_offs, check_cut_offs from backup_repository");
    let mut tx = scene.test.system().begin().await.unwrap();
    let counts = counts.fetch_one(tx.conn()).await.unwrap();
    assert_eq!((counts.cut_offs, counts.check_cut_offs), (0, 0));
}

#[tokio::test]
async fn whoever_follows_a_panel_that_died_begins_the_check_anew() {
    let scene = Scene::new().await;
    backup(&scene).await;
    let now = scene.test.app.now();
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "update backup_repository set check_at = $1, lease_id = tenant_id, lease_until = $2",
        now,
        now + TimeDelta::seconds(20)
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    scene.work().await;
    assert_eq!(scene.checks(), 0, "somebody works in it");
    scene.later(TimeDelta::seconds(20)).await;
    assert_eq!(scene.checks(), 1);
    assert!(scene.repository().await["checked_at"].is_string());
}

#[tokio::test]
async fn staff_check_now_and_see_how_it_went() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    scene.ask().await;
    let all = staff.get(ALL_OF_THEM).await.expect(200).json();
    let path = format!("{ALL_OF_THEM}/{}/check", all[0]["id"].as_str().unwrap());
    let refused = staff.json("POST", &path, &json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "nothing-to-check");
    scene.work().await;
    for (code, state, error) in [
        (0, "succeeded", json!(null)),
        (1, "failed", json!("the repository is damaged")),
    ] {
        scene.test.engine.set_helper("check", "", code, BROKEN);
        let asked = staff.json("POST", &path, &json!({})).await.expect(202);
        let again = staff.json("POST", &path, &json!({})).await.expect(409);
        assert_eq!(again.json()["code"], "check-under-way");
        scene.work().await;
        let ended = staff.get(asked.location()).await.expect(200).json();
        assert_eq!((&ended["state"], &ended["error"]), (&json!(state), &error));
    }
    let root = scene.test.staff("boss", StaffRole::Owner).await;
    let boss = scene.test.browser(root).await;
    let page = path.trim_start_matches("/api/v1");
    for _ in 0..2 {
        boss.post(page, &[]).await.expect(303);
    }
    let shown = boss.get("/staff/backups").await.expect(200).body;
    assert!(shown.contains("being checked"), "{shown}");
    scene.work().await;
    let shown = boss.get("/staff/backups").await.expect(200).body;
    assert!(shown.contains("check fails"), "{shown}");
}

#[tokio::test]
async fn checks_leave_room_for_what_somebody_waits_for() {
    let scene = Scene::new().await;
    for name in ["one", "two", "three"] {
        let tenant = scene.test.tenant(name).await;
        let server = scene.test.server(tenant, "web").await;
        scene.test.backup(tenant, server).await;
    }
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!("update backup_repository set check_at = $1", scene.test.app.now())
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let backups = Backups::new(&scene.test.app);
    assert_eq!(backups.claim(2).await.unwrap().len(), 0);
    assert_eq!(backups.claim(4).await.unwrap().len(), 2);
    assert_eq!(backups.claim(4).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_check_that_is_due_takes_no_place_after_a_backup() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    backup(&scene).await;
    let all = staff.get(ALL_OF_THEM).await.expect(200).json();
    let path = format!("{ALL_OF_THEM}/{}/check", all[0]["id"].as_str().unwrap());
    staff.json("POST", &path, &json!({})).await.expect(202);
    let id = scene.ask().await;
    let backups = Backups::new(&scene.test.app);
    while let claimed = backups.claim(2).await.unwrap()
        && !claimed.is_empty()
    {
        for item in claimed {
            backups.reconcile(item).await.unwrap();
        }
    }
    assert_eq!(scene.show(&id).await["state"], "done");
    assert_eq!(scene.checks(), 0, "the last two places are not for checks");
    scene.work().await;
    assert_eq!(scene.checks(), 1);
}
