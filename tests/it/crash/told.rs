//! Panels that die while they tell people and programs what happens in tickets: what is written down is written once, and what had left
//! already leaves again under the same id.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth::platform::access::{Permission, StaffRole, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::platform::ids::TenantId;
use berth::platform::secret::Secret;
use berth::testing::{Client, TestApp, noon};
use futures_util::future::{LocalBoxFuture, join_all};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::mail::{MailServer, folder, free_port};
use crate::panel::{Panel, until, until_within};

/// Where panels die: before what the other parts wrote lasts, after a message or a mail has left and before that is written down, and
/// before the page of a chain's next level lasts.
pub(crate) const POINTS: [&str; 5] = [
    "tickets.before_followed",
    "webhooks.after_send",
    "ticket_mail.after_send",
    "on_call.after_mail",
    "on_call.before_commit",
];

const HOOKS: &str = "/api/v1/staff/webhooks";
/// The queue takes a dead worker's work back after a minute, and looks every ten seconds.
const TAKEN_BACK: Duration = Duration::from_mins(4);
/// Nobody listens there.
const NOBODY: u16 = 9;

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    /// Entries of tickets' logs that no part was told of.
    fresh: i64,
    calls: i64,
    messages: i64,
    mails: i64,
    /// Pages that a mail has told of.
    mailed_calls: i64,
    sent_mails: i64,
}

/// An organisation with an owner, an owner of the staff, who is paged because nobody is on duty, and a panel.
struct Scene {
    app: TestApp,
    panel: Panel,
    tenant: TenantId,
    staff: Client,
}

impl Scene {
    async fn set(mail_port: u16) -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        let app = TestApp::with(|config| {
            config.smtp_url = Some(url);
            config.webhook_allow = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        app.clock.advance(SystemClock.now() - noon());
        let (tenant, ann) = (app.tenant("acme").await, app.person("ann").await);
        app.member(tenant, ann, TenantRole::Owner).await;
        let root = app.staff("root", StaffRole::Owner).await;
        let scopes = [Permission::StaffWebhookRead, Permission::StaffWebhookManage];
        let staff = app.program(root, None, &scopes).await;
        let mut panel = Panel::of(&app);
        panel.set("BERTH_SMTP_URL", format!("smtp://127.0.0.1:{mail_port}"));
        panel.set("BERTH_WEBHOOK_ALLOW", "127.0.0.0/8".to_owned());
        Self {
            app,
            panel,
            tenant,
            staff,
        }
    }

    /// A webhook of the provider's; its id.
    async fn hook(&self, url: &str, events: &[&str]) -> String {
        let new = json!({ "url": url, "events": events });
        let made = self.staff.json("POST", HOOKS, &new).await.expect(201).json();
        made["webhook"]["id"].as_str().unwrap().to_owned()
    }

    async fn count(&self) -> Count {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query_as!(
            Count,
            r#"select (select count(*) from ticket_event where not followed) as "fresh!",
                 (select count(*) from on_call_call) as "calls!", (select count(*) from webhook_delivery) as "messages!",
                 (select count(*) from ticket_mail_out) as "mails!",
                 (select count(*) from on_call_call where mail = 'sent') as "mailed_calls!",
                 (select count(*) from ticket_mail_out where state = 'sent') as "sent_mails!""#
        );
        found.fetch_one(tx.conn()).await.unwrap()
    }

    async fn dies_at(&self, point: &str) {
        self.panel.start(Some(point)).died(point).await;
    }
}

async fn the_other_parts_are_told_once(point: &'static str) {
    let scene = Scene::set(NOBODY).await;
    let url = format!("http://127.0.0.1:{NOBODY}/");
    scene.hook(&url, &["ticket.opened", "on_call.paged"]).await;
    scene.app.ticket(scene.tenant).await;
    let before = scene.count().await;
    assert_ne!(before.fresh, 0);
    scene.dies_at(point).await;
    assert_eq!(scene.count().await, before, "{point}: none of it lasts");
    let _running = scene.panel.serve().await;
    until_within(TAKEN_BACK, "the other parts are told", async || {
        scene.count().await.fresh == 0
    })
    .await;
    let told = scene.count().await;
    assert_eq!((told.calls, told.messages, told.mails), (1, 2, 1), "{point}");
}

fn header(head: &str, name: &str) -> String {
    let found = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_default().to_owned()
}

/// Reads a request to its end; the id of the message in it.
async fn message_id(stream: &mut TcpStream) -> String {
    let mut told = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        told.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&told).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && header(head, "content-length") == body.len().to_string()
        {
            return header(head, "webhook-id");
        }
        assert_ne!(length, 0, "it broke off: {text}");
    }
}

/// Somebody's program: its address, and the ids of the messages that it took.
async fn receiver(app: &TestApp) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    app.app.tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let id = message_id(&mut stream).await;
            kept.lock().unwrap().push(id);
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    (url, heard)
}

async fn a_message_goes_again(point: &'static str) {
    let scene = Scene::set(NOBODY).await;
    let (url, heard) = receiver(&scene.app).await;
    let hook = scene.hook(&url, &["ticket.opened"]).await;
    let test = format!("{HOOKS}/{hook}/test");
    scene.staff.json("POST", &test, &json!({})).await.expect(202);
    scene.dies_at(point).await;
    assert_eq!(heard.lock().unwrap().len(), 1, "{point}");
    let _running = scene.panel.serve().await;
    let deliveries = format!("{HOOKS}/{hook}/deliveries");
    until_within(TAKEN_BACK, "the message is sent again", async || {
        let all = scene.staff.get(&deliveries).await.expect(200).json();
        all["items"][0]["state"] == "delivered"
    })
    .await;
    let heard = heard.lock().unwrap().clone();
    assert!(heard.len() == 2 && heard[0] == heard[1], "{point}: {heard:?}");
}

/// The ids of the mails that somebody got.
fn ids(server: &MailServer, to: &str) -> Vec<String> {
    let to = format!("To: {to}");
    let mails = server.mails().into_iter().filter(|mail| mail.contains(&to));
    mails
        .filter_map(|mail| {
            let id = mail.lines().find(|line| line.starts_with("Message-ID: "))?;
            Some(id.to_owned())
        })
        .collect()
}

async fn a_mail_goes_again(point: &'static str, to: &'static str, sent: fn(&Count) -> i64) {
    let (folder, port) = (folder(point), free_port());
    let server = MailServer::start(&folder, port);
    until("the mail server listens", async || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    })
    .await;
    let scene = Scene::set(port).await;
    scene.app.ticket(scene.tenant).await;
    scene.dies_at(point).await;
    assert_eq!(ids(&server, to).len(), 1, "{point}");
    assert_eq!(sent(&scene.count().await), 0, "{point}");
    let _running = scene.panel.serve().await;
    until_within(TAKEN_BACK, "the mail is sent again", async || {
        sent(&scene.count().await) == 1
    })
    .await;
    let ids = ids(&server, to);
    assert!(ids.len() == 2 && ids[0] == ids[1], "{point}: {ids:?}");
    let count = scene.count().await;
    assert_eq!((count.calls, count.mails), (1, 1), "{point}");
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn the_next_level_is_paged_once(point: &'static str) {
    let scene = Scene::set(NOBODY).await;
    scene.app.ticket(scene.tenant).await;
    let panel = scene.panel.serve().await;
    let paged = async |calls: i64| {
        until_within(TAKEN_BACK, "the page is written", async || {
            let count = scene.count().await;
            (count.calls, count.fresh) == (calls, 0)
        })
        .await;
    };
    paged(1).await;
    panel.kill().await;
    scene
        .app
        .administer("update on_call_run set next_at = now() - interval '1 second'")
        .await;
    scene.dies_at(point).await;
    assert_eq!(scene.count().await.calls, 1, "{point}: it does not last");
    let _running = scene.panel.serve().await;
    paged(2).await;
}

#[tokio::test]
async fn a_panel_that_dies_while_it_tells_doubles_no_row_and_loses_nothing() {
    // All of them wait for the leases of the dead, so they go together.
    let [followed, message, mail, page, level] = POINTS;
    let all: [LocalBoxFuture<'_, ()>; 5] = [
        Box::pin(the_other_parts_are_told_once(followed)),
        Box::pin(a_message_goes_again(message)),
        Box::pin(a_mail_goes_again(mail, "ann@example.com", |count| {
            count.sent_mails
        })),
        Box::pin(a_mail_goes_again(page, "root@example.com", |count| {
            count.mailed_calls
        })),
        Box::pin(the_next_level_is_paged_once(level)),
    ];
    join_all(all).await;
}
