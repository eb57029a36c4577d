//! What people see: making one by the form, its page, the lists, deleting and restoring by buttons.

use scraper::{Html, Selector};

use super::*;

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let text = |element: scraper::ElementRef<'_>| {
        let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
        words.join(" ")
    };
    page.select(&selector).map(text).collect()
}

fn values(answer: &Answer, selector: &str, attribute: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let value = |element: scraper::ElementRef<'_>| element.attr(attribute).map(str::to_owned);
    page.select(&selector).filter_map(value).collect()
}

struct Pages {
    scene: Scene,
    browser: Client,
}

impl Pages {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let browser = scene.test.browser(scene.ada).await;
        Self { scene, browser }
    }

    async fn page(&self, path: &str) -> Answer {
        self.browser.get(path).await.expect(200)
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)], status: u16) -> Answer {
        self.browser.post(path, fields).await.expect(status)
    }
}

const ALL: &str = "/t/acme/mail/mailboxes";

fn page_of(id: &str, rest: &str) -> String {
    format!("{ALL}/{id}{rest}")
}

#[tokio::test]
async fn one_is_made_by_the_form_which_keeps_what_was_typed() {
    let it = Pages::new().await;
    assert!(texts(&it.page(ALL).await, ".empty h2").contains(&"No mailboxes yet".to_owned()));
    let asked = it.page(&format!("{ALL}/new?domain={}", it.scene.domain)).await;
    assert_eq!(
        values(&asked, "select[name=domain] option[selected]", "value"),
        ["a.example"]
    );
    assert_eq!(values(&asked, "input[name=entry][checked]", "value"), ["link"]);
    let wrong = [
        ("address", "ann smith"),
        ("domain", "a.example"),
        ("entry", "password"),
        ("password", GOOD),
        ("quota_mib", "much"),
    ];
    let wrong = it.form(ALL, &wrong, 422).await;
    assert_eq!(texts(&wrong, ".error-summary li").len(), 2);
    assert_eq!(values(&wrong, "input[name=address]", "value"), ["ann smith"]);
    assert!(!wrong.body.contains(GOOD));
    let good = [
        ("address", "ann"),
        ("domain", "a.example"),
        ("name", "<b>Ann</b>"),
        ("entry", "password"),
        ("password", GOOD),
        ("quota_mib", "100"),
        ("hourly_limit", ""),
        ("max_own_aliases", ""),
    ];
    let made = it.form(ALL, &good, 303).await;
    let page = it.page(made.location()).await;
    assert_eq!(texts(&page, "h1"), ["ann@a.example"]);
    assert_eq!(texts(&page, "#page-status"), ["In use"]);
    assert!(texts(&page, ".meter-text")[0].contains("of 100"), "{page:?}");
    assert_eq!(values(&page, "input[name=quota_mib]", "value"), ["100"]);
    assert!(!page.body.contains("<b>Ann</b>"));
    let list = it
        .page(&format!("/t/acme/mail/domains/{}/mailboxes", it.scene.domain))
        .await;
    assert_eq!(texts(&list, "tbody .row-link"), ["ann@a.example"]);
    assert_eq!(values(&list, "th[aria-sort]", "aria-sort"), ["ascending"]);
}

#[tokio::test]
async fn a_link_is_shown_once_and_leads_to_a_form() {
    let it = Pages::new().await;
    let new = [("address", "ann"), ("domain", "a.example"), ("entry", "link")];
    let made = it.form(ALL, &new, 200).await;
    let link = texts(&made, "#set-up-link");
    let link = link[0].find("/mailbox/set-up/").map(|at| &link[0][at..]).unwrap();
    assert_eq!(texts(&made, "#page-status"), ["To be set up"]);
    let id = it.scene.program.get(MAILBOXES).await.expect(200).json()["items"][0]["id"].clone();
    let href = page_of(id.as_str().unwrap(), "");
    assert!(!it.page(&href).await.body.contains(link), "shown once");
    let form = it.scene.test.anonymous().get(link).await.expect(200);
    assert_eq!(
        values(&form, "input[type=password]", "name"),
        ["password", "again"]
    );
    assert_eq!(
        values(&form, "input[type=password][value]:not([value=''])", "value"),
        [""; 0]
    );
}

#[tokio::test]
async fn settings_say_if_somebody_was_quicker() {
    let it = Pages::new().await;
    let id = it.scene.create("ann@a.example").await;
    let seen = values(&it.page(&page_of(&id, "")).await, "input[name=version]", "value");
    let settings = page_of(&id, "/settings");
    let mine = [
        ("version", &*seen[0]),
        ("name", "Ann"),
        ("quota_mib", "5"),
        ("max_own_aliases", "1"),
    ];
    it.form(&settings, &mine, 303).await;
    let late = it.form(&settings, &mine, 412).await;
    assert!(texts(&late, ".error-summary li")[0].contains("Somebody changed this"));
    let wrong = [("name", "Ann"), ("quota_mib", "-5")];
    let wrong = it.form(&settings, &wrong, 422).await;
    assert_eq!(values(&wrong, "input[name=quota_mib]", "value"), ["-5"]);
    let found = it.scene.find(&id).await;
    assert_eq!(
        (&found["quota_mib"], &found["max_own_aliases"]),
        (&json!(5), &json!(1))
    );
}

#[tokio::test]
async fn deleting_asks_for_the_address_and_restoring_brings_it_back() {
    let it = Pages::new().await;
    let id = it.scene.create("ann@a.example").await;
    let refused = it
        .form(&page_of(&id, "/delete"), &[("confirm", "bob")], 303)
        .await;
    assert_eq!(refused.location(), page_of(&id, ""));
    let typed = [("confirm", "ann@a.example")];
    let gone = it.form(&page_of(&id, "/delete"), &typed, 303).await;
    assert_eq!(gone.location(), ALL);
    let deleted = it.page("/t/acme/mail/deleted-mailboxes").await;
    assert_eq!(texts(&deleted, "tbody .row-link"), ["ann@a.example"]);
    let page = it.page(&page_of(&id, "")).await;
    assert_eq!(texts(&page, "#page-status"), ["Deleted"]);
    assert_eq!(texts(&page, "nav.tabs a").len(), 0);
    it.form(&page_of(&id, "/restore"), &[], 303).await;
    assert_eq!(
        texts(&it.page(&page_of(&id, "")).await, "#page-status"),
        ["In use"]
    );
    it.form(&page_of(&id, "/disable"), &[], 303).await;
    assert_eq!(
        texts(&it.page(&page_of(&id, "")).await, "#page-status"),
        ["Disabled"]
    );
    it.form(&page_of(&id, "/delete"), &typed, 303).await;
    it.form(&page_of(&id, "/erase"), &typed, 303).await;
    it.browser.get(&page_of(&id, "")).await.expect(404);
}

#[tokio::test]
async fn app_passwords_and_addresses_come_and_go_by_forms() {
    let it = Pages::new().await;
    let id = it.scene.create("ann@a.example").await;
    let passwords = page_of(&id, "/app-passwords");
    let usual = it.page(&passwords).await;
    assert_eq!(
        values(&usual, "input[name=protocols][checked]", "value"),
        ["imap", "smtp"]
    );
    it.form(&passwords, &[("name", "Phone")], 422).await;
    let new = [("name", "Phone"), ("protocols", "imap")];
    let made = it.form(&passwords, &new, 200).await;
    let text = texts(&made, "#app-password");
    assert_eq!(text[0].len(), 39);
    let list = it.page(&passwords).await;
    assert!(!list.body.contains(&text[0]), "shown once");
    let remove = values(&list, "dialog form", "action");
    it.form(&remove[0], &[], 303).await;
    it.form(&remove[0], &[], 404).await;

    let addresses = page_of(&id, "/send-as");
    it.form(&addresses, &[("address", "x@y.example")], 422).await;
    it.form(&addresses, &[("address", "sales@a.example")], 303).await;
    let list = it.page(&addresses).await;
    assert_eq!(texts(&list, "tbody th"), ["sales@a.example"]);
    it.form(&values(&list, "dialog form", "action")[0], &[], 303)
        .await;
    assert_eq!(texts(&it.page(&addresses).await, "tbody th"), [""; 0]);
}

#[tokio::test]
async fn who_only_looks_has_no_buttons_and_strangers_find_nothing() {
    let it = Pages::new().await;
    let id = it.scene.create("ann@a.example").await;
    let viewer = it.scene.test.person("vic").await;
    it.scene
        .test
        .member(it.scene.tenant, viewer, TenantRole::Viewer)
        .await;
    let viewer = it.scene.test.browser(viewer).await;
    let page = viewer.get(&page_of(&id, "")).await.expect(200);
    assert_eq!(values(&page, "main form[method=post]", "action"), [""; 0]);
    viewer.post(&page_of(&id, "/disable"), &[]).await.expect(403);
    let (_, stranger) = it.scene.test.owner("other").await;
    stranger.get("/t/other/mail/mailboxes").await.expect(200);
    stranger
        .get(&format!("/t/other/mail/mailboxes/{id}"))
        .await
        .expect(404);
    stranger.get(&page_of(&id, "")).await.expect(404);
}

#[tokio::test]
async fn its_page_says_where_mail_goes_and_which_aliases_lead_to_it() {
    let it = Pages::new().await;
    let id = it.scene.create("ann@a.example").await;
    let about = |page: &Answer| values(page, "main dd a", "href").len();
    let page = it.page(&page_of(&id, "")).await;
    let told = texts(&page, "main .kv").join(" ");
    assert!(
        told.contains("To nobody") && told.contains("Not by itself"),
        "{told}"
    );
    assert!(told.contains("None leads to it"), "{told}");
    assert_eq!(about(&page), 4, "the domain, forwarding, replies and aliases");
    let forwarding = page_of(&id, "/forwarding");
    let shown = it.page(&forwarding).await;
    assert_eq!(texts(&shown, "h1"), ["ann@a.example"]);
    assert_eq!(texts(&shown, "nav.tabs a[aria-current]"), ["Forwarding"]);
    it.scene
        .test
        .administer(
            "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, domain_id, 'sales', 'sales@a.example', 'alias', array[address], 'ada', now(), now() \
             from mailbox",
        )
        .await;
    it.scene
        .test
        .administer("update mailbox set forward_to = array['kim@else.example']")
        .await;
    let page = it.page(&page_of(&id, "")).await;
    let told = texts(&page, "main .kv").join(" ");
    assert!(told.contains("To kim@else.example, and keeps it"), "{told}");
    assert!(told.contains("1 leads to it"), "{told}");
    let aliases = values(&page, "main dd a", "href").pop().unwrap();
    assert_eq!(
        texts(&it.page(&aliases).await, "tbody .row-link"),
        ["sales@a.example"]
    );
}

#[tokio::test]
async fn a_domain_s_list_keeps_the_domain_s_head() {
    let it = Pages::new().await;
    for below in ["", "/mailboxes", "/aliases"] {
        let page = it
            .page(&format!("/t/acme/mail/domains/{}{below}", it.scene.domain))
            .await;
        assert_eq!(texts(&page, "h1"), ["a.example"], "{below}");
        assert_eq!(texts(&page, "nav.tabs a").len(), 3, "{below}");
    }
    let all = it.page(ALL).await;
    assert_eq!(texts(&all, "nav.tabs a[aria-current]"), ["Mailboxes"]);
}

#[tokio::test]
async fn the_palette_finds_them() {
    let it = Pages::new().await;
    let id = it.scene.create("ann@a.example").await;
    let found = it.page("/t/acme/search?q=ANN").await.json();
    assert_eq!(found["items"][0]["href"], json!(page_of(&id, "")));
    assert_eq!(found["items"][0]["group"], "Mailboxes");
    let lists = it.page("/t/acme/search?q=quar").await.json();
    assert_eq!(lists["items"][0]["href"], "/t/acme/mail/quarantine");
}
