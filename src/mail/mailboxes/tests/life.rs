//! Making mailboxes, changing them, deleting and restoring them by the API, and what is refused.

use super::*;

#[tokio::test]
async fn one_is_made_at_once_with_a_hash_that_was_brought() {
    let scene = Scene::new().await;
    let new = json!({ "address": " Ann.Smith@A.example ", "name": "Ann", "password_hash": HASH, "quota_mib": 0,
        "hourly_limit": 5, "max_own_aliases": 2 });
    let made = scene.post(MAILBOXES, new).await.expect(201).json();
    assert_eq!(made["address"], "ann.smith@a.example");
    assert_eq!(
        (&made["quota_mib"], &made["hourly_limit"]),
        (&json!(0), &json!(5))
    );
    assert_eq!(
        (&made["has_password"], &made["is_enabled"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&made["set_up_link"], &made["hindrance"]),
        (&Value::Null, &Value::Null)
    );
    // What is told without reading it again is what is there.
    let found = scene.find(&id_of(&made)).await;
    for (key, value) in found.as_object().unwrap() {
        assert_eq!(&made[key], value, "{key}");
    }
    let kept = scene.secrets("ann.smith@a.example").await;
    assert_eq!(kept, (Some(HASH.to_owned()), false));
    assert_eq!(scene.counted().await, (1, 1));
    let audit = scene.program.get("/api/v1/audit-events").await.expect(200).body;
    assert!(
        audit.contains("mailbox.create") && !audit.contains("argon2id"),
        "{audit}"
    );
}

#[tokio::test]
async fn a_password_is_judged_and_hashed_as_dovecot_reads_it() {
    let scene = Scene::new().await;
    let weak = json!({ "address": "ann@a.example", "password": "ann@a.example" });
    let weak = scene.post(MAILBOXES, weak).await.expect(422);
    assert_eq!(fields(&weak), ["password"]);
    let good = json!({ "address": "ann@a.example", "password": GOOD });
    scene.post(MAILBOXES, good).await.expect(201);
    let (hash, _) = scene.secrets("ann@a.example").await;
    let hash = hash.unwrap();
    assert!(hash.starts_with("{ARGON2ID}$argon2id$v=19$m="), "{hash}");
    assert!(hash.contains(",p=1$"), "libsodium takes one lane only: {hash}");
    assert!(crate::mail::model::parse_hash(&hash).is_ok());
}

#[tokio::test]
async fn what_is_wrong_is_told_for_each_field() {
    let scene = Scene::new().await;
    let wrong = json!({ "address": "ann@", "name": "Ann\r\nBcc: x@y.example", "quota_mib": -1, "hourly_limit": -1,
        "max_own_aliases": 1001 });
    let wrong = scene.post(MAILBOXES, wrong).await.expect(422);
    let told = [
        "address",
        "name",
        "quota_mib",
        "hourly_limit",
        "max_own_aliases",
        "password",
    ];
    assert_eq!(fields(&wrong), told);
    let foreign = scene.ask("ann@b.example").await.expect(422);
    assert!(
        foreign.body.contains("You have no mail domain b.example"),
        "{foreign:?}"
    );
    let large = json!({ "address": "ann@a.example", "password_hash": HASH, "quota_mib": 16_777_216 });
    let large = scene.post(MAILBOXES, large).await.expect(422);
    assert_eq!(fields(&large), ["quota_mib"]);
    let unknown = json!({ "address": "ann@a.example", "password_hash": HASH, "colour": "red" });
    scene.post(MAILBOXES, unknown).await.expect(422);
    let no_mailer =
        json!({ "address": "ann@a.example", "set_up_link": true, "send_link_to": "ann@y.example" });
    let no_mailer = scene.post(MAILBOXES, no_mailer).await.expect(422);
    assert_eq!(fields(&no_mailer), ["send_link_to"]);
    assert_eq!(scene.counted().await, (0, 0));
    let audit = scene.program.get("/api/v1/audit-events").await.expect(200).body;
    assert!(
        !audit.contains("mailbox.create"),
        "what is refused leaves nothing: {audit}"
    );
}

#[tokio::test]
async fn an_address_is_taken_once_in_a_domain_and_says_nothing_of_others() {
    let scene = Scene::new().await;
    scene.create("ann@a.example").await;
    let twice = scene.ask("ANN@a.example").await.expect(422);
    assert!(
        twice.body.contains("ann@a.example is a mailbox already."),
        "{twice:?}"
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    sqlx::query!(
        "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, created_by, created_at, updated_at) \
         values ($1, $2, $3, 'sales', 'sales@a.example', 'alias', '{ann@a.example}', 'test', $4, $4)",
        scene.test.app.ids.uuid(scene.test.app.now()),
        scene.tenant.0,
        scene.domain.0,
        scene.test.app.now()
    )
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let alias = scene.ask("sales@a.example").await.expect(422);
    assert!(
        alias.body.contains("sales@a.example is an alias already."),
        "{alias:?}"
    );

    // Somebody else names the same domain and can't prove it: they neither learn of Ann nor keep anybody from an address.
    let (other, bob) = (scene.test.tenant("other").await, scene.test.person("bob").await);
    scene.test.member(other, bob, TenantRole::Owner).await;
    rows::domain(&scene.test, other, "a.example", false).await;
    let stranger = program(&scene.test, other, bob).await;
    for address in ["ann@a.example", "boss@a.example"] {
        let new = json!({ "address": address, "password_hash": HASH });
        let made = stranger.json("POST", MAILBOXES, &new).await.expect(201).json();
        assert_eq!(
            made["hindrance"],
            "No mail arrives before the domain is proven to be yours."
        );
    }
    scene.create("boss@a.example").await;
}

#[tokio::test]
async fn a_plan_has_its_limit_until_one_is_deleted() {
    let scene = Scene::new().await;
    let limit = "insert into plan_mail (plan_id, max_mailboxes, updated_at) select id, 2, now() from plan";
    scene.test.administer(limit).await;
    let first = scene.create("one@a.example").await;
    scene.create("two@a.example").await;
    let full = scene.ask("three@a.example").await.expect(409).json();
    assert_eq!(
        (&full["code"], &full["limit"], &full["used"]),
        (&json!("limit-reached"), &json!(2), &json!(2))
    );
    scene.delete(&first).await;
    scene.create("three@a.example").await;
    assert_eq!(
        scene.act(&first, "restore", 409).await.json()["code"],
        "limit-reached"
    );
    assert_eq!(scene.counted().await, (2, 2));
}

#[tokio::test]
async fn of_many_at_once_as_many_are_made_as_fit() {
    let scene = Scene::new().await;
    let limit = "insert into plan_mail (plan_id, max_mailboxes, updated_at) select id, 3, now() from plan";
    scene.test.administer(limit).await;
    let names: Vec<String> = (0..8).map(|number| format!("m{number}@a.example")).collect();
    let asked = names.iter().map(|name| scene.ask(name));
    let answers = futures_util::future::join_all(asked).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 3);
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)));
    assert_eq!(scene.counted().await, (3, 3));
}

#[tokio::test]
async fn whatever_answers_a_mailbox_says_its_version() {
    let scene = Scene::new().await;
    let made = scene.ask("ann@a.example").await.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    let id = id_of(&made.json());
    for verb in ["disable", "enable"] {
        let changed = scene.act(&id, verb, 200).await;
        let read = scene.program.get(&one(&id, "")).await.expect(200);
        assert_eq!(changed.header("etag"), read.header("etag"), "{verb}");
    }
}

#[tokio::test]
async fn settings_change_and_what_is_not_said_stays() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    let path = one(&id, "");
    let change = json!({ "name": "Ann", "quota_mib": 100 });
    let changed = scene.program.json("PATCH", &path, &change).await.expect(200);
    let tag = changed.header("etag").to_owned();
    assert_eq!(changed.json()["quota_mib"], 100);
    let freed = scene
        .program
        .json("PATCH", &path, &json!({ "quota_mib": null }))
        .await
        .expect(200);
    assert_eq!(
        (&freed.json()["quota_mib"], &freed.json()["name"]),
        (&Value::Null, &json!("Ann"))
    );
    let late = scene
        .program
        .json_with(
            "PATCH",
            &path,
            &json!({ "name": "Bob" }),
            &[("if-match", tag.as_str())],
        )
        .await;
    late.expect(412);
    let wrong = scene
        .program
        .json("PATCH", &path, &json!({ "name": "a\nb" }))
        .await
        .expect(422);
    assert_eq!(fields(&wrong), ["name"]);
    assert_eq!(scene.find(&id).await["name"], "Ann");
}

#[tokio::test]
async fn who_loses_access_is_signed_out() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    assert_eq!(scene.kicked().await, [""; 0]);
    assert_eq!(scene.act(&id, "disable", 200).await.json()["is_enabled"], false);
    assert_eq!(scene.kicked().await, ["ann@a.example"]);
    scene.act(&id, "disable", 200).await;
    assert_eq!(scene.kicked().await, [""; 0], "it was disabled already");
    scene.act(&id, "enable", 200).await;
    let new = json!({ "password": GOOD });
    scene.post(&one(&id, "password"), new).await.expect(200);
    assert_eq!(scene.kicked().await, ["ann@a.example"]);
    scene.delete(&id).await;
    assert_eq!(scene.kicked().await, ["ann@a.example"]);
}

#[tokio::test]
async fn a_deleted_one_is_restored_unless_somebody_has_its_address() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    assert_eq!(
        scene.act(&id, "restore", 409).await.json()["code"],
        "mailbox-not-deleted"
    );
    assert_eq!(
        scene.act(&id, "erase", 409).await.json()["code"],
        "mailbox-not-deleted"
    );
    scene.delete(&id).await;
    let gone = scene.find(&id).await;
    assert!(gone["deleted_at"].is_string() && gone["erased_at"].is_string());
    assert_eq!(scene.list("").await, [""; 0]);
    let deleted = scene
        .program
        .get("/api/v1/mail/deleted-mailboxes")
        .await
        .expect(200)
        .json();
    assert_eq!(deleted["items"][0]["id"], json!(id));
    let late = scene.act(&id, "disable", 409).await.json();
    assert_eq!(late["code"], "mailbox-deleted");

    let other = scene.create("ann@a.example").await;
    let taken = scene.act(&id, "restore", 409).await.json();
    assert_eq!(taken["code"], "address-taken");
    scene.delete(&other).await;
    let back = scene.act(&id, "restore", 200).await.json();
    assert_eq!(
        (&back["deleted_at"], &back["has_password"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(scene.list("").await, ["ann@a.example"]);
    assert_eq!(scene.counted().await, (1, 1));
}

#[tokio::test]
async fn lists_are_searched_sorted_and_cut() {
    let scene = Scene::new().await;
    let other = rows::domain(&scene.test, scene.tenant, "b.example", true).await;
    for address in [
        "carl@a.example",
        "ann@a.example",
        "bob@a.example",
        "ann@b.example",
    ] {
        scene.later(TimeDelta::seconds(1));
        scene.create(address).await;
    }
    let all = [
        "ann@a.example",
        "ann@b.example",
        "bob@a.example",
        "carl@a.example",
    ];
    assert_eq!(scene.list("").await, all);
    let of_a = |sort: &str| format!("?domain={}&sort={sort}", scene.domain);
    assert_eq!(
        scene.list(&of_a("-address")).await,
        ["carl@a.example", "bob@a.example", "ann@a.example"]
    );
    assert_eq!(
        scene.list(&of_a("created")).await,
        ["carl@a.example", "ann@a.example", "bob@a.example"]
    );
    assert_eq!(
        scene.list(&of_a("-created")).await,
        ["bob@a.example", "ann@a.example", "carl@a.example"]
    );
    assert_eq!(scene.list(&of_a("used")).await.len(), 3);
    assert_eq!(scene.list(&format!("?domain={other}")).await, ["ann@b.example"]);
    assert_eq!(scene.list("?q=ANN").await, ["ann@a.example", "ann@b.example"]);
    scene
        .program
        .get(&format!("{MAILBOXES}?sort=used"))
        .await
        .expect(422);
    for sort in ["address", "-address", "created", "-created", "used", "-used"] {
        let whole = scene.list(&of_a(sort)).await;
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("{MAILBOXES}{}&limit=1{after}", of_a(sort));
            let page = scene.program.get(&path).await.expect(200).json();
            pages.push(page["items"][0]["address"].as_str().unwrap().to_owned());
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(pages, whole, "{sort}");
    }
}

#[tokio::test]
async fn another_tenants_mailboxes_are_not_there() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    let (other, bob) = (scene.test.tenant("other").await, scene.test.person("bob").await);
    scene.test.member(other, bob, TenantRole::Owner).await;
    let stranger = program(&scene.test, other, bob).await;
    stranger.get(&one(&id, "")).await.expect(404);
    stranger
        .json("PATCH", &one(&id, ""), &json!({ "name": "x" }))
        .await
        .expect(404);
    stranger
        .json("DELETE", &one(&id, ""), &json!({}))
        .await
        .expect(404);
    for verb in ["restore", "erase", "enable", "disable", "set-up-link"] {
        stranger
            .json("POST", &one(&id, verb), &json!({}))
            .await
            .expect(404);
    }
    let password = json!({ "password": GOOD });
    stranger
        .json("POST", &one(&id, "password"), &password)
        .await
        .expect(404);
    let program = json!({ "name": "x", "protocols": ["imap"] });
    stranger
        .json("POST", &one(&id, "app-passwords"), &program)
        .await
        .expect(404);
    let address = json!({ "address": "x@a.example" });
    stranger
        .json("POST", &one(&id, "send-as"), &address)
        .await
        .expect(404);
    stranger.get(&one(&id, "app-passwords")).await.expect(404);
    stranger
        .get(&format!("{MAILBOXES}?domain={}", scene.domain))
        .await
        .expect(404);
    let page = stranger.get(MAILBOXES).await.expect(200).json();
    assert_eq!(page["items"], json!([]));
}
