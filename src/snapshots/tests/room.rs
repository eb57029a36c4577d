//! Room for what schedules take: how many stay, and what goes where a server has as many as it can have.

use chrono::TimeDelta;
use serde_json::json;

use crate::platform::access::Who;
use crate::platform::ids::ScheduleId;

use super::super::take_within;
use super::Scene;

impl Scene {
    /// A schedule of the server. The tests take for it, it does not run.
    async fn schedule(&self, name: &str, keep: u32) -> ScheduleId {
        let path = format!("/api/v1/servers/{}/schedules", self.server);
        let step = json!({ "kind": "snapshot", "keep": keep });
        let new = json!({ "name": name, "cron": "0 4 * * *", "steps": [step] });
        let made = self.program.json("POST", &path, &new).await.expect(201).json();
        made["id"].as_str().unwrap().parse().unwrap()
    }

    /// So many that are there, as rows only.
    async fn seed(&self, many: usize) {
        for _ in 0..many {
            self.test
                .snapshot(self.tenant, self.server.parse().unwrap())
                .await;
            self.test.clock.advance(TimeDelta::milliseconds(1));
        }
    }

    /// How many a schedule took.
    async fn taken_by(&self, schedule: ScheduleId) -> usize {
        let (all, id) = (self.all().await, json!(schedule.to_string()));
        all.iter().filter(|one| one["schedule_id"] == id).count()
    }

    /// How many are in this state.
    async fn count(&self, state: &str) -> usize {
        let all = self.all().await;
        all.iter().filter(|one| one["state"] == state).count()
    }
}

#[tokio::test]
async fn each_schedule_keeps_so_many_of_its_own() {
    let scene = Scene::new(true).await;
    let own = scene.take("mine").await;
    let nightly = scene.schedule("Nightly", 2).await;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(scene.take_for(nightly, 2).await);
    }
    // Another one's are not among them, and so it is the other way round.
    let hourly = scene.schedule("Hourly", 1).await;
    let other = scene.take_for(hourly, 1).await;
    let left: Vec<String> = scene.volume().snapshots.into_iter().collect();
    assert_eq!(
        left,
        [&own, &taken[2], &taken[3], &other].map(String::clone),
        "the newest, and what others took"
    );
    let found = scene.find(&other).await.unwrap();
    assert_eq!(
        (&found["reason"], &found["schedule_id"]),
        (&json!("schedule"), &json!(hourly.to_string()))
    );
    // Who takes none loses none.
    scene.pool().set_full(true);
    scene.take_for(nightly, 1).await;
    assert_eq!(scene.volume().snapshots.len(), 4);
}

#[tokio::test]
async fn schedules_that_fill_a_server_make_room_of_their_own() {
    let scene = Scene::new(true).await;
    let (hourly, daily) = (
        scene.schedule("Hourly", 24).await,
        scene.schedule("Daily", 30).await,
    );
    scene.seed(24).await;
    let hourlys = "update snapshot set reason = 'schedule', schedule_id = (select id from schedule where name = 'Hourly') \
                   where reason = 'manual'";
    scene.test.administer(hourlys).await;
    scene.seed(26).await;
    let dailys = "update snapshot set reason = 'schedule', schedule_id = (select id from schedule where name = 'Daily') \
                  where reason = 'manual'";
    scene.test.administer(dailys).await;
    for (schedule, keep) in [(hourly, 24), (daily, 30), (hourly, 24)] {
        let id = scene.take_for(schedule, keep).await;
        assert_eq!(scene.find(&id).await.unwrap()["state"], "ready");
    }
    assert_eq!(
        (scene.taken_by(hourly).await, scene.taken_by(daily).await),
        (24, 26)
    );
    // Who has none of their own takes nobody else's, nor do people.
    let weekly = scene.schedule("Weekly", 1).await;
    let what = (scene.server.parse().unwrap(), weekly, 1);
    let mut tx = scene.test.system().begin().await.unwrap();
    let refused = take_within(&scene.test.app, &mut tx, &Who::system("schedule Weekly"), what).await;
    assert_eq!(refused.unwrap_err().code(), "too-many-snapshots");
    drop(tx);
    let refused = scene.program.json("POST", &scene.path(""), &json!({})).await;
    assert_eq!(refused.expect(409).json()["code"], "too-many-snapshots");
}

#[tokio::test]
async fn what_is_on_its_way_out_is_in_no_schedules_way() {
    let scene = Scene::new(true).await;
    let nightly = scene.schedule("Nightly", 40).await;
    scene.seed(50).await;
    let on_its_way = "update snapshot set state = 'removing'";
    scene.test.administer(on_its_way).await;
    let id = scene.take_for(nightly, 40).await;
    assert_eq!(scene.find(&id).await.unwrap()["state"], "ready");
    assert_eq!(scene.count("removing").await, 50);
}

#[tokio::test]
async fn what_a_schedule_took_that_is_not_there_any_more_is_pruned_by_others() {
    let scene = Scene::new(true).await;
    let old = scene.schedule("Old", 40).await;
    scene.seed(50).await;
    let olds = "update snapshot set reason = 'schedule', schedule_id = (select id from schedule)";
    scene.test.administer(olds).await;
    let gone = format!("/api/v1/servers/{}/schedules/{old}", scene.server);
    scene.program.json("DELETE", &gone, &json!({})).await.expect(204);
    let new = scene.schedule("New", 2).await;
    let id = scene.take_for(new, 2).await;
    assert_eq!(scene.find(&id).await.unwrap()["state"], "ready");
    assert_eq!(
        (scene.taken_by(old).await, scene.taken_by(new).await),
        (1, 1),
        "they are counted together"
    );
    scene.take_for(new, 2).await;
    assert_eq!((scene.taken_by(old).await, scene.taken_by(new).await), (0, 2));
}

#[tokio::test]
async fn few_that_failed_are_kept_and_they_go_first() {
    let scene = Scene::new(true).await;
    let nightly = scene.schedule("Nightly", 2).await;
    scene.pool().set_full(true);
    for _ in 0..5 {
        scene.take_for(nightly, 2).await;
    }
    assert_eq!((scene.count("failed").await, scene.all().await.len()), (3, 3));
    scene.seed(47).await;
    scene.pool().set_full(false);
    let id = scene.take_for(nightly, 2).await;
    assert_eq!(scene.find(&id).await.unwrap()["state"], "ready");
    assert_eq!((scene.count("failed").await, scene.all().await.len()), (2, 50));
}
