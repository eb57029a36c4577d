//! Domains with letters beyond ASCII from being added to being read: typed in Unicode, kept as DNS has them, and shown as people write
//! them with that beside. Names before the @ have none, and whoever types some is told so.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::platform::access::{Permission, Side, TenantRole};
use crate::platform::ids::TenantId;
use crate::testing::{Answer, Client, TestApp};

const SHOWN: &str = "bücher.example";
const KEPT: &str = "xn--bcher-kva.example";
const HASH: &str = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    program: Client,
    browser: Client,
}

impl Scene {
    /// A tenant that has added the domain as people write it, and proved it.
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        let all = Permission::ALL.iter().copied();
        let all: Vec<Permission> = all.filter(|one| one.side() == Side::Tenant).collect();
        let it = Self {
            program: test.program(ada, Some(tenant), &all).await,
            browser: test.browser(ada).await,
            test,
            tenant,
        };
        let made = it.ask("domains", json!({ "name": "Bücher.example" }), 201).await;
        assert_eq!(made["name"], KEPT);
        it.test
            .administer("update mail_domain set verified_at = now()")
            .await;
        it
    }

    async fn ask(&self, what: &str, body: Value, status: u16) -> Value {
        let path = format!("/api/v1/mail/{what}");
        self.program
            .json("POST", &path, &body)
            .await
            .expect(status)
            .json()
    }

    async fn found(&self, what: &str, query: &str) -> Vec<Value> {
        let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
        let list = self.program.get(&format!("/api/v1/mail/{what}?q={query}")).await;
        list.expect(200).json()["items"].as_array().unwrap().clone()
    }

    /// A mailbox, and where its page is.
    async fn mailbox(&self, address: &str) -> String {
        let new = json!({ "address": address, "password_hash": HASH });
        let made = self.ask("mailboxes", new, 201).await;
        assert_eq!(made["address"], format!("ann@{KEPT}"));
        made["id"].as_str().unwrap().to_owned()
    }
}

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector);
    found
        .map(|one| one.text().collect::<String>().trim().to_owned())
        .collect()
}

#[tokio::test]
async fn a_domain_is_one_however_it_is_typed() {
    let it = Scene::new().await;
    for again in [SHOWN, KEPT, "BÜCHER.EXAMPLE.", "XN--BCHER-KVA.example"] {
        let told = it.ask("domains", json!({ "name": again }), 422).await;
        assert!(told.to_string().contains("already"), "{again}: {told}");
    }
    let broken = it.ask("domains", json!({ "name": "xn--a.example" }), 422).await;
    assert!(
        broken.to_string().contains("no name that DNS can have"),
        "{broken}"
    );
    let list = it.browser.get("/t/acme/mail").await.expect(200);
    assert_eq!(texts(&list, "tbody th a"), [SHOWN]);
    assert_eq!(texts(&list, "tbody th .mono"), [KEPT]);
    for query in ["bücher", SHOWN, "bcher"] {
        assert_eq!(it.found("domains", query).await.len(), 1, "{query}");
    }
}

#[tokio::test]
async fn a_mailbox_is_typed_and_shown_as_people_write_it() {
    let it = Scene::new().await;
    let id = it.mailbox("Ann@BÜCHER.example").await;
    let page = it
        .browser
        .get(&format!("/t/acme/mail/mailboxes/{id}"))
        .await
        .expect(200);
    assert_eq!(texts(&page, "h1"), ["ann@bücher.example"]);
    assert!(
        texts(&page, ".kv .mono").contains(&format!("ann@{KEPT}")),
        "{}",
        page.body
    );
    for query in ["ann@bücher.example", SHOWN, "ann@xn--bcher"] {
        assert_eq!(it.found("mailboxes", query).await.len(), 1, "{query}");
    }
    let told = it
        .ask(
            "mailboxes",
            json!({ "address": "jürgen@bücher.example", "password_hash": HASH }),
            422,
        )
        .await;
    assert!(
        told.to_string().contains("Use plain letters a to z before the @"),
        "{told}"
    );
    let form = [("address", "jürgen"), ("domain", KEPT), ("entry", "link")];
    let told = it.browser.post("/t/acme/mail/mailboxes", &form).await.expect(422);
    assert!(
        told.body.contains("Use plain letters a to z before the @"),
        "{}",
        told.body
    );
}

#[tokio::test]
async fn what_leads_there_is_typed_and_shown_as_people_write_it() {
    let it = Scene::new().await;
    let id = it.mailbox("ann@bücher.example").await;
    let new = json!({ "address": "verkauf@bücher.example", "targets": ["ann@BÜCHER.example", "kim@straße.example"] });
    let made = it.ask("aliases", new, 201).await;
    assert_eq!(made["address"], format!("verkauf@{KEPT}"));
    assert_eq!(
        made["targets"],
        json!([format!("ann@{KEPT}"), "kim@xn--strae-oqa.example"])
    );
    let alias = format!("/t/acme/mail/aliases/{}", made["id"].as_str().unwrap());
    let page = it.browser.get(&alias).await.expect(200);
    assert_eq!(texts(&page, "h1"), ["verkauf@bücher.example"]);
    assert_eq!(
        texts(&page, "#targets li"),
        ["ann@bücher.example", "kim@straße.example"]
    );
    assert!(
        texts(&page, ".kv .mono").contains(&format!("verkauf@{KEPT}")),
        "{}",
        page.body
    );
    let edit = it.browser.get(&format!("{alias}/edit")).await.expect(200);
    assert_eq!(
        texts(&edit, "#f-targets"),
        ["ann@bücher.example\nkim@straße.example"]
    );
    assert_eq!(it.found("aliases", "verkauf@bücher.example").await.len(), 1);
    let told = it
        .ask(
            "aliases",
            json!({ "address": "x@bücher.example", "targets": ["jürgen@bücher.example"] }),
            422,
        )
        .await;
    assert!(
        told.to_string().contains("Use plain letters a to z before the @"),
        "{told}"
    );
    let circle = json!({ "forward_to": ["verkauf@bücher.example"], "keeps_copy": true });
    let path = format!("/api/v1/mail/mailboxes/{id}/forwarding");
    let told = it.program.json("PUT", &path, &circle).await.expect(422);
    assert!(
        told.body
            .contains("ann@bücher.example → verkauf@bücher.example → ann@bücher.example"),
        "{}",
        told.body
    );
    let away = json!({ "forward_to": ["kim@straße.example"], "keeps_copy": true });
    let set = it.program.json("PUT", &path, &away).await.expect(200).json();
    assert_eq!(set["forward_to"], json!(["kim@xn--strae-oqa.example"]));
    let form = it
        .browser
        .get(&format!("/t/acme/mail/mailboxes/{id}/forwarding"))
        .await
        .expect(200);
    assert_eq!(texts(&form, "#f-forward_to"), ["kim@straße.example"]);
}

#[tokio::test]
async fn its_person_signs_in_either_way() {
    let it = Scene::new().await;
    let (mailbox, _) = it.test.mailbox_person(it.tenant, &format!("kim@{KEPT}")).await;
    // `ann's password`.
    let brought = "{BLF-CRYPT}$2y$06$oRLNgNLNU6KSoJqQabcdeeHNqYN74hXJTrzF0h7beysCwq6LqCQJi";
    it.test.mail_password(mailbox, brought).await;
    for address in ["kim@bücher.example".to_owned(), format!("Kim@{KEPT}")] {
        let anybody = it.test.anonymous();
        let fields = [("address", &*address), ("password", "ann's password")];
        anybody.post("/mailbox/sign-in", &fields).await.expect(303);
        let page = anybody.get("/mailbox").await.expect(200);
        assert!(page.body.contains("kim@bücher.example"), "{}", page.body);
        assert!(
            texts(&page, ".kv .mono").contains(&format!("kim@{KEPT}")),
            "{}",
            page.body
        );
    }
}
