//! A server's tab: which networks it is in, whom it reaches, and joining and leaving right there.

use super::*;

#[tokio::test]
async fn the_tab_tells_and_moves() {
    let scene = Scene::new().await;
    let page = scene.browser.get(&scene.tab("")).await.expect(200).body;
    assert!(page.contains("It and db reach each other.") && page.contains("its only one"));
    assert!(page.contains("back-office") && !page.contains("foreign-net") && !page.contains("far-away"));
    let join = format!("/t/acme/networks/{}/servers", scene.back);
    let web = scene.web.to_string();
    let asked = scene
        .browser
        .post(&join, &[("server", web.as_str()), ("from", "server")])
        .await;
    assert_eq!(asked.expect(303).location(), scene.tab(""));
    let page = scene.browser.get(&scene.tab("")).await.expect(200).body;
    assert!(
        page.contains("Joins when it starts") || page.contains("Joining"),
        "{page}"
    );
    assert!(!page.contains("its only one"));
    scene.join(scene.db).await;
    scene.settle().await;
    let leave = format!("/t/acme/networks/common/servers/{}/remove", scene.web);
    let asked = scene.browser.post(&leave, &[("from", "server")]).await;
    assert_eq!(asked.expect(303).location(), scene.tab(""));
    scene.settle().await;
    let page = scene.browser.get(&scene.tab("")).await.expect(200).body;
    assert!(page.contains("It and db reach each other.") && page.contains("its only one"));
    // The last one is not left, and the page says why.
    let leave = format!("/t/acme/networks/{}/servers/{}/remove", scene.back, scene.web);
    let asked = scene
        .browser
        .post(&leave, &[("from", "server")])
        .await
        .expect(303);
    assert_eq!(asked.location(), scene.tab(""));
    let told = scene.browser.get(&scene.tab("")).await.expect(200).body;
    assert!(told.contains("would be in no network then"), "{told}");
    // Without saying where from, it is the network's page, as before.
    let asked = scene
        .browser
        .post(&join, &[("server", web.as_str())])
        .await
        .expect(303);
    assert_eq!(asked.location(), format!("/t/acme/networks/{}", scene.back));
}

#[tokio::test]
async fn who_may_only_look_gets_no_buttons_and_a_stranger_no_page() {
    let scene = Scene::new().await;
    let vera = scene.test.person("vera").await;
    scene.test.member(scene.tenant, vera, TenantRole::Viewer).await;
    let viewer = scene.test.browser(vera).await;
    let page = viewer.get(&scene.tab("")).await.expect(200).body;
    assert!(page.contains("back-office") && !page.contains("/servers\"><input") && !page.contains(">Join<"));
    let eve = scene.test.person("eve").await;
    scene.test.member(scene.other, eve, TenantRole::Owner).await;
    let stranger = scene.test.browser(eve).await;
    for path in [scene.tab(""), scene.tab("/live")] {
        stranger.get(&path).await.expect(404);
        let mixed = path.replace("/t/acme/", "/t/other/");
        stranger.get(&mixed).await.expect(404);
    }
}

#[tokio::test]
async fn a_deleted_server_is_on_no_map_and_has_no_such_tab() {
    let scene = Scene::new().await;
    scene
        .test
        .administer(
            "update server set deleted_at = now(), kept_until = now() + interval '7 days' where name = 'db'",
        )
        .await;
    let page = scene.browser.get(&scene.tab("")).await.expect(200).body;
    assert!(page.contains("It reaches none of your other servers"), "{page}");
    let map = scene
        .program
        .get("/api/v1/networks/reach")
        .await
        .expect(200)
        .json();
    assert_eq!(map["servers"].as_array().unwrap().len(), 1, "{map}");
    let gone = scene
        .tab("")
        .replace(&scene.web.to_string(), &scene.db.to_string());
    scene.browser.get(&gone).await.expect(409);
}
