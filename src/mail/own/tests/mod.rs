//! A mailbox's own person: who gets in, how long, and what is theirs.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::accounts::Seat;
use crate::mail::own::verify;
use crate::platform::access::TenantRole;
use crate::platform::db::Scoped as _;
use crate::platform::ids::{AppPasswordId, MailboxId, TenantId};
use crate::platform::secret::Secret;
use crate::platform::web::MAILBOX_COOKIE;
use crate::testing::{Answer, Client, TestApp};

const PASSWORD: &str = "quiet harbour lantern 7";
const ADDRESS: &str = "ann@acme.example";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    mailbox: MailboxId,
    own: Client,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::start().await;
        let tenant = test.tenant("acme").await;
        let (mailbox, own) = test.mailbox_person(tenant, ADDRESS).await;
        Self {
            test,
            tenant,
            mailbox,
            own,
        }
    }

    /// The same with a password, and with nobody signed in.
    async fn with_password() -> Self {
        let scene = Self::new().await;
        let seat = Seat::take().unwrap();
        let kept = verify::hash(&seat, &Secret::new(PASSWORD.to_owned()))
            .await
            .unwrap();
        scene.test.mail_password(scene.mailbox, &kept).await;
        scene
    }

    async fn sign_in(&self, browser: &Client, address: &str, password: &str) -> Answer {
        let fields = [("address", address), ("password", password)];
        browser.post("/mailbox/sign-in", &fields).await
    }

    async fn run(&self, what: &'static str) {
        self.test.administer(what).await;
    }

    /// Whose sessions with mail programs are to be ended; forgets it.
    async fn kicked(&self) -> Vec<String> {
        let mut tx = self.test.app.db.system().await.unwrap();
        let gone = sqlx::query_scalar!("delete from mail_kick returning address");
        let gone = gone.fetch_all(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        gone
    }

    /// What was done, by name: all of it at one moment.
    async fn actions(&self) -> Vec<String> {
        let mut tx = self.test.app.db.system().await.unwrap();
        let mut all = sqlx::query_scalar!(
            "select action from audit_event where actor_kind = 'mailbox' order by at, id"
        )
        .fetch_all(tx.conn())
        .await
        .unwrap();
        all.sort();
        all
    }
}

#[tokio::test]
async fn somebody_signs_in_looks_and_signs_out() {
    let scene = Scene::with_password().await;
    let browser = scene.test.anonymous();
    browser.get("/mailbox/sign-in").await.expect(200);
    let entered = scene
        .sign_in(&browser, " Ann@ACME.example ", PASSWORD)
        .await
        .expect(303);
    assert_eq!(entered.location(), "/mailbox");
    let page = browser.get("/mailbox").await.expect(200);
    assert!(
        page.body.contains(ADDRESS) && page.body.contains("0 bytes of 1 GiB"),
        "{}",
        page.body
    );
    let cookie = browser.cookie(MAILBOX_COOKIE).unwrap();
    browser.post("/mailbox/sign-out", &[]).await.expect(303);
    let stolen = scene.test.anonymous().with_cookie(MAILBOX_COOKIE, &cookie);
    let away = stolen.get("/mailbox").await.expect(303);
    assert_eq!(away.location(), "/mailbox/sign-in");
    assert_eq!(scene.actions().await, ["mailbox.sign_in", "mailbox.sign_out"]);
}

#[tokio::test]
async fn a_rival_who_only_names_the_domain_keeps_nobody_from_their_mailbox() {
    let scene = Scene::with_password().await;
    let seat = Seat::take().unwrap();
    let theirs = Secret::new("a rival's own password".to_owned());
    let kept = verify::hash(&seat, &theirs).await.unwrap();
    drop(seat);
    let rival = scene.test.tenant("rival").await;
    let (first, _) = scene.test.mailbox_person(rival, "first@rival.example").await;
    scene.test.mail_password(first, &kept).await;
    scene
        .run(
            "update mail_domain set name = 'acme.example', verified_at = null \
             where tenant_id = (select id from tenant where slug = 'rival')",
        )
        .await;
    scene
        .run("update mailbox set local_part = 'ann', address = 'ann@acme.example' where local_part = 'first'")
        .await;
    let browser = scene.test.anonymous();
    scene
        .sign_in(&browser, ADDRESS, theirs.expose())
        .await
        .expect(422);
    scene.sign_in(&browser, ADDRESS, PASSWORD).await.expect(303);
    let page = browser.get("/mailbox").await.expect(200);
    assert!(page.body.contains(ADDRESS), "{}", page.body);
    let fields = [("current", PASSWORD), ("password", "seven green lanterns afloat")];
    browser.post("/mailbox/password", &fields).await.expect(303);
}

#[tokio::test]
async fn wrong_and_unknown_are_told_the_same_and_lock_after_five() {
    let scene = Scene::with_password().await;
    let browser = scene.test.anonymous();
    let mut told = Vec::new();
    for address in [ADDRESS, "nobody@acme.example"] {
        let answer = scene
            .sign_in(&browser, address, "wrong password")
            .await
            .expect(422);
        told.push(
            answer
                .body
                .replace(address, "")
                .contains("The e-mail address or the password is wrong."),
        );
    }
    assert_eq!(told, [true, true]);
    // Each is told a while later, so they go at once.
    let wrong = join_all((0..4).map(|_| scene.sign_in(&browser, ADDRESS, "wrong password"))).await;
    for answer in wrong {
        answer.expect(422);
    }
    let locked = scene.sign_in(&browser, ADDRESS, PASSWORD).await.expect(429);
    assert!(locked.body.contains("Try again in 1 minute"));
    scene.test.clock.advance(TimeDelta::minutes(2));
    scene.sign_in(&browser, ADDRESS, PASSWORD).await.expect(303);
    assert!(scene.actions().await.contains(&"mailbox.lock".to_owned()));
}

/// `ann's password`, as another program brought it, with the scheme that takes least to check.
const BROUGHT: &str = "{BLF-CRYPT}$2y$06$oRLNgNLNU6KSoJqQabcdeeHNqYN74hXJTrzF0h7beysCwq6LqCQJi";

#[tokio::test]
async fn a_password_that_was_brought_along_is_one() {
    let scene = Scene::new().await;
    scene.test.mail_password(scene.mailbox, BROUGHT).await;
    let browser = scene.test.anonymous();
    scene
        .sign_in(&browser, ADDRESS, "ann's password")
        .await
        .expect(303);
    browser.get("/mailbox").await.expect(200);
    let fields = [("current", "ann's password"), ("password", PASSWORD)];
    browser.post("/mailbox/password", &fields).await.expect(303);
    scene.sign_in(&browser, ADDRESS, PASSWORD).await.expect(303);
}

#[tokio::test]
async fn who_was_wrong_is_told_at_the_same_time_whatever_there_was_to_check() {
    let scene = Scene::new().await;
    scene.test.mail_password(scene.mailbox, BROUGHT).await;
    let browser = scene.test.anonymous();
    let wait = async |address: &str| {
        let begun = Instant::now();
        scene.sign_in(&browser, address, "wrong").await.expect(422);
        begun.elapsed()
    };
    let (known, unknown) = tokio::join!(wait(ADDRESS), wait("nobody@acme.example"));
    assert!(
        known.min(unknown) >= Duration::from_millis(1500),
        "{known:?}, {unknown:?}"
    );
}

#[tokio::test]
async fn no_password_no_mailbox_and_no_sense_are_no_way_in() {
    let scene = Scene::new().await;
    let browser = scene.test.anonymous();
    for (address, password) in [
        (ADDRESS, ""),
        ("", ""),
        ("ann", "x"),
        ("' or 1=1 --@acme.example", "x"),
    ] {
        let answer = scene.sign_in(&browser, address, password).await;
        assert_eq!(answer.status, 422, "{address}");
    }
    assert!(browser.cookie(MAILBOX_COOKIE).is_none());
}

#[tokio::test]
async fn who_is_disabled_or_deleted_is_out_at_once() {
    for change in [
        "update mailbox set is_enabled = false",
        "update mailbox set deleted_at = now(), purge_after = now()",
        "update mailbox set password_hash = '{ARGON2ID}x'",
    ] {
        let scene = Scene::new().await;
        scene.own.get("/mailbox").await.expect(200);
        scene.run(change).await;
        scene.own.get("/mailbox").await.expect(303);
        // It does not come back with the mailbox.
        scene
            .run("update mailbox set is_enabled = true, deleted_at = null, purge_after = null")
            .await;
        scene.own.get("/mailbox").await.expect(303);
    }
}

#[tokio::test]
async fn nobody_of_a_domain_that_is_disabled_is_in() {
    let scene = Scene::with_password().await;
    let (browser, other) = (scene.test.anonymous(), scene.test.anonymous());
    scene.sign_in(&browser, ADDRESS, PASSWORD).await.expect(303);
    browser.get("/mailbox").await.expect(200);
    scene.run("update mail_domain set is_enabled = false").await;
    browser.get("/mailbox").await.expect(303);
    scene.sign_in(&other, ADDRESS, PASSWORD).await.expect(422);
    scene.run("update mail_domain set is_enabled = true").await;
    scene.sign_in(&other, ADDRESS, PASSWORD).await.expect(303);
}

#[tokio::test]
async fn a_session_ends_by_idleness() {
    let scene = Scene::new().await;
    let idle = i64::from(scene.test.app.config.session_idle_minutes);
    scene.test.clock.advance(TimeDelta::minutes(idle - 1));
    scene.own.get("/mailbox").await.expect(200);
    scene.test.clock.advance(TimeDelta::minutes(idle + 1));
    scene.own.get("/mailbox").await.expect(303);
    let count = super::clean_up(&scene.test.app, &scene.test.system())
        .await
        .unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_keeps_this_one() {
    let scene = Scene::with_password().await;
    let (here, there) = (scene.test.anonymous(), scene.test.anonymous());
    for browser in [&here, &there] {
        scene.sign_in(browser, ADDRESS, PASSWORD).await.expect(303);
    }
    let new = "seven green lanterns afloat";
    let change = |current: &'static str, chosen: &'static str| [("current", current), ("password", chosen)];
    let weak = here
        .post("/mailbox/password", &change(PASSWORD, "password1234"))
        .await
        .expect(422);
    assert!(weak.body.contains("too easy to guess"));
    let wrong = here
        .post("/mailbox/password", &change("not this one", new))
        .await
        .expect(422);
    assert!(wrong.body.contains("not your present password"));
    assert_eq!(scene.kicked().await, [""; 0]);
    here.post("/mailbox/password", &change(PASSWORD, new))
        .await
        .expect(303);
    here.get("/mailbox").await.expect(200);
    there.get("/mailbox").await.expect(303);
    assert_eq!(scene.kicked().await, [ADDRESS], "programs sign in anew, too");
    scene.sign_in(&there, ADDRESS, PASSWORD).await.expect(422);
    scene.sign_in(&there, ADDRESS, new).await.expect(303);
}

#[tokio::test]
async fn an_app_password_is_shown_once_and_kept_as_its_hash() {
    let scene = Scene::new().await;
    let fields = [("name", "Phone"), ("protocols", "imap"), ("protocols", "smtp")];
    let made = scene
        .own
        .post("/mailbox/app-passwords", &fields)
        .await
        .expect(200);
    let after = made.body.split("id=\"app-password\">").nth(1).unwrap();
    let password = after.split('<').next().unwrap().to_owned();
    assert_eq!(password.len(), 39);
    let mut tx = scene.test.app.db.system().await.unwrap();
    let kept =
        sqlx::query!(r#"select id as "id: AppPasswordId", digest, protocols from mailbox_app_password"#)
            .fetch_one(tx.conn())
            .await
            .unwrap();
    drop(tx);
    assert_eq!(kept.digest.len(), 64);
    assert_eq!(kept.protocols, ["imap", "smtp"]);
    let page = scene.own.get("/mailbox/app-passwords").await.expect(200);
    assert!(page.body.contains("Phone") && !page.body.contains(&password));
    let twice = scene
        .own
        .post("/mailbox/app-passwords", &fields)
        .await
        .expect(422);
    assert!(twice.body.contains("of that name"));
    let none = scene
        .own
        .post("/mailbox/app-passwords", &[("name", "Desk")])
        .await
        .expect(422);
    assert!(none.body.contains("Choose at least one"));
    let one = format!("/mailbox/app-passwords/{}/delete", kept.id);
    let (_, bob) = scene.test.mailbox_person(scene.tenant, "bob@acme.example").await;
    bob.post(&one, &[]).await.expect(404);
    assert_eq!(scene.kicked().await, [""; 0]);
    scene.own.post(&one, &[]).await.expect(303);
    assert_eq!(scene.kicked().await, [ADDRESS], "a lost phone reads no further");
    scene.own.post(&one, &[]).await.expect(404);
}

#[tokio::test]
async fn a_mailbox_has_fifty_app_passwords_whoever_makes_them() {
    let scene = Scene::new().await;
    scene
        .run(
            "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at) \
             select gen_random_uuid(), tenant_id, id, 'program ' || n, 'digest ' || n, '{imap}', now() \
             from mailbox, generate_series(1, 50) as n",
        )
        .await;
    let fields = [("name", "Phone"), ("protocols", "imap")];
    let full = scene
        .own
        .post("/mailbox/app-passwords", &fields)
        .await
        .expect(409);
    assert!(full.body.contains("at most 50 app passwords"), "{}", full.body);
    assert!(
        full.body.contains("value=\"Phone\""),
        "what was typed stays: {}",
        full.body
    );
}

#[tokio::test]
async fn their_role_ends_no_sessions_but_their_own() {
    let scene = Scene::new().await;
    scene.test.mailbox_person(scene.tenant, "bob@acme.example").await;
    let mut tx = scene
        .test
        .app
        .db
        .mailbox(scene.tenant, scene.mailbox)
        .await
        .unwrap();
    let bob = ["bob@acme.example".to_owned()];
    let asked = crate::mail::kicks::ask(&mut tx, scene.tenant, &bob, scene.test.app.now()).await;
    assert!(asked.is_err());
}

#[tokio::test]
async fn aliases_of_ones_own_are_as_many_as_allowed() {
    let scene = Scene::new().await;
    let make = |name: &'static str| [("name", name), ("description", "Shops")];
    let post = |name: &'static str| {
        let own = &scene.own;
        async move { own.post("/mailbox/aliases", &make(name)).await }
    };
    for bad in ["postmaster", "ann", "a+b", "", "shop@other.example"] {
        assert_eq!(post(bad).await.status, 422, "{bad}");
    }
    post("Shop").await.expect(303);
    post("club").await.expect(303);
    let full = post("third").await.expect(409);
    assert!(full.body.contains("2 aliases of your own"), "{}", full.body);
    let mut tx = scene.test.app.db.system().await.unwrap();
    let kept = sqlx::query!(
        r#"select id, address, targets, owner_id from mail_alias where owner_id is not null order by address"#
    )
    .fetch_all(tx.conn())
    .await
    .unwrap();
    drop(tx);
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1].address, "shop@acme.example");
    assert_eq!(
        (&*kept[1].targets, kept[1].owner_id),
        (&[ADDRESS.to_owned()][..], Some(scene.mailbox.0))
    );
    let id = crate::platform::ids::MailAliasId(kept[1].id);
    let (_, bob) = scene.test.mailbox_person(scene.tenant, "bob@acme.example").await;
    bob.post(&format!("/mailbox/aliases/{id}/delete"), &[])
        .await
        .expect(404);
    assert!(
        !bob.get("/mailbox/aliases")
            .await
            .expect(200)
            .body
            .contains("shop@")
    );
    scene
        .own
        .post(&format!("/mailbox/aliases/{id}/delete"), &[])
        .await
        .expect(303);
    post("third").await.expect(303);
    assert!(
        scene
            .actions()
            .await
            .contains(&"mailbox.own_alias_delete".to_owned())
    );
}

#[tokio::test]
async fn the_address_of_a_deleted_colleague_is_not_to_be_had() {
    let scene = Scene::new().await;
    scene.test.mailbox_person(scene.tenant, "bob@acme.example").await;
    scene
        .run("update mailbox set deleted_at = now(), purge_after = now() where local_part = 'bob'")
        .await;
    let taken = scene
        .own
        .post("/mailbox/aliases", &[("name", "bob")])
        .await
        .expect(422);
    assert!(taken.body.contains("is taken"));
}

#[tokio::test]
async fn a_user_s_session_is_none_here_and_a_mailbox_s_none_there() {
    let scene = Scene::new().await;
    let ada = scene.test.person("ada").await;
    scene.test.member(scene.tenant, ada, TenantRole::Owner).await;
    scene.test.browser(ada).await.get("/mailbox").await.expect(303);
    let page = scene.own.get("/t/acme").await.expect(303);
    assert!(page.location().starts_with("/sign-in"));
}

#[tokio::test]
async fn their_role_sees_one_mailbox_and_no_secrets() {
    let scene = Scene::new().await;
    scene.test.mailbox_person(scene.tenant, "bob@acme.example").await;
    let db = &scene.test.app.db;
    let mut tx = db.mailbox(scene.tenant, scene.mailbox).await.unwrap();
    let seen = sqlx::query_scalar!("select address from mailbox")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(seen, [ADDRESS]);
    drop(tx);
    let mut tx = db.mailbox(scene.tenant, scene.mailbox).await.unwrap();
    let refused = sqlx::query!("select password_hash from mailbox")
        .fetch_all(tx.conn())
        .await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
    drop(tx);
    let other = scene.test.tenant("other").await;
    let mut tx = db.mailbox(other, scene.mailbox).await.unwrap();
    let seen = sqlx::query_scalar!("select address from mailbox")
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert!(seen.is_empty(), "another tenant's words open nothing");
}

#[tokio::test]
async fn two_who_make_the_last_alias_at_once_make_one() {
    let scene = Scene::new().await;
    scene
        .own
        .post("/mailbox/aliases", &[("name", "one")])
        .await
        .expect(303);
    let make = |name: &'static str| {
        let own = &scene.own;
        async move { own.post("/mailbox/aliases", &[("name", name)]).await.status }
    };
    let (two, three) = tokio::join!(make("two"), make("three"));
    let mut got = [two, three];
    got.sort_unstable();
    assert_eq!(got, [303, 409]);
}
