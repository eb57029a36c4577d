//! Keys: published before they sign, kept while mail is under way, and never shown.

use super::*;

impl Scene {
    async fn keys(&self, domain: &str) -> Vec<(String, String)> {
        let list = self.get(&format!("{domain}/keys")).await;
        assert!(!list.to_string().contains("PRIVATE"), "{list}");
        let items = list["items"].as_array().unwrap().iter();
        let both = |key: &Value| (text(&key["selector"]).to_owned(), text(&key["state"]).to_owned());
        items.map(both).collect()
    }

    async fn next_key(&self, domain: &str) -> Value {
        self.test.clock.advance(chrono::TimeDelta::seconds(1));
        let made = self.post(&format!("{domain}/keys"), json!({})).await;
        made.expect(201).json()
    }
}

fn pair(selector: &str, state: &str) -> (String, String) {
    (selector.to_owned(), state.to_owned())
}

#[tokio::test]
async fn the_next_key_signs_when_dns_has_it_and_the_one_before_goes_a_week_later() {
    let it = Scene::new().await;
    let domain = it.add("a.example").await;
    assert_eq!(it.keys(&domain).await, [pair("berth-2026a", "active")]);
    let next = it.next_key(&domain).await;
    assert_eq!(next["record_name"], "berth-2026b._domainkey.a.example");
    let again = it
        .post(&format!("{domain}/keys"), json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(again["code"], "mail-key-waits");
    let key = format!("{domain}/keys/{}", text(&next["id"]));
    let activate = format!("{key}/activate");
    let early = it.post(&activate, json!({})).await.expect(409).json();
    assert_eq!(early["code"], "mail-key-not-published");
    it.test
        .dns
        .set_txt(text(&next["record_name"]), &["v=DKIM1; k=rsa; p=MIIBother"]);
    let wrong = it
        .post(&activate, json!({ "reason": " " }))
        .await
        .expect(409)
        .json();
    assert!(text(&wrong["title"]).contains("another key"), "{wrong}");
    it.test.dns.be_away(true);
    assert_eq!(
        it.post(&activate, json!({})).await.expect(409).json()["code"],
        "dns-away"
    );
    it.test.dns.be_away(false);
    it.test
        .dns
        .set_txt(text(&next["record_name"]), &[text(&next["record_value"])]);
    let signs = it.post(&activate, json!({})).await.expect(200).json();
    assert_eq!(signs["state"], "active");
    assert_eq!(
        it.keys(&domain).await,
        [pair("berth-2026b", "active"), pair("berth-2026a", "retired")]
    );
    assert_eq!(
        it.post(&activate, json!({})).await.expect(409).json()["code"],
        "mail-key-not-next"
    );
    assert_eq!(
        it.delete(&key).await.expect(409).json()["code"],
        "mail-key-is-active"
    );

    let list = it.get(&format!("{domain}/keys")).await;
    let old = format!("{domain}/keys/{}", text(&list["items"][1]["id"]));
    assert_eq!(
        it.delete(&old).await.expect(409).json()["code"],
        "mail-key-under-way"
    );
    it.test.clock.advance(chrono::TimeDelta::minutes(50));
    it.delete(&old).await.expect(409);
}

#[tokio::test]
async fn a_retired_key_is_removed_after_a_week() {
    let it = Scene::new().await;
    let domain = it.add("a.example").await;
    it.test
        .administer("update mail_key set state = 'retired', retired_at = '2026-03-03T12:00:00Z'")
        .await;
    let list = it.get(&format!("{domain}/keys")).await;
    let key = format!("{domain}/keys/{}", text(&list["items"][0]["id"]));
    it.delete(&key).await.expect(204);
    it.delete(&key).await.expect(404);
    assert!(it.keys(&domain).await.is_empty());
}

#[tokio::test]
async fn with_a_reason_a_key_signs_unseen_and_the_log_has_the_reason() {
    let it = Scene::new().await;
    let domain = it.add("a.example").await;
    let next = it.next_key(&domain).await;
    let activate = format!("{domain}/keys/{}/activate", text(&next["id"]));
    let long = "x".repeat(501);
    it.post(&activate, json!({ "reason": long })).await.expect(422);
    it.post(&activate, json!({ "reason": "a\0b" })).await.expect(422);
    it.post(&activate, json!({ "reason": "The zone moves tomorrow." }))
        .await
        .expect(200);
    let events = it.get("/api/v1/audit-events").await;
    let event = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["action"] == "mail_key.activate");
    let event = event.unwrap();
    assert_eq!(event["after"]["unseen_because"], "The zone moves tomorrow.");
    assert_eq!(event["before"]["selector"], "berth-2026a");
    assert!(!events.to_string().contains("PRIVATE"), "no secret in the events");
}

#[tokio::test]
async fn a_key_that_waits_may_go_at_once() {
    let it = Scene::new().await;
    let domain = it.add("a.example").await;
    let next = it.next_key(&domain).await;
    let (_, rival) = Scene::tenant(&it.test, "rival").await;
    let key = format!("{domain}/keys/{}", text(&next["id"]));
    rival.json("DELETE", &key, &json!({})).await.expect(404);
    rival
        .json("POST", &format!("{key}/activate"), &json!({ "reason": "mine" }))
        .await
        .expect(404);
    let other = it.add("b.example").await;
    it.delete(&format!("{other}/keys/{}", text(&next["id"])))
        .await
        .expect(404);
    it.delete(&key).await.expect(204);
    assert_eq!(it.keys(&domain).await, [pair("berth-2026a", "active")]);
}
