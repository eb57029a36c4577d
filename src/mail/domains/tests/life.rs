//! From being added to being removed, and who is refused on the way.

use super::*;

#[tokio::test]
async fn a_domain_is_added_proved_and_removed() {
    let it = Scene::new().await;
    let domain = it.add("Bücher.example").await;
    let found = it.get(&domain).await;
    assert_eq!(found["name"], "xn--bcher-kva.example");
    assert_eq!(
        (&found["state"], &found["verified_at"]),
        (&json!("unverified"), &Value::Null)
    );
    let verify = format!("{domain}/verify");
    let early = it.post(&verify, json!({})).await.expect(409).json();
    assert_eq!(early["code"], "mail-domain-not-proved");
    assert!(text(&early["title"]).contains("berth-verification="), "{early}");
    it.test
        .dns
        .set_txt("_berth.xn--bcher-kva.example", &["berth-verification=guess"]);
    it.post(&verify, json!({})).await.expect(409);
    it.publish_proof(&domain).await;
    it.test.dns.be_away(true);
    let away = it.post(&verify, json!({})).await.expect(409).json();
    assert_eq!(away["code"], "dns-away");
    it.test.dns.be_away(false);
    let proved = it.post(&verify, json!({})).await.expect(200).json();
    assert_eq!(proved["state"], "active");
    it.test.dns.set_txt("_berth.xn--bcher-kva.example", &[]);
    let again = it.post(&verify, json!({})).await.expect(200).json();
    assert_eq!(again["verified_at"], proved["verified_at"], "it stays proved");
    let records = it.get(&format!("{domain}/records")).await;
    assert!(!records.to_string().contains("berth-verification"), "{records}");
    it.delete(&domain).await.expect(204);
    it.program.get(&domain).await.expect(404);
}

#[tokio::test]
async fn of_all_tenants_one_proves_a_domain_and_the_others_do_not_learn_which() {
    let it = Scene::new().await;
    let (_, rival) = Scene::tenant(&it.test, "rival").await;
    let domain = it.add("a.example").await;
    let other = add(&rival, "a.example").await;
    rival.get(&domain).await.expect(404);
    for path in ["records", "keys"] {
        rival.get(&format!("{domain}/{path}")).await.expect(404);
    }
    for path in ["verify", "check", "keys"] {
        rival
            .json("POST", &format!("{domain}/{path}"), &json!({}))
            .await
            .expect(404);
    }
    rival.json("DELETE", &domain, &json!({})).await.expect(404);
    rival
        .json("PATCH", &domain, &json!({ "is_enabled": false }))
        .await
        .expect(404);
    let all = rival.get("/api/v1/mail/domains").await.expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");

    let record = it.record(&domain, "proof").await;
    let theirs = rival.get(&format!("{other}/records")).await.expect(200).json();
    let theirs = text(&theirs["records"][0]["value"]).to_owned();
    assert_ne!(record["value"], theirs.as_str());
    it.test
        .dns
        .set_txt("_berth.a.example", &[text(&record["value"]), &theirs]);
    it.post(&format!("{domain}/verify"), json!({})).await.expect(200);
    let late = rival
        .json("POST", &format!("{other}/verify"), &json!({}))
        .await
        .expect(409);
    assert_eq!(late.json()["code"], "mail-domain-taken");
    assert!(!late.body.to_lowercase().contains("acme"), "{}", late.body);
    assert_eq!(rival.get(&other).await.expect(200).json()["state"], "unverified");
}

#[tokio::test]
async fn what_can_t_be_added_is_told_why() {
    let it = Scene::new().await;
    for bad in ["", "localhost", "ann@a.example", "https://a.example", "192.0.2.1"] {
        let told = it
            .post("/api/v1/mail/domains", json!({ "name": bad }))
            .await
            .expect(422);
        assert_eq!(told.json()["errors"][0]["field"], "name", "{bad}");
    }
    it.add("a.example").await;
    let again = it
        .post("/api/v1/mail/domains", json!({ "name": "A.example." }))
        .await;
    assert!(again.expect(422).body.contains("already"));
    it.test
        .administer("insert into plan_mail (plan_id, max_domains, updated_at) select id, 1, now() from plan")
        .await;
    let full = it
        .post("/api/v1/mail/domains", json!({ "name": "b.example" }))
        .await
        .expect(409);
    assert_eq!(full.json()["code"], "limit-reached");
    assert!(full.body.contains("mail domains"), "{}", full.body);
}

#[tokio::test]
async fn settings_change_and_null_takes_a_limit_away() {
    let it = Scene::new().await;
    let domain = it.add("a.example").await;
    let patch = async |body: Value| it.program.json("PATCH", &domain, &body).await;
    let limits = json!({ "quota_mib": 1024, "hourly_limit": 0, "is_enabled": false });
    let changed = patch(limits).await.expect(200).json();
    assert_eq!(
        (&changed["quota_mib"], &changed["hourly_limit"]),
        (&json!(1024), &json!(0))
    );
    assert_eq!(changed["is_enabled"], false);
    let changed = patch(json!({ "quota_mib": null })).await.expect(200).json();
    assert_eq!(
        (&changed["quota_mib"], &changed["hourly_limit"]),
        (&Value::Null, &json!(0))
    );
    for (field, bad) in [
        ("quota_mib", json!(-1)),
        ("hourly_limit", json!(-1)),
        ("quota_mib", json!(99_999_999)),
    ] {
        let told = patch(json!({ field: bad })).await.expect(422).json();
        assert_eq!(told["errors"][0]["field"], field);
    }
    patch(json!({ "name": "b.example" })).await.expect(422);
    let headers = [("if-match", "\"1\"")];
    let late = it
        .program
        .json_with("PATCH", &domain, &json!({ "is_enabled": true }), &headers)
        .await;
    late.expect(412);
    assert_eq!(it.get(&domain).await["is_enabled"], false);
}

#[tokio::test]
async fn an_alias_domain_has_the_addresses_of_one_of_its_tenant_s() {
    let it = Scene::new().await;
    let main = it.add("main.example").await;
    let (_, rival) = Scene::tenant(&it.test, "rival").await;
    let foreign = add(&rival, "foreign.example").await;
    let new = |name: &str, of: &str| json!({ "name": name, "alias_of": id(of) });
    let told = it
        .post("/api/v1/mail/domains", new("x.example", &foreign))
        .await
        .expect(422)
        .json();
    assert_eq!(told["errors"][0]["field"], "alias_of");
    assert_eq!(
        it.get("/api/v1/mail/domains").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let alias = it
        .post("/api/v1/mail/domains", new("alias.example", &main))
        .await
        .expect(201)
        .json();
    assert_eq!(alias["alias_of"], id(&main));
    let alias = format!("/api/v1/mail/domains/{}", text(&alias["id"]));
    let chain = it
        .post("/api/v1/mail/domains", new("chain.example", &alias))
        .await
        .expect(422);
    assert!(chain.body.contains("main.example"), "{}", chain.body);
    let other = it.add("other.example").await;
    let turned = it
        .program
        .json("PATCH", &main, &json!({ "alias_of": id(&other) }))
        .await;
    assert!(turned.expect(422).body.contains("Other domains are aliases"));
    let held = it.delete(&main).await.expect(409).json();
    assert_eq!(held["code"], "mail-domain-in-use");
    assert!(text(&held["title"]).contains("1 alias domain"), "{held}");
    it.program
        .json("PATCH", &alias, &json!({ "alias_of": null }))
        .await
        .expect(200);
    it.delete(&main).await.expect(204);
}

#[tokio::test]
async fn an_alias_domain_that_mail_would_come_back_by_is_refused_with_the_chain() {
    let it = Scene::new().await;
    let main = it.proved("main.example").await;
    it.test
        .administer(
            "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, id, 'sales', 'sales@main.example', 'alias', '{sales@alias.example}', 'test', now(), \
               now() from mail_domain",
        )
        .await;
    let new = |of: Option<&str>| json!({ "name": "alias.example", "alias_of": of });
    let told = it
        .post("/api/v1/mail/domains", new(Some(id(&main))))
        .await
        .expect(422);
    let chain = "sales@main.example → sales@alias.example → sales@main.example";
    let error = &told.json()["errors"][0];
    assert_eq!(error["field"], "alias_of");
    assert!(text(&error["message"]).contains(chain), "{error}");
    let made = it
        .post("/api/v1/mail/domains", new(None))
        .await
        .expect(201)
        .json();
    let made = format!("/api/v1/mail/domains/{}", text(&made["id"]));
    let later = json!({ "alias_of": id(&main) });
    let told = it.program.json("PATCH", &made, &later).await.expect(422);
    assert!(text(&told.json()["errors"][0]["message"]).contains(chain));
    assert_eq!(it.get(&made).await["alias_of"], Value::Null);
    it.test
        .administer("update mail_alias set targets = '{other@elsewhere.example}'")
        .await;
    it.program.json("PATCH", &made, &later).await.expect(200);
}

#[tokio::test]
async fn a_domain_with_mailboxes_stays_and_goes_with_those_that_are_only_kept() {
    let it = Scene::new().await;
    let domain = it.proved("a.example").await;
    it.test
        .administer(
            "insert into mailbox (id, tenant_id, domain_id, local_part, address, used_bytes, created_by, created_at, updated_at) \
             select gen_random_uuid(), tenant_id, id, 'ann', 'ann@a.example', 77, 'test', now(), now() from mail_domain",
        )
        .await;
    let found = it.get(&domain).await;
    assert_eq!(
        (&found["mailboxes"], &found["used_bytes"]),
        (&json!(1), &json!(77))
    );
    let held = it.delete(&domain).await.expect(409).json();
    assert!(text(&held["title"]).contains("1 mailbox"), "{held}");
    it.test
        .administer("update mailbox set deleted_at = now(), purge_after = now() + interval '1 day'")
        .await;
    it.delete(&domain).await.expect(204);
    let mut tx = it.test.app.db.system().await.unwrap();
    let erased = sqlx::query_scalar!(r#"select bytes as "bytes!" from mail_erasure"#);
    let erased = erased
        .fetch_all(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap();
    assert_eq!(erased, [77]);
    let log = it.get("/api/v1/audit-events").await;
    let gone = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["action"] == "mail_domain.delete");
    assert_eq!(gone.unwrap()["before"]["erased_mailboxes"], 1, "{log}");
}

#[tokio::test]
async fn lists_are_searched_sorted_and_turned_over() {
    let it = Scene::new().await;
    for name in ["c.example", "a.example", "b.example"] {
        it.test.clock.advance(chrono::TimeDelta::seconds(1));
        it.test.mail_domain(it.tenant, name).await;
    }
    let names = async |query: &str| -> Vec<String> {
        let list = it.get(&format!("/api/v1/mail/domains{query}")).await;
        let items = list["items"].as_array().unwrap().iter();
        items.map(|one| text(&one["name"])[..1].to_owned()).collect()
    };
    assert_eq!(names("").await, ["a", "b", "c"]);
    assert_eq!(names("?sort=-name").await, ["c", "b", "a"]);
    assert_eq!(names("?sort=created").await, ["c", "a", "b"]);
    assert_eq!(names("?sort=-created").await, ["b", "a", "c"]);
    assert_eq!(names("?q=B.exam").await, ["b"]);
    for sort in [
        "name",
        "-name",
        "created",
        "-created",
        "mailboxes",
        "-mailboxes",
        "used",
        "-used",
    ] {
        let whole = names(&format!("?sort={sort}")).await;
        let mut pages = Vec::new();
        let mut after = String::new();
        loop {
            let list = it
                .get(&format!("/api/v1/mail/domains?sort={sort}&limit=1{after}"))
                .await;
            pages.push(text(&list["items"][0]["name"])[..1].to_owned());
            let Some(next) = list["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(pages, whole, "{sort}");
    }
    it.program.get("/api/v1/mail/domains?sort=size").await.expect(422);
}
