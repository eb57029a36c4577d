//! What people do with checks, and who may.

use serde_json::json;

use crate::platform::access::{Side, StaffRole, TenantRole};

use super::{Scene, all};

#[tokio::test]
async fn mistakes_are_told_and_strangers_see_nothing() {
    let scene = Scene::bare().await;
    let check = scene
        .check("Shop", json!({ "kind": "tcp", "port": "http" }))
        .await;
    let id = check.rsplit('/').next().unwrap();
    let bad =
        json!({ "name": "Shop", "looks_at": { "kind": "source", "port": "http" }, "interval_seconds": 5 });
    let refused = scene
        .program
        .json("POST", &scene.of_server(), &bad)
        .await
        .expect(422);
    for field in ["port", "interval_seconds"] {
        assert!(refused.body.contains(field), "{refused:?}");
    }
    let twice = json!({ "name": "Shop", "looks_at": { "kind": "ping" } });
    scene
        .program
        .json("POST", &scene.of_server(), &twice)
        .await
        .expect(422);
    let itself = json!({ "depends_on": id });
    scene.program.json("PATCH", &check, &itself).await.expect(422);
    let slower = json!({ "interval_seconds": 120 });
    let changed = scene
        .program
        .json("PATCH", &check, &slower)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["interval_seconds"], &changed["name"]),
        (&json!(120), &json!("Shop"))
    );
    scene
        .program
        .json("POST", &format!("{check}/run"), &json!({}))
        .await
        .expect(202);
    assert_eq!(scene.later(0).await, 1);

    let (_, stranger) = scene.test.owner("other").await;
    for path in [
        format!("/t/other/checks/{id}"),
        format!("/t/other/servers/{}/checks", scene.server),
    ] {
        stranger.get(&path).await.expect(404);
    }
    let vera = scene.test.person("vera").await;
    scene.test.member(scene.tenant, vera, TenantRole::Viewer).await;
    let vera = scene
        .test
        .program(vera, Some(scene.tenant), &all(Side::Tenant))
        .await;
    vera.get(&check).await.expect(200);
    vera.json("DELETE", &check, &json!({})).await.expect(403);
}

/// Makes a check by the form, wrongly first, and gives it another name; its page.
async fn makes_and_renames(scene: &Scene, tab: &str) -> String {
    let mut fields = vec![
        ("name", "Page"),
        ("kind", "http"),
        ("port", "http"),
        ("path", "x"),
        ("first", "200"),
        ("last", "399"),
        ("interval_seconds", "60"),
        ("failures", "2"),
        ("of_last", "3"),
    ];
    let refused = scene.browser.post(tab, &fields).await.expect(422);
    assert!(
        refused.body.contains("Use a path that begins with a slash"),
        "{refused:?}"
    );
    fields[3] = ("path", "/x");
    let made = scene.browser.post(tab, &fields).await.expect(303);
    let page = made.location().to_owned();
    fields[0] = ("name", "Start page");
    scene.browser.post(&page, &fields).await.expect(303);
    page
}

/// Staff pause the check, and its people let it go on.
async fn pauses_and_resumes(scene: &Scene, page: &str) {
    let nia = scene.test.staff("nia", StaffRole::Engineer).await;
    let staff = scene.test.browser(nia).await;
    assert!(
        staff
            .get("/staff/checks")
            .await
            .expect(200)
            .body
            .contains("Start page")
    );
    let id = page.rsplit('/').next().unwrap();
    staff
        .post(&format!("/staff/checks/{id}/pause"), &[])
        .await
        .expect(303);
    assert!(scene.browser.get(page).await.body.contains("paused"));
    scene.browser.post(&format!("{page}/run"), &[]).await.expect(303);
    assert_eq!(scene.later(60).await, 0);
    scene
        .browser
        .post(&format!("{page}/resume"), &[])
        .await
        .expect(303);
}

#[tokio::test]
async fn people_make_change_and_pause_checks() {
    let scene = Scene::bare().await;
    let tab = format!("/t/acme/servers/{}/checks", scene.server);
    for kind in ["http", "udp", "dns", "ping", "memory"] {
        scene
            .browser
            .get(&format!("{tab}/new?kind={kind}"))
            .await
            .expect(200);
    }
    let page = makes_and_renames(&scene, &tab).await;
    scene.browser.post(&format!("{page}/run"), &[]).await.expect(303);
    scene.later(0).await;
    let shown = scene.browser.get(&page).await.expect(200);
    assert!(
        shown.body.contains("Start page") && shown.body.contains("All is well."),
        "{shown:?}"
    );
    scene.browser.get(&format!("{page}/edit")).await.expect(200);
    for list in [
        tab.as_str(),
        "/t/acme/checks",
        "/t/acme/checks?state=good&q=start",
    ] {
        assert!(
            scene
                .browser
                .get(list)
                .await
                .expect(200)
                .body
                .contains("Start page"),
            "{list}"
        );
    }
    pauses_and_resumes(&scene, &page).await;
    scene
        .browser
        .post(&format!("{page}/delete"), &[])
        .await
        .expect(303);
    scene.browser.get(&page).await.expect(404);
}
