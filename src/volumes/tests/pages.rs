//! The pages: making, attaching, resizing, detaching and deleting by forms, what the streams say, and who sees what.

use crate::platform::access::StaffRole;
use crate::platform::events::Event;
use crate::platform::ids::VolumeId;

use super::super::TOPIC;
use super::*;

struct Pages {
    scene: Scene,
    browser: Client,
}

impl Pages {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let bob = scene.test.person("bob").await;
        scene.test.member(scene.tenant, bob, TenantRole::Owner).await;
        Self {
            browser: scene.test.browser(bob).await,
            scene,
        }
    }

    async fn page(&self, path: &str) -> String {
        self.browser.get(path).await.expect(200).body
    }

    /// Says that the volume has changed, as the database does.
    fn tell(&self, volume: &str) {
        self.scene.test.app.hub.hand_out(Event {
            id: 0,
            tenant_id: Some(self.scene.tenant.0),
            topic: TOPIC.to_owned(),
            target_id: Some(volume.parse::<VolumeId>().unwrap().0),
        });
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)], status: u16) -> Answer {
        self.browser.post(path, fields).await.expect(status)
    }
}

#[tokio::test]
async fn a_volume_is_made_by_a_form_that_says_what_is_wrong() {
    let it = Pages::new().await;
    assert!(it.page("/t/acme/volumes").await.contains("No volumes yet"));
    let wrong = it
        .form("/t/acme/volumes", &[("name", ""), ("size_mib", "much")], 422)
        .await;
    assert!(wrong.body.contains("Type a whole number of MiB") && wrong.body.contains("2 things need"));
    it.scene
        .test
        .administer("update plan set max_disk_mib = 128")
        .await;
    let fields = [("name", "media"), ("size_mib", "256")];
    let large = it.form("/t/acme/volumes", &fields, 409).await;
    assert!(large.body.contains("Choose a smaller size") && large.body.contains("value=\"media\""));
    let fields = [("name", "media"), ("size_mib", "64")];
    let made = it.form("/t/acme/volumes", &fields, 303).await;
    assert!(it.page(made.location()).await.contains("Being made"));
    it.scene.work().await;
    let page = it.page(made.location()).await;
    assert!(
        page.contains("Not attached") && page.contains("Enforced"),
        "{page}"
    );
}

#[tokio::test]
async fn a_server_s_tab_leads_to_the_form_that_attaches_and_back() {
    let it = Pages::new().await;
    let id = it.scene.volume("media", 64).await;
    let server = it.scene.server("web").await;
    let (volume, tab) = (
        format!("/t/acme/volumes/{id}"),
        format!("/t/acme/servers/{server}/volumes"),
    );
    let page = it.page(&tab).await;
    assert!(page.contains("No volumes attached") && page.contains(&format!("/attach?server={server}")));
    let asked = it.page(&format!("{volume}/attach?server={server}")).await;
    assert!(asked.contains("value=\"/media\"") && asked.contains(&format!("value=\"{server}\" selected")));
    let to = format!("{volume}/attachments");
    let fields = [("server", &*server), ("from", &*server), ("path", "/etc/x")];
    let wrong = it.form(&to, &fields, 422).await;
    assert!(wrong.body.contains("belongs to the container"), "{}", wrong.body);
    let fields = [
        ("server", &*server),
        ("from", &*server),
        ("path", "/shared"),
        ("read_only", "true"),
    ];
    let done = it.form(&to, &fields, 303).await;
    assert_eq!(done.location(), tab);
    assert!(it.page(&tab).await.contains("With its next container"));
    it.scene.work().await;
    assert_eq!(it.scene.mounted(&server), [("/shared".to_owned(), true)]);
    let page = it.page(&tab).await;
    assert!(page.contains("/shared") && page.contains("Read only") && page.contains("Attached"));
    assert!(it.page("/t/acme/volumes").await.contains("In use"));
}

#[tokio::test]
async fn one_that_is_attached_is_detached_before_it_is_deleted() {
    let it = Pages::new().await;
    let id = it.scene.volume("media", 64).await;
    let server = it.scene.server("web").await;
    it.scene.attach(&id, &server, "/shared").await;
    let (volume, tab) = (
        format!("/t/acme/volumes/{id}"),
        format!("/t/acme/servers/{server}/volumes"),
    );
    let held = it.page(&volume).await;
    assert!(held.contains("Detach it from its servers first"));
    let delete = format!("{volume}/delete");
    let refused = it.form(&delete, &[("confirm", "media")], 303).await;
    assert!(
        it.page(refused.location())
            .await
            .contains("It is attached to web")
    );
    let detach = format!("{volume}/attachments/{server}/remove");
    let done = it.form(&detach, &[("from", "server")], 303).await;
    assert_eq!(done.location(), tab);
    it.scene.work().await;
    assert!(it.scene.mounted(&server).is_empty());
    let typo = it.form(&delete, &[("confirm", "medium")], 303).await;
    assert!(it.page(typo.location()).await.contains("Type the volume"));
    it.form(&delete, &[("confirm", "media")], 303).await;
    it.scene.work().await;
    it.browser.get(&volume).await.expect(404);
}

#[tokio::test]
async fn settings_keep_what_was_typed_and_change_the_size() {
    let it = Pages::new().await;
    let id = it.scene.volume("media", 64).await;
    let settings = format!("/t/acme/volumes/{id}/settings");
    let late = [("name", "films"), ("size_mib", "128"), ("version", "0")];
    let late = it.form(&settings, &late, 412).await;
    assert!(late.body.contains("value=\"films\"") && late.body.contains("value=\"128\""));
    let version = it.scene.find(&id).await;
    assert_eq!(version["name"], "media");
    let page = it.page(&format!("/t/acme/volumes/{id}")).await;
    let version = page.split("name=\"version\" value=\"").nth(1).unwrap();
    let version = version.split('"').next().unwrap();
    let fields = [("name", "films"), ("size_mib", "128"), ("version", version)];
    it.form(&settings, &fields, 303).await;
    it.scene.work().await;
    let found = it.scene.find(&id).await;
    assert_eq!(
        (&found["name"], &found["size_mib"]),
        (&json!("films"), &json!(128))
    );
    let found = it.browser.get("/t/acme/search?q=film").await.expect(200).json();
    assert_eq!(found["items"][0]["href"], format!("/t/acme/volumes/{id}"));
}

#[tokio::test]
async fn the_streams_say_what_changes() {
    let it = Pages::new().await;
    let id = it.scene.volume("media", 64).await;
    let server = it.scene.server("web").await;
    let mut list = it.browser.listen("/t/acme/volumes/live").await;
    let mut one = it.browser.listen(&format!("/t/acme/volumes/{id}/live")).await;
    let mut tab = it
        .browser
        .listen(&format!("/t/acme/servers/{server}/volumes/live"))
        .await;
    it.scene.attach(&id, &server, "/shared").await;
    it.tell(&id);
    list.hears("In use").await;
    one.hears("/shared").await;
    // Whether it can be deleted stands below its settings, and follows as well.
    one.hears("Detach it from its servers first").await;
    tab.hears("/shared").await;
    it.scene.detach(&id, &server).await;
    it.tell(&id);
    tab.hears("No volumes attached").await;
    it.scene
        .delete(&format!("/api/v1/volumes/{id}"))
        .await
        .expect(202);
    it.scene.work().await;
    it.tell(&id);
    one.hears("This volume is gone").await;
    list.hears("delete").await;
}

#[tokio::test]
async fn who_may_only_look_gets_no_buttons_and_a_stranger_no_page() {
    let it = Pages::new().await;
    let id = it.scene.volume("media", 64).await;
    let server = it.scene.server("web").await;
    it.scene.attach(&id, &server, "/shared").await;
    let (volume, tab) = (format!("/volumes/{id}"), format!("/servers/{server}/volumes"));
    let vera = it.scene.test.person("vera").await;
    it.scene
        .test
        .member(it.scene.tenant, vera, TenantRole::Viewer)
        .await;
    let viewer = it.scene.test.browser(vera).await;
    for path in ["/volumes", &volume, &tab] {
        let page = viewer.get(&format!("/t/acme{path}")).await.expect(200).body;
        assert!(
            page.contains("media") && !page.contains("Detach") && !page.contains("New volume"),
            "{page}"
        );
    }
    let other = it.scene.test.tenant("other").await;
    let eve = it.scene.test.person("eve").await;
    it.scene.test.member(other, eve, TenantRole::Owner).await;
    let stranger = it.scene.test.browser(eve).await;
    for path in ["", "/live", "/attach"] {
        stranger.get(&format!("/t/acme{volume}{path}")).await.expect(404);
        stranger.get(&format!("/t/other{volume}{path}")).await.expect(404);
    }
    stranger.get(&format!("/t/other{tab}")).await.expect(404);
    assert!(
        !stranger
            .get("/t/other/volumes")
            .await
            .expect(200)
            .body
            .contains("media")
    );
    let staff = it.scene.test.staff("sam", StaffRole::Support).await;
    let staff = it.scene.test.browser(staff).await;
    let page = staff
        .get(&format!("/staff/tenants/{}/volumes", it.scene.tenant))
        .await;
    assert!(page.expect(200).body.contains("media"));
}
