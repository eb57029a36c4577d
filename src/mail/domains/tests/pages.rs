//! The pages: adding, verifying, changing and removing by forms and buttons, and who sees what.

use scraper::{Html, Selector};

use super::*;
use crate::platform::access::StaffRole;

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

fn value(answer: &Answer, selector: &str) -> String {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector).next();
    found
        .and_then(|element| element.attr("value"))
        .unwrap_or_default()
        .to_owned()
}

async fn browser(it: &Scene, name: &str, role: TenantRole) -> Client {
    let person = it.test.person(name).await;
    it.test.member(it.tenant, person, role).await;
    it.test.browser(person).await
}

#[tokio::test]
async fn a_domain_is_added_by_a_form_and_verified_by_a_button() {
    let it = Scene::new().await;
    let bob = browser(&it, "bob", TenantRole::Owner).await;
    let empty = bob.get("/t/acme/mail").await.expect(200);
    assert_eq!(texts(&empty, ".empty h2"), ["No domains yet"]);
    let wrong = bob
        .post("/t/acme/mail/domains", &[("name", "ann@a.example")])
        .await
        .expect(422);
    assert_eq!(value(&wrong, "#f-name"), "ann@a.example");
    assert!(texts(&wrong, "#f-name-error")[0].contains("what stands behind the @"));
    let made = bob
        .post("/t/acme/mail/domains", &[("name", "bücher.example")])
        .await
        .expect(303);
    let page = bob.get(made.location()).await.expect(200);
    assert_eq!(texts(&page, "h1"), ["bücher.example"]);
    assert_eq!(texts(&page, "#page-status"), ["Not verified"]);
    assert_eq!(texts(&page, "#record-0-name"), ["_berth.xn--bcher-kva.example"]);
    let proof = texts(&page, "#record-0-value").remove(0);
    let verify = format!("{}/verify", made.location());
    let early = bob.post(&verify, &[]).await.expect(303);
    let told = bob.get(early.location()).await.expect(200);
    assert!(told.body.contains("There is no TXT record at"), "{}", told.body);
    it.test.dns.set_txt("_berth.xn--bcher-kva.example", &[&proof]);
    bob.post(&verify, &[]).await.expect(303);
    let page = bob.get(made.location()).await.expect(200);
    assert_eq!(texts(&page, "#page-status"), ["In use"]);
    assert!(!page.body.contains(&proof), "the proof is not asked for any more");
    bob.post(&format!("{}/check", made.location()), &[])
        .await
        .expect(303);
    let page = bob.get(made.location()).await.expect(200);
    assert!(
        texts(&page, "#record-0 .status").contains(&"Missing".to_owned()),
        "{}",
        page.body
    );
    let list = bob.get("/t/acme/mail").await.expect(200);
    assert_eq!(texts(&list, "tbody th a"), ["bücher.example"]);
    assert!(texts(&list, "tbody td")[0].contains("4 records have to be put right."));
    let found = bob.get("/t/acme/search?q=bcher").await.expect(200).json();
    assert_eq!(found["items"][0]["href"], made.location());
    let none = bob.get("/t/acme/mail?q=nothing").await.expect(200);
    assert_eq!(texts(&none, ".empty h2"), ["No domain matches"]);
}

#[tokio::test]
async fn settings_keep_what_was_typed_and_say_when_somebody_else_was_faster() {
    let it = Scene::new().await;
    let bob = browser(&it, "bob", TenantRole::Owner).await;
    let domain = it.add("a.example").await;
    let page = format!("/t/acme/mail/domains/{}", id(&domain));
    let settings = format!("{page}/settings");
    let wrong = bob
        .post(&settings, &[("quota_mib", "much"), ("is_enabled", "true")])
        .await
        .expect(422);
    assert_eq!(value(&wrong, "#f-quota_mib"), "much");
    assert!(texts(&wrong, "#f-quota_mib-error")[0].contains("whole number"));
    let late = bob
        .post(&settings, &[("quota_mib", "5"), ("version", "0")])
        .await
        .expect(412);
    assert_eq!(value(&late, "#f-quota_mib"), "5");
    let version = value(&late, "input[name=version]");
    let fields = [("quota_mib", "5"), ("hourly_limit", ""), ("version", &*version)];
    bob.post(&settings, &fields).await.expect(303);
    let found = it.get(&domain).await;
    assert_eq!(
        (&found["quota_mib"], &found["is_enabled"]),
        (&json!(5), &json!(false))
    );
}

#[tokio::test]
async fn a_domain_goes_when_its_name_is_typed() {
    let it = Scene::new().await;
    let bob = browser(&it, "bob", TenantRole::Owner).await;
    let domain = it.add("bücher.example").await;
    let page = format!("/t/acme/mail/domains/{}", id(&domain));
    let delete = format!("{page}/delete");
    let typo = bob
        .post(&delete, &[("confirm", "bucher.example")])
        .await
        .expect(303);
    assert_eq!(typo.location(), page);
    assert!(bob.get(&page).await.expect(200).body.contains("Type the domain"));
    let gone = bob
        .post(&delete, &[("confirm", "bücher.example")])
        .await
        .expect(303);
    assert_eq!(gone.location(), "/t/acme/mail");
    bob.get(&page).await.expect(404);
}

#[tokio::test]
async fn a_key_is_changed_by_buttons() {
    let it = Scene::new().await;
    let bob = browser(&it, "bob", TenantRole::Owner).await;
    let domain = it.add("a.example").await;
    let page = format!("/t/acme/mail/domains/{}", id(&domain));
    it.test.clock.advance(chrono::TimeDelta::seconds(1));
    bob.post(&format!("{page}/keys"), &[]).await.expect(303);
    let shown = bob.get(&page).await.expect(200);
    assert_eq!(
        texts(&shown, "#keys tbody th > span"),
        ["berth-2026b", "berth-2026a"]
    );
    assert!(
        !texts(&shown, "#keys .row--between")
            .join(" ")
            .contains("Make the next key")
    );
    let keys = it.get(&format!("{domain}/keys")).await;
    let key = format!("{page}/keys/{}", text(&keys["items"][0]["id"]));
    let refused = bob.post(&format!("{key}/activate"), &[]).await.expect(303);
    assert!(refused.location().ends_with("#keys"));
    assert!(
        bob.get(&page)
            .await
            .expect(200)
            .body
            .contains("would be taken for forged")
    );
    bob.post(&format!("{key}/activate"), &[("reason", "DNS is slow")])
        .await
        .expect(303);
    let shown = bob.get(&page).await.expect(200);
    let states = texts(&shown, "#keys tbody .status");
    assert_eq!(states, ["Signs", "Retired"]);
    bob.post(&format!("{key}/delete"), &[]).await.expect(303);
    assert!(
        bob.get(&page)
            .await
            .expect(200)
            .body
            .contains("Let another key take over first")
    );
}

#[tokio::test]
async fn who_may_only_look_gets_no_buttons_and_a_stranger_no_page() {
    let it = Scene::new().await;
    let domain = it.add("a.example").await;
    let page = format!("/mail/domains/{}", id(&domain));
    let vera = browser(&it, "vera", TenantRole::Viewer).await;
    let list = vera.get("/t/acme/mail").await.expect(200);
    assert!(list.body.contains("a.example") && !list.body.contains("Add domain"));
    let shown = vera.get(&format!("/t/acme{page}")).await.expect(200);
    assert!(texts(&shown, "main form").is_empty(), "{}", shown.body);
    vera.post(&format!("/t/acme{page}/check"), &[]).await.expect(403);
    let other = it.test.tenant("other").await;
    let eve = it.test.person("eve").await;
    it.test.member(other, eve, TenantRole::Owner).await;
    let eve = it.test.browser(eve).await;
    eve.get(&format!("/t/acme{page}")).await.expect(404);
    eve.get(&format!("/t/other{page}")).await.expect(404);
    for path in ["verify", "check", "delete", "keys", "settings"] {
        eve.post(&format!("/t/other{page}/{path}"), &[]).await.expect(404);
    }
    assert!(
        !eve.get("/t/other/mail")
            .await
            .expect(200)
            .body
            .contains("a.example")
    );
}

#[tokio::test]
async fn staff_see_the_domains_of_all_tenants() {
    let it = Scene::new().await;
    it.add("a.example").await;
    let (_, rival) = Scene::tenant(&it.test, "rival").await;
    add(&rival, "b.example").await;
    let sam = it.test.staff("sam", StaffRole::Owner).await;
    let browser = it.test.browser(sam).await;
    let page = browser.get("/staff/mail/domains").await.expect(200);
    assert_eq!(texts(&page, "tbody th"), ["a.example", "b.example"]);
    assert_eq!(texts(&page, "tbody td:nth-child(2)"), ["Acme", "Rival"]);
    let program = it.test.program(sam, None, &[Permission::StaffMailRead]).await;
    let list = program
        .get("/api/v1/staff/mail/domains?q=b.")
        .await
        .expect(200)
        .json();
    assert_eq!(list["items"][0]["tenant_name"], "Rival");
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let own = format!("tenant={}", it.tenant);
    let list = program
        .get(&format!("/api/v1/staff/mail/domains?{own}"))
        .await
        .expect(200)
        .json();
    assert_eq!(list["items"][0]["name"], "a.example");
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let page = browser
        .get(&format!("/staff/mail/domains?{own}"))
        .await
        .expect(200);
    assert_eq!(texts(&page, "tbody th"), ["a.example"]);
    for bad in ["tenant=nobody", "lost=perhaps"] {
        let refused = program.get(&format!("/api/v1/staff/mail/domains?{bad}")).await;
        assert!(matches!(refused.status, 400 | 422), "{bad}: {refused:?}");
    }
}
