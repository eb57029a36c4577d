//! What webhooks are told, how it arrives, and who sees it: over a real database, to a real server on this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::monitoring::{Incident, IncidentState, News, Signature};
use crate::platform::access::{Permission as P, StaffRole, TenantRole, Who};
use crate::platform::ids::{IncidentId, TenantId, UserId, WebhookDeliveryId};
use crate::platform::secret::Secret;
use crate::testing::{Client, TestApp};
use crate::tickets::{self, Author, EventKind, NewPost, NewTicket, PostKind, Severity, Source, State};
use crate::{maintenance, on_call};

use super::model::{EVENTS, TEST, signatures};
use super::send::work;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const SORRY: &str = "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry";
const GONE: &str = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
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
    root: UserId,
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
            root,
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
    scene.work(&done).await.unwrap();
    assert_eq!(
        header(&receiver.heard()[2], "webhook-id"),
        header(&receiver.heard()[1], "webhook-id")
    );
}

#[tokio::test]
async fn what_waits_is_sent_at_once_when_somebody_asks() {
    let scene = Scene::new().await;
    let receiver = Receiver::new(&scene.app, &[SORRY, OK]).await;
    let ours = (&scene.program, BASE);
    let (hook, _) = scene.hook(ours, &receiver.url, &["maintenance.announced"]).await;
    scene.tell("tonight").await;
    let one = scene.told(ours, &hook).await.remove(0);
    scene.work(&one).await.unwrap_err();
    scene.work(&one).await.unwrap_err();
    assert_eq!(receiver.heard().len(), 1, "it is left alone for a moment");
    let place = format!("/t/acme/webhooks/{hook}");
    let browser = scene.app.browser(scene.owner).await;
    let page = browser.get(&place).await.expect(200);
    assert!(page.body.contains("Send now"), "{}", page.body);
    let again = format!("{place}/deliveries/{}/redeliver", one["id"].as_str().unwrap());
    browser.post(&again, &[]).await.expect(303);
    scene.work(&one).await.unwrap();
    let heard = receiver.heard();
    assert_eq!(header(&heard[0], "webhook-id"), header(&heard[1], "webhook-id"));
    let page = browser.get(&place).await.expect(200);
    assert!(page.body.contains("Send again"), "{}", page.body);
}

#[tokio::test]
async fn staff_see_that_one_of_the_providers_was_disabled() {
    let scene = Scene::new().await;
    let receiver = Receiver::new(&scene.app, &[GONE]).await;
    let (hook, _) = scene
        .hook((&scene.staff, STAFF), &receiver.url, &["ticket.opened"])
        .await;
    let test = format!("{STAFF}/{hook}/test");
    let test = scene
        .staff
        .json("POST", &test, &json!({}))
        .await
        .expect(202)
        .json();
    scene.work(&test).await.unwrap();
    let page = scene
        .app
        .browser(scene.root)
        .await
        .get("/staff")
        .await
        .expect(200);
    assert!(
        page.body.contains("was disabled: it took nothing"),
        "{}",
        page.body
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
    let all = [
        "ticket.opened",
        "ticket.replied",
        "ticket.state_changed",
        "sla.warned",
    ];
    let (mine, _) = scene.hook(ours, "https://hooks.example.com/", &all).await;
    let (provider, _) = scene
        .hook(
            theirs,
            "https://hooks.example.org/",
            &["ticket.opened", "sla.warned"],
        )
        .await;
    let (stranger, bob) = (scene.app.tenant("theirs").await, scene.app.person("bob").await);
    scene.app.member(stranger, bob, TenantRole::Owner).await;
    let scopes = [P::WebhookRead, P::WebhookWrite];
    let stranger = scene.app.program(bob, Some(stranger), &scopes).await;
    let others = (&stranger, BASE);
    let (other, _) = scene.hook(others, "https://hooks.example.net/", &all).await;
    ticket_with_secrets(&scene).await;
    let told = scene.told(ours, &mine).await;
    assert_eq!(events(&told), ["sla.warned", "ticket.opened"]);
    for one in &told {
        let body = one["body"].as_str().unwrap();
        assert!(
            body.contains("Mail does not arrive")
                && !body.contains("never pay")
                && !body.contains("difficult"),
            "{body}"
        );
    }
    assert!(
        scene.told(others, &other).await.is_empty(),
        "it is not about them"
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
            &json!({ "events": ["on_call.paged"] }),
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

/// What programs of others are told to expect.
const PAGE: &str = include_str!("../../docs/webhooks.md");

/// The fields that the page names below a heading, with their types. Those of a ticket and of an incident have headings of their own.
fn documented(heading: &str) -> BTreeMap<String, String> {
    let below = PAGE.split_once(&format!("\n{heading}\n"));
    let (_, below) = below.unwrap_or_else(|| panic!("{heading} is not in docs/webhooks.md"));
    let section = below.split("\n#").next().unwrap_or_default();
    let mut fields = BTreeMap::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (name, rest) = row.split_once("` | ").unwrap();
        let (kind, _) = rest.split_once(" |").unwrap();
        let whole = match kind {
            "ticket" => documented("## A ticket"),
            "incident" => documented("## An incident"),
            _ => {
                fields.insert(name.to_owned(), kind.to_owned());
                continue;
            }
        };
        fields.extend(
            whole
                .into_iter()
                .map(|(field, kind)| (format!("{name}.{field}"), kind)),
        );
    }
    fields
}

/// The fields of what was sent.
fn sent(data: &Value, before: &str, into: &mut BTreeMap<String, Value>) {
    for (name, value) in data.as_object().unwrap() {
        let name = format!("{before}{name}");
        if value.is_object() {
            sent(value, &format!("{name}."), into);
        } else {
            into.insert(name, value.clone());
        }
    }
}

/// Whether a value is of a type as the page says it.
fn fits(kind: &str, value: &Value) -> bool {
    match value {
        Value::Null => kind.ends_with(" or null"),
        Value::Bool(_) => kind == "true or false",
        Value::Number(_) => kind == "number",
        Value::String(text) => {
            let is_time = DateTime::parse_from_rfc3339(text).is_ok();
            let is_text = kind.starts_with("id") || kind == "text";
            if is_time {
                kind.starts_with("time")
            } else {
                is_text
            }
        }
        Value::Array(_) | Value::Object(_) => false,
    }
}

fn incident(scene: &Scene, ended_at: Option<DateTime<Utc>>) -> Incident {
    let now = scene.app.app.now();
    Incident {
        id: IncidentId::new(&*scene.app.app.ids, now),
        tenant: Some(scene.tenant),
        location: None,
        server: None,
        check: None,
        cause: "test:web".to_owned(),
        signature: Signature::Tcp,
        summary: "web does not answer at port 80".to_owned(),
        detail: json!({}),
        state: IncidentState::Open,
        began_at: now,
        opened_at: now,
        ended_at,
        flaps: 0,
        parent: None,
        maintenance: None,
    }
}

/// All that webhooks are told of, each thing once.
async fn everything_happens(scene: &Scene) {
    let (app, who) = (&scene.app.app, Who::system("test"));
    let id = scene.app.ticket(scene.tenant).await;
    let mut tx = app.db.system().await.unwrap();
    let (from, to, what) = (State::New, State::Resolved, "first answer".to_owned());
    let kinds = [
        EventKind::StaffReplied,
        EventKind::StateChanged { from, to },
        EventKind::SlaWarned { what: what.clone() },
        EventKind::SlaBreached { what },
    ];
    for kind in kinds {
        tickets::record(app, &mut tx, &who, id, kind, true).await.unwrap();
    }
    let ticket = tickets::lock(&mut tx, id).await.unwrap();
    let log = tickets::events_of(&mut tx, id).await.unwrap();
    super::ticket_changed(app, &mut tx, &ticket, &log).await.unwrap();
    on_call::escalate(app, &mut tx, &ticket, "The answer is late.")
        .await
        .unwrap();
    for (news, ended_at) in [(News::Opened, None), (News::Recovered, Some(app.now()))] {
        super::incident_changed(app, &mut tx, &incident(scene, ended_at), news)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let staff = scene
        .app
        .program(scene.root, None, &[P::StaffMaintenanceManage])
        .await;
    let window = json!({
        "title": "New kernel", "body": "Servers restart once.", "starts_at": "2026-03-11T12:00", "minutes": 120, "zone": "UTC",
    });
    staff
        .json("POST", "/api/v1/staff/maintenance", &window)
        .await
        .expect(201);
    // It is announced, then people are reminded, and then it is over.
    for later in [
        TimeDelta::zero(),
        TimeDelta::minutes(23 * 60 + 30),
        TimeDelta::hours(3),
    ] {
        scene.app.clock.advance(later);
        maintenance::tell(app, &scene.app.system()).await.unwrap();
    }
}

#[tokio::test]
async fn the_page_names_all_that_is_told_with_its_fields_and_nothing_else() {
    let scene = Scene::new().await;
    scene.app.owner("theirs").await;
    let (ours, theirs) = ((&scene.program, BASE), (&scene.staff, STAFF));
    let events_of_ours = ["sla.breached", "maintenance.announced"];
    let (mine, _) = scene
        .hook(ours, "https://hooks.example.com/", &events_of_ours)
        .await;
    let all: Vec<&str> = EVENTS.iter().map(|(name, _)| *name).collect();
    let (hook, _) = scene.hook(theirs, "https://hooks.example.org/", &all).await;
    everything_happens(&scene).await;
    let test = format!("{STAFF}/{hook}/test");
    scene.staff.json("POST", &test, &json!({})).await.expect(202);
    let told = scene.told(theirs, &hook).await;
    for one in &told {
        let event = one["event"].as_str().unwrap();
        let message: Value = serde_json::from_str(one["body"].as_str().unwrap()).unwrap();
        let (page, mut fields) = (documented(&format!("### `{event}`")), BTreeMap::new());
        sent(&message["data"], "", &mut fields);
        assert!(
            fields.keys().eq(page.keys()),
            "{event}: {fields:?} is sent, {page:?} is written down"
        );
        for (name, value) in &fields {
            assert!(
                fits(&page[name], value),
                "{event}: {name} is {value}, and not {}",
                page[name]
            );
        }
    }
    let mut known: Vec<&str> = all.into_iter().chain([TEST]).collect();
    known.sort_unstable();
    assert_eq!(events(&told), known, "each once, whoever else is told");
    let headings = PAGE.split("\n### `").skip(1);
    let named: BTreeSet<&str> = headings
        .filter_map(|rest| Some(rest.split_once('`')?.0))
        .collect();
    assert!(named.into_iter().eq(known), "the page names other events");
    assert_eq!(
        events(&scene.told(ours, &mine).await),
        ["maintenance.announced", "sla.breached"]
    );
}

#[test]
fn the_pages_example_is_signed_as_messages_are() {
    let row = |start: &str| {
        let mut rows = PAGE.lines().filter_map(|line| line.strip_prefix(start));
        rows.find_map(|rest| rest.strip_prefix(" | `")?.strip_suffix("` |"))
            .unwrap()
    };
    let key = STANDARD
        .decode(row("| secret").strip_prefix("whsec_").unwrap())
        .unwrap();
    let seconds = row("| `webhook-timestamp`").parse().unwrap();
    assert_eq!(
        signatures(&[key], row("| `webhook-id`"), seconds, row("| body")),
        row("| `webhook-signature`")
    );
}
