//! Mail of tickets both ways, over a real database, with a mailer and an inbox in memory.

mod bounds;
mod talk;

use chrono::TimeDelta;
use serde_json::Value;

use crate::drivers::mailer::Mail;
use crate::platform::access::{Permission, Side, StaffRole, TenantRole, Who};
use crate::platform::ids::{OutboundMailId, TenantId, TicketId, UserId};
use crate::platform::secret::Secret;
use crate::testing::{Client, TestApp};
use crate::tickets::{self, Author, NewPost, PostKind, Ticket};

use super::{inbox, jobs, ticket_changed};

struct Scene {
    test: TestApp,
    acme: TenantId,
    ada: UserId,
    eve: UserId,
    staff: Client,
}

impl Scene {
    /// A tenant with Ada, who owns it, and Vic, who only looks. Eve is of the staff.
    async fn new() -> Self {
        let test = TestApp::with(|config| {
            config.smtp_url = Some(Secret::new("smtp://127.0.0.1".to_owned()));
            config.ticket_inbox = Some(Secret::new("imap://u:p@127.0.0.1".to_owned()));
            config.ticket_address = Some("support@example.org".to_owned());
        })
        .await;
        let acme = test.tenant("acme").await;
        let (ada, vic) = (test.person("ada").await, test.person("vic").await);
        test.member(acme, ada, TenantRole::Owner).await;
        test.member(acme, vic, TenantRole::Viewer).await;
        let eve = test.staff("eve", StaffRole::Engineer).await;
        let all = Permission::ALL.iter().copied();
        let scopes: Vec<Permission> = all.filter(|one| one.side() == Side::Staff).collect();
        let staff = test.program_until(eve, None, &scopes, TimeDelta::days(300)).await;
        Self {
            test,
            acme,
            ada,
            eve,
            staff,
        }
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let path = format!("/api/v1/staff/tickets/{path}");
        let page = self.staff.get(&path).await.expect(200).json();
        page["items"].as_array().unwrap().clone()
    }

    /// A mail arrives and is taken; what became of it.
    async fn receive(&self, raw: &str) -> Value {
        self.test.clock.advance(TimeDelta::seconds(1));
        self.test.inbox.deliver(raw.replace('\n', "\r\n"));
        self.look().await;
        self.list("mail/in").await.remove(0)
    }

    async fn look(&self) {
        inbox::look(&self.test.app).await.unwrap();
        assert_eq!(self.test.inbox.waiting(), 0);
    }

    /// Tells what happened in a ticket since an entry, as the job does, and sends what is to be sent. Says what went.
    async fn tell(&self, id: TicketId, after: i64) -> Vec<Mail> {
        let before = self.test.mailer.sent().len();
        let mut tx = self.test.system().begin().await.unwrap();
        let ticket = tickets::find(&mut tx, id).await.unwrap();
        let events = tickets::events_of(&mut tx, id).await.unwrap();
        let new: Vec<_> = events.into_iter().filter(|event| event.id > after).collect();
        for _ in 0..2 {
            ticket_changed(&self.test.app, &mut tx, &ticket, &new)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        self.send().await;
        self.test.mailer.sent().split_off(before)
    }

    async fn send(&self) {
        for mail in self.list("mail/out?limit=200").await {
            let id: OutboundMailId = mail["id"].as_str().unwrap().parse().unwrap();
            let _ = jobs::work(&self.test.app, &self.test.system(), id).await;
        }
    }

    /// The newest entry of a ticket.
    async fn newest(&self, id: TicketId) -> i64 {
        let mut tx = self.test.system().begin().await.unwrap();
        let events = tickets::events_of(&mut tx, id).await.unwrap();
        events.last().map_or(0, |event| event.id)
    }

    /// Eve writes; what is mailed then.
    async fn write(&self, id: TicketId, body: &str, kind: PostKind) -> Vec<Mail> {
        self.test.clock.advance(TimeDelta::seconds(1));
        let after = self.newest(id).await;
        let post = NewPost {
            kind,
            public: kind == PostKind::Reply,
            body: body.to_owned(),
            by: Author::User(self.eve),
        };
        let mut tx = self.test.system().begin().await.unwrap();
        tickets::add_post(&self.test.app, &mut tx, &Who::system("test"), id, post)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.tell(id, after).await
    }

    async fn posts(&self, id: TicketId) -> Vec<(PostKind, String)> {
        let mut tx = self.test.system().begin().await.unwrap();
        let posts = tickets::posts_of(&mut tx, id, None, 100).await.unwrap();
        posts.into_iter().map(|post| (post.kind, post.body)).collect()
    }

    async fn ticket(&self, id: TicketId) -> Ticket {
        tickets::find(&mut self.test.system().begin().await.unwrap(), id)
            .await
            .unwrap()
    }
}

fn id_of(mail: &Value) -> TicketId {
    mail["ticket"].as_str().unwrap().parse().unwrap()
}

fn mail(from: &str, to: &str, id: &str, text: &str) -> String {
    format!("From: {from}\nTo: {to}\nSubject: It burns\nMessage-ID: <{id}@x.example>\n\n{text}\n")
}

const SUPPORT: &str = "support@example.org";

fn reply_to(mail: &Mail) -> String {
    mail.extra.reply_to.clone().unwrap()
}
