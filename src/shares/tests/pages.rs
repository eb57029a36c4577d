//! The pages: making, giving, changing, renewing, taking and deleting by forms, what the streams say, and who sees what.

use super::*;
use crate::platform::events::Event;
use crate::testing::Answer;

struct Pages {
    scene: Scene,
    browser: Client,
    tab: String,
}

impl Pages {
    async fn new() -> Self {
        let scene = Scene::new("file-share").await;
        let bob = scene.test.person("bob").await;
        scene.test.member(scene.tenant, bob, TenantRole::Owner).await;
        Self {
            browser: scene.test.browser(bob).await,
            tab: format!("/t/acme/servers/{}/shares", scene.server),
            scene,
        }
    }

    async fn page(&self, path: &str) -> String {
        self.browser.get(path).await.expect(200).body
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)], status: u16) -> Answer {
        self.browser.post(path, fields).await.expect(status)
    }

    /// Makes a share by the form, and says where its page is.
    async fn create(&self, name: &str) -> String {
        let fields = [
            ("name", name),
            ("folder", "/work/plans/"),
            ("protocols", "smb"),
            ("protocols", "sftp"),
        ];
        self.form(&self.tab, &fields, 303).await.location().to_owned()
    }

    async fn add(&self, share: &str, login: &str, status: u16) -> Answer {
        let fields = [("login", login), ("access", "read"), ("until", "")];
        self.form(&format!("{share}/people"), &fields, status).await
    }

    /// Says that the server's shares have changed, as the database does.
    fn tell(&self) {
        self.scene.test.app.hub.hand_out(Event {
            id: 0,
            tenant_id: Some(self.scene.tenant.0),
            topic: super::super::TOPIC.to_owned(),
            target_id: Some(self.scene.server.0),
        });
    }
}

/// The password that a page shows.
fn shown(answer: &Answer) -> String {
    let after = answer.body.split("id=\"share-password\">").nth(1);
    let text = after.and_then(|rest| rest.split('<').next());
    text.unwrap_or_else(|| panic!("no password: {}", answer.body))
        .to_owned()
}

#[tokio::test]
async fn a_share_is_made_given_and_deleted_by_forms() {
    let it = Pages::new().await;
    let server = it.tab.strip_suffix("/shares").unwrap();
    assert!(it.page(server).await.contains(&format!("href=\"{}\"", it.tab)));
    assert!(it.page(&it.tab).await.contains("No shares yet"));
    let asked = it.page(&format!("{}/new", it.tab)).await;
    assert_eq!(
        asked.matches(" checked").count(),
        3,
        "all ways are offered: {asked}"
    );
    let wrong = [("name", "Plans"), ("folder", "../x")];
    let wrong = it.form(&it.tab, &wrong, 422).await;
    assert!(wrong.body.contains("3 things need") && wrong.body.contains("value=\"../x\""));
    let share = it.create("plans").await;
    let page = it.page(&share).await;
    assert!(
        page.contains("Nobody has this share") && page.contains("Being told"),
        "{page}"
    );
    assert!(page.contains("work/plans") && page.contains("smb://") && page.contains("sftp -P "));
    assert!(
        !page.contains("https://127.0.0.1") && !page.contains("/shares/plans/"),
        "no WebDAV: {page}"
    );

    let given = it.add(&share, "ann", 200).await;
    let password = shown(&given);
    assert_eq!(password.len(), 24);
    it.scene.work().await;
    let page = it.page(&share).await;
    assert!(page.contains("In force") && page.contains("Read only") && page.contains("No end"));
    assert!(!page.contains(&password), "shown once");
    let twice = it.add(&share, "ann", 422).await;
    assert!(twice.body.contains("has the share already"), "{}", twice.body);
    assert!(it.page(&it.tab).await.contains(">plans</a>"));

    let first = it.scene.told().await;
    let renewed = it.form(&format!("{share}/people/ann/password"), &[], 200).await;
    assert_ne!(shown(&renewed), password);
    it.scene.work().await;
    assert_ne!(
        it.scene.told().await["people"]["ann"]["nt"],
        first["people"]["ann"]["nt"]
    );

    it.form(&format!("{share}/people/ann/remove"), &[], 303).await;
    it.form(&format!("{share}/people/ann/remove"), &[], 404).await;
    assert!(it.page(&share).await.contains("Nobody has this share"));
    let done = it.form(&format!("{share}/delete"), &[], 303).await;
    assert_eq!(done.location(), it.tab);
    it.browser.get(&share).await.expect(404);
}

#[tokio::test]
async fn what_a_person_may_is_changed_and_the_rest_stays() {
    let it = Pages::new().await;
    let share = it.create("plans").await;
    let other = it.create("other").await;
    it.add(&share, "ann", 200).await;
    let again = it.add(&other, "ann", 200).await;
    assert!(
        again.body.contains("for another share of this server"),
        "{}",
        again.body
    );
    let typed = [
        ("login", "cat"),
        ("access", "write"),
        ("password", "a word of cat's"),
    ];
    let typed = it.form(&format!("{share}/people"), &typed, 200).await;
    assert!(typed.body.contains("that you typed") && !typed.body.contains("a word of cat"));
    let short = [("login", "dan"), ("access", "write"), ("password", "short-one")];
    let short = it.form(&format!("{share}/people"), &short, 422).await;
    assert!(short.body.contains("12 to 126") && short.body.contains("value=\"dan\""));
    assert!(!short.body.contains("short-one"), "never echoed");

    let form = format!("{share}/people/ann");
    let save = format!("{form}/settings");
    let late = [("access", "write"), ("until", "2001-01-01"), ("was", "")];
    let late = it.form(&save, &late, 422).await;
    assert!(late.body.contains("has passed") && late.body.contains("value=\"2001-01-01\""));
    let until = (it.scene.test.app.now() + TimeDelta::days(9))
        .format("%Y-%m-%d")
        .to_string();
    let fields = [("access", "write"), ("until", &*until), ("was", "")];
    it.form(&save, &fields, 303).await;
    let page = it.page(&form).await;
    assert!(
        page.contains(&format!("name=\"was\" value=\"{until}\""))
            && page.contains("value=\"write\" selected")
    );
    it.scene.work().await;
    let told = it.scene.told().await;
    let (others, plans) = (&told["shares"][0], &told["shares"][1]);
    assert_eq!(
        (&others["people"]["ann"], &plans["people"]["ann"]),
        (&json!("read"), &json!("write"))
    );
    let end = told["people"]["ann"]["until"].clone();
    assert!(end.is_i64(), "{told}");
    let fields = [("access", "read"), ("until", &*until), ("was", &*until)];
    it.form(&save, &fields, 303).await;
    it.scene.work().await;
    assert_eq!(it.scene.told().await["people"]["ann"]["until"], end);
    it.form(&format!("{share}/people/nobody/settings"), &fields, 404)
        .await;
    it.browser
        .get(&format!("{share}/people/nobody"))
        .await
        .expect(404);
}

#[tokio::test]
async fn the_streams_say_what_changes() {
    let it = Pages::new().await;
    let share = it.create("plans").await;
    let mut tab = it.browser.listen(&format!("{}/live", it.tab)).await;
    let mut one = it.browser.listen(&format!("{share}/live")).await;
    it.add(&share, "ann", 200).await;
    it.tell();
    one.hears("person-ann").await;
    it.scene.work().await;
    it.tell();
    tab.hears("In force").await;
    it.form(&format!("{share}/delete"), &[], 303).await;
    it.tell();
    one.hears("This share is gone").await;
    tab.hears("No shares yet").await;
}

#[tokio::test]
async fn the_palette_finds_shares() {
    let it = Pages::new().await;
    let share = it.create("plans").await;
    let found = it.browser.get("/t/acme/search?q=plan").await.expect(200).json();
    assert_eq!(found["items"][0]["href"], *share, "{found}");
}

#[tokio::test]
async fn who_may_only_look_gets_no_buttons_and_a_stranger_no_page() {
    let it = Pages::new().await;
    let share = it.create("plans").await;
    it.add(&share, "ann", 200).await;
    let vera = it.scene.test.person("vera").await;
    it.scene
        .test
        .member(it.scene.tenant, vera, TenantRole::Viewer)
        .await;
    let viewer = it.scene.test.browser(vera).await;
    for path in [&it.tab, &share] {
        let page = viewer.get(path).await.expect(200).body;
        assert!(page.contains("plans"), "{page}");
        for button in ["New share", "New password", "Take out", "Add somebody", "Delete"] {
            assert!(!page.contains(button), "{button}: {page}");
        }
    }
    viewer.get(&format!("{share}/people/ann")).await.expect(403);
    let other = it.scene.test.tenant("other").await;
    let eve = it.scene.test.person("eve").await;
    it.scene.test.member(other, eve, TenantRole::Owner).await;
    let stranger = it.scene.test.browser(eve).await;
    for path in ["", "/live", "/people/ann"] {
        let theirs = format!("{share}{path}");
        stranger.get(&theirs).await.expect(404);
        stranger
            .get(&theirs.replace("/t/acme/", "/t/other/"))
            .await
            .expect(404);
    }
    let tab = it.tab.replace("/t/acme/", "/t/other/");
    stranger.get(&tab).await.expect(404);
    stranger.get(&format!("{tab}/live")).await.expect(404);
}

#[tokio::test]
async fn other_servers_have_no_tab_and_say_why() {
    let site = Scene::new("static-site").await;
    let bob = site.test.person("bob").await;
    site.test.member(site.tenant, bob, TenantRole::Owner).await;
    let browser = site.test.browser(bob).await;
    let server = format!("/t/acme/servers/{}", site.server);
    let page = browser.get(&server).await.expect(200).body;
    assert!(!page.contains(&format!("{server}/shares")), "{page}");
    let page = browser.get(&format!("{server}/shares")).await.expect(200).body;
    assert!(page.contains("This server has no shares") && !page.contains("Create the first"));
    let fields = [("name", "plans"), ("folder", "plans"), ("protocols", "smb")];
    let refused = browser
        .post(&format!("{server}/shares"), &fields)
        .await
        .expect(409);
    assert!(
        refused.body.contains("Only servers of the template"),
        "{}",
        refused.body
    );
}
