//! What the mail service is asked, and what comes of what it says.

use super::*;
use crate::drivers::mail::FetchTls;

#[tokio::test]
async fn it_is_asked_for_the_address_that_was_judged_and_the_password_goes() {
    let scene = Scene::new().await;
    let id = scene.begin("ann").await;
    assert_eq!(scene.run().await, 1);
    let asked = scene.fetches().asked();
    assert_eq!(
        (
            asked.len(),
            asked[0].host.as_str(),
            asked[0].ip.to_string().as_str()
        ),
        (1, SERVER, "93.184.215.14")
    );
    assert_eq!(
        (asked[0].port, asked[0].tls, asked[0].takes_all),
        (993, FetchTls::Implicit, true)
    );
    assert_eq!(
        (asked[0].address.as_str(), asked[0].password.expose().as_str()),
        ("ann@a.example", PASSWORD)
    );
    let done = scene.find(&id).await;
    assert_eq!((&done["state"], &done["percent"]), (&json!("done"), &json!(100)));
    assert_eq!(
        (&done["done_messages"], &done["done_bytes"]),
        (&json!(2), &json!(2048))
    );
    assert_eq!(scene.sealed().await, 0);
    assert_eq!(scene.operations().await, [("succeeded".to_owned(), None)]);
    assert_eq!(scene.run().await, 0);
}

#[tokio::test]
async fn what_somebody_has_to_change_ends_it_in_words() {
    let scene = Scene::new().await;
    let cases = [
        (
            FetchReason::Password,
            "password",
            "refused the user name or the password",
        ),
        (FetchReason::Certificate, "certificate", "not trusted"),
        (FetchReason::Full, "full", "The mailbox is full."),
        (FetchReason::Protocol, "protocol", "no IMAP server"),
    ];
    for (why, word, words) in cases {
        scene.fetches().set("ann", failed(why));
        let id = scene.begin("ann").await;
        assert_eq!(scene.run().await, 1);
        let over = scene.find(&id).await;
        assert_eq!(
            (&over["state"], &over["reason"]),
            (&json!("failed"), &json!(word))
        );
        assert!(over["error"].as_str().unwrap().contains(words), "{over}");
        assert_eq!(
            over["seen_fingerprint"].is_string(),
            why == FetchReason::Certificate
        );
    }
    assert_eq!(scene.sealed().await, 0);
    assert!(
        scene
            .operations()
            .await
            .iter()
            .all(|(state, error)| state == "failed" && error.is_some())
    );
}

#[tokio::test]
async fn what_passes_is_tried_again_and_given_up_in_the_end() {
    let scene = Scene::new().await;
    scene.fetches().set("ann", failed(FetchReason::CutOff));
    let id = scene.begin("ann").await;
    for _ in 0..11 {
        assert_eq!(scene.run().await, 0);
        let waits = scene.find(&id).await;
        assert_eq!(waits["state"], "waiting");
        assert!(waits["error"].as_str().unwrap().contains("broke"), "{waits}");
        assert_eq!(scene.work().claim(16).await.unwrap().len(), 0, "not at once");
        scene.later(TimeDelta::minutes(6));
    }
    assert_eq!(scene.run().await, 1);
    let over = scene.find(&id).await;
    assert_eq!(
        (&over["state"], &over["reason"]),
        (&json!("failed"), &json!("cut-off"))
    );
    assert_eq!(scene.fetches().asked().len(), 12);
}

#[tokio::test]
async fn a_service_that_is_away_is_waited_for() {
    let scene = Scene::new().await;
    let id = scene.begin("ann").await;
    scene.test.mail.set_away(Some("switched off"));
    assert_eq!(scene.run().await, 0);
    assert_eq!(scene.find(&id).await["state"], "waiting");
    scene.test.mail.set_away(None);
    scene.later(TimeDelta::minutes(1));
    assert_eq!(scene.run().await, 1);
    let done = scene.find(&id).await;
    assert_eq!((&done["state"], &done["error"]), (&json!("done"), &Value::Null));
}

#[tokio::test]
async fn two_are_under_way_and_one_of_a_mailbox() {
    let scene = Scene::new().await;
    for name in ["ann", "ann", "bob"] {
        scene.begin(name).await;
    }
    let work = scene.work();
    let first = work.claim(16).await.unwrap();
    assert_eq!(first.len(), 2);
    assert_eq!(work.claim(16).await.unwrap().len(), 0);
    for claimed in first {
        work.reconcile(claimed).await.unwrap();
    }
    assert_eq!(scene.run().await, 1);
    let asked = scene.fetches().asked();
    let whose: Vec<&str> = asked.iter().map(|one| one.user.as_str()).collect();
    assert_eq!(whose.iter().filter(|user| **user == "ann").count(), 2);
    assert_eq!(whose[2], "ann");
}

#[tokio::test]
async fn a_panel_that_died_is_followed_by_another() {
    let scene = Scene::new().await;
    let id = scene.begin("ann").await;
    let dead = scene.work().claim(16).await.unwrap();
    assert_eq!(scene.run().await, 0, "its lease holds");
    scene.later(TimeDelta::seconds(31));
    assert_eq!(scene.run().await, 1);
    assert_eq!(scene.find(&id).await["state"], "done");
    // One that was only slow has nothing to say any more.
    for claimed in dead {
        assert!(scene.work().reconcile(claimed).await.unwrap());
    }
    assert_eq!(scene.fetches().asked().len(), 1);
}

#[tokio::test]
async fn what_nobody_wants_ends_whether_it_waits_or_is_under_way() {
    let scene = Scene::new().await;
    let waits = scene.begin("ann").await;
    assert_eq!(scene.cancel(&waits).await["is_cancelled"], true);
    assert_eq!(scene.run().await, 0);
    assert_eq!(scene.find(&waits).await["state"], "cancelled");
    assert!(scene.fetches().asked().is_empty());

    scene.fetches().go_on(true);
    scene.fetches().set("bob", Vec::new());
    let goes = scene.begin("bob").await;
    let work = scene.work();
    let claimed = work.claim(16).await.unwrap().pop().unwrap();
    let cancelled = async {
        while scene.fetches().asked().is_empty() {
            tokio::task::yield_now().await;
        }
        scene.cancel(&goes).await;
    };
    let (is_over, ()) = tokio::join!(work.reconcile(claimed), cancelled);
    assert!(is_over.unwrap());
    assert_eq!(scene.find(&goes).await["state"], "cancelled");
    assert_eq!(scene.sealed().await, 0);
    assert!(
        scene
            .operations()
            .await
            .iter()
            .all(|(state, _)| state == "failed")
    );
    assert_eq!(scene.cancel(&goes).await["state"], "cancelled");
}

#[tokio::test]
async fn nothing_comes_into_a_mailbox_that_was_deleted() {
    let scene = Scene::new().await;
    let id = scene.begin("ann").await;
    scene
        .test
        .administer("update mailbox set deleted_at = now(), purge_after = now() + interval '1 day' where local_part = 'ann'")
        .await;
    assert_eq!(scene.run().await, 1);
    assert_eq!(scene.find(&id).await["reason"], "gone");
    assert!(scene.fetches().asked().is_empty());
}

#[tokio::test]
async fn passwords_are_sealed_anew_with_the_newest_key() {
    let scene = Scene::new().await;
    scene.begin("ann").await;
    let done = super::super::reseal(&scene.test.system(), &scene.test.app.keyring)
        .await
        .unwrap();
    assert_eq!((done.sealed, done.unreadable.len()), (0, 0), "it is the newest");
    scene
        .test
        .administer("update mail_fetch set sealed = decode(repeat('00', 40), 'hex')")
        .await;
    let done = super::super::reseal(&scene.test.system(), &scene.test.app.keyring)
        .await
        .unwrap();
    assert_eq!((done.sealed, done.unreadable.len()), (0, 1));
    assert_eq!(scene.run().await, 1);
    assert!(scene.fetches().asked().is_empty());
}
