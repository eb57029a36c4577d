//! What hangs on tickets, over a real database: what each side sees and does, and what nobody does.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::platform::access::{Permission, StaffRole, TenantRole, Who};
use crate::platform::db::Scoped as _;
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId, TicketId, UserId};
use crate::testing::{Answer, Client, TestApp};
use crate::tickets;

struct Scene {
    app: TestApp,
    plan: PlanId,
    tenant: TenantId,
    ada: UserId,
    /// A program of the tenant, and one of staff.
    ours: Client,
    staff: Client,
    root: UserId,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let plan = app.plan("Small", 5).await;
        let (tenant, ada) = (app.tenant_on("acme", plan).await, app.person("ada").await);
        app.member(tenant, ada, TenantRole::Owner).await;
        let root = app.staff("root", StaffRole::Owner).await;
        Self {
            ours: app.program(ada, Some(tenant), Permission::ALL).await,
            staff: app.program(root, None, Permission::ALL).await,
            app,
            plan,
            tenant,
            ada,
            root,
        }
    }

    /// A ticket of the tenant's, which Ada opened.
    async fn ticket(&self, subject: &str) -> TicketId {
        let new = json!({ "subject": subject, "body": "It does not work.", "severity": "p3" });
        let made = self.ours.json("POST", "/api/v1/tickets", &new).await.expect(201);
        made.json()["id"].as_str().unwrap().parse().unwrap()
    }

    /// Another tenant's ticket, and its program.
    async fn stranger(&self) -> (TicketId, Client) {
        let theirs = self.app.tenant("theirs").await;
        let eve = self.app.person("eve").await;
        self.app.member(theirs, eve, TenantRole::Owner).await;
        let program = self.app.program(eve, Some(theirs), Permission::ALL).await;
        (self.app.ticket(theirs).await, program)
    }

    async fn read(&self, who: &Client, path: &str) -> Value {
        who.get(path).await.expect(200).json()
    }
}

fn of(ticket: TicketId, rest: &str) -> String {
    format!("/api/v1/tickets/{ticket}{rest}")
}

fn staff_of(ticket: TicketId, rest: &str) -> String {
    format!("/api/v1/staff/tickets/{ticket}{rest}")
}

async fn upload(who: &Client, path: &str, bytes: impl Into<Body>) -> Answer {
    let headers = [("content-type", "application/octet-stream")];
    who.send(Method::POST, path, &headers, bytes.into()).await
}

#[tokio::test]
async fn a_file_is_kept_as_it_came_and_seen_by_whom_it_is_for() {
    let it = Scene::new().await;
    let ticket = it.ticket("Log").await;
    let files = of(ticket, "/attachments");
    // More than two pieces, none of which is like another.
    let long = (0..400_000).fold(String::new(), |mut long, line| {
        let _ = writeln!(long, "{line:06}");
        long
    });
    let sent = upload(&it.ours, &format!("{files}?name=../a/server.LOG"), long.clone()).await;
    let sent = sent.expect(201).json();
    assert_eq!(
        (&sent["name"], &sent["kind"], &sent["size"]),
        (&json!("server.log"), &json!("log"), &json!(2_800_000))
    );
    let one = format!("{files}/{}", sent["id"].as_str().unwrap());
    let saved = it.ours.get(&one).await.expect(200);
    assert!(saved.body == long, "other bytes came back");
    assert_eq!(
        saved.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert_eq!(saved.header("x-content-type-options"), "nosniff");
    assert!(
        saved
            .header("content-disposition")
            .starts_with("attachment; filename=\"server.log\"")
    );
    for bad in ["<svg xmlns='x'/>", "#!/bin/sh\n", ""] {
        upload(&it.ours, &format!("{files}?name=a.png"), bad)
            .await
            .expect(422);
    }
    let refused = upload(&it.ours, &files, vec![b'a'; (10 << 20) + 1]).await;
    refused.expect(413);

    let inside = format!("{}?name=a.txt&internal=true", staff_of(ticket, "/attachments"));
    let inside = upload(&it.staff, &inside, "secret").await.expect(201).json();
    let id = inside["id"].as_str().unwrap();
    assert_eq!(it.read(&it.ours, &files).await.as_array().unwrap().len(), 1);
    it.ours.get(&format!("{files}/{id}")).await.expect(404);
    let all = it.read(&it.staff, &staff_of(ticket, "/attachments")).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let (_, eve) = it.stranger().await;
    eve.get(&one).await.expect(404);
    eve.get(&files).await.expect(404);
}

#[tokio::test]
async fn a_form_answers_with_all_its_files_or_comes_back() {
    let it = Scene::new().await;
    let ticket = it.ticket("Picture").await;
    let browser = it.app.browser(it.ada).await;
    let page = format!("/t/acme/tickets/{ticket}/attachments");
    assert!(browser.get(&page).await.expect(200).body.contains("No files"));
    let part = |name: &str, content: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
        )
    };
    let gif = part("a.gif", "GIF89a\u{1}");
    let form = |files: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nSee here.\r\n{files}--x--\r\n")
    };
    let headers = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("sec-fetch-site", "same-origin"),
    ];
    let send = async |files: &str| {
        browser
            .send(Method::POST, &page, &headers, Body::from(form(files)))
            .await
    };
    let refused = send(&format!("{gif}{}", part("b.html", "<html>"))).await;
    let refused = refused.expect(422).body;
    assert!(
        refused.contains("b.html was not attached. Tickets take no HTML") && refused.contains("See here."),
        "{refused}"
    );
    send("").await.expect(422);
    assert_eq!(
        it.read(&it.ours, &of(ticket, "/attachments")).await,
        json!([]),
        "a part of a form was kept"
    );
    let answered = send(&gif).await;
    let shown = browser
        .get(answered.expect(303).location())
        .await
        .expect(200)
        .body;
    assert!(shown.contains("See here.") && shown.contains("a.gif"), "{shown}");
    let files = it.read(&it.ours, &of(ticket, "/attachments")).await;
    let post = files[0]["post"].as_str().unwrap().to_owned();
    let picture = format!("{page}/{}/picture", files[0]["id"].as_str().unwrap());
    let picture = browser.get(&picture).await.expect(200);
    assert_eq!(picture.header("content-type"), "image/gif");
    assert_eq!(
        picture.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    // To a post of one's own more can be added, to another's nothing.
    let more = format!("?name=b.txt&post={post}");
    upload(&it.ours, &of(ticket, &format!("/attachments{more}")), "b")
        .await
        .expect(201);
    upload(&it.staff, &staff_of(ticket, &format!("/attachments{more}")), "b")
        .await
        .expect(404);
}

#[tokio::test]
async fn parts_of_the_panel_keep_files_within_the_limit() {
    let it = Scene::new().await;
    let ticket = it.ticket("Evidence").await;
    let app = &it.app.app;
    let who = Who::system("test");
    let mut tx = app.db.system().await.unwrap();
    let keep = tickets::attachments::keep(app, &mut tx, ticket, None, "log", b"a", false, &who);
    keep.await.unwrap();
    tx.commit().await.unwrap();
    it.app
        .administer("update ticket_attachment set size = 10485760; \
            insert into ticket_attachment (id, ticket_id, is_public, name, kind, size, sha256, created_by, created_at) \
            select gen_random_uuid(), ticket_id, false, name, kind, size, sha256, created_by, created_at \
            from ticket_attachment, generate_series(1, 102)")
        .await;
    let mut tx = app.db.system().await.unwrap();
    let large = vec![b'a'; 5 << 20];
    let keep = tickets::attachments::keep(app, &mut tx, ticket, None, "log", &large, false, &who);
    let refused = keep.await.unwrap_err();
    assert!(
        matches!(refused, Error::LimitReached { used: 1030, .. }),
        "{refused:?}"
    );
    // What staff keep for themselves is not the customer's.
    let keep = tickets::attachments::keep(app, &mut tx, ticket, None, "log", &large, true, &who);
    keep.await.unwrap();
}

#[tokio::test]
async fn a_canned_reply_is_filled_for_its_ticket() {
    let it = Scene::new().await;
    let ticket = it.ticket("Slow").await;
    let canned = "/api/v1/staff/tickets/canned";
    let bad = json!({ "name": "Ask", "body": "Hello {client}" });
    let refused = it.staff.json("POST", canned, &bad).await.expect(422);
    assert!(refused.body.contains("{client} is no variable"));
    let new =
        json!({ "name": "Ask", "body": "Hello {customer}, about {ticket} and {server}: {engineer}, {due}." });
    let made = it.staff.json("POST", canned, &new).await.expect(201).json();
    it.staff.json("POST", canned, &new).await.expect(422);
    let id = made["id"].as_str().unwrap();
    let filled = it
        .read(&it.staff, &staff_of(ticket, &format!("/canned/{id}")))
        .await;
    let number = it.read(&it.ours, &of(ticket, "")).await["number"].clone();
    let text = format!("Hello ada, about #{number} and your service: root, as soon as possible.");
    assert_eq!(filled["text"], json!(text));
    let browser = it.app.browser(it.root).await;
    let page = browser
        .get(&format!("/staff/tickets/{ticket}/canned?canned={id}"))
        .await;
    assert!(page.expect(200).body.contains(&text));
    let page = browser.get(&format!("/staff/tickets/{ticket}")).await.expect(200);
    assert!(
        page.body
            .contains(&format!("<option value=\"{id}\">Ask</option>"))
    );
    let one = format!("{canned}/{id}");
    let renamed = it
        .staff
        .json("PATCH", &one, &json!({ "name": "Ask for logs" }))
        .await;
    assert_eq!(renamed.expect(200).json()["body"], new["body"]);
    let stale = [("if-match", "\"1\"")];
    it.staff
        .json_with("PATCH", &one, &json!({}), &stale)
        .await
        .expect(412);
    it.staff.json("DELETE", &one, &json!({})).await.expect(204);
    it.staff.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_checklist_is_ticked_off_by_somebody_and_is_staffs_own() {
    let it = Scene::new().await;
    let ticket = it.ticket("Disk").await;
    let new = json!({ "name": "Disk full", "items": ["Look", "Clean up"] });
    let lists = "/api/v1/staff/tickets/checklists";
    let template = it.staff.json("POST", lists, &new).await.expect(201).json()["id"].clone();
    let on = staff_of(ticket, "/checklists");
    let list = it
        .staff
        .json("POST", &on, &json!({ "template": template }))
        .await
        .expect(201)
        .json();
    let item = format!("{on}/{}/items/1", list["id"].as_str().unwrap());
    for _ in 0..2 {
        let after = it
            .staff
            .json("PATCH", &item, &json!({ "done": true }))
            .await
            .expect(200)
            .json();
        assert_eq!(after["items"][1]["done_by"], "root");
        assert_eq!(after["items"][0]["done_by"], json!(null));
    }
    let gone = format!("{on}/{}/items/2", list["id"].as_str().unwrap());
    it.staff
        .json("PATCH", &gone, &json!({ "done": true }))
        .await
        .expect(404);
    // The template goes, the ticket's own stays.
    let template = format!("{lists}/{}", template.as_str().unwrap());
    it.staff.json("DELETE", &template, &json!({})).await.expect(204);
    let browser = it.app.browser(it.root).await;
    let page = browser
        .get(&format!("/staff/tickets/{ticket}"))
        .await
        .expect(200)
        .body;
    assert!(page.contains("1 of 2") && page.contains("Clean up"), "{page}");
    let page = it
        .app
        .browser(it.ada)
        .await
        .get(&format!("/t/acme/tickets/{ticket}"))
        .await;
    assert!(!page.expect(200).body.contains("Clean up"));
    let undo = format!(
        "/staff/tickets/{ticket}/checklists/{}",
        list["id"].as_str().unwrap()
    );
    browser
        .post(&format!("{undo}/items/1"), &[("done", "false")])
        .await
        .expect(303);
    browser.post(&format!("{undo}/remove"), &[]).await.expect(303);
    assert_eq!(it.read(&it.staff, &on).await, json!([]));
}

#[tokio::test]
async fn time_burns_what_the_plan_includes_and_is_corrected_by_more_of_it() {
    let it = Scene::new().await;
    let ticket = it.ticket("Hours").await;
    let plan = format!("/api/v1/staff/plans/{}/support", it.plan);
    it.staff
        .json("PUT", &plan, &json!({ "included_minutes": 60 }))
        .await
        .expect(200);
    let time = staff_of(ticket, "/time");
    let new = json!({ "minutes": 45, "what": "Looked at it", "billable": true });
    let entry = it.staff.json("POST", &time, &new).await.expect(201).json();
    let free = json!({ "minutes": 30, "what": "Our own mistake", "billable": false });
    it.staff.json("POST", &time, &free).await.expect(201);
    it.staff
        .json(
            "POST",
            &time,
            &json!({ "minutes": 0, "what": "", "billable": true }),
        )
        .await
        .expect(422);
    // In the next month the correction counts where the mistake was made.
    it.app.clock.advance(TimeDelta::minutes(30));
    let correct = format!("{time}/{}/correct", entry["id"].as_str().unwrap());
    let wanted = json!({ "minutes": 75, "what": "Forgot the call" });
    let more = it.staff.json("POST", &correct, &wanted).await.expect(201).json();
    assert_eq!((&more["minutes"], &more["at"]), (&json!(30), &entry["at"]));
    it.staff.json("POST", &correct, &wanted).await.expect(422);
    let support = it.read(&it.ours, "/api/v1/support-time").await;
    let told = json!({ "month": "2026-03", "included_minutes": 60, "used_minutes": 75, "left_minutes": -15 });
    assert_eq!(support, told);
    let of_tenant = format!("/api/v1/staff/tenants/{}/support-time", it.tenant);
    assert_eq!(it.read(&it.staff, &of_tenant).await, told);
    let page = it
        .app
        .browser(it.ada)
        .await
        .get(&format!("/t/acme/tickets/{ticket}"))
        .await;
    let page = page.expect(200).body;
    assert!(
        page.contains("15 min beyond it") && !page.contains("Forgot the call"),
        "{page}"
    );
    // Nor does a query of theirs read what was done.
    let mut tx = it.app.app.db.tenant(it.tenant, it.ada).await.unwrap();
    let refused = sqlx::query_scalar!("select what from ticket_time")
        .fetch_all(tx.conn())
        .await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"));
}

#[tokio::test]
async fn links_stay_in_the_tenant_and_lead_in_no_circle() {
    let it = Scene::new().await;
    let (a, b, c) = (it.ticket("A").await, it.ticket("B").await, it.ticket("C").await);
    let (theirs, eve) = it.stranger().await;
    let link = async |from: TicketId, to: TicketId, kind: &str| {
        let body = json!({ "ticket": to, "kind": kind });
        it.staff.json("POST", &staff_of(from, "/links"), &body).await
    };
    link(a, b, "caused_by").await.expect(200);
    it.app.clock.advance(TimeDelta::seconds(1));
    link(b, c, "caused_by").await.expect(200);
    let circle = link(c, a, "caused_by").await.expect(409);
    assert_eq!(circle.json()["code"], "ticket-link-loop");
    let again = link(b, a, "relates").await.expect(409);
    assert_eq!(again.json()["code"], "ticket-linked");
    link(a, a, "relates").await.expect(422);
    link(a, theirs, "relates").await.expect(422);
    let seen = it.read(&it.ours, &of(b, "/links")).await;
    assert_eq!(seen["links"][0]["outgoing"], false);
    assert_eq!(seen["links"][0]["ticket"]["subject"], "A");
    assert_eq!(seen["links"][1]["ticket"]["subject"], "C");
    eve.get(&of(b, "/links")).await.expect(404);
    let browser = it.app.browser(it.root).await;
    let page = format!("/staff/tickets/{b}/links");
    assert!(browser.get(&page).await.expect(200).body.contains("Caused by"));
    browser.post(&format!("{page}/{a}/remove"), &[]).await.expect(303);
    link(c, a, "caused_by").await.expect(200);
}

#[tokio::test]
async fn a_merged_ticket_is_closed_and_shown_where_it_goes_on() {
    let it = Scene::new().await;
    let (gone, stays) = (it.ticket("Twice").await, it.ticket("Once").await);
    let (theirs, _) = it.stranger().await;
    let merge = staff_of(gone, "/merge");
    it.staff
        .json("POST", &merge, &json!({ "into": theirs }))
        .await
        .expect(422);
    it.staff
        .json("POST", &merge, &json!({ "into": gone }))
        .await
        .expect(422);
    it.staff
        .json("POST", &merge, &json!({ "into": stays }))
        .await
        .expect(200);
    let after = it.read(&it.ours, &of(gone, "")).await;
    assert_eq!(
        (&after["state"], &after["merged_into"]),
        (&json!("closed"), &json!(stays))
    );
    // Back is no way, nor twice.
    let back = it
        .staff
        .json("POST", &staff_of(stays, "/merge"), &json!({ "into": gone }))
        .await;
    assert_eq!(back.expect(409).json()["code"], "ticket-merged");
    let page = it
        .app
        .browser(it.ada)
        .await
        .get(&format!("/t/acme/tickets/{stays}"))
        .await;
    let page = page.expect(200).body;
    assert!(
        page.contains("Merged into this one") && page.contains("Twice"),
        "{page}"
    );
    // A file for what is gone is kept where it goes on.
    upload(&it.ours, &of(gone, "/attachments?name=a.txt"), "a")
        .await
        .expect(201);
    let files = it.read(&it.ours, &of(stays, "/attachments")).await;
    assert_eq!(files.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_split_moves_posts_with_their_files() {
    let it = Scene::new().await;
    let ticket = it.ticket("Two things").await;
    let posts = of(ticket, "/posts");
    // Posts are in the order of their ids, which is that of time.
    it.app.clock.advance(TimeDelta::seconds(1));
    let body = json!({ "body": "The backup is late, too." });
    let post = it.ours.json("POST", &posts, &body).await.expect(201).json()["id"].clone();
    let file = format!("/attachments?name=backup.log&post={}", post.as_str().unwrap());
    upload(&it.ours, &of(ticket, &file), "late").await.expect(201);
    it.app.clock.advance(TimeDelta::seconds(1));
    let split = staff_of(ticket, "/split");
    let first = it.read(&it.ours, &posts).await["items"][0]["id"].clone();
    for bad in [json!([]), json!([post, first]), json!([post, post])] {
        let body = json!({ "subject": "Backup", "posts": bad });
        it.staff.json("POST", &split, &body).await.expect(422);
    }
    let body = json!({ "subject": "Backup", "posts": [post] });
    let new = it.staff.json("POST", &split, &body).await.expect(201).json();
    let new: TicketId = new["id"].as_str().unwrap().parse().unwrap();
    let moved = it.read(&it.ours, &of(new, "/posts")).await;
    assert_eq!(moved["items"][0]["id"], post);
    assert!(
        moved["items"][1]["body"]
            .as_str()
            .unwrap()
            .starts_with("A post moved here from ticket #")
    );
    let left = it.read(&it.ours, &posts).await;
    assert!(
        left["items"][1]["body"]
            .as_str()
            .unwrap()
            .starts_with("A post moved to ticket #")
    );
    let files = it.read(&it.ours, &of(new, "/attachments")).await;
    assert_eq!(
        (&files[0]["name"], &files[0]["post"]),
        (&json!("backup.log"), &post)
    );
}

#[tokio::test]
async fn a_customer_says_once_how_it_went() {
    let it = Scene::new().await;
    let ticket = it.ticket("Solved").await;
    let path = of(ticket, "/satisfaction");
    let good = json!({ "rating": "good", "words": "Thank you" });
    let early = it.ours.json("POST", &path, &good).await.expect(409);
    assert_eq!(early.json()["code"], "ticket-open");
    it.ours.get(&path).await.expect(404);
    it.ours
        .json("POST", &of(ticket, "/resolve"), &json!({}))
        .await
        .expect(200);
    it.ours.json("POST", &path, &good).await.expect(200);
    let page = format!("/t/acme/tickets/{ticket}/satisfaction");
    let browser = it.app.browser(it.ada).await;
    let shown = browser.get(&page).await.expect(200).body;
    assert!(shown.contains("Thank you"), "{shown}");
    browser.post(&page, &[("rating", "")]).await.expect(422);
    browser
        .post(&page, &[("rating", "bad"), ("words", "It broke again")])
        .await
        .expect(303);
    assert_eq!(it.read(&it.ours, &path).await["rating"], "bad");
    let boss = it.app.browser(it.root).await;
    let months = boss.get("/staff/tickets/satisfaction").await.expect(200).body;
    assert!(
        months.contains("March 2026") && months.contains("It broke again"),
        "{months}"
    );
    let (_, eve) = it.stranger().await;
    eve.json("POST", &path, &good).await.expect(404);
    // A week is over. The programs' tokens are, too.
    it.app.clock.advance(TimeDelta::days(8));
    let ours = it.app.program(it.ada, Some(it.tenant), Permission::ALL).await;
    let late = ours.json("POST", &path, &good).await.expect(409);
    assert_eq!(late.json()["code"], "satisfaction-settled");
}
