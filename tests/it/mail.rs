//! Mail through a real mail server: what arrives there, and that what it could not take arrives when it is back.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use berth::platform::access::{Permission, StaffRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::secret::Secret;
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};

use crate::faults::Api;
use crate::panel::{Panel, until, until_within};

/// Where a panel dies in a test of this file.
pub(crate) const POINTS: [&str; 1] = ["notifications.after_send"];

/// The queue takes a dead worker's work back after a minute, and looks every ten seconds.
const TAKEN_BACK: Duration = Duration::from_mins(4);

/// A mail server that keeps what it gets in a folder, a file each (Maildir).
pub(crate) struct MailServer {
    child: Child,
    folder: PathBuf,
}

impl MailServer {
    pub(crate) fn start(folder: &Path, port: u16) -> Self {
        let child = Command::new("aiosmtpd")
            .args(["--nosetuid", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--class", "aiosmtpd.handlers.Mailbox"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("aiosmtpd, which make setup installs");
        Self {
            child,
            folder: folder.to_owned(),
        }
    }

    /// All that has arrived.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.folder.join("new")) else {
            return Vec::new();
        };
        let read = |file: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(file.ok()?.path()).ok();
        files.filter_map(read).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn folder(test: &str) -> PathBuf {
    std::env::temp_dir().join(format!("berth-mail-{test}-{}", std::process::id()))
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

async fn sent(api: &Api, state: &str, count: usize) {
    until(&format!("{count} are {state}"), async || {
        let all = api.get("/api/v1/staff/notifications").await;
        let all = all["items"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|one: &&Value| one["state"] == state).count() == count
    })
    .await;
}

#[tokio::test]
async fn mail_arrives_and_waits_for_a_server_that_is_away() {
    let app = TestApp::start().await;
    app.clock.advance(SystemClock.now() - noon());
    let root = app.staff("root", StaffRole::Owner).await;
    let scopes = [Permission::StaffSystemRead, Permission::StaffSystemManage];
    let program = app.program(root, None, &scopes).await;
    let (folder, port) = (folder("away"), free_port());
    let mut panel = Panel::of(&app);
    panel.set("BERTH_SMTP_URL", format!("smtp://127.0.0.1:{port}"));
    panel.set("BERTH_MAIL_FROM", "Our panel <panel@example.com>".to_owned());
    let _running = panel.serve().await;
    let api = Api::new(&panel, program.bearer());

    // Nobody listens yet.
    let (status, asked) = api.post("/api/v1/staff/notifications/test", &json!({})).await;
    assert_eq!(status, 202, "{asked}");
    until("a try has failed", async || {
        let all = api.get("/api/v1/staff/notifications").await;
        all["items"][0]["error"]
            .as_str()
            .is_some_and(|said| said.starts_with("not now: "))
    })
    .await;
    let server = MailServer::start(&folder, port);
    sent(&api, "sent", 1).await;
    api.post("/api/v1/staff/notifications/test", &json!({})).await;
    sent(&api, "sent", 2).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "each arrived once");
    for line in [
        "Our panel\" <panel@example.com>",
        "To: root@example.com",
        "Subject: A test of your panel's mail",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(
            mails.iter().all(|mail| mail.contains(line)),
            "{line} is not in {mails:?}"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_panel_that_dies_after_it_sent_sends_again_under_the_same_id() {
    let url = Secret::new("smtp://127.0.0.1".to_owned());
    let app = TestApp::with(|config| config.smtp_url = Some(url)).await;
    app.clock.advance(SystemClock.now() - noon());
    let root = app.staff("root", StaffRole::Owner).await;
    let scopes = [Permission::StaffSystemRead, Permission::StaffSystemManage];
    let program = app.program(root, None, &scopes).await;
    program
        .json("POST", "/api/v1/staff/notifications/test", &json!({}))
        .await
        .expect(202);
    let (folder, port) = (folder("dies"), free_port());
    let server = MailServer::start(&folder, port);
    until("the mail server listens", async || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    })
    .await;
    let mut panel = Panel::of(&app);
    panel.set("BERTH_SMTP_URL", format!("smtp://127.0.0.1:{port}"));
    panel.start(Some(POINTS[0])).died(POINTS[0]).await;
    assert_eq!(server.mails().len(), 1);
    let _running = panel.serve().await;
    until_within(TAKEN_BACK, "it is sent again", async || {
        let all = program.get("/api/v1/staff/notifications").await.json();
        all["items"][0]["state"] == "sent"
    })
    .await;
    let mails = server.mails();
    let ids: BTreeSet<&str> = mails
        .iter()
        .filter_map(|mail| mail.lines().find(|line| line.starts_with("Message-ID: ")))
        .collect();
    assert_eq!((mails.len(), ids.len()), (2, 1), "{mails:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
