//! What people see of tickets: customers theirs without anything internal, staff all of it, and both as it changes.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use chrono::TimeDelta;
use scraper::{Html, Selector};
use uuid::Uuid;

use crate::platform::access::{StaffRole, TenantRole};
use crate::platform::db::Scoped as _;
use crate::platform::events::Event;
use crate::platform::ids::{ServerId, TenantId, TicketId, UserId};
use crate::testing::{Answer, Client, TestApp};

use super::super::TOPIC;
use super::presence::PRESENCE_TOPIC;

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let text = |element: scraper::ElementRef<'_>| {
        let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
        words.join(" ")
    };
    page.select(&selector).map(text).collect()
}

fn value(answer: &Answer, selector: &str, name: &str) -> String {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector).next();
    let value = found.and_then(|element| element.attr(name));
    value.unwrap_or_default().to_owned()
}

/// A tenant with a server, its owner, two of the staff, and streams that nothing ends by itself.
struct Scene {
    test: TestApp,
    tenant: TenantId,
    server: ServerId,
    customer: Client,
    eve: UserId,
    engineer: Client,
    colleague: Client,
}

const NOTE: &str = "They did not pay, so we look tomorrow";

impl Scene {
    async fn new() -> Self {
        let test = TestApp::with(|config| config.stream_lifetime = Duration::from_hours(24)).await;
        let (tenant, customer) = test.owner("acme").await;
        let eve = test.staff("eve", StaffRole::Engineer).await;
        let max = test.staff("max", StaffRole::Support).await;
        Self {
            server: test.server(tenant, "shop").await,
            engineer: test.browser(eve).await,
            colleague: test.browser(max).await,
            eve,
            test,
            tenant,
            customer,
        }
    }

    /// Opens a ticket as the customer does.
    async fn open(&self) -> TicketId {
        let server = self.server.to_string();
        let fields = [
            ("subject", "The shop is slow"),
            ("severity", "p2"),
            ("about", &*server),
            ("body", "Since **noon**, <script>every</script> page."),
        ];
        let made = self.customer.post("/t/acme/tickets", &fields).await.expect(303);
        let (_, id) = made.location().rsplit_once('/').unwrap();
        id.parse().unwrap()
    }

    async fn post(&self, id: TicketId, fields: &[(&str, &str)], status: u16) -> Answer {
        let path = format!("/staff/tickets/{id}/posts");
        self.engineer.post(&path, fields).await.expect(status)
    }

    async fn ours(&self, id: TicketId) -> Answer {
        self.customer
            .get(&format!("/t/acme/tickets/{id}"))
            .await
            .expect(200)
    }

    async fn theirs(&self, id: TicketId) -> Answer {
        self.engineer
            .get(&format!("/staff/tickets/{id}"))
            .await
            .expect(200)
    }

    /// What the database tells every process.
    fn tell(&self, tenant: Option<TenantId>, topic: &str, target: Uuid) {
        self.test.app.hub.hand_out(Event {
            id: 0,
            tenant_id: tenant.map(|id| id.0),
            topic: topic.to_owned(),
            target_id: Some(target),
        });
    }
}

#[tokio::test]
async fn a_customer_opens_a_ticket_about_a_server_and_reads_it() {
    let scene = Scene::new().await;
    let server = scene
        .customer
        .get(&format!("/t/acme/servers/{}", scene.server))
        .await;
    let help = value(&server.expect(200), "a[href*='/tickets/new']", "href");
    let form = scene.customer.get(&help).await.expect(200);
    assert_eq!(texts(&form, "#f-about option[selected]"), ["shop"]);
    let refused = scene
        .customer
        .post("/t/acme/tickets", &[("subject", "Only this"), ("body", "")])
        .await
        .expect(422);
    assert_eq!(value(&refused, "#f-subject", "value"), "Only this");
    assert_eq!(texts(&refused, ".fieldset .error"), ["Choose how bad it is."]);
    let id = scene.open().await;
    let page = scene.ours(id).await;
    assert_eq!(texts(&page, "#ticket-state"), ["New"]);
    assert_eq!(texts(&page, ".severity"), ["P2 – serious"]);
    assert_eq!(texts(&page, "#ticket-things a"), ["shop"]);
    assert_eq!(texts(&page, ".talk-body strong"), ["noon"]);
    assert!(texts(&page, ".talk-body script").is_empty());
    let list = scene.customer.get("/t/acme/tickets").await.expect(200);
    assert_eq!(texts(&list, "#ticket-rows .row-link"), ["#1 The shop is slow"]);
    let found = scene.customer.get("/t/acme/search?q=slow").await.expect(200);
    assert!(found.body.contains("#1 The shop is slow"), "{}", found.body);
    let overview = scene.customer.get("/t/acme").await.expect(200);
    assert_eq!(
        texts(&overview, "a[href='/t/acme/tickets'].stat .stat-value"),
        ["1"]
    );
}

#[tokio::test]
async fn a_note_is_on_the_staffs_page_and_never_on_the_customers() {
    let scene = Scene::new().await;
    let id = scene.open().await;
    scene.post(id, &[("kind", "note"), ("body", NOTE)], 303).await;
    scene
        .post(
            id,
            &[("kind", "reply"), ("body", "We look."), ("state", "in_progress")],
            303,
        )
        .await;
    let theirs = scene.theirs(id).await;
    let inside = texts(&theirs, ".talk-post[data-inside]");
    assert!(inside.len() == 1 && inside[0].contains(NOTE), "{inside:?}");
    assert!(inside[0].contains("Internal note, the customer does not see this"));
    assert_eq!(texts(&theirs, "#ticket-state"), ["In progress"]);
    let ours = scene.ours(id).await;
    assert_eq!(texts(&ours, ".talk-post").len(), 2, "{}", ours.body);
    assert!(!ours.body.contains(NOTE) && !ours.body.contains("data-inside"));
    // Neither in the log, nor in what the search finds.
    assert!(!ours.body.contains("wrote a note"), "{}", ours.body);
    let found = scene.customer.get("/t/acme/search?q=tomorrow").await.expect(200);
    assert!(!found.body.contains("The shop is slow"), "{}", found.body);
    let empty = scene.post(id, &[("kind", "note"), ("body", " ")], 422).await;
    assert_eq!(value(&empty, "#composer [name=kind][checked]", "value"), "note");
    let audit = scene.customer.get("/t/acme/audit").await.expect(200);
    assert!(!audit.body.contains("ticket.note"), "{}", audit.body);
}

#[tokio::test]
async fn what_is_resolved_is_opened_again_by_its_customer() {
    let scene = Scene::new().await;
    let id = scene.open().await;
    let done = [
        ("kind", "reply"),
        ("body", "It was the disk."),
        ("state", "resolved"),
    ];
    scene.post(id, &done, 303).await;
    let page = scene.ours(id).await;
    assert_eq!(texts(&page, "#ticket-state"), ["Resolved"]);
    let again = format!("/t/acme/tickets/{id}/reopen");
    assert_eq!(value(&page, "form[action$='/reopen']", "action"), again);
    scene.customer.post(&again, &[]).await.expect(303);
    assert_eq!(texts(&scene.ours(id).await, "#ticket-state"), ["Reopened"]);
    let resolve = format!("/t/acme/tickets/{id}/resolve");
    scene.customer.post(&resolve, &[]).await.expect(303);
    let answer = [("body", "No, it is still slow.")];
    let posts = format!("/t/acme/tickets/{id}/posts");
    scene.customer.post(&posts, &answer).await.expect(303);
    assert_eq!(texts(&scene.theirs(id).await, "#ticket-state"), ["Reopened"]);
}

#[tokio::test]
async fn who_only_looks_has_no_forms_and_strangers_see_nothing() {
    let scene = Scene::new().await;
    let id = scene.open().await;
    let vic = scene.test.person("vic").await;
    scene.test.member(scene.tenant, vic, TenantRole::Viewer).await;
    let viewer = scene.test.browser(vic).await;
    let path = format!("/t/acme/tickets/{id}");
    let page = viewer.get(&path).await.expect(200);
    assert!(texts(&page, "main form").is_empty(), "{}", page.body);
    viewer.get("/t/acme/tickets/new").await.expect(403);
    let auditor = scene.test.staff("aud", StaffRole::Auditor).await;
    let auditor = scene.test.browser(auditor).await;
    let page = auditor.get(&format!("/staff/tickets/{id}")).await.expect(200);
    assert!(texts(&page, "#composer").is_empty());
    let (_, stranger) = scene.test.owner("other").await;
    stranger.get(&format!("/t/other/tickets/{id}")).await.expect(404);
    let answer = [("body", "Let me in.")];
    let posts = format!("/t/other/tickets/{id}/posts");
    stranger.post(&posts, &answer).await.expect(404);
}

/// The queue, as the engineer sees it.
async fn queue(scene: &Scene, query: &str) -> Answer {
    let page = scene.engineer.get(&format!("/staff/tickets{query}")).await;
    page.expect(200)
}

#[tokio::test]
async fn the_queue_filters_and_sorts() {
    let scene = Scene::new().await;
    scene.open().await;
    scene.test.ticket(scene.tenant).await;
    scene
        .test
        .administer(
            "update ticket set due_what = 'first_answer', due_at = timestamptz '2026-03-10 11:59:55Z' \
             where subject = 'Something broke'",
        )
        .await;
    let all = queue(&scene, "").await;
    // What is due first stands first; what nothing is promised for stands last.
    assert_eq!(
        texts(&all, "#ticket-rows .row-link"),
        ["#2 Something broke", "#1 The shop is slow"]
    );
    assert_eq!(texts(&all, "time[data-over]"), ["0 min 05 s over"]);
    assert_eq!(texts(&all, ".views [aria-current]"), ["Open"]);
    assert_eq!(
        texts(&queue(&scene, "?overdue=true").await, ".views [aria-current]"),
        ["Overdue"]
    );
    assert_eq!(
        texts(&queue(&scene, "?q=noon").await, "#ticket-rows .row-link"),
        ["#1 The shop is slow"]
    );
    assert!(texts(&queue(&scene, "?assignee=me").await, "#ticket-rows tr").is_empty());
    // An order that only open tickets have is no mistake of whoever shows all of them.
    assert_eq!(
        texts(
            &queue(&scene, "?state=all&sort=severity").await,
            "#ticket-rows tr"
        )
        .len(),
        2
    );
}

#[tokio::test]
async fn the_queue_changes_several_at_once() {
    let scene = Scene::new().await;
    let one = scene.open().await.to_string();
    let two = scene.test.ticket(scene.tenant).await.to_string();
    let changed = [
        ("ticket", &*one),
        ("ticket", &*two),
        ("assignee", "me"),
        ("state", "acknowledged"),
        ("severity", ""),
        ("back", "/staff/tickets?assignee=me"),
    ];
    let done = scene
        .engineer
        .post("/staff/tickets/bulk", &changed)
        .await
        .expect(303);
    assert_eq!(done.location(), "/staff/tickets?assignee=me");
    let mine = scene.engineer.get(done.location()).await.expect(200);
    assert_eq!(texts(&mine, ".flash .notice-text"), ["Done: Changed 2 of 2."]);
    assert_eq!(texts(&mine, "#ticket-rows tr").len(), 2);
    // Once more: what is so already is no change, and what can't be is told.
    let closed = [
        ("ticket", &*one),
        ("state", "closed"),
        ("back", "https://evil.example/"),
    ];
    let done = scene
        .engineer
        .post("/staff/tickets/bulk", &closed)
        .await
        .expect(303);
    assert_eq!(done.location(), "/staff/tickets");
    let reopened = [("ticket", &*two), ("ticket", &*one), ("state", "reopened")];
    scene
        .engineer
        .post("/staff/tickets/bulk", &reopened)
        .await
        .expect(303);
    let page = queue(&scene, "").await;
    assert!(
        texts(&page, ".flash .notice-text")[0].contains("Changed 1 of 2."),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_view_is_kept_shared_and_let_go() {
    let scene = Scene::new().await;
    let home = "/staff/tickets/views";
    let mine = [("name", "Mine, all"), ("query", "assignee=me&state=all")];
    let kept = scene.engineer.post(home, &mine).await.expect(303);
    assert_eq!(kept.location(), "/staff/tickets?state=all&assignee=me");
    let page = scene.engineer.get(kept.location()).await.expect(200);
    assert_eq!(texts(&page, ".views [aria-current]"), ["Mine, all"]);
    let refused = scene.engineer.post(home, &mine).await.expect(422);
    assert!(texts(&refused, "#f-name-error")[0].contains("of this name"));
    scene
        .engineer
        .post(home, &[("name", "x"), ("query", "state=nowhere")])
        .await
        .expect(422);
    // One's own is nobody else's; what all have is changed by who manages tickets.
    let views = async |who: &Client| texts(&who.get("/staff/tickets").await.expect(200), ".views a");
    assert!(!views(&scene.colleague).await.contains(&"Mine, all".to_owned()));
    let list = scene.engineer.get(home).await.expect(200);
    let save = value(&list, "form[action$='/settings']", "action");
    let shared = [
        ("name", "Ours"),
        ("query", "assignee=me"),
        ("shared", "true"),
        ("version", "1"),
    ];
    scene.engineer.post(&save, &shared).await.expect(303);
    scene.engineer.post(&save, &shared).await.expect(412);
    assert!(views(&scene.colleague).await.contains(&"Ours".to_owned()));
    scene.colleague.post(&save, &mine).await.expect(403);
    let gone = save.replace("/settings", "/delete");
    scene.colleague.post(&gone, &[]).await.expect(403);
    scene.engineer.post(&gone, &[]).await.expect(303);
    assert!(!views(&scene.colleague).await.contains(&"Ours".to_owned()));
}

#[tokio::test]
async fn whoever_types_is_seen_by_colleagues_for_half_a_minute() {
    let scene = Scene::new().await;
    let id = scene.open().await;
    let (page, typing) = (
        format!("/staff/tickets/{id}"),
        format!("/staff/tickets/{id}/presence"),
    );
    let seen = async |who: &Client| texts(&who.get(&page).await.expect(200), "#typing p");
    scene
        .engineer
        .post(&typing, &[("kind", "reply")])
        .await
        .expect(204);
    assert_eq!(seen(&scene.colleague).await, ["eve is replying."]);
    assert!(
        seen(&scene.engineer).await.is_empty(),
        "nobody is told of themselves"
    );
    let mut stream = scene.colleague.listen(&format!("{page}/live")).await;
    scene
        .engineer
        .post(&typing, &[("kind", "note")])
        .await
        .expect(204);
    scene.tell(None, PRESENCE_TOPIC, id.0);
    stream.hears("is writing a note.").await;
    scene.test.clock.advance(TimeDelta::seconds(31));
    assert!(seen(&scene.colleague).await.is_empty());
    scene
        .engineer
        .post(&typing, &[("kind", "note")])
        .await
        .expect(204);
    scene.post(id, &[("kind", "note"), ("body", NOTE)], 303).await;
    assert!(
        seen(&scene.colleague).await.is_empty(),
        "what was sent is not typed any more"
    );
    let mut tx = scene.test.app.db.staff(scene.eve).await.unwrap();
    let left = sqlx::query_scalar!(r#"select count(*) as "count!" from ticket_presence"#);
    assert_eq!(left.fetch_one(tx.conn()).await.unwrap(), 0);
}

#[tokio::test]
async fn lists_and_pages_follow_by_themselves() {
    let scene = Scene::new().await;
    let mut queue = scene.engineer.listen("/staff/tickets/live?since=0").await;
    let mut closed = scene
        .engineer
        .listen("/staff/tickets/live?since=0&state=closed")
        .await;
    let mut list = scene.customer.listen("/t/acme/tickets/live?since=0").await;
    let id = scene.open().await;
    let mut page = scene.customer.listen(&format!("/t/acme/tickets/{id}/live")).await;
    scene.tell(Some(scene.tenant), TOPIC, id.0);
    let said = queue.hears("The shop is slow").await;
    assert!(
        said.contains("hx-target=\"#ticket-rows\" hx-swap=\"afterbegin\""),
        "{said}"
    );
    list.hears("The shop is slow").await;
    // What is not asked for is not put first, and changes where it is shown.
    let said = closed.hears("The shop is slow").await;
    assert!(!said.contains("afterbegin"), "{said}");
    scene.post(id, &[("kind", "note"), ("body", NOTE)], 303).await;
    scene
        .post(id, &[("kind", "reply"), ("body", "We look at once.")], 303)
        .await;
    scene.tell(Some(scene.tenant), TOPIC, id.0);
    let said = page.hears("We look at once.").await;
    assert!(!said.contains(NOTE), "{said}");
    // Another tenant's, told to this one's page.
    let other = scene.test.tenant("other").await;
    let foreign = scene.test.ticket(other).await;
    scene.tell(Some(other), TOPIC, foreign.0);
    scene.tell(Some(scene.tenant), TOPIC, id.0);
    let said = list.hears("Acknowledged").await;
    assert!(!said.contains("Something broke"), "{said}");
}

#[tokio::test]
async fn the_wallboard_says_what_a_room_has_to_know() {
    let scene = Scene::new().await;
    let wall = async || scene.engineer.get("/staff/wallboard").await.expect(200);
    let page = wall().await;
    assert_eq!(texts(&page, "[data-open=p2] .wall-number"), ["0"]);
    assert!(texts(&page, "#wall").concat().contains("Nothing is due."));
    let mut stream = scene.engineer.listen("/staff/wallboard/live").await;
    let id = scene.open().await;
    scene
        .test
        .administer(
            "update ticket set due_what = 'first_answer', due_at = opened_at + interval '2 hours 5 minutes'",
        )
        .await;
    scene.tell(Some(scene.tenant), TOPIC, id.0);
    stream.hears("2 h 05 min left").await;
    let page = wall().await;
    assert_eq!(texts(&page, "[data-open=p2] .wall-number"), ["1"]);
    assert_eq!(texts(&page, "[data-open=overdue] .wall-number"), ["0"]);
    scene.test.clock.advance(TimeDelta::hours(3));
    let page = wall().await;
    assert_eq!(texts(&page, "[data-open=overdue] .wall-number"), ["1"]);
    assert_eq!(texts(&page, ".wall-line time[data-over]"), ["55 min 00 s over"]);
    assert!(
        texts(&page, "#wall")
            .concat()
            .contains("Waits longest for an answer")
    );
}

/// Sends a form with a file, as a browser does.
async fn send_with_file(
    who: &Client,
    path: &str,
    fields: &[(&str, &str)],
    (name, content): (&str, &str),
) -> Answer {
    let mut parts: Vec<String> = Vec::new();
    for (field, value) in fields {
        parts.push(format!(
            "--x\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
        ));
    }
    parts.push(format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--x--\r\n"
    ));
    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("sec-fetch-site", "same-origin"),
    ];
    who.send(Method::POST, path, &headers, Body::from(parts.concat()))
        .await
}

#[tokio::test]
async fn files_come_with_the_words_or_neither_does() {
    let scene = Scene::new().await;
    let opening = [("subject", "Odd"), ("severity", "p3"), ("body", "See the log.")];
    let (log, page) = (("server.log", "It broke."), ("a.html", "<html>"));
    let refused = send_with_file(&scene.customer, "/t/acme/tickets", &opening, page).await;
    let refused = refused.expect(422);
    assert_eq!(texts(&refused, "#f-body"), ["See the log."]);
    assert!(texts(&refused, "#f-file-error")[0].starts_with("a.html was not attached."));
    let list = scene.customer.get("/t/acme/tickets").await.expect(200);
    assert!(texts(&list, "#ticket-rows tr").is_empty());
    let made = send_with_file(&scene.customer, "/t/acme/tickets", &opening, log).await;
    let made = made.expect(303);
    let (_, id) = made.location().rsplit_once('/').unwrap();
    let id: TicketId = id.parse().unwrap();
    assert_eq!(texts(&scene.ours(id).await, "a[download]"), ["server.log"]);

    // A note's file is as internal as the note; words that are refused keep the file out, too.
    scene.test.clock.advance(TimeDelta::seconds(1));
    let posts = format!("/staff/tickets/{id}/posts");
    let note = [("kind", "note"), ("body", NOTE), ("state", "")];
    send_with_file(&scene.engineer, &posts, &note, ("inside.txt", "x"))
        .await
        .expect(303);
    let empty = [("kind", "reply"), ("body", " "), ("state", "")];
    send_with_file(&scene.engineer, &posts, &empty, ("late.txt", "x"))
        .await
        .expect(422);
    assert_eq!(
        texts(&scene.theirs(id).await, "a[download]"),
        ["server.log", "inside.txt"]
    );
    assert_eq!(texts(&scene.ours(id).await, "a[download]"), ["server.log"]);
    scene.test.clock.advance(TimeDelta::seconds(1));
    let answer = [("body", "Here is more.")];
    let posts = format!("/t/acme/tickets/{id}/posts");
    send_with_file(&scene.customer, &posts, &answer, ("more.txt", "x"))
        .await
        .expect(303);
    let ours = scene.ours(id).await;
    assert_eq!(texts(&ours, "a[download]"), ["server.log", "more.txt"]);
    assert_eq!(texts(&ours, ".talk-post").len(), 2);
}

#[tokio::test]
async fn old_posts_are_found_and_moved_as_new_ones_are() {
    let scene = Scene::new().await;
    let id = scene.open().await;
    scene
        .test
        .administer(
            "insert into ticket_post (id, ticket_id, tenant_id, kind, is_public, body, side, author_name, created_at) \
             select gen_random_uuid(), t.id, t.tenant_id, 'reply', true, 'line' || lpad(n::text, 3, '0'), 'staff', 'eve', \
             t.opened_at from ticket t, generate_series(1, 250) n order by n",
        )
        .await;
    let bodies = |page: &Answer| texts(page, ".talk-body");
    let newest = scene.ours(id).await;
    assert_eq!(bodies(&newest).len(), 100);
    assert_eq!(bodies(&newest).last().unwrap(), "line250");
    let older = value(&newest, "#talk a[href*='until=']", "href");
    let older = scene.customer.get(&older).await.expect(200);
    assert_eq!(
        (&*bodies(&older)[0], &*bodies(&older)[99]),
        ("line051", "line150")
    );
    let oldest = value(&older, "#talk > p:first-child a", "href");
    let oldest = scene.customer.get(&oldest).await.expect(200);
    assert_eq!(bodies(&oldest).len(), 51);
    assert!(bodies(&oldest)[0].starts_with("Since noon"));
    let next = value(&oldest, "#talk a", "href");
    let next = scene.customer.get(&next).await.expect(200);
    assert_eq!(bodies(&next), bodies(&older));

    // What is found leads to its place, on the page that has it.
    for (who, list) in [
        (&scene.customer, "/t/acme/tickets?q=line007"),
        (&scene.engineer, "/staff/tickets?q=line007"),
    ] {
        let found = who.get(list).await.expect(200);
        let to = value(&found, "#ticket-rows .row-link", "href");
        let (page, place) = to.split_once('#').unwrap();
        let page = who.get(page).await.expect(200);
        assert_eq!(texts(&page, &format!("[id='{place}'] .talk-body")), ["line007"]);
    }
    let found = scene.customer.get("/t/acme/search?q=line007").await.expect(200);
    assert!(found.body.contains("?until=tpo_"), "{}", found.body);

    let links = format!("/staff/tickets/{id}/links");
    let page = scene.engineer.get(&links).await.expect(200);
    assert_eq!(texts(&page, "[name=posts] + label").len(), 200);
    let older = value(&page, "a[href*='until=']", "href");
    let (older, _) = older.split_once('#').unwrap();
    let page = scene.engineer.get(older).await.expect(200);
    assert_eq!(texts(&page, "[name=posts] + label").len(), 51);
}

#[tokio::test]
async fn a_live_page_is_told_what_is_new_and_no_more() {
    let scene = Scene::new().await;
    let id = scene.open().await;
    let live = value(&scene.ours(id).await, "[data-live]", "data-live");
    let mut page = scene.customer.listen(&live).await;
    scene
        .post(id, &[("kind", "reply"), ("body", "We look at once.")], 303)
        .await;
    scene.tell(Some(scene.tenant), TOPIC, id.0);
    let said = page.hears("We look at once.").await;
    assert!(
        said.contains("hx-target=\"#conversation\" hx-swap=\"beforeend\""),
        "{said}"
    );
    assert!(!said.contains("noon"), "{said}");
    scene
        .post(id, &[("kind", "reply"), ("body", "It works again.")], 303)
        .await;
    scene.tell(Some(scene.tenant), TOPIC, id.0);
    let said = page.hears("It works again.").await;
    assert_eq!(said.matches("We look at once.").count(), 1, "{said}");
}
