//! Who is paged, who is mailed, and what a link does: over a real database, with a mailer in memory and a clock that is moved.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::drivers::mailer::MailError;
use crate::monitoring::{self, Signal, Signature};
use crate::platform::access::{Permission as P, StaffRole, Who};
use crate::platform::db::Scoped as _;
use crate::platform::ids::{TicketId, UserId};
use crate::platform::reconcile::Reconciler as _;
use crate::platform::secret::Secret;
use crate::testing::{Client, TestApp};
use crate::tickets::{self, EventKind, NewTicket, Severity, Source, State, Ticket};

use super::sweep::Sweep;

struct Scene {
    app: TestApp,
    root: UserId,
    ada: UserId,
    ben: UserId,
    staff: Client,
}

const SCOPES: [P; 3] = [P::StaffOnCallRead, P::StaffOnCallTake, P::StaffOnCallManage];

impl Scene {
    async fn new() -> Self {
        let url = Secret::new("smtp://127.0.0.1".to_owned());
        let app = TestApp::with(|config| config.smtp_url = Some(url)).await;
        let root = app.staff("root", StaffRole::Owner).await;
        let (ada, ben) = (
            app.staff("ada", StaffRole::Engineer).await,
            app.staff("ben", StaffRole::Engineer).await,
        );
        let staff = app.program(root, None, &SCOPES).await;
        Self {
            app,
            root,
            ada,
            ben,
            staff,
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .staff
            .json("POST", &format!("/api/v1/staff/on-call/{path}"), &body)
            .await;
        assert!(answer.status < 300, "{answer:?}");
        answer.json()
    }

    /// Ada by a rota, and ten minutes later Ben.
    async fn with_chain() -> Self {
        let scene = Self::new().await;
        let rota = scene
            .post("rotas", json!({ "name": "First line", "people": [scene.ada] }))
            .await;
        let levels = json!([
            { "rota": rota["id"], "wait_minutes": 10 },
            { "person": scene.ben, "wait_minutes": 5 },
        ]);
        let chain = scene
            .post("chains", json!({ "name": "Usual", "levels": levels }))
            .await;
        assert_eq!(chain["is_default"], true, "the first one is used");
        scene
    }

    async fn breakdown(&self, subject: &str) -> TicketId {
        let new = NewTicket {
            tenant: None,
            subject: subject.to_owned(),
            severity: Severity::P1,
            source: Source::Breakdown,
            about: Vec::new(),
            tags: Vec::new(),
            opened_by: None,
            first: None,
        };
        let mut tx = self.app.app.db.system().await.unwrap();
        let ticket = tickets::open(&self.app.app, &mut tx, &Who::system("test"), new)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.follow(ticket.id).await;
        ticket.id
    }

    /// As the job of tickets does.
    async fn follow(&self, id: TicketId) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let ticket = tickets::find(&mut tx, id).await.unwrap();
        let log = tickets::events_of(&mut tx, id).await.unwrap();
        super::ticket_changed(&self.app.app, &mut tx, &ticket, &log)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn ticket(&self, id: TicketId) -> (Ticket, Vec<EventKind>) {
        let mut tx = self.app.app.db.system().await.unwrap();
        let log = tickets::events_of(&mut tx, id).await.unwrap();
        let ticket = tickets::find(&mut tx, id).await.unwrap();
        (ticket, log.into_iter().map(|event| event.kind).collect())
    }

    fn later(&self, by: TimeDelta) {
        self.app.clock.advance(by);
    }

    /// Goes on with all whose time has come. Says how many were.
    async fn sweep(&self) -> usize {
        let sweep = Sweep::new(&self.app.app);
        let claimed = sweep.claim(100).await.unwrap();
        for one in &claimed {
            sweep.reconcile(*one).await.unwrap();
        }
        claimed.len()
    }

    async fn mail(&self, user: UserId) {
        super::jobs::work(&self.app.app, &self.app.system(), user)
            .await
            .unwrap();
    }

    /// Who was paged, the newest first.
    async fn calls(&self) -> Vec<Value> {
        let list = self
            .staff
            .get("/api/v1/staff/on-call/calls?limit=200")
            .await
            .expect(200)
            .json();
        list["items"].as_array().unwrap().clone()
    }

    async fn paged(&self) -> Vec<String> {
        let calls = self.calls().await;
        calls
            .iter()
            .map(|call| call["person_name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The path of the link in the newest mail.
    fn link(&self) -> String {
        let mail = self.app.mailer.sent().pop().expect("a mail");
        let line = mail
            .text
            .lines()
            .find(|line| line.contains("/page-links/"))
            .expect("a link");
        line.split_once(&self.app.app.config.public_url)
            .unwrap()
            .1
            .to_owned()
    }
}

#[tokio::test]
async fn each_level_is_paged_once_whoever_sweeps_and_whoever_dies() {
    let scene = Scene::with_chain().await;
    let ticket = scene.breakdown("web-1 is down").await;
    scene.follow(ticket).await;
    assert_eq!(scene.paged().await, ["ada"]);
    assert_eq!(scene.sweep().await, 0, "her ten minutes are not over");
    scene.later(TimeDelta::minutes(10));
    let (one, other) = (Sweep::new(&scene.app.app), Sweep::new(&scene.app.app));
    let (mine, theirs) = tokio::join!(one.claim(10), other.claim(10));
    let claimed = [mine.unwrap(), theirs.unwrap()].concat();
    assert_eq!(claimed.len(), 1, "one of them gets it");
    for sweep in [&one, &other] {
        sweep.reconcile(claimed[0]).await.unwrap();
    }
    assert_eq!(scene.paged().await, ["ben", "ada"]);
    scene.later(TimeDelta::minutes(5));
    // A panel that dies now leaves a lease.
    assert_eq!(one.claim(10).await.unwrap().len(), 1);
    assert_eq!(scene.sweep().await, 0);
    scene.later(TimeDelta::seconds(31));
    assert_eq!(scene.sweep().await, 1);
    assert_eq!(
        scene.paged().await,
        ["root", "ben", "ada"],
        "in the end owners are told"
    );
    assert_eq!(scene.calls().await[0]["is_fallback"], true);
    scene.later(TimeDelta::days(1));
    assert_eq!(scene.sweep().await, 0, "and then it is over");
    let (_, log) = scene.ticket(ticket).await;
    let paged = log.iter().filter(|kind| matches!(kind, EventKind::Paged { .. }));
    assert_eq!(paged.count(), 3);
}

#[tokio::test]
async fn where_nobody_is_on_call_owners_and_admins_are_told_and_the_page_says_so() {
    let scene = Scene::new().await;
    let admin = scene.app.staff("adam", StaffRole::Admin).await;
    scene.breakdown("web-1 is down").await;
    let mut paged = scene.paged().await;
    paged.sort();
    assert_eq!(paged, ["adam", "root"]);
    scene.mail(admin).await;
    let mail = scene.app.mailer.sent().pop().unwrap();
    assert!(
        mail.text.starts_with("Nobody on call could be reached"),
        "{}",
        mail.text
    );
    let browser = scene.app.browser(scene.root).await;
    let page = browser.get("/staff/on-call").await.expect(200);
    assert!(page.body.contains("Nobody is on call"), "{}", page.body);
    let overview = browser.get("/staff").await.expect(200);
    assert!(overview.body.contains("Nobody is on call"), "{}", overview.body);
    assert_eq!(
        scene.staff.get("/api/v1/staff/on-call").await.expect(200).json(),
        json!([])
    );
}

#[tokio::test]
async fn the_link_of_a_mail_acknowledges_by_its_button_only_and_once() {
    let scene = Scene::with_chain().await;
    let ticket = scene.breakdown("web-1 is down").await;
    scene.mail(scene.ada).await;
    assert_eq!(scene.app.mailer.sent()[0].to, "ada@example.com");
    let (link, anybody) = (scene.link(), scene.app.anonymous());
    for _ in 0..2 {
        let page = anybody.get(&link).await.expect(200);
        assert!(
            page.body.contains("web-1 is down") && page.body.contains("Acknowledge</button>"),
            "{}",
            page.body
        );
    }
    assert_eq!(
        scene.ticket(ticket).await.0.state,
        State::New,
        "looking changes nothing"
    );
    assert_eq!(scene.calls().await[0]["ended_at"], Value::Null);
    anybody.post(&link, &[]).await.expect(303);
    let (acknowledged, log) = scene.ticket(ticket).await;
    assert_eq!(
        (acknowledged.state, acknowledged.assignee),
        (State::Acknowledged, Some(scene.ada))
    );
    assert!(log.contains(&EventKind::Acknowledged { by: scene.ada }));
    assert_eq!(scene.calls().await[0]["acknowledged_by"], "ada");
    anybody.post(&link, &[]).await.expect(303);
    assert_eq!(
        scene.ticket(ticket).await.1.len(),
        log.len(),
        "once more does nothing more"
    );
    let page = anybody.get(&link).await.expect(200);
    assert!(page.body.contains("Acknowledged by ada") && !page.body.contains("Acknowledge</button>"));
    scene.later(TimeDelta::minutes(10));
    assert_eq!(scene.sweep().await, 0, "nobody else is paged");
    scene.later(TimeDelta::hours(24));
    anybody.get(&link).await.expect(404);
    anybody.post(&link, &[]).await.expect(404);
}

#[tokio::test]
async fn a_link_is_for_its_person_and_its_tickets() {
    let scene = Scene::with_chain().await;
    let first = scene.breakdown("web-1 is down").await;
    scene.mail(scene.ada).await;
    let link = scene.link();
    scene.later(TimeDelta::minutes(1));
    let second = scene.breakdown("web-2 is down").await;
    scene.mail(scene.ada).await;
    assert_ne!(scene.link(), link);
    let anybody = scene.app.anonymous();
    anybody.post("/page-links/0123456789", &[]).await.expect(404);
    anybody.post(&link, &[]).await.expect(303);
    assert_eq!(scene.ticket(first).await.0.state, State::Acknowledged);
    assert_eq!(
        scene.ticket(second).await.0.state,
        State::New,
        "it is not about the other one"
    );
    scene
        .app
        .administer("update user_account set disabled_at = now() where name = 'ada'")
        .await;
    anybody.post(&scene.link(), &[]).await.expect(404);
    assert_eq!(scene.ticket(second).await.0.state, State::New);
}

#[tokio::test]
async fn a_storm_is_a_mail_a_minute_also_after_the_mail_server_was_away() {
    let scene = Scene::with_chain().await;
    for number in 1..=38 {
        scene.breakdown(&format!("web-{number} is down")).await;
    }
    scene
        .app
        .mailer
        .fail(Some(MailError::NotNow("421 later".to_owned())));
    scene.mail(scene.ada).await;
    let waits = scene.calls().await;
    assert_eq!(
        (&waits[0]["mail"], &waits[0]["mail_error"]),
        (&json!("waiting"), &json!("not now: 421 later"))
    );
    scene.app.mailer.fail(None);
    scene.mail(scene.ada).await;
    assert_eq!(scene.app.mailer.sent().len(), 0, "her minute is not over");
    scene.later(TimeDelta::minutes(1));
    scene.mail(scene.ada).await;
    scene.breakdown("web-39 is down").await;
    scene.mail(scene.ada).await;
    let [mail] = <[_; 1]>::try_from(scene.app.mailer.sent()).expect("one mail");
    assert!(mail.subject.ends_with(" and 37 more"), "{}", mail.subject);
    scene.later(TimeDelta::minutes(1));
    scene.mail(scene.ada).await;
    assert_eq!(scene.app.mailer.sent().len(), 2);
    // The link of the first is about all that it told of, and nothing else.
    let first = mail
        .text
        .lines()
        .find(|line| line.contains("/page-links/"))
        .unwrap();
    let path = first.split_once(&scene.app.app.config.public_url).unwrap().1;
    scene.app.anonymous().post(path, &[]).await.expect(303);
    let open: Vec<_> = scene
        .calls()
        .await
        .into_iter()
        .filter(|call| call["ended_at"].is_null())
        .collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["subject"], "web-39 is down");
}

#[tokio::test]
async fn what_is_acknowledged_is_paged_for_again_only_when_somebody_asks() {
    let scene = Scene::with_chain().await;
    let id = scene.breakdown("web-1 is down").await;
    let browser = scene.app.browser(scene.ben).await;
    let call = scene.calls().await[0]["id"].as_str().unwrap().to_owned();
    browser
        .post(&format!("/staff/on-call/calls/{call}/acknowledge"), &[])
        .await
        .expect(303);
    assert_eq!(scene.ticket(id).await.0.assignee, Some(scene.ben));
    scene.follow(id).await;
    assert_eq!(scene.paged().await, ["ada"]);
    let mut tx = scene.app.app.db.system().await.unwrap();
    let ticket = tickets::lock(&mut tx, id).await.unwrap();
    super::escalate(&scene.app.app, &mut tx, &ticket, "The answer is late")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.follow(id).await;
    scene.later(TimeDelta::minutes(10));
    assert_eq!(scene.sweep().await, 1);
    assert_eq!(
        scene.paged().await,
        ["ben", "ada", "ada"],
        "it goes on although it is acknowledged"
    );
    assert_eq!(scene.calls().await[0]["why"], "The answer is late");
    let call = scene.calls().await[0]["id"].as_str().unwrap().to_owned();
    scene.post(&format!("calls/{call}/acknowledge"), json!({})).await;
    scene.later(TimeDelta::minutes(5));
    assert_eq!(scene.sweep().await, 0);
    assert!(scene.calls().await.iter().all(|call| !call["ended_at"].is_null()));
}

/// Makes a rota of Ada and Ben by the form, and no second one of its name; its page.
async fn makes_a_rota(scene: &Scene, boss: &Client) -> String {
    let (ada, ben) = (scene.ada.to_string(), scene.ben.to_string());
    let fields = [
        ("name", "First line"),
        ("zone", "Europe/Berlin"),
        ("turn", "weekly"),
        ("weekday", "monday"),
        ("handover", "09:00"),
        ("skips_holidays", "true"),
        ("people.0", &*ada),
        ("people.1", &*ben),
    ];
    let made = boss.post("/staff/on-call/rotas", &fields).await.expect(303);
    let rota = made.location().to_owned();
    let again = boss.post("/staff/on-call/rotas", &fields).await.expect(422);
    assert!(again.body.contains("Another rota is called so"), "{}", again.body);
    rota
}

/// Hands the rota over with what is open and a word of one's own, and Ben reads it.
async fn hands_over(scene: &Scene, boss: &Client, rota: &str) {
    scene.breakdown("web-1 is down").await;
    let form = boss.get("/staff/on-call/handovers").await.expect(200);
    assert!(form.body.contains("- P1 #1 web-1 is down (New)"), "{}", form.body);
    let id = rota.rsplit('/').next().unwrap();
    boss.post(
        "/staff/on-call/handovers",
        &[("rota", id), ("body", "Mind the router.")],
    )
    .await
    .expect(303);
    let page = scene
        .app
        .browser(scene.ben)
        .await
        .get("/staff/on-call")
        .await
        .expect(200);
    assert!(
        page.body.contains("Mind the router.") && page.body.contains("in somebody’s place"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn staff_say_who_is_on_duty_and_tell_who_comes_next() {
    let scene = Scene::new().await;
    let boss = scene.app.browser(scene.root).await;
    let (ada, ben) = (scene.ada.to_string(), scene.ben.to_string());
    let rota = makes_a_rota(&scene, &boss).await;
    let duty =
        async || scene.staff.get("/api/v1/staff/on-call").await.expect(200).json()[0]["person_name"].clone();
    assert_eq!(duty().await, "ada");
    let away = [
        ("person", &*ada),
        ("first_on", "2026-03-10"),
        ("last_on", "2026-03-11"),
    ];
    boss.post("/staff/on-call/holidays", &away).await.expect(303);
    assert_eq!(duty().await, "ben");
    scene
        .app
        .browser(scene.ada)
        .await
        .post(&format!("{rota}/take-over"), &[])
        .await
        .expect(303);
    assert_eq!(duty().await, "ada");
    scene.later(TimeDelta::seconds(1));
    let instead = [
        ("person", &*ben),
        ("from", "2026-03-10T12:00"),
        ("to", "2026-03-10T14:00"),
    ];
    boss.post(&format!("{rota}/overrides"), &instead)
        .await
        .expect(303);
    assert_eq!(
        duty().await,
        "ben",
        "the newest word holds: it is 13:00 in Berlin"
    );
    let calendar = boss.get("/staff/on-call/calendar").await.expect(200);
    assert!(
        calendar.body.contains("Tue 10 Mar 2026, 14:00 CET"),
        "{}",
        calendar.body
    );
    hands_over(&scene, &boss, &rota).await;
}

impl Scene {
    /// The mail service does not work, or works again. Tells which ticket that is in, the only one.
    async fn mail_service(&self, failing: bool) -> TicketId {
        self.later(TimeDelta::seconds(1));
        let signal = Signal {
            cause: "mail:service".to_owned(),
            tenant: None,
            location: None,
            server: None,
            check: None,
            signature: Signature::Mail,
            summary: "The mail service does not work: dovecot".to_owned(),
            failing,
            since: self.app.app.now(),
            detail: json!({}),
        };
        let mut tx = self.app.app.db.system().await.unwrap();
        for _ in 0..2 {
            monitoring::report(&self.app.app, &mut tx, signal.clone())
                .await
                .unwrap();
        }
        let ids = sqlx::query_scalar!("select id from ticket");
        let ids = ids.fetch_all(tx.conn()).await.unwrap();
        tx.commit().await.unwrap();
        let [id] = <[_; 1]>::try_from(ids).expect("one ticket");
        self.follow(TicketId(id)).await;
        TicketId(id)
    }
}

#[tokio::test]
async fn what_is_the_providers_own_pages_too_and_ends_with_its_incident() {
    let scene = Scene::with_chain().await;
    let id = scene.mail_service(true).await;
    let ticket = scene.ticket(id).await.0;
    assert_eq!((ticket.tenant, ticket.severity), (None, Severity::P2));
    assert_eq!(ticket.subject, "The mail service does not work: dovecot");
    assert_eq!(scene.paged().await, ["ada"]);
    scene.mail_service(false).await;
    assert_eq!(scene.ticket(id).await.0.state, State::Resolved);
    assert!(!scene.calls().await[0]["ended_at"].is_null());
    assert_eq!(scene.mail_service(true).await, id, "it goes on in the same one");
    assert_eq!(scene.ticket(id).await.0.state, State::Reopened);
    assert_eq!(scene.paged().await, ["ada", "ada"]);
}
