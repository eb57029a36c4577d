//! The diagnosis over the router. Nobody outside is asked: the host is this machine, and DNS knows nothing.

use crate::platform::access::{Permission as P, StaffRole};
use crate::testing::TestApp;

#[tokio::test]
async fn each_check_is_told_with_what_to_do() {
    let app = TestApp::with(|config| {
        config.mail_container = Some("mail".to_owned());
        config.mail_host = Some("localhost".to_owned());
    })
    .await;
    app.mail.set_down("redis", "Connection refused");
    let line = "postfix/smtpd[7]: connect from unknown[172.17.0.1]";
    app.mail.log(app.app.now(), line);
    app.mail.end_log();
    let root = app.staff("root", StaffRole::Owner).await;
    let program = app.program(root, None, &[P::StaffMailRead]).await;
    let found = program
        .get("/api/v1/staff/mail/diagnosis")
        .await
        .expect(200)
        .json();
    assert_eq!(found["host"], "localhost");
    let findings = found["findings"].as_array().unwrap();
    for what in [
        "Program redis",
        "Port 25 in",
        "Senders' addresses",
        "Port 25 out",
        "Addresses of localhost",
        "Certificate of port 465",
    ] {
        let one = findings.iter().find(|one| one["what"] == what);
        let one = one.unwrap_or_else(|| panic!("{what}: {found}"));
        assert!(one["verdict"] == "good" || one["fix"] != "", "{one}");
    }
    let hidden = findings.iter().find(|one| one["what"] == "Senders' addresses");
    assert_eq!(hidden.unwrap()["verdict"], "warning", "{found}");
    program
        .get("/api/v1/staff/mail/diagnosis?domain=10.0.0.1")
        .await
        .expect(422);
    let browser = app.browser(root).await;
    let page = browser.get("/staff/mail/diagnosis").await.expect(200);
    assert!(page.body.contains("Connection refused"), "{}", page.body);
    let wrong = browser
        .get("/staff/mail/diagnosis?domain=localhost")
        .await
        .expect(422);
    assert!(wrong.body.contains("single word"), "{}", wrong.body);
}

#[tokio::test]
async fn it_is_for_staff_alone() {
    let app = TestApp::start().await;
    let (_, owner) = app.owner("acme").await;
    owner.get("/staff/mail/diagnosis").await.expect(404);
}
