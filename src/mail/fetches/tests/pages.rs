//! What people see.

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

const ALL: &str = "/t/acme/mail/fetches";

#[tokio::test]
async fn lines_are_pasted_and_each_bad_one_is_told() {
    let scene = Scene::new().await;
    let browser = scene.test.browser(scene.ada).await;
    assert_eq!(
        texts(&browser.get(ALL).await.expect(200), ".empty h2"),
        ["No mail fetched"]
    );
    let pasted = "ann@a.example, ann, one,two\n\nnobody@a.example,,x\nbob@a.example;bob;";
    let wrong = [
        ("host", SERVER),
        ("tls", "starttls"),
        ("folders", "all"),
        ("lines", pasted),
    ];
    let wrong = browser.post(ALL, &wrong).await.expect(422);
    let told = texts(&wrong, ".error-summary li");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Line 4:"), "{told:?}");
    assert!(!wrong.body.contains("one,two"));
    let pasted = "ann@a.example, ann, one,two\nbob@a.example;bob;x";
    let good = [
        ("host", SERVER),
        ("tls", "starttls"),
        ("folders", "without_junk"),
        ("lines", pasted),
    ];
    browser.post(ALL, &good).await.expect(303);
    let page = browser.get(ALL).await.expect(200);
    assert_eq!(texts(&page, "#fetch-rows tbody .status"), ["Waiting", "Waiting"]);
    scene.run().await;
    let asked = scene.fetches().asked();
    assert!(asked.iter().any(|one| one.password.expose() == "one,two"));
    assert!(!scene.fetches().asked()[0].takes_all);
    let found = browser.get(&format!("{ALL}?q=bob")).await.expect(200);
    assert_eq!(texts(&found, "#fetch-rows tbody th a"), ["bob@a.example"]);
    assert_eq!(texts(&found, "#fetch-rows tbody .status"), ["Done"]);
}

#[tokio::test]
async fn a_mailbox_has_a_page_of_its_own_with_a_button_that_stops() {
    let scene = Scene::new().await;
    let browser = scene.test.browser(scene.ada).await;
    let id = scene.begin("ann").await;
    let mailbox = scene.find(&id).await["mailbox_id"].as_str().unwrap().to_owned();
    let place = format!("/t/acme/mail/mailboxes/{mailbox}/fetch");
    let page = browser.get(&place).await.expect(200);
    assert_eq!(texts(&page, "h1"), ["ann@a.example"]);
    assert_eq!(texts(&page, "#fetch-rows dialog button[type=submit]"), ["Stop"]);
    let wrong = [
        ("host", "10.0.0.1"),
        ("tls", "implicit"),
        ("port", "many"),
        ("user", "ann"),
        ("password", PASSWORD),
    ];
    let wrong = browser.post(&place, &wrong).await.expect(422);
    assert_eq!(texts(&wrong, ".error-summary li").len(), 2);
    assert!(!wrong.body.contains(PASSWORD));
    browser.post(&format!("{ALL}/{id}/cancel"), &[]).await.expect(303);
    scene.run().await;
    let page = browser.get(&place).await.expect(200);
    assert_eq!(texts(&page, "#fetch-rows tbody .status"), ["Cancelled"]);
    assert!(texts(&page, "#fetch-rows dialog button[type=submit]").is_empty());
    scene.fetches().set("ann", failed(FetchReason::Certificate));
    let good = [
        ("host", SERVER),
        ("tls", "implicit"),
        ("user", "ann"),
        ("password", PASSWORD),
    ];
    browser.post(&place, &good).await.expect(303);
    scene.run().await;
    let page = browser.get(&place).await.expect(200);
    assert_eq!(texts(&page, "#fetch-rows tbody code"), ["ab".repeat(32)]);
}
