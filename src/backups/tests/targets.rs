//! Targets that staff add, change and remove, by the API and on pages.

use serde_json::{Value, json};

use crate::platform::access::StaffRole;
use crate::platform::db::Scoped as _;
use crate::testing::Client;

use super::super::target::{self, NewTarget};
use super::Scene;
use super::staff::{HERE, s3, staff};
use super::whole::backup;

/// The target that is there from the first day on.
const MACHINE: &str = "bkt_01jc000000e008000000000001";

/// What is sealed of a target.
async fn sealed(scene: &Scene, id: &str) -> Vec<u8> {
    let mut tx = scene.test.system().begin().await.unwrap();
    let (sealed, _) = super::super::store::sealed(&mut tx, id.parse().unwrap())
        .await
        .unwrap();
    sealed.unwrap()
}

/// What a target is opened by.
async fn opened(scene: &Scene, id: &str) -> NewTarget {
    let sealed = sealed(scene, id).await;
    target::opened(&scene.test.app.keyring, id.parse().unwrap(), &sealed).unwrap()
}

/// What was told of changes of targets, oldest first.
async fn told(scene: &Scene) -> Vec<Value> {
    let told = sqlx::query_scalar!(
        r#"select after as "after!" from audit_event where action = 'backup-target.change' order by at"#
    );
    let mut tx = scene.test.system().begin().await.unwrap();
    told.fetch_all(tx.conn()).await.unwrap()
}

async fn secret(scene: &Scene, id: &str) -> String {
    match opened(scene, id).await {
        NewTarget::S3 { secret_key, .. } => secret_key,
        NewTarget::Sftp { private_key, .. } => private_key,
    }
}

async fn added(staff: &Client, endpoint: &str) -> String {
    let made = staff.json("POST", HERE, &s3(endpoint, true)).await.expect(201);
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn code(staff: &Client, method: &str, path: &str) -> Value {
    let refused = staff.json(method, path, &json!({})).await.expect(409);
    refused.json()["code"].clone()
}

#[tokio::test]
async fn what_opens_a_target_is_changed_and_where_it_is_stays() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    let id = added(&staff, "https://192.0.2.7").await;
    let one = format!("{HERE}/{id}");
    assert_eq!(staff.get(&one).await.expect(200).header("etag"), "\"1\"");
    for (field, other) in [
        ("endpoint", "https://192.0.2.8"),
        ("bucket", "other"),
        ("path", "other"),
        ("host", "vault.example.net"),
    ] {
        let elsewhere = json!({ (field): other });
        let refused = staff.json("PATCH", &one, &elsewhere).await.expect(422);
        assert!(
            refused.body.contains("Repositories lie there"),
            "{}",
            refused.body
        );
    }
    let strange = json!({ "private_key": "x" });
    staff.json("PATCH", &one, &strange).await.expect(422);
    let new = json!({ "name": "vault", "secret_key": "another-secret", "region": "eu" });
    let seen = [("if-match", "\"1\"")];
    let changed = staff.json_with("PATCH", &one, &new, &seen).await.expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.json()["name"], "vault");
    assert!(!changed.body.contains("another-secret"), "{}", changed.body);
    let NewTarget::S3 {
        region,
        secret_key,
        access_key,
        ..
    } = opened(&scene, &id).await
    else {
        panic!("it is of another kind")
    };
    assert_eq!(
        (region.as_deref(), &*secret_key, &*access_key),
        (Some("eu"), "another-secret", "id")
    );
    staff.json_with("PATCH", &one, &new, &seen).await.expect(412);
    // Once more it changes nothing.
    let same = staff.json("PATCH", &one, &new).await.expect(200);
    assert_eq!(same.header("etag"), "\"2\"");
    let told = told(&scene).await;
    assert!(told.len() == 1 && told[0]["opened_anew"] == true, "{told:?}");
    let taken = json!({ "name": "This machine" });
    let refused = staff.json("PATCH", &one, &taken).await.expect(422);
    assert!(refused.body.contains("already"), "{}", refused.body);
    let mut tx = scene.test.system().begin().await.unwrap();
    let audit = sqlx::query_scalar!(
        r#"select concat_ws(' ', action, before, after) as "text!" from audit_event where action like 'backup-target.%'"#
    );
    let audit = audit.fetch_all(tx.conn()).await.unwrap().join("\n");
    assert!(
        audit.contains("backup-target.change") && !audit.contains("-secret"),
        "{audit}"
    );
}

#[tokio::test]
async fn two_changes_at_once_are_both_made() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    let id = added(&staff, "https://192.0.2.7").await;
    let one = format!("{HERE}/{id}");
    let (name, secret_key) = (
        json!({ "name": "vault" }),
        json!({ "secret_key": "another-secret" }),
    );
    let (first, second) = tokio::join!(
        staff.json("PATCH", &one, &name),
        staff.json("PATCH", &one, &secret_key)
    );
    first.expect(200);
    second.expect(200);
    let known = staff.get(&one).await.expect(200);
    assert_eq!(known.header("etag"), "\"3\"");
    assert_eq!(known.json()["name"], "vault");
    assert_eq!(secret(&scene, &id).await, "another-secret");
    // Where new backups go is something of both targets.
    let machine = format!("{HERE}/{MACHINE}");
    for _ in 0..2 {
        let default = format!("{one}/default");
        staff.json("POST", &default, &json!({})).await.expect(204);
        assert_eq!(staff.get(&one).await.expect(200).header("etag"), "\"4\"");
        assert_eq!(staff.get(&machine).await.expect(200).header("etag"), "\"2\"");
    }
}

#[tokio::test]
async fn a_target_that_leads_inside_may_do_so_no_more() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    let id = added(&staff, "http://127.0.0.1:9000").await;
    let one = format!("{HERE}/{id}");
    let refused = staff
        .json("PATCH", &one, &json!({ "allow_inside": false }))
        .await
        .expect(422);
    assert!(refused.body.contains("allow_inside"), "{}", refused.body);
    // What it is called has nothing to do with that.
    let renamed = staff.json("PATCH", &one, &json!({ "name": "near" })).await;
    assert_eq!(renamed.expect(200).json()["allow_inside"], true);
}

#[tokio::test]
async fn a_target_goes_when_nothing_goes_or_lies_there() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    let machine = format!("{HERE}/{MACHINE}");
    assert_eq!(code(&staff, "DELETE", &machine).await, "target-stays");
    let (used, unused) = (
        added(&staff, "https://192.0.2.7").await,
        added(&staff, "https://192.0.2.8").await,
    );
    let used = format!("{HERE}/{used}");
    let default = format!("{used}/default");
    staff.json("POST", &default, &json!({})).await.expect(204);
    assert_eq!(code(&staff, "DELETE", &used).await, "target-is-default");
    backup(&scene).await;
    let back = format!("{machine}/default");
    staff.json("POST", &back, &json!({})).await.expect(204);
    assert_eq!(code(&staff, "DELETE", &used).await, "target-in-use");
    let unused = format!("{HERE}/{unused}");
    staff.json("DELETE", &unused, &json!({})).await.expect(204);
    staff.get(&unused).await.expect(404);
    staff.get(&used).await.expect(200);
}

const TYPED: [(&str, &str); 7] = [
    ("kind", "s3"),
    ("name", "vault"),
    ("endpoint", "http://127.0.0.1:9000"),
    ("bucket", "backups"),
    ("path", "berth"),
    ("access_key", "id-of-a-key"),
    ("secret_key", "very-secret"),
];

#[tokio::test]
async fn a_form_that_is_refused_keeps_all_but_secrets() {
    let scene = Scene::new().await;
    let root = scene.test.staff("boss", StaffRole::Owner).await;
    let boss = scene.test.browser(root).await;
    for kind in ["sftp", "s3"] {
        let page = format!("/staff/backup-targets/new?kind={kind}");
        let page = boss.get(&page).await.expect(200).body;
        assert!(page.contains("name=\"_secret\""), "{page}");
    }
    let refused = boss.post("/staff/backup-targets", &TYPED).await.expect(422).body;
    assert!(
        refused.contains("http://127.0.0.1:9000") && refused.contains("value=\"vault\""),
        "{refused}"
    );
    assert!(
        !refused.contains("very-secret") && !refused.contains("id-of-a-key"),
        "{refused}"
    );
    let typed = [&TYPED[..], &[("allow_inside", "true")]].concat();
    boss.post("/staff/backup-targets", &typed).await.expect(303);
    let page = boss.get("/staff/backups").await.expect(200).body;
    assert!(page.contains("vault"), "{page}");
    let sftp = [("kind", "sftp"), ("name", "far"), ("port", "many")];
    let refused = boss.post("/staff/backup-targets", &sftp).await.expect(422).body;
    assert!(
        refused.contains("from 1 to 65535") && refused.contains("value=\"many\""),
        "{refused}"
    );
}

#[tokio::test]
async fn a_secret_that_is_left_empty_stays() {
    let scene = Scene::new().await;
    let staff = staff(&scene).await;
    let id = added(&staff, "https://192.0.2.7").await;
    let root = scene.test.staff("boss", StaffRole::Owner).await;
    let boss = scene.test.browser(root).await;
    let way = format!("/staff/backup-targets/{id}");
    let page = boss.get(&way).await.expect(200).body;
    assert!(
        !page.contains("very-secret") && page.contains("Delete target"),
        "{page}"
    );
    let form = |name: &'static str, secret: &'static str| {
        [
            ("name", name),
            ("version", "1"),
            ("region", ""),
            ("access_key", ""),
            ("secret_key", secret),
            ("allow_inside", "true"),
        ]
    };
    let before = sealed(&scene, &id).await;
    boss.post(&way, &form("safe", "")).await.expect(303);
    assert_eq!(secret(&scene, &id).await, "very-secret");
    // The form sends all that it shows; only the name is another one.
    assert_eq!(sealed(&scene, &id).await, before);
    assert_eq!(told(&scene).await[0]["opened_anew"], false);
    // Somebody was faster.
    let late = boss
        .post(&way, &form("safer", "new-secret"))
        .await
        .expect(412)
        .body;
    assert!(
        late.contains("value=\"safer\"") && !late.contains("new-secret"),
        "{late}"
    );
    // The default may be called something else, and nothing more.
    let machine = format!("/staff/backup-targets/{MACHINE}");
    boss.post(&machine, &[("name", "Cellar")]).await.expect(303);
    let refused = boss.post(&format!("{machine}/delete"), &[]).await.expect(303);
    assert_eq!(refused.location(), machine);
    boss.post(&format!("{way}/delete"), &[]).await.expect(303);
    let all = staff.get(HERE).await.expect(200).json();
    let names: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Cellar"]);
}
