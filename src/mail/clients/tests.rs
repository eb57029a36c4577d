//! Mail programs find their settings for domains that are served here, and learn nothing of who has a mailbox.

use axum::body::Body;
use axum::http::Method;
use xmltree::Element;

use crate::drivers::mail::MailPorts;
use crate::mail::tests::rows;
use crate::platform::access::{Permission, TenantRole};
use crate::platform::ids::{MailboxId, TenantId, UserId};
use crate::testing::TestApp;

struct Scene {
    app: TestApp,
    tenant: TenantId,
    user: UserId,
    mailbox: MailboxId,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::with(|config| config.mail_host = Some("mail.panel.test".to_owned())).await;
        let (tenant, user) = (app.tenant("acme").await, app.person("ada").await);
        app.member(tenant, user, TenantRole::Viewer).await;
        let domain = rows::domain(&app, tenant, "example.com", true).await;
        rows::domain(&app, tenant, "unproven.example", false).await;
        let mailbox = rows::mailbox(&app, (tenant, domain), "ada@example.com", 100).await;
        Self {
            app,
            tenant,
            user,
            mailbox,
        }
    }
}

const AUTOCONFIG: &str = "/mail/config-v1.1.xml?emailaddress=";

#[tokio::test]
async fn thunderbird_gets_the_same_for_known_and_unknown_addresses() {
    let scene = Scene::new().await;
    let anybody = scene.app.anonymous();
    let known = anybody
        .get(&format!("{AUTOCONFIG}ada@example.com"))
        .await
        .expect(200);
    let unknown = anybody
        .get(&format!("{AUTOCONFIG}eve@example.com"))
        .await
        .expect(200);
    assert_eq!(known.body, unknown.body);
    let root = Element::parse(known.body.as_bytes()).unwrap();
    let provider = root.get_child("emailProvider").unwrap();
    let incoming = provider.get_child("incomingServer").unwrap();
    let read = |name: &str| {
        incoming
            .get_child(name)
            .and_then(Element::get_text)
            .unwrap()
            .into_owned()
    };
    assert_eq!(read("hostname"), "mail.panel.test");
    assert_eq!(
        (read("port"), read("socketType")),
        ("993".to_owned(), "SSL".to_owned())
    );
    let other = "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=ada@example.com";
    assert_eq!(anybody.get(other).await.expect(200).body, known.body);
    for address in [
        "ada@unproven.example",
        "ada@elsewhere.example",
        "ada",
        "",
        "%3Cscript%3E@x",
    ] {
        anybody.get(&format!("{AUTOCONFIG}{address}")).await.expect(404);
    }
}

#[tokio::test]
async fn outlook_gets_its_answer_and_nonsense_is_refused() {
    let scene = Scene::new().await;
    let anybody = scene.app.anonymous();
    let ask = |address: &str| {
        format!("<Autodiscover><Request><EMailAddress>{address}</EMailAddress></Request></Autodiscover>")
    };
    let post = |path: &'static str, body: String| {
        let anybody = &anybody;
        async move {
            let headers = [("content-type", "text/xml")];
            anybody.send(Method::POST, path, &headers, Body::from(body)).await
        }
    };
    for path in ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"] {
        let answer = post(path, ask("eve@example.com")).await.expect(200);
        assert!(
            answer.body.contains("<LoginName>eve@example.com</LoginName>"),
            "{}",
            answer.body
        );
        post(path, ask("eve@elsewhere.example")).await.expect(404);
        post(path, ask("eve@unproven.example")).await.expect(404);
        post(path, "<!DOCTYPE a><a/>".to_owned()).await.expect(400);
        post(path, "<a>".repeat(40_000)).await.expect(413);
    }
}

#[tokio::test]
async fn a_mailbox_is_set_up_from_its_page_and_by_its_profile() {
    let scene = Scene::new().await;
    let browser = scene.app.browser(scene.user).await;
    let base = format!("/t/acme/mail/mailboxes/{}", scene.mailbox);
    let page = browser.get(&format!("{base}/set-up")).await.expect(200);
    for part in ["mail.panel.test", "ada@example.com", "993", "995", "465", "587"] {
        assert!(page.body.contains(part), "{part}");
    }
    let profile = browser.get(&format!("{base}/apple")).await.expect(200);
    assert!(
        profile
            .body
            .contains("<key>IncomingMailServerPortNumber</key><integer>993</integer>")
    );
    assert!(!profile.body.to_lowercase().contains("passwordkey"));
    let program = scene
        .app
        .program(scene.user, Some(scene.tenant), &[Permission::MailRead])
        .await;
    let path = format!("/api/v1/mail/mailboxes/{}/set-up", scene.mailbox);
    let out = program.get(&path).await.expect(200).json();
    assert_eq!(out["user_name"], "ada@example.com");
    assert_eq!(out["servers"][3]["encryption"], "start_tls");
    let (other, stranger) = (scene.app.tenant("other").await, scene.app.person("eve").await);
    scene.app.member(other, stranger, TenantRole::Owner).await;
    let stranger = scene.app.browser(stranger).await;
    let strange = format!("/t/other/mail/mailboxes/{}", scene.mailbox);
    stranger.get(&format!("{strange}/set-up")).await.expect(404);
    stranger.get(&format!("{strange}/apple")).await.expect(404);
}

#[tokio::test]
async fn a_mailbox_s_own_person_sets_up_their_phone() {
    let ports = MailPorts {
        imaps: 9930,
        submissions: 4650,
        ..MailPorts::default()
    };
    let app = TestApp::with(|config| config.mail_client_ports = ports).await;
    let tenant = app.tenant("acme").await;
    let (_, own) = app.mailbox_person(tenant, "ann@acme.example").await;
    let page = own.get("/mailbox/set-up-program").await.expect(200);
    assert!(page.body.contains("ann@acme.example") && page.body.contains("/mailbox/set-up-program/apple"));
    let profile = own.get("/mailbox/set-up-program/apple").await.expect(200);
    assert!(
        profile
            .body
            .contains("<key>IncomingMailServerPortNumber</key><integer>9930</integer>")
    );
    assert!(
        profile
            .body
            .contains("<key>PayloadOrganization</key><string>acme.example</string>")
    );
    let overview = own.get("/mailbox").await.expect(200);
    assert!(overview.body.contains("port 9930") && overview.body.contains("port 4650"));
    let away = app.anonymous().get("/mailbox/set-up-program").await.expect(303);
    assert_eq!(away.location(), "/mailbox/sign-in");
}
