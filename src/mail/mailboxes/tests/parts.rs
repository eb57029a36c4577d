//! Passwords for single programs, and addresses to send as.

use super::*;
use crate::platform::secret::hash_token;

#[tokio::test]
async fn an_app_password_is_told_once_and_kept_as_a_digest() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    let path = one(&id, "app-passwords");
    let new = json!({ "name": " Phone ", "protocols": ["smtp", "imap", "smtp"] });
    let made = scene.post(&path, new.clone()).await.expect(201).json();
    let text = made["password"].as_str().unwrap();
    assert_eq!((text.len(), &made["protocols"]), (39, &json!(["imap", "smtp"])));
    let mut tx = scene.test.system().begin().await.unwrap();
    let digest = sqlx::query_scalar!("select digest from mailbox_app_password");
    let digest = digest.fetch_one(tx.conn()).await.unwrap();
    drop(tx);
    let bytes = hash_token(text);
    let expected = bytes
        .iter()
        .fold(String::new(), |all, byte| all + &format!("{byte:02x}"));
    assert_eq!(digest, expected);
    let list = scene.program.get(&path).await.expect(200);
    assert_eq!(list.json()["items"][0]["name"], "Phone");
    assert!(!list.body.contains(text));
    let twice = scene.post(&path, new).await.expect(422);
    assert_eq!(fields(&twice), ["name"]);
    let wrong = json!({ "name": "a\nb", "protocols": [] });
    let wrong = scene.post(&path, wrong).await.expect(422);
    assert_eq!(fields(&wrong), ["name", "protocols"]);
    let unknown = json!({ "name": "x", "protocols": ["ftp"] });
    scene.post(&path, unknown).await.expect(422);

    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    assert_eq!(scene.kicked().await, ["ann@a.example"]);
    scene.program.json("DELETE", &one, &json!({})).await.expect(404);
    let audit = scene.program.get("/api/v1/audit-events").await.expect(200).body;
    assert!(audit.contains("mailbox.app_password_remove") && !audit.contains(text));
}

#[tokio::test]
async fn a_mailbox_has_so_many_and_a_new_password_can_end_them() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    let path = one(&id, "app-passwords");
    for number in 0..50 {
        let new = json!({ "name": format!("program {number}"), "protocols": ["imap"] });
        scene.post(&path, new).await.expect(201);
    }
    let more = json!({ "name": "one more", "protocols": ["imap"] });
    let more = scene.post(&path, more).await.expect(409).json();
    assert_eq!(more["code"], "too-many-app-passwords");
    let new = json!({ "password_hash": HASH, "remove_app_passwords": true });
    scene.post(&one(&id, "password"), new).await.expect(200);
    let left = scene.program.get(&path).await.expect(200).json();
    assert_eq!(left["items"], json!([]));
    let both = json!({ "password_hash": HASH, "password": GOOD });
    let both = scene.post(&one(&id, "password"), both).await.expect(422);
    assert_eq!(fields(&both), ["password"]);
}

#[tokio::test]
async fn a_mailbox_sends_as_addresses_of_domains_that_are_proven() {
    let scene = Scene::new().await;
    let id = scene.create("ann@a.example").await;
    rows::domain(&scene.test, scene.tenant, "xn--bcher-kva.example", true).await;
    rows::domain(&scene.test, scene.tenant, "hope.example", false).await;
    let path = one(&id, "send-as");
    let allow = |address: &str| scene.post(&path, json!({ "address": address }));
    let allowed = allow("Sales@Bücher.example").await.expect(201).json();
    assert_eq!(allowed["address"], "sales@xn--bcher-kva.example");
    allow("sales@bücher.example").await.expect(201);
    for wrong in [
        "nobody@elsewhere.example",
        "ann@hope.example",
        "ann@a.example",
        "ann+x@a.example",
        "no address",
        "x@a.example\r\nBcc: y@z.example",
    ] {
        let wrong = allow(wrong).await.expect(422);
        assert_eq!(fields(&wrong), ["address"]);
    }
    let list = scene.program.get(&path).await.expect(200).json();
    assert_eq!(
        list["items"],
        json!([{ "address": "sales@xn--bcher-kva.example" }])
    );
    let one = format!("{path}/sales%40xn--bcher-kva.example");
    scene.program.json("DELETE", &one, &json!({})).await.expect(204);
    scene.program.json("DELETE", &one, &json!({})).await.expect(404);
}
