//! The pages, as people see them.

use scraper::{Html, Selector};

use super::*;

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector);
    found
        .map(|element| {
            let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
            words.join(" ")
        })
        .collect()
}

const PAGE: &str = "/t/acme/mail/aliases";

#[tokio::test]
async fn an_alias_is_made_by_a_form_that_says_what_is_wrong() {
    let it = Scene::new().await;
    let empty = it.browser.get(PAGE).await.expect(200);
    assert_eq!(texts(&empty, ".empty h2"), ["No aliases yet"]);
    let id = domain(1);
    let form = it
        .browser
        .get(&format!("{PAGE}/new?domain={id}"))
        .await
        .expect(200);
    assert_eq!(texts(&form, "#f-domain option[selected]"), ["x.example"]);
    assert_eq!(
        texts(&form, "#f-domain option").len(),
        2,
        "one that is not verified, too, and none that has another's addresses"
    );

    let fields = [
        ("domain", &*id),
        ("kind", "alias"),
        ("local_part", "a b"),
        ("targets", "ann@x.example"),
    ];
    let wrong = it.browser.post(PAGE, &fields).await.expect(422);
    assert_eq!(
        texts(&wrong, "#f-targets"),
        ["ann@x.example"],
        "what was typed is kept"
    );
    assert_eq!(texts(&wrong, ".error-summary li").len(), 1);
    let fields = [
        ("domain", &*id),
        ("kind", "alias"),
        ("local_part", "sales"),
        ("targets", "ann@x.example\nkim@else.example"),
        ("is_enabled", "true"),
    ];
    let made = it.browser.post(PAGE, &fields).await.expect(303);
    let page = it.browser.get(made.location()).await.expect(200);
    assert_eq!(texts(&page, "h1"), ["sales@x.example"]);
    assert_eq!(
        texts(&page, "#recipients li"),
        ["ann@x.example", "kim@else.example"]
    );
    let list = it.browser.get(PAGE).await.expect(200);
    assert_eq!(texts(&list, "tbody a.row-link"), ["sales@x.example"]);
    let found = it.browser.get("/t/acme/search?q=sales").await.expect(200).json();
    assert_eq!(found["items"][0]["href"], made.location());
}

#[tokio::test]
async fn settings_keep_what_was_typed_and_notice_others() {
    let it = Scene::new().await;
    let id = it.alias("sales", &["ann@x.example"]).await;
    let (page, settings) = (format!("{PAGE}/{id}"), format!("{PAGE}/{id}/settings"));
    let form = it.browser.get(&format!("{page}/edit")).await.expect(200);
    assert_eq!(texts(&form, "#f-targets"), ["ann@x.example"]);
    let circle = [
        ("kind", "alias"),
        ("targets", "sales@x.example"),
        ("is_enabled", "true"),
        ("version", "1"),
    ];
    let wrong = it.browser.post(&settings, &circle).await.expect(422);
    assert!(texts(&wrong, "#f-targets-error")[0].contains("sales@x.example → sales@x.example"));
    let late = [
        ("kind", "alias"),
        ("targets", "bob@x.example"),
        ("is_enabled", "true"),
        ("version", "9"),
    ];
    it.browser.post(&settings, &late).await.expect(412);
    let good = [("kind", "alias"), ("targets", "bob@x.example"), ("version", "1")];
    it.browser.post(&settings, &good).await.expect(303);
    let shown = it.browser.get(&page).await.expect(200);
    assert_eq!(texts(&shown, "#page-status"), ["Disabled"]);
    assert_eq!(texts(&shown, "#targets li"), ["bob@x.example"]);
    let gone = it.browser.post(&format!("{page}/delete"), &[]).await.expect(303);
    assert_eq!(
        gone.location(),
        format!("/t/acme/mail/domains/{}/aliases", domain(1))
    );
    it.browser.get(&page).await.expect(404);
}

#[tokio::test]
async fn what_leads_to_nobody_is_warned_of_on_its_page() {
    let it = Scene::new().await;
    it.alias("inner", &["old@x.example"]).await;
    let id = domain(1);
    let fields = [
        ("domain", &*id),
        ("kind", "alias"),
        ("local_part", "outer"),
        ("targets", "inner@x.example"),
        ("is_enabled", "true"),
    ];
    let made = it.browser.post(PAGE, &fields).await.expect(303);
    let page = it.browser.get(made.location()).await.expect(200);
    assert!(
        page.body.contains("The alias is made. Nobody gets its mail"),
        "{}",
        page.body
    );
    assert!(texts(&page, "#recipients .notice")[0].contains("Nobody gets its mail"));
    let way = "outer@x.example → inner@x.example → old@x.example";
    assert_eq!(texts(&page, "#dead-ends li"), [way]);
    let changes = [
        ("kind", "alias"),
        ("targets", "inner@x.example"),
        ("description", "x"),
        ("is_enabled", "true"),
        ("version", "1"),
    ];
    let settings = format!("{}/settings", made.location());
    it.browser.post(&settings, &changes).await.expect(303);
    let page = it.browser.get(made.location()).await.expect(200);
    assert!(
        page.body
            .contains("outer@x.example is saved. Nobody gets its mail")
    );
}

#[tokio::test]
async fn an_alias_of_somebody_s_own_names_their_mailbox() {
    let it = Scene::new().await;
    let id = it.alias("sales", &["ann@x.example"]).await;
    let page = format!("{PAGE}/{id}");
    let others = it.browser.get(&page).await.expect(200);
    assert_eq!(texts(&others, ".kv a"), ["x.example"], "nobody's own");
    it.test
        .administer("update mail_alias set owner_id = (select id from mailbox where local_part = 'ann')")
        .await;
    let own = it.browser.get(&page).await.expect(200);
    assert_eq!(texts(&own, ".kv a"), ["x.example", "ann@x.example"]);
}

#[tokio::test]
async fn a_domain_s_page_has_its_catch_all_with_a_warning() {
    let it = Scene::new().await;
    let page = format!("/t/acme/mail/domains/{}/aliases", domain(1));
    let without = it.browser.get(&page).await.expect(200);
    assert_eq!(texts(&without, "#catch-all a"), ["Set a catch-all"]);
    let body = json!({ "address": "@x.example", "targets": ["cid@x.example"] });
    it.ask(body).await.expect(201);
    let with = it.browser.get(&page).await.expect(200);
    let card = texts(&with, "#catch-all").join(" ");
    assert!(
        card.contains("goes to cid@x.example") && card.contains("Spammers guess names"),
        "{card}"
    );
    let other = it
        .browser
        .get(&format!("/t/acme/mail/domains/{}/aliases", domain(3)))
        .await
        .expect(200);
    assert_eq!(
        texts(&other, "#catch-all a"),
        ["Set a catch-all"],
        "addresses may be made before the domain is verified"
    );
    it.browser
        .get(&format!("/t/acme/mail/domains/{}/aliases", domain(9)))
        .await
        .expect(404);
}
