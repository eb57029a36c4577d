//! A panel dies after a mailbox's mail came and before that was written down: another asks for it again, which is harmless, and
//! tells its end. The mail service is a container in which a script stands for the program that fetches.

use std::process::{Command, Stdio};
use std::time::Duration;

use berth::platform::access::TenantRole;
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::json;

use crate::crash::docker::prepare;
use crate::engine_contract::docker_world::IMAGE;
use crate::faults::tenants_permissions;
use crate::panel::{Panel, until_within};

/// Where a panel dies in a test of this file.
pub(crate) const POINTS: [&str; 1] = ["mail_fetches.copied"];

/// The lease of the panel that died runs out first.
const TAKEN_OVER: Duration = Duration::from_mins(2);

/// Counts how often it was asked, and says what the real one says. The password has to come by its input.
const SCRIPT: &str = r#"cat > /bin/berth-mail-fetch <<'END'
#!/bin/sh
read -r wish
case "$wish" in *'"password":"over there"'*) ;; *) exit 1 ;; esac
echo asked >> /asked
echo '{"event":"found","folders":1,"messages":3}'
echo '{"event":"at","folder":"INBOX","folders":1,"messages":3,"bytes":3000}'
echo '{"event":"done","folders":1,"messages":3,"bytes":3000}'
END
chmod +x /bin/berth-mail-fetch
exec sleep 600"#;

/// A container; gone when dropped.
struct Service(String);

fn docker(words: &[&str]) -> String {
    let output = Command::new("docker").args(words).stderr(Stdio::null()).output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
}

impl Service {
    fn start() -> Self {
        let name = format!("berth-it-fetch-{}", std::process::id());
        docker(&[
            "run",
            "--detach",
            "--name",
            &name,
            "--network",
            "none",
            IMAGE,
            "sh",
            "-c",
            SCRIPT,
        ]);
        Self(name)
    }

    fn asked(&self) -> usize {
        docker(&["exec", &self.0, "cat", "/asked"]).lines().count()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.0]);
    }
}

async fn mailbox(app: &TestApp) {
    app.administer(
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         select gen_random_uuid(), id, 'a.example', 'proof', now(), 'test', now(), now() from tenant",
    )
    .await;
    app.administer(
        "insert into mailbox (id, tenant_id, domain_id, local_part, address, created_by, created_at, updated_at) \
         select gen_random_uuid(), tenant_id, id, 'ann', 'ann@a.example', 'test', now(), now() from mail_domain",
    )
    .await;
}

#[tokio::test]
async fn a_panel_that_dies_after_the_mail_came_is_followed_by_another() {
    prepare().await;
    let service = Service::start();
    let app = TestApp::with(|config| config.mail_container = Some("asked for only".to_owned())).await;
    app.clock.advance(SystemClock.now() - noon());
    let (tenant, user) = (app.tenant("harbour").await, app.person("ann").await);
    app.member(tenant, user, TenantRole::Owner).await;
    let program = app.program(user, Some(tenant), &tenants_permissions()).await;
    mailbox(&app).await;
    // An address of the public internet, which nobody connects to.
    let account = json!({ "mailbox": "ann@a.example", "user": "ann", "password": "over there" });
    let body = json!({ "host": "1.1.1.1", "accounts": [account] });
    let made = program
        .json("POST", "/api/v1/mail/fetches", &body)
        .await
        .expect(202)
        .json();
    let path = format!(
        "/api/v1/mail/fetches/{}",
        made["items"][0]["id"].as_str().unwrap()
    );
    let mut panel = Panel::of(&app);
    panel.set("BERTH_MAIL_CONTAINER", service.0.clone());
    panel.start(Some(POINTS[0])).died(POINTS[0]).await;
    assert_eq!(program.get(&path).await.expect(200).json()["state"], "running");
    assert_eq!(service.asked(), 1);
    let running = panel.serve().await;
    until_within(TAKEN_OVER, "the mail is fetched", async || {
        program.get(&path).await.expect(200).json()["state"] == "done"
    })
    .await;
    running.stop().await;
    assert_eq!(service.asked(), 2);
    let done = program.get(&path).await.expect(200).json();
    assert_eq!(
        (&done["total_messages"], &done["done_messages"]),
        (&json!(3), &json!(3))
    );
}
