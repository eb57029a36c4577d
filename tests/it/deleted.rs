//! Deleted servers as people and programs meet them: the dialog, the lists, the way back and the end.

use berth::platform::access::{Permission, StaffRole, TenantRole};
use berth::platform::ids::TenantId;
use berth::testing::{Client, TestApp};
use scraper::{Html, Selector};
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    tenant: TenantId,
    browser: Client,
    program: Client,
}

impl Scene {
    /// A tenant whose plan has room for one server, its owner, and a program of theirs.
    async fn set() -> Self {
        let app = TestApp::start().await;
        let plan = app.plan("one", 1).await;
        let tenant = app.tenant_on("acme", plan).await;
        let ada = app.person("ada").await;
        app.member(tenant, ada, TenantRole::Owner).await;
        let browser = app.browser(ada).await;
        let scopes = [Permission::ServerRead, Permission::ServerDelete];
        let program = app.program(ada, Some(tenant), &scopes).await;
        Self {
            app,
            tenant,
            browser,
            program,
        }
    }

    /// A server of the tenant that was deleted by its page.
    async fn deleted(&self, name: &str) -> String {
        let id = self.app.server(self.tenant, name).await.to_string();
        let path = format!("/t/acme/servers/{id}/delete");
        let done = self.browser.post(&path, &[("confirm", name)]).await.expect(303);
        assert_eq!(done.location(), "/t/acme/servers");
        // What happens next sorts after it.
        self.app.clock.advance(chrono::Duration::seconds(1));
        id
    }

    async fn page(&self, path: &str) -> Html {
        Html::parse_document(&self.browser.get(path).await.expect(200).body)
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        let answer = self.program.get(path).await.expect(200).json();
        answer["items"].as_array().unwrap().clone()
    }
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let text = |element: scraper::ElementRef<'_>| element.text().collect::<String>();
    page.select(&selector).map(text).collect()
}

fn count(page: &Html, selector: &str) -> usize {
    page.select(&Selector::parse(selector).unwrap()).count()
}

const NAMES: &str = "#server-rows a.row-link";

#[tokio::test]
async fn the_page_lists_what_is_kept_and_until_when() {
    let scene = Scene::set().await;
    let empty = scene.page("/t/acme/deleted-servers").await;
    assert_eq!(texts(&empty, NAMES), Vec::<String>::new());
    assert!(texts(&empty, ".list").concat().contains("No deleted servers"));

    scene.deleted("web").await;
    scene.deleted("shop").await;
    let page = scene.page("/t/acme/deleted-servers").await;
    assert_eq!(texts(&page, NAMES), ["shop", "web"], "the newest first");
    assert_eq!(count(&page, "#server-rows form[action$='/restore']"), 2);
    let found = scene.page("/t/acme/deleted-servers?q=SHO").await;
    assert_eq!(texts(&found, NAMES), ["shop"]);
    let none = scene.page("/t/acme/deleted-servers?q=nothing").await;
    assert!(
        texts(&none, ".list")
            .concat()
            .contains("No deleted server matches")
    );

    let live = scene.page("/t/acme/servers").await;
    assert_eq!(texts(&live, NAMES), Vec::<String>::new());
    assert_eq!(count(&live, "a[href='/t/acme/deleted-servers']"), 1);
}

#[tokio::test]
async fn the_dialog_says_until_when_it_is_kept_and_what_makes_way() {
    let scene = Scene::set().await;
    let id = scene.app.server(scene.tenant, "third").await;
    let settings = format!("/t/acme/servers/{id}/settings");
    let text = |page: &Html| texts(page, "#delete-server").concat();
    let dialog = text(&scene.page(&settings).await);
    assert!(dialog.contains("kept until 2026-03-17 12:00 UTC"), "{dialog}");
    assert!(dialog.contains("At most 2 deleted servers are kept."), "{dialog}");
    scene.deleted("first").await;
    scene.deleted("second").await;
    let dialog = text(&scene.page(&settings).await);
    assert!(
        dialog.contains("erases the oldest at once, with its data: first."),
        "{dialog}"
    );
    scene.browser.get("/t/acme/deleted-servers").await.expect(200);
}

#[tokio::test]
async fn its_page_restores_it_or_asks_before_it_erases() {
    let scene = Scene::set().await;
    let id = scene.deleted("web").await;
    let path = format!("/t/acme/servers/{id}");
    let page = scene.page(&path).await;
    assert_eq!(count(&page, "form[action$='/restore']"), 1);
    assert_eq!(count(&page, "dialog#erase-server form[action$='/erase']"), 1);
    assert_eq!(
        count(&page, "form[action*='/actions/']"),
        0,
        "no power while it is deleted"
    );
    assert_eq!(count(&page, "nav.tabs a[href$='/settings']"), 0);
    scene.browser.get(&format!("{path}/settings")).await.expect(409);

    let typo = scene
        .browser
        .post(&format!("{path}/erase"), &[("confirm", "wep")])
        .await
        .expect(303);
    assert_eq!(typo.location(), path, "it is still there");
    let restored = scene
        .browser
        .post(&format!("{path}/restore"), &[])
        .await
        .expect(303);
    assert_eq!(restored.location(), path);
    assert_eq!(texts(&scene.page("/t/acme/servers").await, NAMES), ["web"]);

    let web = [("confirm", "web")];
    scene
        .browser
        .post(&format!("{path}/erase"), &web)
        .await
        .expect(409);
    scene
        .browser
        .post(&format!("{path}/delete"), &web)
        .await
        .expect(303);
    let erased = scene
        .browser
        .post(&format!("{path}/erase"), &web)
        .await
        .expect(303);
    assert_eq!(erased.location(), "/t/acme/deleted-servers");
    let list = scene.page("/t/acme/deleted-servers").await;
    assert_eq!(
        texts(&list, NAMES),
        ["web"],
        "until the reconciler has removed it"
    );
    assert_eq!(count(&list, "#server-rows form"), 0, "there is no way back");
}

#[tokio::test]
async fn what_does_not_fit_into_the_plan_is_told_on_the_list() {
    let scene = Scene::set().await;
    let id = scene.deleted("old").await;
    scene.app.server(scene.tenant, "new").await;
    let refused = scene
        .browser
        .post(&format!("/t/acme/servers/{id}/restore"), &[])
        .await
        .expect(303);
    assert_eq!(refused.location(), "/t/acme/deleted-servers");
    let page = scene.page("/t/acme/deleted-servers").await;
    let notices = texts(&page, ".notice").concat();
    assert!(
        notices.contains("It can't be restored now. The plan allows 1 servers, and 1 are in use."),
        "{notices}"
    );
}

#[tokio::test]
async fn programs_delete_list_restore_and_erase() {
    let scene = Scene::set().await;
    let id = scene.app.server(scene.tenant, "web").await.to_string();
    let (path, no) = (format!("/api/v1/servers/{id}"), json!({}));
    let post =
        async |verb: &str, body: &Value| scene.program.json("POST", &format!("{path}/{verb}"), body).await;
    assert_eq!(
        post("restore", &no).await.expect(409).json()["code"],
        "not-deleted"
    );
    assert_eq!(post("erase", &no).await.expect(409).json()["code"], "not-deleted");
    let deleted = scene.program.json("DELETE", &path, &no).await.expect(202).json();
    assert_eq!(deleted["server"]["kept_until"], "2026-03-17T12:00:00Z");
    assert_eq!(deleted["operation"]["kind"], "server.delete");
    assert!(scene.items("/api/v1/servers").await.is_empty());
    let kept = scene.items("/api/v1/deleted-servers").await;
    assert_eq!((kept.len(), &kept[0]["id"]), (1, &json!(id)));
    assert_eq!(
        scene
            .program
            .get("/api/v1/deleted-servers?sort=name")
            .await
            .expect(422)
            .json()["code"],
        "invalid"
    );

    let wrong = post("restore", &json!({ "name": "" })).await.expect(422).json();
    assert_eq!(wrong["errors"][0]["field"], "name");
    let restored = post("restore", &json!({ "name": "web-2" }))
        .await
        .expect(202)
        .json();
    assert_eq!(restored["server"]["name"], "web-2");
    assert_eq!(restored["server"]["deleted_at"], Value::Null);
    scene.program.json("DELETE", &path, &no).await.expect(202);
    let erased = post("erase", &no).await.expect(202).json();
    assert_eq!(erased["server"]["status"], "deleting");
    assert_eq!(
        post("restore", &no).await.expect(409).json()["code"],
        "server-deleting"
    );
}

#[tokio::test]
async fn lists_of_deleted_servers_go_on_by_key() {
    let scene = Scene::set().await;
    let plan = scene.app.plan("large", 50).await;
    let tenant = scene.app.tenant_on("large", plan).await;
    let bob = scene.app.person("bob").await;
    scene.app.member(tenant, bob, TenantRole::Owner).await;
    let scopes = [Permission::ServerRead, Permission::ServerDelete];
    let program = scene.app.program(bob, Some(tenant), &scopes).await;
    for number in 0..5 {
        let id = scene.app.server(tenant, &format!("s{number}")).await;
        let path = format!("/api/v1/servers/{id}");
        program.json("DELETE", &path, &json!({})).await.expect(202);
    }
    let mut names = Vec::new();
    let mut path = "/api/v1/deleted-servers?limit=2".to_owned();
    loop {
        let page = program.get(&path).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/deleted-servers?limit=2&after={next}");
    }
    names.sort_unstable();
    assert_eq!(names, ["s0", "s1", "s2", "s3", "s4"], "each once");
}

#[tokio::test]
async fn staff_see_everybodys_and_tenants_their_own() {
    let scene = Scene::set().await;
    let id = scene.deleted("web").await;
    let (_, other) = scene.app.owner("other").await;
    let theirs = other.get("/t/other/deleted-servers").await.expect(200);
    assert_eq!(
        texts(&Html::parse_document(&theirs.body), NAMES),
        Vec::<String>::new()
    );
    for verb in ["restore", "erase"] {
        other
            .post(&format!("/t/other/servers/{id}/{verb}"), &[("confirm", "web")])
            .await
            .expect(404);
    }
    let sam = scene.app.staff("sam", StaffRole::Support).await;
    let staff = scene.app.browser(sam).await;
    let page = Html::parse_document(&staff.get("/staff/deleted-servers").await.expect(200).body);
    assert_eq!(texts(&page, "tbody a.row-link"), ["web"]);
    let page = Html::parse_document(&staff.get("/staff/servers").await.expect(200).body);
    assert_eq!(texts(&page, "tbody a.row-link"), Vec::<String>::new());
    let page = Html::parse_document(&staff.get(&format!("/staff/servers/{id}")).await.expect(200).body);
    assert_eq!(count(&page, "form[action*='/actions/']"), 0);
}
