//! Opening webmail from a mailbox's page: what the browser gets, what the container gets for it, and when neither is good any more.

use chrono::TimeDelta;

use crate::platform::db::Scoped as _;
use crate::platform::ids::{MailboxId, TenantId};
use crate::testing::{Client, TestApp};

const ADDRESS: &str = "ann@acme.example";
const WEBMAIL: &str = "https://webmail.example";

struct Scene {
    test: TestApp,
    tenant: TenantId,
    mailbox: MailboxId,
    own: Client,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::with(|config| config.webmail_url = Some(WEBMAIL.to_owned())).await;
        let tenant = test.tenant("acme").await;
        let (mailbox, own) = test.mailbox_person(tenant, ADDRESS).await;
        Self {
            test,
            tenant,
            mailbox,
            own,
        }
    }

    /// Presses the button; the token that the browser carries to webmail.
    async fn open(&self) -> String {
        let page = self.own.post("/mailbox/webmail", &[]).await.expect(200);
        let start = format!("{WEBMAIL}/?_sso=");
        let mut links = page
            .body
            .split(&start)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned());
        let token = links.next().unwrap();
        assert_eq!(links.next().as_ref(), Some(&token), "by itself, and by a link");
        token
    }

    /// What the container gets for a token: the status, and the password.
    async fn exchange(&self, token: &str) -> (u16, String) {
        let answer = self
            .test
            .anonymous()
            .post("/mail/webmail/exchange", &[("token", token)])
            .await;
        if answer.status != 200 {
            assert!(!answer.body.contains(ADDRESS), "{answer:?}");
            return (answer.status, String::new());
        }
        let found = answer.json();
        assert_eq!(found["address"], ADDRESS);
        assert_eq!(answer.header("cache-control"), "no-store");
        (200, found["password"].as_str().unwrap().to_owned())
    }

    async fn end(&self, password: &str) {
        let fields = [("password", password)];
        self.test
            .anonymous()
            .post("/mail/webmail/end", &fields)
            .await
            .expect(204);
    }

    /// Whether the mail service would take it now, by its digest.
    async fn is_kept(&self, password: &str) -> bool {
        let mut tx = self.test.app.db.system().await.unwrap();
        sqlx::query_scalar!(
            r#"select exists (select from mailbox_app_password where mailbox_id = $1 and digest = encode(sha256($2), 'hex')) as "is!""#,
            self.mailbox.0,
            password.as_bytes()
        )
        .fetch_one(tx.conn())
        .await
        .unwrap()
    }

    async fn actions(&self) -> Vec<String> {
        let mut tx = self.test.app.db.system().await.unwrap();
        sqlx::query_scalar!(
            "select action from audit_event where actor_kind = 'mailbox' and target_id = $1 order by at, id",
            self.mailbox.0
        )
        .fetch_all(tx.conn())
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn somebody_gets_in_by_a_token_that_works_once() {
    let scene = Scene::new().await;
    let token = scene.open().await;
    let (status, password) = scene.exchange(&token).await;
    assert_eq!((status, password.len()), (200, 27));
    assert!(scene.is_kept(&password).await);
    assert_eq!(scene.exchange(&token).await.0, 404);
    let mut tx = scene.test.app.db.system().await.unwrap();
    let kept = sqlx::query!("select protocols, expires_at, is_webmail from mailbox_app_password")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(kept.protocols, ["imap", "smtp", "sieve"]);
    assert_eq!(
        (kept.expires_at, kept.is_webmail),
        (Some(scene.test.app.now() + TimeDelta::hours(12)), true)
    );
    assert_eq!(scene.actions().await, ["mailbox.webmail"]);
}

#[tokio::test]
async fn neither_token_nor_password_is_kept_as_it_is() {
    let scene = Scene::new().await;
    let token = scene.open().await;
    let mut tx = scene.test.app.db.system().await.unwrap();
    let text = sqlx::query_scalar!(
        r#"select row_to_json(p)::text || row_to_json(a)::text as "text!"
           from mailbox_webmail_pass p join mailbox_app_password a on a.id = p.app_password_id"#
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    drop(tx);
    let (_, password) = scene.exchange(&token).await;
    let hex = |word: &str| {
        word.bytes()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    for secret in [token, password] {
        assert!(!text.contains(&secret) && !text.contains(&hex(&secret)), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_token_or_too_old_gets_nothing() {
    let scene = Scene::new().await;
    let token = scene.open().await;
    let long = "x".repeat(5000);
    for wrong in ["", "x", &token[1..], long.as_str(), "' or true --"] {
        assert_eq!(scene.exchange(wrong).await.0, 404, "{wrong}");
    }
    scene.test.clock.advance(TimeDelta::seconds(60));
    assert_eq!(scene.exchange(&token).await.0, 404);
}

#[tokio::test]
async fn of_two_at_once_one_gets_in() {
    let scene = Scene::new().await;
    let token = scene.open().await;
    let (one, two) = tokio::join!(scene.exchange(&token), scene.exchange(&token));
    let mut got = [one.0, two.0];
    got.sort_unstable();
    assert_eq!(got, [200, 404]);
}

#[tokio::test]
async fn who_may_no_longer_sign_in_gets_no_further() {
    for change in [
        "update mailbox set is_enabled = false",
        "update mailbox set deleted_at = now(), purge_after = now()",
        "update mailbox set password_hash = '{ARGON2ID}x'",
    ] {
        let scene = Scene::new().await;
        let (_, inside) = scene.exchange(&scene.open().await).await;
        let token = scene.open().await;
        scene.test.administer(change).await;
        assert_eq!(scene.exchange(&token).await.0, 404, "{change}");
        assert!(!scene.is_kept(&inside).await, "{change}");
        let again = scene.own.post("/mailbox/webmail", &[]).await.expect(303);
        assert_eq!(again.location(), "/mailbox/sign-in", "{change}");
    }
}

#[tokio::test]
async fn of_a_suspended_organisation_nobody_gets_in() {
    let scene = Scene::new().await;
    let token = scene.open().await;
    scene.test.suspend(scene.tenant).await;
    assert_eq!(scene.exchange(&token).await.0, 404);
    let refused = scene.own.post("/mailbox/webmail", &[]).await.expect(403);
    assert!(refused.body.to_lowercase().contains("suspended"));
}

#[tokio::test]
async fn five_are_open_at_once_and_programs_are_none_of_them() {
    let scene = Scene::new().await;
    scene.test.things_of_mailbox(scene.tenant, scene.mailbox).await;
    let mut passwords = Vec::new();
    for _ in 0..6 {
        scene.test.clock.advance(TimeDelta::seconds(1));
        passwords.push(scene.exchange(&scene.open().await).await.1);
    }
    let mut kept = Vec::new();
    for password in &passwords {
        kept.push(scene.is_kept(password).await);
    }
    assert_eq!(kept, [false, true, true, true, true, true]);
    let page = scene.own.get("/mailbox/app-passwords").await.expect(200);
    assert!(
        page.body.contains("Phone") && !page.body.contains("Webmail "),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn signing_out_there_ends_it_and_no_program_s_password() {
    let scene = Scene::new().await;
    let (_, password) = scene.exchange(&scene.open().await).await;
    let program = "a program's";
    scene
        .test
        .administer(
            "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at) \
             select gen_random_uuid(), tenant_id, id, 'Phone', encode(sha256('a program''s'), 'hex'), '{imap}', now() from mailbox",
        )
        .await;
    for word in [program, "", "unknown"] {
        scene.end(word).await;
    }
    assert!(scene.is_kept(&password).await && scene.is_kept(program).await);
    scene.end(&password).await;
    assert!(!scene.is_kept(&password).await && scene.is_kept(program).await);
    // Both happened at one moment.
    let mut done = scene.actions().await;
    done.sort();
    assert_eq!(done, ["mailbox.webmail", "mailbox.webmail_end"]);
}

#[tokio::test]
async fn what_has_ended_is_forgotten() {
    let scene = Scene::new().await;
    let (_, password) = scene.exchange(&scene.open().await).await;
    scene.open().await;
    let system = scene.test.system();
    let tidy = || super::clean_up(&scene.test.app, &system);
    assert_eq!(tidy().await.unwrap(), 0);
    scene.test.clock.advance(TimeDelta::minutes(1));
    assert_eq!(tidy().await.unwrap(), 1, "the way that nobody took");
    scene.test.clock.advance(TimeDelta::hours(12));
    assert!(scene.is_kept(&password).await);
    assert_eq!(tidy().await.unwrap(), 2);
    assert!(!scene.is_kept(&password).await);
}

#[tokio::test]
async fn the_mail_service_takes_none_that_has_ended() {
    let scene = Scene::new().await;
    scene
        .test
        .administer(
            "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at, expires_at) \
             select gen_random_uuid(), tenant_id, id, word, word, '{imap}', now(), now() + after * interval '1 hour' \
             from mailbox, (values ('ended', -1), ('open', 1)) as v (word, after)",
        )
        .await;
    scene
        .test
        .administer(
            "do $$ begin \
               assert exists (select from mail_api.app_password('ann@acme.example', 'open', 'imap')); \
               assert not exists (select from mail_api.app_password('ann@acme.example', 'ended', 'imap')); \
               assert not exists (select from mail_api.app_password('ann@acme.example', 'open', 'smtp')); \
             end $$",
        )
        .await;
}

#[tokio::test]
async fn without_an_address_there_is_no_webmail() {
    let test = TestApp::start().await;
    let tenant = test.tenant("acme").await;
    let (_, own) = test.mailbox_person(tenant, ADDRESS).await;
    own.post("/mailbox/webmail", &[]).await.expect(404);
    assert!(
        !own.get("/mailbox")
            .await
            .expect(200)
            .body
            .contains("/mailbox/webmail")
    );
    let scene = Scene::new().await;
    assert!(
        scene
            .own
            .get("/mailbox")
            .await
            .expect(200)
            .body
            .contains("action=\"/mailbox/webmail\"")
    );
}
