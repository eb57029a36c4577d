//! The whole loop once, for real: a server's process is killed and stays down; one ticket with evidence; a page mail in a real mailbox,
//! whose link acknowledges; a customer who answers by mail; a restart from the ticket; a recovery that resolves it; and the month's report.
//! The real binary, Docker, Postfix and Dovecot.

use std::process::Output;

use berth::platform::access::StaffRole;
use berth::platform::clock::{Clock as _, SystemClock};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::crash::docker::{self, Remains};
use crate::mail_service::world::{PASSWORD, World};
use crate::panel::until;

/// Where answers to tickets' mails go.
const INBOX: &str = "tickets@other.test";
/// The engineer who is on call.
const ENGINEER: &str = "ada@other.test";
/// The customer.
const CUSTOMER: &str = "ann@acme.test";
const ANSWER: &str = "The tills stand still since the server is gone.";

/// A panel with mail, and what it leaves on the engine. The panel ends first, so that it does not make anew what is removed.
struct Story {
    world: World,
    _remains: Remains,
}

impl Story {
    async fn begin() -> Self {
        docker::prepare().await;
        let mut world = World::start().await;
        let remains = Remains::of(&world.panel.instance).await;
        for address in [INBOX, ENGINEER] {
            world.mailbox(address, json!({})).await;
        }
        world.without_panel().await;
        let ports = world.service.ports;
        let (user, password) = (INBOX.replace('@', "%40"), PASSWORD.replace(' ', "%20"));
        let inbox = format!(
            "imaps://{user}:{password}@127.0.0.1:{}?tls=unchecked",
            ports.imaps
        );
        for (name, value) in [
            ("BERTH_CATALOGUE_DIR", docker::catalogue().display().to_string()),
            ("BERTH_SMTP_URL", format!("smtp://127.0.0.1:{}", ports.smtp)),
            ("BERTH_MAIL_FROM", "Berth <berth@panel.test>".to_owned()),
            ("BERTH_TICKET_INBOX", inbox),
            ("BERTH_TICKET_ADDRESS", INBOX.to_owned()),
            // The first end is one too many: the engine does not bring it back, and neither does Berth.
            ("BERTH_CRASH_LIMIT", "1".to_owned()),
        ] {
            world.panel.set(name, value);
        }
        world.with_panel().await;
        Self {
            world,
            _remains: remains,
        }
    }

    /// Who is on call, who is a customer, and what was promised to them. Gives the engineer's id.
    async fn promise(&self) -> String {
        let app = &self.world.app;
        let ada = app.staff("ada", StaffRole::Engineer).await.to_string();
        app.administer("update user_account set email = 'ada@other.test' where email = 'ada@example.com'")
            .await;
        app.administer("update user_account set email = 'ann@acme.test' where email = 'ann@example.com'")
            .await;
        self.made("on-call/rotas", json!({ "name": "Nights", "people": [ada] }))
            .await;
        let hours = json!({ "name": "All the time", "hours": { "always": true } });
        let calendar = self.made("sla/calendars", hours).await;
        let promised = json!({ "first_answer": 30, "restore": 240 });
        let policy = json!({ "name": "Always", "calendar": calendar, "targets": { "p1": promised }, "availability": "99.9" });
        let policy = self.made("sla/policies", policy).await;
        let tenant = self.world.tenant("acme").await;
        let plan = format!("/api/v1/staff/sla/plans/{}", text(&tenant["plan"]["id"]));
        self.world
            .as_staff("PATCH", &plan, json!({ "policy": policy }), 200)
            .await;
        ada
    }

    /// Makes something of the staff's; its id.
    async fn made(&self, what: &str, new: Value) -> String {
        let made = self
            .world
            .as_staff("POST", &format!("/api/v1/staff/{what}"), new, 201)
            .await;
        text(&made["id"])
    }

    /// A server that runs; its id.
    async fn server(&self) -> String {
        let order = json!({ "name": "tills", "template": "echo", "size": "small-box" });
        let asked = self.world.own("POST", "/api/v1/servers", order, 202).await;
        let id = text(&asked["server"]["id"]);
        self.runs(&id).await;
        id
    }

    async fn runs(&self, id: &str) {
        let path = format!("/api/v1/servers/{id}");
        until("the server runs", async || {
            let server = self.world.own("GET", &path, Value::Null, 200).await;
            server["engine_state"] == "running"
        })
        .await;
    }

    async fn staff_reads(&self, path: &str) -> Value {
        self.world
            .as_staff("GET", &format!("/api/v1/staff/tickets{path}"), Value::Null, 200)
            .await
    }

    /// The only ticket, as soon as its evidence is there; with what is known of the breakdown.
    async fn ticket(&self) -> (String, Value) {
        let mut found = (String::new(), Value::Null);
        until("there is a ticket with evidence", async || {
            let all = self.staff_reads("?state=all").await;
            let Some(ticket) = all["items"].as_array().unwrap().first().cloned() else {
                return false;
            };
            let id = text(&ticket["id"]);
            let breakdown = self.staff_reads(&format!("/{id}/breakdown")).await;
            found = (id, breakdown);
            !found.1["gathered_at"].is_null()
        })
        .await;
        found
    }

    async fn state(&self, ticket: &str) -> String {
        text(&self.staff_reads(&format!("/{ticket}")).await["state"])
    }

    /// What of a kind was written into a ticket, as staff read it or as its customer does.
    async fn posts(&self, ticket: &str, kind: &str, is_staff: bool) -> Vec<String> {
        let path = format!("/{ticket}/posts?limit=100");
        let all = if is_staff {
            self.staff_reads(&path).await
        } else {
            let path = format!("/api/v1/tickets{path}");
            self.world.own("GET", &path, Value::Null, 200).await
        };
        let all = all["items"].as_array().unwrap().iter();
        all.filter(|post| post["kind"] == kind)
            .map(|post| text(&post["body"]))
            .collect()
    }

    /// The mail with these words, as soon as it is in somebody's mailbox.
    async fn mail(&mut self, address: &str, words: &str) -> String {
        let mut found = None;
        until(&format!("{address} has a mail with {words}"), async || {
            let mails = self.world.read(address, "INBOX", 1).await.into_iter();
            // Lines that were broken for their length by quoted-printable are whole again.
            let mut whole = mails.map(|mail| mail.replace("=\r\n", ""));
            found = whole.find(|mail| mail.contains(words));
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    /// The page mail's link shows the ticket to whoever looks, and acknowledges for whoever presses its button.
    async fn acknowledge(&mut self, ticket: &str, engineer: &str) {
        let mail = self.mail(ENGINEER, "/page-links/").await;
        assert!(mail.contains("Subject: [P1] #"), "{mail}");
        let link = mail.lines().find(|line| line.contains("/page-links/"));
        let link = link.unwrap_or_else(|| panic!("{mail}")).trim();
        let http = reqwest::Client::new();
        let looked = http.get(link).send().await.unwrap();
        assert_eq!(looked.status().as_u16(), 200);
        assert_eq!(
            self.state(ticket).await,
            "new",
            "a mail scanner looked, and nobody more"
        );
        let pressed = http.post(link).send().await.unwrap();
        let (status, page) = (pressed.status().as_u16(), pressed.text().await.unwrap());
        assert_eq!(status, 200, "{page}");
        let found = self.staff_reads(&format!("/{ticket}")).await;
        assert_eq!(
            (&found["state"], &found["assignee"]),
            (&json!("acknowledged"), &json!(engineer))
        );
    }

    /// The customer was told by mail, is answered by mail, and answers by mail.
    async fn talk(&mut self, ticket: &str) {
        self.mail(CUSTOMER, "We noticed a failure").await;
        let posts = format!("/api/v1/staff/tickets/{ticket}/posts");
        let said = json!({ "body": "We are on it. What do you see?" });
        self.world.as_staff("POST", &posts, said, 201).await;
        let mail = self.mail(CUSTOMER, "What do you see?").await;
        let to = header(&mail, "Reply-To");
        let subject = format!("Re: {}", header(&mail, "Subject"));
        self.world.submit_as("ann", CUSTOMER).await;
        let sent = self
            .world
            .send_text("ann", (CUSTOMER, &[to.as_str()]), (&subject, ANSWER))
            .await;
        assert_eq!(sent["step"], "done", "{to}: {sent}");
        until("the customer's answer is in the ticket", async || {
            let replies = self.posts(ticket, "reply", true).await;
            replies.iter().any(|body| body.contains(ANSWER))
        })
        .await;
    }

    /// What was done from the ticket is done, and what works again resolved it.
    async fn restart(&self, ticket: &str, server: &str) {
        let path = format!("/api/v1/staff/tickets/{ticket}/acts/power");
        let order = json!({ "server": server, "verb": "restart" });
        self.world.as_staff("POST", &path, order, 202).await;
        until("the ticket tells how the restart ended", async || {
            let acts = self.staff_reads(&format!("/{ticket}/acts")).await;
            acts["items"][0]["outcome"] == "succeeded"
        })
        .await;
        until("the recovery resolves the ticket", async || {
            self.state(ticket).await == "resolved"
        })
        .await;
    }

    /// The month's report, as the customer reads it, has the outage to the second, and the ticket.
    async fn report(&self, ticket: &str, server: &str) {
        let breakdown = self.staff_reads(&format!("/{ticket}/breakdown")).await;
        let time = |name: &str| -> DateTime<Utc> { text(&breakdown[name]).parse().unwrap() };
        let (began, ended) = (time("began_at"), time("ended_at"));
        let path = format!("/api/v1/sla/reports/{}", SystemClock.now().format("%Y-%m"));
        let month = self.world.own("GET", &path, Value::Null, 200).await;
        let report = &month["report"];
        let down = report["servers"][0]["down"].as_i64().unwrap();
        assert!(
            (down - (ended - began).num_seconds()).abs() <= 1 && down > 0,
            "{report}"
        );
        assert_eq!(report["servers"][0]["server"], server);
        assert_eq!(report["outages"].as_array().unwrap().len(), 1, "{report}");
        assert_eq!(report["tickets"].as_array().unwrap().len(), 1, "{report}");
        let line = &report["tickets"][0];
        assert_eq!(
            [
                &line["ticket"],
                &line["first_answer"],
                &line["restore"],
                &report["policy"]
            ],
            [ticket, "met", "met", "Always"],
            "{report}"
        );
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// A header of a mail, in one line; of an address only what is between its brackets.
fn header(mail: &str, name: &str) -> String {
    let unfolded = mail.replace("\r\n ", " ").replace("\r\n\t", " ");
    let start = format!("{name}: ");
    let line = unfolded.lines().find_map(|line| line.strip_prefix(&start));
    let line = line.unwrap_or_else(|| panic!("no {name}: {mail}"));
    let inside = line
        .split_once('<')
        .and_then(|(_, rest)| Some(rest.split_once('>')?.0));
    inside.unwrap_or(line).trim().to_owned()
}

async fn kill(container: &str) {
    let killed: Output = Command::new("docker")
        .args(["kill", "--signal", "KILL", container])
        .output()
        .await
        .unwrap();
    assert!(killed.status.success(), "{killed:?}");
}

#[tokio::test]
async fn a_breakdown_goes_from_the_killed_process_to_the_months_report() {
    let mut story = Story::begin().await;
    let engineer = story.promise().await;
    let server = story.server().await;

    kill(&format!("{}-{server}", story.world.panel.instance)).await;
    let (ticket, breakdown) = story.ticket().await;
    assert_eq!(breakdown["exit_code"], 137, "{breakdown}");
    let evidence = story.posts(&ticket, "evidence", true).await;
    assert_eq!(evidence.len(), 1);
    assert!(
        evidence[0].contains("exit code 137 (signal 9)"),
        "{}",
        evidence[0]
    );
    assert!(story.posts(&ticket, "evidence", false).await.is_empty());
    let told = story.posts(&ticket, "system", false).await;
    assert!(
        told.iter().any(|post| post.contains("ended from outside")),
        "{told:?}"
    );
    let path = format!("/api/v1/servers/{server}");
    let down = story.world.own("GET", &path, Value::Null, 200).await;
    assert_eq!(down["engine_state"], "exited", "it stays down");

    story.acknowledge(&ticket, &engineer).await;
    story.talk(&ticket).await;
    story.restart(&ticket, &server).await;
    story.runs(&server).await;
    story.report(&ticket, &server).await;
    let all = story.staff_reads("?state=all").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "one ticket: {all}");
    story.world.without_panel().await;
}
