//! Aliases in the panel: what is made and changed, who gets the mail, what is refused with which chain, and what others see.

mod pages;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::platform::access::{Permission, TenantRole};
use crate::platform::ids::MailDomainId;
use crate::testing::{Answer, Client, TestApp};

const ALL: &str = "/api/v1/mail/aliases";

/// A tenant with the domain x.example, the mailboxes ann, bob and cid in it, old.example that stands for it, and new.example
/// that is not verified yet.
struct Scene {
    test: TestApp,
    program: Client,
    browser: Client,
}

/// The id of a domain of the scene.
fn domain(number: u128) -> String {
    MailDomainId(Uuid::from_u128(number)).to_string()
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        test.administer(
            "insert into mail_domain (id, tenant_id, name, proof, verified_at, alias_of, created_by, created_at, updated_at) \
             select ('00000000-0000-0000-0000-00000000000' || n)::uuid, t.id, d.name, 'proof', \
               case when n < 3 then now() end, case when n = 2 then '00000000-0000-0000-0000-000000000001'::uuid end, \
               'ada', now(), now() \
             from tenant t, (values (1, 'x.example'), (2, 'old.example'), (3, 'new.example')) as d (n, name) where t.slug = 'acme'",
        )
        .await;
        test.administer(
            "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
             select gen_random_uuid(), d.tenant_id, d.id, p, p || '@x.example', 'ada', now(), now() \
             from mail_domain d, unnest('{ann,bob,cid}'::text[]) as p where d.name = 'x.example'",
        )
        .await;
        let may = [Permission::MailRead, Permission::MailWrite];
        Self {
            program: test.program(ada, Some(tenant), &may).await,
            browser: test.browser(ada).await,
            test,
        }
    }

    async fn ask(&self, body: Value) -> Answer {
        self.program.json("POST", ALL, &body).await
    }

    /// Makes an alias in x.example, and says its id.
    async fn alias(&self, local: &str, targets: &[&str]) -> String {
        let made = self.ask(wish(local, targets)).await.expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn change(&self, id: &str, body: Value) -> Answer {
        self.program.json("PATCH", &format!("{ALL}/{id}"), &body).await
    }

    async fn reach(&self, id: &str) -> Value {
        let path = format!("{ALL}/{id}/recipients");
        self.program.get(&path).await.expect(200).json()
    }

    async fn listed(&self, query: &str) -> Vec<String> {
        let list = self
            .program
            .get(&format!("{ALL}{query}"))
            .await
            .expect(200)
            .json();
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["address"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn wish(local: &str, targets: &[&str]) -> Value {
    json!({ "address": format!("{local}@x.example"), "kind": "alias", "targets": targets })
}

/// What is said about a field.
#[track_caller]
fn said(answer: &Answer, field: &str) -> String {
    let problem = answer.json();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let error = errors.iter().find(|error| error["field"] == field);
    let error = error.unwrap_or_else(|| panic!("nothing about {field}: {problem}"));
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_alias_is_made_changed_and_deleted() {
    let it = Scene::new().await;
    let made = it
        .ask(wish("Sales", &["Ann@x.example", "kim@else.example"]))
        .await
        .expect(201);
    let alias = made.json();
    assert_eq!(alias["address"], "sales@x.example");
    assert_eq!(alias["targets"], json!(["ann@x.example", "kim@else.example"]));
    let id = alias["id"].as_str().unwrap();
    let reach = it.reach(id).await;
    assert_eq!(reach["recipients"], json!(["ann@x.example", "kim@else.example"]));

    let late = [("if-match", "\"7\"")];
    let path = format!("{ALL}/{id}");
    let body = json!({ "description": "for orders" });
    it.program
        .json_with("PATCH", &path, &body, &late)
        .await
        .expect(412);
    let changed = it
        .change(
            id,
            json!({ "targets": ["bob@x.example"], "description": "for orders" }),
        )
        .await;
    let changed = changed.expect(200).json();
    assert_eq!(
        (&changed["targets"], &changed["description"]),
        (&json!(["bob@x.example"]), &json!("for orders"))
    );
    it.change(id, json!({ "is_enabled": false })).await.expect(200);
    let reach = it.reach(id).await;
    assert_eq!(
        (&reach["recipients"], &reach["refused"]),
        (&json!([]), &json!(["sales@x.example"]))
    );

    it.program.json("DELETE", &path, &json!({})).await.expect(204);
    it.program.get(&path).await.expect(404);
    it.alias("sales", &["ann@x.example"]).await;
}

#[tokio::test]
async fn what_leads_in_a_circle_is_refused_with_the_chain() {
    let it = Scene::new().await;
    it.alias("a", &["b@x.example"]).await;
    it.alias("b", &["c+news@x.example"]).await;
    let refused = it
        .ask(wish("c", &["ann@x.example", "A@old.example"]))
        .await
        .expect(422);
    let told = said(&refused, "targets");
    let chain = "c@x.example → a@old.example → a@x.example → b@x.example → c@x.example";
    assert!(told.contains(chain), "{told}");
    let itself = it.ask(wish("me", &["me@x.example"])).await.expect(422);
    assert!(said(&itself, "targets").contains("me@x.example → me@x.example"));
    assert_eq!(
        it.listed("").await,
        ["a@x.example", "b@x.example"],
        "nothing was made"
    );

    it.test
        .administer(
            "update mailbox set forward_to = '{a@x.example}', keeps_copy = false where local_part = 'ann'",
        )
        .await;
    let id = it.alias("d", &["bob@x.example"]).await;
    it.change(&id, json!({ "targets": ["ann@x.example"] }))
        .await
        .expect(200);
    let refused = it.ask(wish("c", &["d@x.example"])).await.expect(422);
    assert!(said(&refused, "targets").contains("d@x.example → ann@x.example → a@x.example"));
}

#[tokio::test]
async fn a_mailbox_may_not_forward_in_a_circle() {
    let it = Scene::new().await;
    it.alias("a", &["ann@x.example"]).await;
    let address = |text: &str| crate::mail::model::Address::parse(text).unwrap();
    let mut tx = it.test.app.db.system().await.unwrap();
    let ann = address("ann@x.example");
    let refused = super::check_forward(&mut tx, &ann, &[address("a@x.example")]).await;
    let told = refused.unwrap_err();
    let crate::platform::error::Error::Invalid(errors) = told else {
        panic!("no field is told of");
    };
    let told = errors.get("forward_to").unwrap();
    assert!(
        told.contains("ann@x.example → a@x.example → ann@x.example"),
        "{told}"
    );
    super::check_forward(&mut tx, &ann, &[address("bob@x.example")])
        .await
        .unwrap();
}

#[tokio::test]
async fn what_leads_to_nobody_is_made_and_told_with_the_way() {
    let it = Scene::new().await;
    let inner = it.alias("inner", &["old@x.example"]).await;
    let made = it
        .ask(wish("outer", &["inner@x.example"]))
        .await
        .expect(201)
        .json();
    let told = made["hindrance"].as_str().unwrap();
    assert!(
        told.contains("outer@x.example → inner@x.example → old@x.example ends at"),
        "{told}"
    );
    let outer = made["id"].as_str().unwrap();
    let reach = it.reach(outer).await;
    assert_eq!(
        reach["dead_ends"],
        json!([["outer@x.example", "inner@x.example", "old@x.example"]])
    );
    let better = it
        .change(&inner, json!({ "targets": ["old@x.example", "ann@x.example"] }))
        .await;
    assert_eq!(better.expect(200).json()["hindrance"], Value::Null);
    let off = it
        .change(&inner, json!({ "is_enabled": false }))
        .await
        .expect(200)
        .json();
    assert_eq!(off["hindrance"], Value::Null, "that is what was asked for");
    let still = it
        .change(outer, json!({ "description": "x" }))
        .await
        .expect(200)
        .json();
    assert!(
        still["hindrance"]
            .as_str()
            .unwrap()
            .contains("inner@x.example ends at")
    );
    let off = json!({ "address": "off@x.example", "targets": ["old@x.example"], "is_enabled": false });
    assert_eq!(it.ask(off).await.expect(201).json()["hindrance"], Value::Null);
}

#[tokio::test]
async fn no_more_than_a_thousand_get_a_message_also_by_what_leads_here() {
    let it = Scene::new().await;
    let many = |from: usize, to: usize| -> Vec<String> {
        (from..to).map(|n| format!("p{n}@else.example")).collect()
    };
    let group = |local: &str, targets: Vec<String>| json!({ "address": format!("{local}@x.example"), "kind": "group", "targets": targets });
    let mut first = many(0, 999);
    first.push("b@x.example".to_owned());
    it.ask(group("all", first)).await.expect(201);
    let refused = it.ask(group("b", many(2000, 2002))).await.expect(422);
    assert!(said(&refused, "targets").contains("all@x.example → b@x.example"));
    it.ask(group("b", many(2000, 2001))).await.expect(201);
    let refused = it.ask(group("c", many(0, 1001))).await.expect(422);
    assert!(said(&refused, "targets").contains("more than 1000"));
    let targets = many(0, 101);
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let refused = it.ask(wish("c", &targets)).await.expect(422);
    assert!(said(&refused, "targets").contains("more than 100"));
}

#[tokio::test]
async fn a_catch_all_gets_what_nobody_has() {
    let it = Scene::new().await;
    let to_nobody = it.alias("a", &["nobody@x.example"]).await;
    assert_eq!(it.reach(&to_nobody).await["refused"], json!(["nobody@x.example"]));
    let all = json!({ "address": "@x.example", "targets": ["cid@x.example"] });
    let made = it.ask(all.clone()).await.expect(201).json();
    assert_eq!(
        (&made["address"], &made["kind"]),
        (&json!("@x.example"), &json!("catch_all"))
    );
    assert_eq!(it.reach(&to_nobody).await["recipients"], json!(["cid@x.example"]));
    let twice = it.ask(all).await.expect(422);
    assert!(said(&twice, "address").contains("is an alias already"));
    let id = made["id"].as_str().unwrap();
    let refused = it
        .change(id, json!({ "targets": ["nobody@x.example"] }))
        .await
        .expect(422);
    assert!(said(&refused, "targets").contains("nobody@x.example → @x.example"));
    it.change(id, json!({ "kind": "alias" })).await.expect(422);
}

#[tokio::test]
async fn what_is_taken_strange_or_elsewhere_is_refused() {
    let it = Scene::new().await;
    let taken = it.ask(wish("ann", &["bob@x.example"])).await.expect(422);
    assert!(said(&taken, "address").contains("ann@x.example is a mailbox already"));
    let strange = it.ask(wish("a+b", &["bob"])).await.expect(422);
    assert!(said(&strange, "address").contains("Leave + out") && said(&strange, "targets").contains("bob"));
    let injected = it
        .ask(wish("a\r\nBcc: x@y.example", &["bob@x.example"]))
        .await
        .expect(422);
    assert!(!said(&injected, "address").is_empty());
    let body = json!({ "address": "a@old.example", "targets": ["bob@x.example"] });
    assert_eq!(
        it.ask(body).await.expect(409).json()["code"],
        "mail-domain-is-alias"
    );
    let early = json!({ "address": "a@new.example", "targets": ["bob@x.example"] });
    let early = it.ask(early).await.expect(201).json();
    assert!(early["hindrance"].as_str().unwrap().contains("No mail arrives"));
    for address in ["a@nobody.example", "a", "a@", ""] {
        let body = json!({ "address": address, "targets": ["bob@x.example"] });
        let refused = it.ask(body).await.expect(422);
        assert!(!said(&refused, "address").is_empty());
    }
}

#[tokio::test]
async fn an_address_says_what_kind_it_is_of() {
    let it = Scene::new().await;
    let ask =
        |address: &str, kind: &str| json!({ "address": address, "kind": kind, "targets": ["bob@x.example"] });
    for (address, kind) in [
        ("@x.example", "alias"),
        ("@x.example", "group"),
        ("a@x.example", "catch_all"),
    ] {
        let refused = it.ask(ask(address, kind)).await.expect(422);
        assert!(said(&refused, "kind").contains("name before the @"));
    }
    let plain = json!({ "address": "A@X.example", "targets": ["bob@x.example"] });
    let made = it.ask(plain).await.expect(201).json();
    assert_eq!(
        (&made["address"], &made["kind"]),
        (&json!("a@x.example"), &json!("alias"))
    );
    it.ask(ask("@x.example", "catch_all")).await.expect(201);
}

#[tokio::test]
async fn the_plan_s_limit_holds() {
    let it = Scene::new().await;
    it.test
        .administer("insert into plan_mail (plan_id, max_aliases, updated_at) select id, 1, now() from plan")
        .await;
    let id = it.alias("a", &["ann@x.example"]).await;
    assert_eq!(
        it.ask(wish("b", &["ann@x.example"])).await.expect(409).json()["code"],
        "limit-reached"
    );
    it.program
        .json("DELETE", &format!("{ALL}/{id}"), &json!({}))
        .await
        .expect(204);
    it.alias("b", &["ann@x.example"]).await;
}

#[tokio::test]
async fn lists_are_searched_sorted_and_paged() {
    let it = Scene::new().await;
    for name in ["c", "a", "b"] {
        it.test.clock.advance(chrono::TimeDelta::seconds(1));
        it.alias(name, &["ann@x.example"]).await;
    }
    it.alias("team", &["bob@x.example"]).await;
    let names = |letters: &[&str]| -> Vec<String> {
        letters
            .iter()
            .map(|letter| format!("{letter}@x.example"))
            .collect()
    };
    assert_eq!(it.listed("").await, names(&["a", "b", "c", "team"]));
    assert_eq!(it.listed("?sort=-address").await, names(&["team", "c", "b", "a"]));
    assert_eq!(it.listed("?sort=created&limit=2").await, names(&["c", "a"]));
    assert_eq!(it.listed("?q=bob").await, names(&["team"]));
    assert_eq!(it.listed(&format!("?domain={}", domain(2))).await, names(&[]));
    let first = it.program.get(&format!("{ALL}?limit=3")).await.json();
    let next = format!("?limit=3&after={}", first["next"].as_str().unwrap());
    assert_eq!(it.listed(&next).await, names(&["team"]));
    it.program.get(&format!("{ALL}?sort=colour")).await.expect(422);
}

#[tokio::test]
async fn another_tenant_sees_nothing_of_it() {
    let it = Scene::new().await;
    let id = it.alias("a", &["ann@x.example"]).await;
    let (other, eve) = (it.test.tenant("other").await, it.test.person("eve").await);
    it.test.member(other, eve, TenantRole::Owner).await;
    let may = [Permission::MailRead, Permission::MailWrite];
    let theirs = it.test.program(eve, Some(other), &may).await;
    let path = format!("{ALL}/{id}");
    for path in [path.clone(), format!("{path}/recipients")] {
        theirs.get(&path).await.expect(404);
    }
    theirs
        .json("PATCH", &path, &json!({ "is_enabled": false }))
        .await
        .expect(404);
    theirs.json("DELETE", &path, &json!({})).await.expect(404);
    theirs
        .json("POST", ALL, &wish("b", &["eve@else.example"]))
        .await
        .expect(422);
    let list = theirs.get(ALL).await.expect(200).json();
    assert_eq!(list["items"], json!([]));
}
