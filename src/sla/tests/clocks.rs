//! Clocks of tickets in the database: told once, kept under the terms of the opening, found again after a time away.

use chrono::TimeDelta;
use serde_json::json;

use crate::platform::ids::TicketId;
use crate::platform::reconcile::Reconciler as _;
use crate::testing::noon;
use crate::tickets::{self, EventKind, Ticket};

use super::super::sweep::Sweep;
use super::super::{Clock, What, clocks};
use super::{POLICY, Scene};

impl Scene {
    /// Looks at what is due. Says how many tickets were.
    async fn sweep(&self) -> usize {
        let sweep = Sweep::new(&self.test.app);
        let due = sweep.claim(10).await.unwrap();
        let count = due.len();
        for ticket in due {
            sweep.reconcile(ticket).await.unwrap();
        }
        count
    }

    /// Warnings and breaches that were told.
    async fn told(&self, id: TicketId) -> (usize, usize) {
        let mut tx = self.test.system().begin().await.unwrap();
        let events = tickets::events_of(&mut tx, id).await.unwrap();
        let count = |is: fn(&EventKind) -> bool| events.iter().filter(|event| is(&event.kind)).count();
        (
            count(|kind| matches!(kind, EventKind::SlaWarned { .. })),
            count(|kind| matches!(kind, EventKind::SlaBreached { .. })),
        )
    }

    async fn ticket(&self, id: TicketId) -> Ticket {
        tickets::find(&mut self.test.system().begin().await.unwrap(), id)
            .await
            .unwrap()
    }

    async fn clocks(&self, id: TicketId) -> Vec<Clock> {
        let mut tx = self.test.system().begin().await.unwrap();
        clocks(&mut tx, &[id])
            .await
            .unwrap()
            .remove(&id)
            .unwrap_or_default()
    }
}

#[tokio::test]
async fn each_warning_and_each_breach_is_told_once() {
    let scene = Scene::new().await;
    let id = scene.open("Slow", "p2").await;
    let ticket = scene.ticket(id).await;
    assert_eq!(ticket.due_at, Some(noon() + TimeDelta::minutes(60)));
    assert_eq!(ticket.due_what.as_deref(), Some("first answer"));
    assert_eq!(scene.sweep().await, 0);
    // Three quarters of an hour, which is also a quarter of an hour before.
    scene.later(TimeDelta::minutes(45));
    assert_eq!((scene.sweep().await, scene.sweep().await), (1, 0));
    assert_eq!(scene.told(id).await, (1, 0));
    scene.later(TimeDelta::minutes(15));
    assert_eq!((scene.sweep().await, scene.sweep().await), (1, 0));
    scene.follow(id).await;
    assert_eq!(scene.told(id).await, (1, 1));
    assert!(scene.clocks(id).await[0].breached);
    // The update is next, then the end.
    scene.later(TimeDelta::minutes(1));
    scene.reply(id, json!({ "body": "We look into it." })).await;
    let clocks = scene.clocks(id).await;
    let whats: Vec<_> = clocks.iter().map(|clock| (clock.what, clock.word())).collect();
    assert_eq!(
        whats,
        [
            (What::FirstAnswer, "Missed"),
            (What::Update, "Due"),
            (What::Restore, "Due")
        ]
    );
    assert_eq!(
        scene.ticket(id).await.due_at,
        Some(noon() + TimeDelta::minutes(301))
    );
    scene
        .reply(id, json!({ "body": "Done.", "state": "resolved" }))
        .await;
    assert_eq!(scene.ticket(id).await.due_at, None);
    scene.later(TimeDelta::days(2));
    assert_eq!(scene.sweep().await, 0);
    assert_eq!(scene.told(id).await, (1, 1));
}

#[tokio::test]
async fn what_was_missed_while_nobody_looked_is_told_afterwards() {
    let scene = Scene::new().await;
    let (late, answered) = (scene.open("One", "p2").await, scene.open("Two", "p2").await);
    scene.later(TimeDelta::hours(3));
    scene.reply(answered, json!({ "body": "At last." })).await;
    assert_eq!(scene.told(answered).await, (0, 1));
    assert_eq!(scene.sweep().await, 1);
    assert_eq!(scene.told(late).await, (0, 1), "a warning is too late by now");
    // An update that came late, before anybody had looked.
    scene.later(TimeDelta::hours(4) + TimeDelta::minutes(30));
    scene.reply(answered, json!({ "body": "Still at it." })).await;
    assert_eq!(scene.told(answered).await, (1, 2));
    scene.follow(answered).await;
    assert_eq!(scene.told(answered).await, (1, 2));
}

#[tokio::test]
async fn a_ticket_keeps_the_terms_that_it_was_opened_under() {
    let scene = Scene::new().await;
    let old = scene.open("Old", "p1").await;
    let targets = json!({ "targets": { "p1": { "first_answer": 600 } } });
    scene.staff.json("PATCH", POLICY, &targets).await.expect(200);
    scene.later(TimeDelta::seconds(1));
    let new = scene.open("New", "p1").await;
    scene.follow(old).await;
    assert_eq!(scene.clocks(old).await[0].due_at, noon() + TimeDelta::minutes(30));
    let clocks = scene.clocks(new).await;
    assert_eq!(clocks.len(), 1);
    assert_eq!(
        clocks[0].due_at,
        noon() + TimeDelta::seconds(1) + TimeDelta::minutes(600)
    );
    scene.choose(json!(null), 200).await;
    let free = scene.open("Free", "p1").await;
    assert!(scene.clocks(free).await.is_empty());
    assert_eq!(scene.ticket(free).await.due_at, None);
}

#[tokio::test]
async fn the_clocks_of_a_closed_tenant_stand_still() {
    let scene = Scene::new().await;
    let id = scene.open("Slow", "p2").await;
    scene.later(TimeDelta::minutes(30));
    scene.close(true).await;
    assert_eq!((scene.sweep().await, scene.sweep().await), (1, 0));
    assert_eq!(scene.clocks(id).await[0].word(), "Paused");
    assert_eq!(scene.ticket(id).await.due_at, None);
    scene.later(TimeDelta::hours(2));
    assert_eq!(scene.sweep().await, 0);
    scene.close(false).await;
    assert_eq!(scene.sweep().await, 1);
    assert_eq!(scene.told(id).await, (0, 0));
    assert_eq!(scene.ticket(id).await.due_at, Some(noon() + TimeDelta::hours(3)));
}

#[tokio::test]
async fn an_answer_counts_although_its_panels_clock_is_ahead() {
    let scene = Scene::new().await;
    let id = scene.open("Slow", "p2").await;
    scene.later(TimeDelta::minutes(61));
    let path = format!("/api/v1/staff/tickets/{id}/posts");
    let reply = json!({ "body": "We look into it." });
    scene.staff.json("POST", &path, &reply).await.expect(201);
    scene.later(TimeDelta::minutes(-1));
    assert_eq!(scene.sweep().await, 1);
    assert!(scene.clocks(id).await[0].met_at.is_some());
}
