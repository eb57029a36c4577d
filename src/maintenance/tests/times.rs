//! The times of windows: which are shown, and that none is moved while people are told of it.

use serde_json::json;

use crate::platform::access::StaffRole;
use crate::platform::db::Scoped as _;

use super::{HOME, Scene};

#[tokio::test]
async fn what_comes_every_day_can_be_ended_today() {
    let scene = Scene::new().await;
    let one = scene
        .announce("2026-03-10T11:30", |window| window["repeat"] = json!("daily"))
        .await;
    let id = one["id"].as_str().unwrap();
    let path = format!("{HOME}/{id}");
    let times = scene.staff.get(&path).await.expect(200).json()["times"].clone();
    let times = times.as_array().unwrap();
    assert_eq!(times.len(), 20);
    assert_eq!(times[19]["begins_at"], "2026-03-10T11:30:00Z");
    let boss = scene.test.staff("boss", StaffRole::Admin).await;
    let boss = scene.test.browser(boss).await;
    let page = boss.get(&format!("/staff/maintenance/{id}")).await.expect(200);
    assert!(page.body.contains("End this maintenance now?"), "{}", page.body);
}

impl Scene {
    /// Whether a statement of this test waits for a row that another transaction holds.
    async fn is_somebody_waiting(&self) -> bool {
        let mut tx = self.test.app.db.system().await.unwrap();
        let waits = sqlx::query_scalar!(
            r#"select exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid
                              where not l.granted and a.datname = current_database()) as "waits!""#
        );
        waits.fetch_one(tx.conn()).await.unwrap()
    }
}

#[tokio::test]
async fn a_time_does_not_move_while_people_are_told_of_it() {
    let scene = Scene::new().await;
    let one = scene.announce("2026-03-20T12:00", |_| {}).await;
    let path = format!("{HOME}/{}", one["id"].as_str().unwrap());
    let mut telling = scene.test.app.db.system().await.unwrap();
    sqlx::query!("update maintenance_run set told_at = begins_at")
        .execute(telling.conn())
        .await
        .unwrap();
    let later =
        json!({ "title": "x", "body": "x", "starts_at": "2026-03-21T12:00", "minutes": 30, "zone": "UTC" });
    let told = async {
        while !scene.is_somebody_waiting().await {
            tokio::task::yield_now().await;
        }
        telling.commit().await.unwrap();
    };
    let (moved, ()) = tokio::join!(scene.staff.json("PATCH", &path, &later), told);
    assert_eq!(moved.expect(409).json()["code"], "maintenance-announced");
}
