//! Guests with schedules and sizes: what was given works, and no more than that.

use super::*;

fn schedule(name: &str, step: &Value) -> Value {
    json!({ "name": name, "cron": "0 4 * * *", "steps": [step] })
}

fn restart() -> Value {
    json!({ "kind": "power", "power": "restart" })
}

fn command() -> Value {
    json!({ "kind": "command", "command": "save-all" })
}

impl Scene {
    async fn guest_s(&self) -> (Client, Client) {
        let place = (self.tenant, self.web);
        let scopes = of_tenant();
        (
            self.app.browser(self.grace).await,
            self.app.guest_program(self.grace, place, &scopes).await,
        )
    }
}

#[tokio::test]
async fn schedules_are_there_for_those_who_got_them_and_of_one_server() {
    let scene = Scene::sharing(&[P::ServerRead, P::ScheduleRead, P::ScheduleWrite, P::ServerPower]).await;
    let (browser, program) = scene.guest_s().await;
    let page = browser.get(&scene.page("/schedules")).await.expect(200);
    assert!(
        page.body.contains("/schedules\" aria-current=\"page\"")
            && !page.body.contains("/settings/time-zone")
    );
    let list = scene.api("/schedules");
    let made = program
        .json("POST", &list, &schedule("Nightly", &restart()))
        .await
        .expect(201)
        .json();
    let one = format!("{list}/{}", made["id"].as_str().unwrap());
    scene.tick();
    program
        .json("PATCH", &one, &json!({ "name": "Each night" }))
        .await
        .expect(200);
    program
        .json("POST", &format!("{one}/pause"), &json!({}))
        .await
        .expect(200);
    program
        .json("POST", &format!("{one}/resume"), &json!({}))
        .await
        .expect(200);
    let run = program.json("POST", &format!("{one}/run"), &json!({})).await;
    assert!((200..300).contains(&run.status), "{run:?}");
    let runs = program.get(&format!("{one}/runs")).await.expect(200).json();
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "{runs}");
    program.json("DELETE", &one, &json!({})).await.expect(204);
    assert!(scene.guests().await.len() == 1);
    let log = scene.program.get("/api/v1/audit-events?limit=50").await.json();
    let by_guest = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["actor"]["label"] == "grace@example.com");
    assert!(by_guest.clone().any(|event| event["action"] == "schedule.delete"));
    assert!(by_guest.count() >= 5);
}

#[tokio::test]
async fn a_schedule_of_the_other_server_is_not_there() {
    let scene = Scene::sharing(&[P::ServerRead, P::ScheduleRead, P::ScheduleWrite, P::ServerPower]).await;
    let (_, program) = scene.guest_s().await;
    let (other, other_run) = scene.app.schedule(scene.tenant, scene.shop).await;
    let list = scene.api("/schedules");
    // A schedule of the other server: neither by its server's address nor by one's own.
    for base in [list.clone(), format!("/api/v1/servers/{}/schedules", scene.shop)] {
        program.get(&format!("{base}/{other}")).await.expect(404);
        program
            .get(&format!("{base}/{other}/runs/{other_run}"))
            .await
            .expect(404);
        program
            .json("PATCH", &format!("{base}/{other}"), &json!({ "name": "mine" }))
            .await
            .expect(404);
        program
            .json("POST", &format!("{base}/{other}/run"), &json!({}))
            .await
            .expect(404);
        program
            .json("DELETE", &format!("{base}/{other}"), &json!({}))
            .await
            .expect(404);
    }
    assert_eq!(scene.count("select count(*) from schedule").await, 0);
    assert_eq!(scene.count("select count(*) from schedule_run").await, 0);
}

#[tokio::test]
async fn a_schedule_tells_a_server_no_more_than_its_guest_may() {
    let scene = Scene::sharing(&[P::ServerRead, P::ScheduleRead, P::ScheduleWrite, P::ServerPower]).await;
    let (_, program) = scene.guest_s().await;
    let list = scene.api("/schedules");
    program
        .json("POST", &list, &schedule("Shell", &command()))
        .await
        .expect(403);
    // One that the owner made with a command: not run, not resumed, not changed to another hour.
    let made = scene
        .program
        .json("POST", &list, &schedule("Shell", &command()))
        .await
        .expect(201)
        .json();
    let one = format!("{list}/{}", made["id"].as_str().unwrap());
    program
        .json("POST", &format!("{one}/run"), &json!({}))
        .await
        .expect(403);
    program
        .json("PATCH", &one, &json!({ "cron": "* * * * *" }))
        .await
        .expect(403);
    program
        .json("POST", &format!("{one}/pause"), &json!({}))
        .await
        .expect(200);
    program
        .json("POST", &format!("{one}/resume"), &json!({}))
        .await
        .expect(403);
}

#[tokio::test]
async fn without_the_permission_there_are_no_schedules() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerPower]).await;
    let (browser, program) = scene.guest_s().await;
    browser.get(&scene.page("/schedules")).await.expect(403);
    program.get(&scene.api("/schedules")).await.expect(403);
    let page = browser.get(&scene.page("")).await.expect(200);
    assert!(!page.body.contains(&scene.page("/schedules")) && !page.body.contains(&scene.page("/networks")));
    browser.get(&scene.page("/networks")).await.expect(404);
    let reads = Scene::sharing(&[P::ServerRead, P::ScheduleRead]).await;
    let (_, program) = reads.guest_s().await;
    program.get(&reads.api("/schedules")).await.expect(200);
    let list = reads.api("/schedules");
    program
        .json("POST", &list, &schedule("Nightly", &restart()))
        .await
        .expect(403);
}

#[tokio::test]
async fn without_the_permission_there_are_no_files() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerPower, P::ServerConfigure]).await;
    let (browser, program) = scene.guest_s().await;
    let page = browser.get(&scene.page("")).await.expect(200);
    assert!(!page.body.contains(&scene.page("/files")), "the tab is not shown");
    for below in [
        "", "/content", "/archive", "/picture", "/edit", "/change", "/delete",
    ] {
        browser
            .get(&scene.page(&format!("/files{below}?path=/site/page")))
            .await
            .expect(403);
    }
    for below in ["", "/content", "/archive", "/uploads/0123456789abcdef"] {
        program
            .get(&scene.api(&format!("/files{below}?path=/site/page")))
            .await
            .expect(403);
    }
    // Who may read them may not change them.
    let reads = Scene::sharing(&[P::ServerRead, P::FileRead]).await;
    let (browser, program) = reads.guest_s().await;
    assert!(
        browser
            .get(&reads.page(""))
            .await
            .expect(200)
            .body
            .contains(&reads.page("/files"))
    );
    for below in ["/edit", "/change", "/delete"] {
        browser
            .get(&reads.page(&format!("/files{below}?path=/site/page")))
            .await
            .expect(403);
    }
    let gone = reads.api("/files?path=/site/page");
    program.json("DELETE", &gone, &json!({})).await.expect(403);
}

#[tokio::test]
async fn the_size_is_for_those_who_got_it_and_within_the_plan() {
    let scene = Scene::sharing(&[P::ServerRead, P::ServerConfigure, P::ServerResize]).await;
    let (browser, program) = scene.guest_s().await;
    let form = browser.get(&scene.page("/settings")).await.expect(200);
    assert!(form.body.contains("value=\"mainframe\""), "all sizes are offered");
    let grow = json!({ "size": "minicomputer" });
    let changed = program.json("PATCH", &scene.api(""), &grow).await;
    assert!((200..300).contains(&changed.status), "{changed:?}");
    // The plan has no room: that is told, and nothing of the plan or of what others take.
    scene.app.administer("update plan set max_memory_mib = 1").await;
    let refused = program
        .json("PATCH", &scene.api(""), &json!({ "size": "mainframe" }))
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["field"], "size");
    let told = refused.json()["errors"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        told.contains("no room") && !told.contains(|c: char| c.is_ascii_digit()),
        "{told}"
    );
    // What the plan does while the disk is full holds for guests, too.
    scene
        .app
        .administer("update plan set max_memory_mib = 1000000")
        .await;
    scene
        .app
        .administer(
            "update plan set max_disk_mib = 1000000; \
             insert into storage_total (tenant_id, bytes, changed_at) select id, 1048576000000, now() from tenant \
             on conflict (tenant_id) do update set bytes = excluded.bytes",
        )
        .await;
    let larger = json!({ "size": "mainframe" });
    let refused = program.json("PATCH", &scene.api(""), &larger).await.expect(422);
    assert!(refused.body.contains("no room"), "{}", refused.body);
    scene
        .app
        .administer("insert into plan_overuse (plan_id, policy, grace_days, updated_at) select id, 'allow', 7, now() from plan")
        .await;
    let changed = program.json("PATCH", &scene.api(""), &larger).await;
    assert!((200..300).contains(&changed.status), "{changed:?}");
    // Smaller always fits.
    let less = program
        .json("PATCH", &scene.api(""), &json!({ "size": "small-box" }))
        .await;
    assert!((200..300).contains(&less.status), "{less:?}");
    // The row of the database that says so counts, not the token.
    let one = scene.api(&format!("/guests/{}", scene.grace));
    let given = json!({ "permissions": ["servers:configure"] });
    scene.program.json("PATCH", &one, &given).await.expect(200);
    let refused = program.json("PATCH", &scene.api(""), &grow).await.expect(422);
    assert!(refused.body.contains("organisation pays"));
    assert!(
        !browser
            .get(&scene.page("/settings"))
            .await
            .expect(200)
            .body
            .contains("value=\"mainframe\"")
    );
}
