//! What webhooks are told, how it arrives, and who sees it: over a real database, to a real server on this machine.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::platform::access::{Permission as P, StaffRole, TenantRole, Who};
use crate::platform::ids::{TenantId, UserId, WebhookDeliveryId};
use crate::platform::secret::Secret;
use crate::testing::{Client, TestApp};
use crate::tickets::{self, Author, EventKind, NewPost, NewTicket, PostKind, Severity, Source};

use super::model::signatures;
use super::send::work;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const SORRY: &str = "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry";
const ELSEWHERE: &str =
    "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Somebody else's server: what it was told.
struct Receiver {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

/// A request to its end.
async fn request(stream: &mut TcpStream) -> String {
    let mut told = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        told.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&told).into_owned();
        let expected = text.split_once("\r\n\r\n").and_then(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))?;
            Some(length.parse::<usize>().unwrap() == body.len())
        });
        if length == 0 || expected == Some(true) {
            return text;
        }
    }
}

impl Receiver {
    /// One that gives these answers, one after another.
    async fn new(app: &TestApp, answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        app.app.tasks.spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let told = request(&mut stream).await;
                kept.lock().unwrap().push(told);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn header(told: &str, name: &str) -> String {
    let start = format!("{name}: ");
    let line = told.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{name} is not in {told}"))
        .to_owned()
}

struct Scene {
    app: TestApp,
    tenant: TenantId,
    owner: UserId,
    program: Client,
    staff: Client,
}

const BASE: &str = "/api/v1/webhooks";
const STAFF: &str = "/api/v1/staff/webhooks";

impl Scene {
    async fn new() -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        let app = TestApp::with(|config| {
            config.smtp_url = Some(url);
            config.webhook_allow = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        let tenant = app.tenant("acme").await;
        let owner = app.person("ada").await;
        app.member(tenant, owner, TenantRole::Owner).await;
        // Longer than any message is tried.
        let life = TimeDelta::days(30);
        let scopes = [P::WebhookRead, P::WebhookWrite];
        let program = app.program_until(owner, Some(tenant), &scopes, life).await;
        let root = app.staff("root", StaffRole::Owner).await;
        let scopes = [P::StaffWebhookRead, P::StaffWebhookManage, P::StaffSystemRead];
        let staff = app.program_until(root, None, &scopes, life).await;
        Self {
            app,
            tenant,
            owner,
            program,
            staff,
        }
    }

    /// Makes a webhook; its id and its secret.
    async fn hook(&self, (by, base): (&Client, &str), url: &str, events: &[&str]) -> (String, String) {
        let body = json!({ "url": url, "events": events });
        let made = by.json("POST", base, &body).await.expect(201).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["webhook"]["id"]), text(&made["secret"]))
    }

    async fn tell(&self, what: &str) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let data = json!({ "what": what });
        super::tell(
            &self.app.app,
            &mut tx,
            Some(self.tenant),
            "maintenance.announced",
            data,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// What a webhook was told, the newest first.
    async fn told(&self, (by, base): (&Client, &str), hook: &str) -> Vec<Value> {
        let list = by
            .get(&format!("{base}/{hook}/deliveries"))
            .await
            .expect(200)
            .json();
        list["items"].as_array().unwrap().clone()
    }

    async fn work(&self, one: &Value) -> Result<(), String> {
        let id: WebhookDeliveryId = one["id"].as_str().unwrap().parse().unwrap();
        work(&self.app.app, &self.app.system(), id).await
    }

    async fn state(&self, hook: &str) -> Value {
        self.program
            .get(&format!("{BASE}/{hook}"))
            .await
            .expect(200)
            .json()["state"]
            .clone()
    }
}

#[tokio::test]
async fn what_is_told_is_signed_and_tried_again_until_it_is_taken() {
    let scene = Scene::new().await;
    let receiver = Receiver::new(&scene.app, &[SORRY, OK]).await;
    let ours = (&scene.program, BASE);
    let (hook, secret) = scene.hook(ours, &receiver.url, &["maintenance.announced"]).await;
    scene.tell("tonight").await;
    let one = scene.told(ours, &hook).await.remove(0);
    assert_eq!((&one["state"], &one["attempts"]), (&json!("waiting"), &json!(0)));
    scene.work(&one).await.unwrap_err();
    let one = scene.told(ours, &hook).await.remove(0);
    assert_eq!(
        (&one["state"], &one["status"], &one["answer"]),
        (&json!("waiting"), &json!(500), &json!("sorry"))
    );
    assert_eq!(scene.state(&hook).await, "failing");
    scene.work(&one).await.unwrap_err();
    assert_eq!(receiver.heard().len(), 1, "it is left alone for a moment");
    scene.app.clock.advance(TimeDelta::minutes(1));
    scene.work(&one).await.unwrap();
    scene.work(&one).await.unwrap();
    let one = scene.told(ours, &hook).await.remove(0);
    assert_eq!(
        (&one["state"], &one["attempts"], &one["answer"]),
        (&json!("delivered"), &json!(2), &json!("ok"))
    );
    assert_eq!(scene.state(&hook).await, "works");
    let [first, second] = <[_; 2]>::try_from(receiver.heard()).expect("two requests");
    assert!(second.starts_with("POST /hook HTTP/1.1\r\n"), "{second}");
    assert_eq!(header(&second, "content-type"), "application/json");
    let (id, seconds) = (
        header(&second, "webhook-id"),
        header(&second, "webhook-timestamp"),
    );
    assert_eq!(
        (&id, one["id"].as_str().unwrap()),
        (&header(&first, "webhook-id"), &*id),
        "one id for all tries"
    );
    let (_, body) = second.split_once("\r\n\r\n").unwrap();
    assert_eq!(one["body"], body);
    let message: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&message["type"], &message["data"]["what"]),
        (&json!("maintenance.announced"), &json!("tonight"))
    );
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    assert_eq!(
        header(&second, "webhook-signature"),
        signatures(&[key], &id, seconds.parse().unwrap(), body)
    );
}

#[tokio::test]
async fn redirects_are_not_followed_and_inner_addresses_not_spoken_to() {
    let scene = Scene::new().await;
    let receiver = Receiver::new(&scene.app, &[ELSEWHERE, OK]).await;
    let ours = (&scene.program, BASE);
    let (away, _) = scene.hook(ours, &receiver.url, &["maintenance.announced"]).await;
    let (inner, _) = scene
        .hook(ours, "https://hooks.example.com/", &["maintenance.announced"])
        .await;
    scene
        .app
        .dns
        .set_addresses("hooks.example.com", &["10.0.0.1".parse().unwrap()]);
    scene.tell("tonight").await;
    for (hook, said) in [
        (&away, "redirects are not followed"),
        (&inner, "10.0.0.1 may not be used"),
    ] {
        let one = scene.told(ours, hook).await.remove(0);
        scene.work(&one).await.unwrap_err();
        let one = scene.told(ours, hook).await.remove(0);
        assert!(one["error"].as_str().unwrap().contains(said), "{one}");
    }
    assert_eq!(receiver.heard().len(), 1);
    for url in [
        "https://169.254.169.254/",
        "http://hooks.example.com/",
        "https://[fd00::1]/",
    ] {
        let body = json!({ "url": url, "events": ["ticket.opened"] });
        let refused = scene.program.json("POST", BASE, &body).await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], "url", "{url}");
    }
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day() {
    let scene = Scene::new().await;
    let receiver = Receiver::new(&scene.app, &[OK, OK, OK]).await;
    let ours = (&scene.program, BASE);
    let (hook, old) = scene.hook(ours, &receiver.url, &["maintenance.announced"]).await;
    let rotate = format!("{BASE}/{hook}/rotate");
    let new = scene
        .program
        .json("POST", &rotate, &json!({}))
        .await
        .expect(200)
        .json();
    assert_ne!(new["secret"], json!(old));
    for count in [2, 1] {
        let test = scene
            .program
            .json("POST", &format!("{BASE}/{hook}/test"), &json!({}))
            .await
            .expect(202)
            .json();
        scene.work(&test).await.unwrap();
        let told = receiver.heard().pop().unwrap();
        assert_eq!(header(&told, "webhook-signature").split(' ').count(), count);
        scene.app.clock.advance(TimeDelta::hours(24));
    }
    let done = scene.told(ours, &hook).await.remove(0);
    let again = format!(
        "{BASE}/{hook}/deliveries/{}/redeliver",
        done["id"].as_str().unwrap()
    );
    scene.program.json("POST", &again, &json!({})).await.expect(202);
    let twice = scene
        .program
        .json("POST", &again, &json!({}))
        .await
        .expect(409)
        .json();
    assert_eq!(twice["code"], "webhook-delivery-waiting");
    scene.work(&done).await.unwrap();
    assert_eq!(
        header(&receiver.heard()[2], "webhook-id"),
        header(&receiver.heard()[1], "webhook-id")
    );
}

#[tokio::test]
async fn an_address_that_takes_nothing_for_five_days_is_told_nothing_any_more() {
    let scene = Scene::new().await;
    let ours = (&scene.program, BASE);
    let (hook, _) = scene
        .hook(ours, "https://hooks.example.com/", &["maintenance.announced"])
        .await;
    scene.tell("first").await;
    let first = scene.told(ours, &hook).await.remove(0);
    scene.work(&first).await.unwrap_err();
    scene.app.clock.advance(TimeDelta::hours(24));
    scene.work(&first).await.unwrap();
    scene.app.clock.advance(TimeDelta::days(4));
    assert_eq!(
        scene.told(ours, &hook).await[0]["state"],
        "failed",
        "a message is tried for a day"
    );
    scene.tell("second").await;
    scene.tell("third").await;
    let second = scene
        .told(ours, &hook)
        .await
        .into_iter()
        .find(|one| one["body"].as_str().unwrap().contains("second"));
    scene.work(&second.unwrap()).await.ok();
    assert_eq!(scene.state(&hook).await, "disabled");
    assert!(
        scene
            .told(ours, &hook)
            .await
            .iter()
            .all(|one| one["state"] == "failed")
    );
    scene.tell("fourth").await;
    assert_eq!(scene.told(ours, &hook).await.len(), 3);
    let mails = scene
        .staff
        .get("/api/v1/staff/notifications")
        .await
        .expect(200)
        .json();
    assert_eq!(mails["items"][0]["recipient"], "ada@example.com");
    assert_eq!(mails["items"].as_array().unwrap().len(), 1, "they are told once");
    scene
        .program
        .json("POST", &format!("{BASE}/{hook}/enable"), &json!({}))
        .await
        .expect(200);
    scene.tell("fifth").await;
    assert_eq!(scene.told(ours, &hook).await.len(), 4);
}

/// A ticket that the provider's staff opened about the tenant, a note on it and a warning, each of them told twice.
async fn ticket_with_secrets(scene: &Scene) {
    let app = &scene.app.app;
    let (who, mut tx) = (Who::system("test"), app.db.system().await.unwrap());
    let new = NewTicket {
        tenant: Some(scene.tenant),
        subject: "Mail does not arrive".to_owned(),
        severity: Severity::P3,
        source: Source::Staff,
        about: Vec::new(),
        tags: vec!["difficult-customer".to_owned()],
        opened_by: None,
        first: None,
    };
    let ticket = tickets::open(app, &mut tx, &who, new).await.unwrap();
    let note = NewPost {
        kind: PostKind::Note,
        public: false,
        body: "They never pay.".to_owned(),
        by: Author::System,
    };
    tickets::add_post(app, &mut tx, &who, ticket.id, note)
        .await
        .unwrap();
    let warned = EventKind::SlaWarned {
        what: "first answer".to_owned(),
    };
    tickets::record(app, &mut tx, &who, ticket.id, warned, false)
        .await
        .unwrap();
    for _ in 0..2 {
        let log = tickets::events_of(&mut tx, ticket.id).await.unwrap();
        super::ticket_changed(app, &mut tx, &ticket, &log).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The names of what was told, in order.
fn events(told: &[Value]) -> Vec<&str> {
    let mut events: Vec<_> = told.iter().map(|one| one["event"].as_str().unwrap()).collect();
    events.sort_unstable();
    events
}

#[tokio::test]
async fn tenants_are_told_what_they_may_read_and_each_thing_once() {
    let scene = Scene::new().await;
    let (ours, theirs) = ((&scene.program, BASE), (&scene.staff, STAFF));
    let all = ["ticket.opened", "ticket.replied", "ticket.state_changed"];
    let (mine, _) = scene.hook(ours, "https://hooks.example.com/", &all).await;
    let (provider, _) = scene
        .hook(
            theirs,
            "https://hooks.example.org/",
            &["ticket.opened", "sla.warned"],
        )
        .await;
    ticket_with_secrets(&scene).await;
    let told = scene.told(ours, &mine).await;
    assert_eq!(events(&told), ["ticket.opened"]);
    let body = told[0]["body"].as_str().unwrap();
    assert!(
        body.contains("Mail does not arrive") && !body.contains("never pay") && !body.contains("difficult"),
        "{body}"
    );
    assert_eq!(
        events(&scene.told(theirs, &provider).await),
        ["sla.warned", "ticket.opened"]
    );
    let refused = scene
        .program
        .json(
            "PATCH",
            &format!("{BASE}/{mine}"),
            &json!({ "events": ["sla.warned"] }),
        )
        .await;
    assert_eq!(refused.expect(422).json()["errors"][0]["field"], "events");
}

/// Others' are not there; staff look at them and change nothing.
async fn others_change_nothing(scene: &Scene, hook: &str) {
    let (_, stranger) = scene.app.owner("theirs").await;
    stranger
        .get(&format!("/t/theirs/webhooks/{hook}"))
        .await
        .expect(404);
    stranger
        .post(&format!("/t/theirs/webhooks/{hook}/rotate"), &[])
        .await
        .expect(404);
    let seen = scene
        .staff
        .get(&format!("{STAFF}/{hook}"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["tenant_id"], json!(scene.tenant));
    for end in ["rotate", "test", "enable"] {
        scene
            .staff
            .json("POST", &format!("{STAFF}/{hook}/{end}"), &json!({}))
            .await
            .expect(404);
    }
    scene
        .staff
        .json("DELETE", &format!("{STAFF}/{hook}"), &json!({}))
        .await
        .expect(404);
}

#[tokio::test]
async fn webhooks_are_their_owners_and_secrets_are_shown_once() {
    let scene = Scene::new().await;
    let browser = scene.app.browser(scene.owner).await;
    let fields = [
        ("url", "https://hooks.example.com/"),
        ("events", "ticket.opened"),
        ("events", "incident.opened"),
    ];
    let made = browser.post("/t/acme/webhooks", &fields).await.expect(200);
    let secret = made.body.split("whsec_").nth(1).unwrap()[..44].to_owned();
    let list = scene.program.get(BASE).await.expect(200);
    assert!(!list.body.contains(&secret));
    let hook = list.json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        list.json()["items"][0]["events"],
        json!(["ticket.opened", "incident.opened"])
    );
    let place = format!("/t/acme/webhooks/{hook}");
    let page = browser.get(&place).await.expect(200);
    assert!(
        page.body.contains("It was told nothing yet") && !page.body.contains(&secret),
        "{}",
        page.body
    );
    browser.post(&format!("{place}/test"), &[]).await.expect(303);
    let page = browser.get(&place).await.expect(200);
    assert!(page.body.contains("webhook.test"), "{}", page.body);
    let bad = browser
        .post(
            &place,
            &[("url", "http://hooks.example.com/"), ("events", "ticket.opened")],
        )
        .await;
    assert!(bad.expect(422).body.contains("begins with https://"));
    others_change_nothing(&scene, &hook).await;
    scene
        .program
        .json("DELETE", &format!("{BASE}/{hook}"), &json!({}))
        .await
        .expect(204);
    scene.program.get(&format!("{BASE}/{hook}")).await.expect(404);
}

#[tokio::test]
async fn secrets_are_sealed_again_with_a_new_key() {
    let scene = Scene::new().await;
    let path = std::env::temp_dir().join(format!("berth-webhooks-{}.key", scene.tenant));
    std::fs::copy(scene.app.app.config.key_file(), &path).unwrap();
    scene
        .hook(
            (&scene.program, BASE),
            "https://hooks.example.com/",
            &["ticket.opened"],
        )
        .await;
    let keyring = crate::platform::secret::Keyring::rotate(&path).unwrap();
    for expected in [1, 0] {
        let done = super::reseal(&scene.app.system(), &keyring).await.unwrap();
        assert_eq!((done.sealed, done.unreadable.len()), (expected, 0));
    }
}
