//! Imports: what is read, what is told before anything is made, what is made in batches, and what an export gives back.

mod on_pages;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::reconcile::Reconciler as _;
use crate::testing::{Answer, Client, TestApp};

use super::{Imports, clean_up};

const ALL: &str = "/api/v1/mail/imports";

/// A tenant with the domain x.example, the mailbox ann in it, and new.example that is not verified yet.
struct Scene {
    test: TestApp,
    program: Client,
    browser: Client,
    imports: Imports,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let (tenant, ada) = (test.tenant("acme").await, test.person("ada").await);
        test.member(tenant, ada, TenantRole::Owner).await;
        test.administer(
            "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
             select ('00000000-0000-0000-0000-00000000000' || n)::uuid, t.id, d.name, 'proof', case when n < 2 then now() end, \
               'ada', now(), now() \
             from tenant t, (values (1, 'x.example'), (2, 'new.example')) as d (n, name) where t.slug = 'acme'",
        )
        .await;
        test.administer(
            "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
             select gen_random_uuid(), d.tenant_id, d.id, 'ann', 'ann@x.example', 'ada', now(), now() \
             from mail_domain d where d.name = 'x.example'",
        )
        .await;
        let may = [Permission::MailRead, Permission::MailWrite];
        Self {
            // Lists are kept for longer than an hour.
            program: test
                .program_until(ada, Some(tenant), &may, TimeDelta::days(60))
                .await,
            browser: test.browser(ada).await,
            imports: Imports::new(&test.app),
            test,
        }
    }

    async fn send(&self, csv: &str) -> Answer {
        let headers = [("content-type", "text/csv")];
        let body = Body::from(csv.to_owned());
        self.program.send(Method::POST, ALL, &headers, body).await
    }

    /// Uploads a list, and says where it is.
    async fn upload(&self, csv: &str) -> String {
        let read = self.send(csv).await.expect(201).json();
        format!("{ALL}/{}", read["id"].as_str().unwrap())
    }

    async fn act(&self, import: &str, word: &str) -> Answer {
        self.program
            .json("POST", &format!("{import}/{word}"), &json!({}))
            .await
    }

    async fn get(&self, path: &str) -> Value {
        self.program.get(path).await.expect(200).json()
    }

    /// Works until nothing is left to do now.
    async fn work(&self) {
        for _ in 0..100 {
            let claimed = self.imports.claim(4).await.unwrap();
            if claimed.is_empty() {
                return;
            }
            for one in claimed {
                self.imports.reconcile(one).await.unwrap();
            }
        }
        panic!("it does not come to rest");
    }

    /// Lines in a state: number and reason.
    async fn lines(&self, import: &str, state: &str) -> Vec<(i64, String)> {
        let list = self.get(&format!("{import}/lines?state={state}&limit=200")).await;
        let items = list["items"].as_array().unwrap();
        let line = |item: &Value| {
            let reason = item["reason"].as_str().unwrap_or_default();
            (item["line"].as_i64().unwrap(), reason.to_owned())
        };
        items.iter().map(line).collect()
    }

    async fn addresses(&self) -> BTreeSet<String> {
        let mut tx = self.test.app.db.system().await.unwrap();
        let rows = sqlx::query_scalar!("select address from mail_address");
        rows.fetch_all(tx.conn()).await.unwrap().into_iter().collect()
    }

    /// How many lines still hide something.
    async fn hidden(&self) -> i64 {
        let mut tx = self.test.app.db.system().await.unwrap();
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from mail_import_line where sealed is not null or password_hash is not null"#
        );
        count.fetch_one(tx.conn()).await.unwrap()
    }
}

#[tokio::test]
async fn automatic_replies_know_of_aliases_that_are_imported() {
    let it = Scene::new().await;
    it.test
        .administer(
            "insert into mailbox_filter (mailbox_id, tenant_id, reply_is_on, reply_subject, reply_text, updated_at) \
             select id, tenant_id, true, 'Away', 'Back soon.', now() from mailbox",
        )
        .await;
    let import = it
        .upload("address,targets\nsales@x.example,ann@x.example\n")
        .await;
    it.act(&import, "start").await.expect(200);
    it.work().await;
    let mut tx = it.test.app.db.system().await.unwrap();
    let script = sqlx::query_scalar!("select script from mailbox_filter");
    let script = script.fetch_one(tx.conn()).await.unwrap();
    assert!(
        script.contains("[\"ann@x.example\", \"sales@x.example\"]"),
        "{script}"
    );
}

#[tokio::test]
async fn what_a_rival_has_in_a_domain_of_that_name_is_no_matter() {
    let it = Scene::new().await;
    it.test.tenant("rival").await;
    it.test
        .administer(
            "insert into mail_domain (id, tenant_id, name, proof, created_by, created_at, updated_at) \
             select gen_random_uuid(), id, 'x.example', 'proof', 'eve', now(), now() from tenant where slug = 'rival'",
        )
        .await;
    it.test
        .administer(
            "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
             select gen_random_uuid(), d.tenant_id, d.id, 'bob', 'bob@x.example', 'eve', now(), now() \
             from mail_domain d join tenant t on t.id = d.tenant_id where t.slug = 'rival'",
        )
        .await;
    let import = it.upload("address,name\nbob@x.example,Bob\n").await;
    it.act(&import, "start").await.expect(200);
    it.work().await;
    let read = it.get(&import).await;
    assert_eq!((&read["done"], &read["failed"]), (&json!(1), &json!(0)));
}

const LIST: &str = "address,name,password,quota_mib,targets,is_enabled\n\
    bob@x.example,Bob,quiet harbour lantern,512,,yes\n\
    cid@x.example,Cid,,,,no\n\
    sales@x.example,,,,bob@x.example cid@x.example,\n";

#[tokio::test]
async fn a_list_is_looked_at_started_and_made() {
    let it = Scene::new().await;
    let import = it.upload(LIST).await;
    let read = it.get(&import).await;
    assert_eq!(
        (&read["state"], &read["lines"], &read["bad"]),
        (&json!("preview"), &json!(3), &json!(0))
    );
    assert_eq!((&read["mailboxes"], &read["aliases"]), (&json!(2), &json!(1)));
    it.work().await;
    assert_eq!(
        it.addresses().await.len(),
        1,
        "nothing is made before somebody says so"
    );
    assert_eq!(it.hidden().await, 1);

    it.act(&import, "start").await.expect(200);
    it.work().await;
    let done = it.get(&import).await;
    assert_eq!(
        (&done["state"], &done["done"], &done["failed"]),
        (&json!("done"), &json!(3), &json!(0))
    );
    assert!(it.addresses().await.contains("sales@x.example"));
    assert_eq!(it.hidden().await, 0, "passwords are wiped");
    let mut tx = it.test.app.db.system().await.unwrap();
    let bob = sqlx::query!(
        "select password_hash, quota_mib, name, is_enabled from mailbox where local_part = 'bob'"
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    let hash = bob.password_hash.unwrap();
    assert!(
        hash.starts_with("{ARGON2ID}$argon2id$v=19$") && hash.contains(",p=1$"),
        "{hash}"
    );
    assert_eq!(
        (bob.quota_mib, bob.name.as_str(), bob.is_enabled),
        (Some(512), "Bob", true)
    );
    let cid = sqlx::query!("select password_hash, is_enabled from mailbox where local_part = 'cid'")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert!(cid.password_hash.is_none() && !cid.is_enabled);
    for word in ["start", "cancel"] {
        it.act(&import, word).await.expect(409);
    }
}

#[tokio::test]
async fn each_bad_line_is_told_with_its_number_and_the_good_ones_are_made() {
    let it = Scene::new().await;
    let list = "address,quota_mib\nbob@x.example,1\nann@x.example,\nbob,\nbob@x.example,\nx@y.example,\n\
        d@new.example,\ncid@x.example,much\ncid@x.example,\n";
    let import = it.upload(list).await;
    let bad = it.lines(&import, "bad").await;
    let numbers: Vec<i64> = bad.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [3, 4, 5, 6, 8]);
    for (at, words) in ["taken", "has no @", "Line 2", "none of this", "quota_mib"]
        .iter()
        .enumerate()
    {
        assert!(bad[at].1.contains(words), "{words}: {bad:?}");
    }
    it.act(&import, "start").await.expect(200);
    it.work().await;
    let made = ["ann@x.example", "bob@x.example", "cid@x.example", "d@new.example"].map(str::to_owned);
    assert_eq!(it.addresses().await, BTreeSet::from(made));
    let done = it.get(&import).await;
    assert_eq!(
        (&done["bad"], &done["done"], &done["state"]),
        (&json!(5), &json!(3), &json!("done"))
    );
}

#[tokio::test]
async fn what_is_no_list_is_refused_at_once() {
    let it = Scene::new().await;
    for wrong in [
        "",
        "address\n",
        "name\nAnn\n",
        "address,colour\na@x.example,red\n",
    ] {
        it.send(wrong).await.expect(422);
    }
    let headers = [("content-type", "application/pdf")];
    it.program
        .send(Method::POST, ALL, &headers, Body::from("x"))
        .await
        .expect(415);
    let large = "x".repeat(super::model::MAX_BYTES + 1);
    it.send(&large).await.expect(413);
    let none = it.upload("address\nbob@y.example\n").await;
    assert_eq!(
        it.act(&none, "start").await.expect(409).json()["code"],
        "mail-import-empty"
    );
    let json = json!({ "csv": "address\nbob@x.example\n", "file_name": "staff.csv" });
    let read = it.program.json("POST", ALL, &json).await.expect(201).json();
    assert_eq!(read["file_name"], "staff.csv");
}

#[tokio::test]
async fn more_than_the_plan_allows_is_told_before_anything_is_made() {
    let it = Scene::new().await;
    it.test
        .administer(
            "insert into plan_mail (plan_id, max_mailboxes, updated_at) select id, 2, now() from plan",
        )
        .await;
    let import = it.upload("address\nbob@x.example\ncid@x.example\n").await;
    let told = it.get(&import).await;
    assert!(
        told["refusal"]
            .as_str()
            .unwrap()
            .contains("allows 2, and 1 are in use"),
        "{told}"
    );
    assert_eq!(
        it.act(&import, "start").await.expect(409).json()["code"],
        "mail-import-too-large"
    );
    it.work().await;
    assert_eq!(it.addresses().await.len(), 1);
    // What becomes less while it runs makes the rest fail.
    it.test.administer("update plan_mail set max_mailboxes = 3").await;
    it.act(&import, "start").await.expect(200);
    it.test.administer("update plan_mail set max_mailboxes = 2").await;
    it.work().await;
    let failed = it.lines(&import, "failed").await;
    assert_eq!(failed, [(3, "The plan allows no more mailboxes.".to_owned())]);
}

#[tokio::test]
async fn lines_that_fail_then_keep_their_reason_and_the_others_go_on() {
    let it = Scene::new().await;
    let list =
        "address,targets\na@x.example,b@x.example\nb@x.example,a@x.example\nbob@x.example,\ncid@x.example,\n";
    let import = it.upload(list).await;
    it.act(&import, "start").await.expect(200);
    let taken = it.upload("address\nbob@x.example\n").await;
    it.act(&taken, "start").await.expect(200);
    it.work().await;
    let (first, second) = (
        it.lines(&import, "failed").await,
        it.lines(&taken, "failed").await,
    );
    let failed: Vec<&(i64, String)> = first.iter().chain(&second).collect();
    assert!(
        failed
            .iter()
            .any(|(line, why)| *line == 3 && why.contains("b@x.example → a@x.example")),
        "{failed:?}"
    );
    assert_eq!(
        failed
            .iter()
            .filter(|(_, why)| why.contains("taken meanwhile"))
            .count(),
        1,
        "{failed:?}"
    );
    let expected = ["a@x.example", "ann@x.example", "bob@x.example", "cid@x.example"].map(str::to_owned);
    assert_eq!(it.addresses().await, BTreeSet::from(expected));
}

/// Of some password, by Dovecot's `doveadm pw -s ARGON2ID`.
const HASH: &str = "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b+dWRWJTmaaJObG3F5T8mNOZm0";

/// A list of so many mailboxes that bring their hashes along, uploaded and started. Says where it is.
async fn start_many(it: &Scene, count: usize) -> String {
    it.test
        .administer(
            "insert into plan_mail (plan_id, max_mailboxes, updated_at) select id, 100000, now() from plan",
        )
        .await;
    let lines: Vec<String> = (0..count).map(|n| format!("p{n}@x.example,\"{HASH}\"")).collect();
    let list = format!("address,password_hash\n{}\n", lines.join("\n"));
    let import = it.upload(&list).await;
    let read = it.get(&import).await;
    assert_eq!((&read["lines"], &read["bad"]), (&json!(count), &json!(0)));
    it.act(&import, "start").await.expect(200);
    import
}

#[tokio::test]
async fn ten_thousand_mailboxes_are_made_in_steps_by_whoever_is_there() {
    let it = Scene::new().await;
    let import = start_many(&it, 10_000).await;
    let done = async || it.get(&import).await["done"].as_i64().unwrap();
    // One has it, and dies: nobody else gets it before the lease is over.
    let lost = it.imports.claim(4).await.unwrap().remove(0);
    assert!(it.imports.claim(4).await.unwrap().is_empty());
    it.test.clock.advance(TimeDelta::seconds(61));
    // The next one dies in the middle, where nothing of the batch is there that it was at.
    let second = it.imports.claim(4).await.unwrap().remove(0);
    tokio::select! {
        outcome = it.imports.reconcile(second) => panic!("it came to an end: {outcome:?}"),
        () = async { while done().await < 500 {} } => {}
    }
    let stopped = done().await;
    assert!(stopped % 100 == 0 && (500..2_000).contains(&stopped), "{stopped}");
    it.test.clock.advance(TimeDelta::seconds(61));
    let third = it.imports.claim(4).await.unwrap().remove(0);
    it.imports.reconcile(third).await.unwrap();
    let read = it.get(&import).await;
    assert_eq!(
        (&read["state"], &read["done"]),
        (&json!("running"), &json!(stopped + 2_000))
    );
    it.imports.reconcile(lost).await.unwrap();
    assert_eq!(done().await, stopped + 2_000, "whoever lost it does nothing");
    it.work().await;
    let read = it.get(&import).await;
    assert_eq!(
        (&read["state"], &read["done"], &read["failed"]),
        (&json!("done"), &json!(10_000), &json!(0))
    );
    assert_eq!(it.addresses().await.len(), 10_001);
    let mut tx = it.test.app.db.system().await.unwrap();
    let kept = sqlx::query_scalar!(
        r#"select count(*) as "count!" from mailbox where password_hash = $1"#,
        HASH
    );
    assert_eq!(kept.fetch_one(tx.conn()).await.unwrap(), 10_000);
}

#[tokio::test]
async fn one_that_is_cancelled_stops_and_forgets_what_it_hid() {
    let it = Scene::new().await;
    let import = it.upload(LIST).await;
    it.act(&import, "start").await.expect(200);
    let claimed = it.imports.claim(4).await.unwrap().remove(0);
    it.act(&import, "cancel").await.expect(200);
    it.imports.reconcile(claimed).await.unwrap();
    assert_eq!(it.addresses().await.len(), 1);
    assert_eq!(
        (it.hidden().await, it.lines(&import, "skipped").await.len()),
        (0, 3)
    );
    assert_eq!(it.get(&import).await["state"], "cancelled");
}

#[tokio::test]
async fn what_nobody_starts_is_given_up_after_a_day_and_forgotten_after_thirty() {
    let it = Scene::new().await;
    let import = it.upload(LIST).await;
    assert_eq!(clean_up(&it.test.app, &it.test.system()).await.unwrap(), 0);
    it.test.clock.advance(TimeDelta::hours(25));
    assert_eq!(clean_up(&it.test.app, &it.test.system()).await.unwrap(), 1);
    assert_eq!(
        (it.hidden().await, &it.get(&import).await["state"]),
        (0, &json!("cancelled"))
    );
    it.test.clock.advance(TimeDelta::days(31));
    clean_up(&it.test.app, &it.test.system()).await.unwrap();
    it.program.get(&import).await.expect(404);
}

#[tokio::test]
async fn no_more_lists_wait_than_ten() {
    let it = Scene::new().await;
    let mut last = String::new();
    for _ in 0..10 {
        last = it.upload("address\nbob@x.example\n").await;
    }
    assert_eq!(
        it.send(LIST).await.expect(409).json()["code"],
        "too-many-mail-imports"
    );
    it.act(&last, "cancel").await.expect(200);
    it.send(LIST).await.expect(201);
}

#[tokio::test]
async fn an_export_is_read_by_an_import_and_has_no_secret() {
    let it = Scene::new().await;
    let list = format!("{LIST}all@x.example,,,,\"'=cmd@else.example, bob@x.example\",\n");
    let import = it.upload(&list).await;
    it.act(&import, "start").await.expect(200);
    it.work().await;
    let export = it.program.get("/api/v1/mail/export").await.expect(200);
    assert!(export.header("content-type").starts_with("text/csv") && !export.body.contains("argon2"));
    let lines: Vec<&str> = export.body.lines().collect();
    assert_eq!(lines.len(), it.addresses().await.len() + 1, "{}", export.body);
    assert!(
        lines[2].starts_with("bob@x.example,Bob,,,512,,yes,yes,,"),
        "{}",
        lines[2]
    );
    it.test.administer("delete from mail_alias").await;
    it.test
        .administer("update mailbox set deleted_at = now(), purge_after = now()")
        .await;
    let again = it.upload(&export.body).await;
    assert_eq!(
        it.get(&again).await["bad"],
        0,
        "{:?}",
        it.lines(&again, "bad").await
    );
    it.act(&again, "start").await.expect(200);
    it.work().await;
    assert_eq!(it.program.get("/api/v1/mail/export").await.body, export.body);
    let none = it
        .program
        .get("/api/v1/mail/export?domain=mdo_00000000000000000000000002")
        .await;
    assert_eq!(none.expect(200).body.lines().count(), 1);
}

#[tokio::test]
async fn another_tenant_sees_nothing_of_it() {
    let it = Scene::new().await;
    let import = it.upload(LIST).await;
    let (other, eve) = (it.test.tenant("other").await, it.test.person("eve").await);
    it.test.member(other, eve, TenantRole::Owner).await;
    let may = [Permission::MailRead, Permission::MailWrite];
    let theirs = it.test.program(eve, Some(other), &may).await;
    theirs.get(&import).await.expect(404);
    theirs.get(&format!("{import}/lines")).await.expect(404);
    for word in ["start", "cancel"] {
        let path = format!("{import}/{word}");
        theirs.json("POST", &path, &json!({})).await.expect(404);
    }
    assert_eq!(theirs.get(ALL).await.expect(200).json()["items"], json!([]));
    assert_eq!(
        theirs
            .get("/api/v1/mail/export")
            .await
            .expect(200)
            .body
            .lines()
            .count(),
        1
    );
    let headers = [("content-type", "text/csv")];
    let body = Body::from("address\nbob@x.example\n");
    let read = theirs
        .send(Method::POST, ALL, &headers, body)
        .await
        .expect(201)
        .json();
    assert_eq!(read["bad"], 1, "the domain is none of theirs");
}
