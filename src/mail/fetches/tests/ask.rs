//! What may be asked for.

use super::*;

#[tokio::test]
async fn many_are_asked_for_at_once_and_none_if_one_is_wrong() {
    let scene = Scene::new().await;
    let mut body = scene.body(&["ann", "bob"]);
    body["accounts"][1]["mailbox"] = json!("nobody@a.example");
    let refused = scene.ask(&body).await.expect(422);
    assert_eq!(fields(&refused), ["accounts.1.mailbox"]);
    assert_eq!(scene.sealed().await, 0);
    let twice = scene.ask(&scene.body(&["ann", "ann"])).await.expect(422);
    assert_eq!(fields(&twice), ["accounts.1.mailbox"]);
    body["accounts"][1]["mailbox"] = json!("Bob@A.example");
    let made = scene.ask(&body).await.expect(202);
    assert!(!made.body.contains(PASSWORD));
    let items = made.json()["items"].clone();
    assert_eq!(
        (&items[0]["address"], &items[1]["address"]),
        (&json!("ann@a.example"), &json!("bob@a.example"))
    );
    assert_eq!(
        (&items[0]["state"], &items[0]["port"]),
        (&json!("waiting"), &json!(993))
    );
    assert_eq!(scene.sealed().await, 2);
    let audit = scene.program.get("/api/v1/audit-events").await.expect(200).body;
    assert!(audit.contains("mailbox.fetch") && audit.contains(SERVER) && !audit.contains(PASSWORD));
}

#[tokio::test]
async fn what_leads_inside_is_refused() {
    let scene = Scene::new().await;
    let ask = async |host: &str| {
        let mut body = scene.body(&["ann"]);
        body["host"] = json!(host);
        scene.ask(&body).await
    };
    let dns = &scene.test.dns;
    dns.set_addresses(
        "inside.example",
        &["93.184.215.14".parse().unwrap(), "10.0.0.5".parse().unwrap()],
    );
    dns.set_addresses("metadata.example", &["::ffff:169.254.169.254".parse().unwrap()]);
    let own = scene.test.app.config.mail_host().to_owned();
    dns.set_addresses(&own, &["93.184.215.20".parse().unwrap()]);
    for host in [
        "inside.example",
        "metadata.example",
        "127.0.0.1",
        "[::1]",
        "93.184.215.20",
        "unknown.example",
        "localhost",
    ] {
        assert_eq!(fields(&ask(host).await.expect(422)), ["host"], "{host}");
    }
    assert_eq!(scene.sealed().await, 0);
    // DNS that is away now is asked again by the tries.
    dns.be_away(true);
    ask("inside.example").await.expect(202);
    dns.be_away(false);
    assert_eq!(scene.run().await, 1);
    assert!(scene.fetches().asked().is_empty());
    let all = scene.program.get(FETCHES).await.expect(200).json();
    assert_eq!(
        (&all["items"][0]["state"], &all["items"][0]["reason"]),
        (&json!("failed"), &json!("inside"))
    );
}

#[tokio::test]
async fn what_cannot_be_is_told_by_its_field() {
    let scene = Scene::new().await;
    let mut body = scene.body(&["ann"]);
    body["port"] = json!(70_000);
    body["fingerprint"] = json!("abc");
    body["accounts"][0]["user"] = json!("ann\r\nLOGOUT");
    body["accounts"][0]["password"] = json!("");
    let refused = scene.ask(&body).await.expect(422);
    let wrong = ["port", "fingerprint", "accounts.0.user", "accounts.0.password"];
    assert_eq!(fields(&refused), wrong);
    let none = scene.ask(&scene.body(&[])).await.expect(422);
    assert_eq!(fields(&none), ["accounts"]);
    body["plain"] = json!(true);
    scene.ask(&body).await.expect(422);
}

#[tokio::test]
async fn so_many_wait_and_no_more() {
    let scene = Scene::new().await;
    scene.begin("ann").await;
    let copies = "insert into mail_fetch (id, tenant_id, mailbox_id, host, port, tls, remote_user, folders, operation_id, created_by, \
                  created_at) select gen_random_uuid(), tenant_id, mailbox_id, host, port, tls, remote_user, folders, operation_id, \
                  created_by, created_at from mail_fetch, generate_series(1, 99)";
    scene.test.administer(copies).await;
    let refused = scene.ask(&scene.body(&["bob"])).await.expect(409).json();
    assert_eq!(refused["code"], "too-many-mail-fetches");
}

#[tokio::test]
async fn nobody_else_sees_or_stops_them() {
    let scene = Scene::new().await;
    let id = scene.begin("ann").await;
    let one = scene.find(&id).await;
    let mailbox = one["mailbox_id"].as_str().unwrap();
    let path = format!("{FETCHES}/{id}");
    scene.stranger.get(&path).await.expect(404);
    scene
        .stranger
        .json("POST", &format!("{path}/cancel"), &json!({}))
        .await
        .expect(404);
    scene
        .stranger
        .get(&format!("{FETCHES}?mailbox={mailbox}"))
        .await
        .expect(404);
    let none = scene.stranger.get(FETCHES).await.expect(200).json();
    assert_eq!(none["items"], json!([]));
    let refused = scene
        .stranger
        .json("POST", FETCHES, &scene.body(&["ann"]))
        .await
        .expect(422);
    assert_eq!(fields(&refused), ["accounts.0.mailbox"]);
    let body = json!({ "host": SERVER, "user": "ann", "password": PASSWORD });
    let place = format!("/api/v1/mail/mailboxes/{mailbox}/fetch");
    scene.stranger.json("POST", &place, &body).await.expect(404);
    scene.later(TimeDelta::seconds(1));
    let made = scene.program.json("POST", &place, &body).await.expect(202);
    let operation = made.json()["operation_id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/operations/{operation}"));
    let all = scene
        .program
        .get(&format!("{FETCHES}?mailbox={mailbox}&limit=1"))
        .await
        .expect(200)
        .json();
    assert!(all["next"].is_string());
    assert_ne!(all["items"][0]["id"], json!(id));
}
