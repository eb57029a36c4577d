//! The live streams of networks: each change is seen, and nobody else's is.

use super::*;

#[tokio::test]
async fn the_picture_follows_and_shows_nobody_else_s() {
    let scene = Scene::new().await;
    let mut stream = scene.browser.listen("/t/acme/networks/live").await;
    scene.tell_of_others();
    let new = json!({ "name": "brand-new" });
    let made = scene.program.json("POST", "/api/v1/networks", &new).await;
    // Without a panel that has set up its location no network is made; the seed's is renamed then.
    assert!([201, 503].contains(&made.status), "{made:?}");
    let path = format!("/api/v1/networks/{}", scene.back);
    let renamed = json!({ "name": "renamed-net" });
    scene.program.json("PATCH", &path, &renamed).await.expect(200);
    scene.tell(scene.tenant, "network", Some(scene.back.0));
    stream.hears("renamed-net").await;
    scene.join(scene.web).await;
    scene.settle().await;
    scene.tell_of_others();
    scene.tell(scene.tenant, "server", Some(scene.web.0));
    let said = stream.hears("Common network, renamed-net").await;
    assert_eq!(said.matches("hx-target=\"#network-reach\"").count(), 2, "{said}");
    assert!(
        !said.contains("foreign-net") && !said.contains("far-away"),
        "{said}"
    );
}

#[tokio::test]
async fn a_network_s_members_come_and_go() {
    let scene = Scene::new().await;
    let mut stream = scene
        .browser
        .listen(&format!("/t/acme/networks/{}/live", scene.back))
        .await;
    scene.tell_of_others();
    scene.join(scene.web).await;
    scene.tell(scene.tenant, "network", Some(scene.back.0));
    stream.hears("Joins when it starts").await;
    scene.settle().await;
    scene.tell(scene.tenant, "server", Some(scene.web.0));
    stream.hears("Connected").await;
    let leave = format!("/api/v1/networks/{}/servers/{}", scene.back, scene.web);
    scene.program.json("DELETE", &leave, &json!({})).await.expect(204);
    scene.test.administer("delete from network_member").await;
    scene.tell_of_others();
    scene.tell(scene.tenant, "network", Some(scene.back.0));
    stream.hears("No servers in it").await;
    scene
        .test
        .administer("delete from network where name = 'back-office'")
        .await;
    scene.tell(scene.tenant, "network", Some(scene.back.0));
    let said = stream.hears("This network is gone").await;
    assert_eq!(
        said.matches("hx-target=\"#network-members\"").count(),
        4,
        "{said}"
    );
    assert!(
        !said.contains("foreign-net") && !said.contains("far-away"),
        "{said}"
    );
    let foreign = format!("/t/acme/networks/{}", scene.foreign);
    scene.browser.get(&foreign).await.expect(404);
}

#[tokio::test]
async fn a_server_s_tab_follows_its_networks() {
    let scene = Scene::new().await;
    let mut stream = scene.browser.listen(&scene.tab("/live")).await;
    scene.tell_of_others();
    scene.join(scene.web).await;
    scene.tell(scene.tenant, "network", Some(scene.back.0));
    stream.hears("Joins when it starts").await;
    scene.settle().await;
    scene.tell(scene.tenant, "server", Some(scene.web.0));
    let said = stream.hears("nobody: it is alone in it").await;
    assert_eq!(
        said.matches("hx-target=\"#server-networks\"").count(),
        2,
        "{said}"
    );
    assert!(
        !said.contains("foreign-net") && !said.contains("far-away"),
        "{said}"
    );
}

#[tokio::test]
async fn what_was_missed_is_one_s_own() {
    let scene = Scene::new().await;
    scene
        .test
        .administer(
            "insert into outbox (tenant_id, topic, target_id) select tenant_id, 'network', id from network",
        )
        .await;
    let mut stream = scene.browser.listen(&scene.tab("/live?after=0")).await;
    stream.hears("back-office").await;
    scene.tell(scene.tenant, "network", Some(scene.back.0));
    let said = stream.hears("hx-partial").await;
    assert!(!said.contains("foreign-net"), "{said}");
}

#[tokio::test]
async fn a_member_whose_access_ended_is_not_let_in_again() {
    let scene = Scene::new().await;
    let vera = scene.test.person("vera").await;
    scene.test.member(scene.tenant, vera, TenantRole::Viewer).await;
    let viewer = scene.test.browser(vera).await;
    let paths = [
        "/t/acme/networks/live".to_owned(),
        format!("/t/acme/networks/{}/live", scene.back),
        scene.tab("/live"),
    ];
    let mut streams = Vec::new();
    for path in &paths {
        streams.push(viewer.listen(path).await);
    }
    scene
        .browser
        .post(&format!("/t/acme/members/{vera}/remove"), &[])
        .await
        .expect(303);
    // Streams end with their age, or with the panel.
    scene.test.app.tasks.token().cancel();
    for stream in streams {
        stream.end().await;
    }
    for path in &paths {
        viewer.get(path).await.expect(404);
    }
}
