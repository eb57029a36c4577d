//! Those who look at a session, each with a bounded queue of what they are still to see.

use bytes::Bytes;
use futures_util::future::select_all;
use tokio::sync::mpsc;

use crate::drivers::engine::TerminalSize;

use super::super::model::{End, Event, ViewerOut, shared};

/// What may wait for a viewer: so many pieces of at most 16 KiB, shared by all who wait for the same.
pub(in super::super) const QUEUE: usize = 128;
/// Places that output leaves free for events.
const FOR_EVENTS: usize = 16;

/// A viewer's number, one for each connection.
pub(in super::super) type ViewerId = uuid::Uuid;

/// What goes to a viewer's screen.
#[derive(Debug)]
pub(in super::super) enum Shown {
    /// What the terminal printed.
    Output(Bytes),
    /// An event, as it is sent.
    Event(String),
    /// The last of it.
    End(End),
}

/// Somebody who looks. A viewer whose queue is closed without an end was too slow.
pub(in super::super) struct Viewer {
    pub(in super::super) id: ViewerId,
    pub(in super::super) name: String,
    pub(in super::super) may_type: bool,
    pub(in super::super) size: TerminalSize,
    pub(in super::super) queue: mpsc::Sender<Shown>,
}

/// All of them, the oldest first.
#[derive(Default)]
pub(super) struct Room(Vec<Viewer>);

impl Room {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, viewer: Viewer) {
        self.0.push(viewer);
    }

    pub(super) fn remove(&mut self, id: ViewerId) {
        self.0.retain(|viewer| viewer.id != id);
    }

    pub(super) fn drop_all(&mut self) {
        self.0.clear();
    }

    pub(super) fn may_type(&self, id: ViewerId) -> bool {
        self.0.iter().any(|viewer| viewer.id == id && viewer.may_type)
    }

    pub(super) fn resize(&mut self, id: ViewerId, size: TerminalSize) {
        let mut all = self.0.iter_mut();
        if let Some(viewer) = all.find(|viewer| viewer.id == id) {
            viewer.size = size;
        }
    }

    /// What all who type can see whole.
    pub(super) fn size(&self) -> Option<TerminalSize> {
        let typing = self.0.iter().filter(|viewer| viewer.may_type);
        shared(typing.map(|viewer| viewer.size))
    }

    pub(super) fn viewers(&self) -> Vec<ViewerOut> {
        let out = |viewer: &Viewer| ViewerOut {
            name: viewer.name.clone(),
            may_type: viewer.may_type,
        };
        self.0.iter().map(out).collect()
    }

    /// Whether there are viewers and none of them has room for output.
    pub(super) fn is_full(&self) -> bool {
        !self.0.is_empty() && !self.0.iter().any(has_room)
    }

    /// Resolves when one of them has room, or is gone.
    pub(super) async fn has_room(&self) {
        if self.0.is_empty() {
            return;
        }
        let each = self
            .0
            .iter()
            .map(|viewer| Box::pin(viewer.queue.reserve_many(FOR_EVENTS + 1)));
        drop(select_all(each).await);
    }

    /// Shows output to all. Who has no room for it is dropped; says whether somebody was.
    pub(super) fn show(&mut self, piece: &Bytes) -> bool {
        let before = self.0.len();
        self.0
            .retain(|viewer| has_room(viewer) && viewer.queue.try_send(Shown::Output(piece.clone())).is_ok());
        self.0.len() < before
    }

    pub(super) fn show_one(&self, id: ViewerId, piece: Bytes) {
        self.send_one(id, Shown::Output(piece));
    }

    /// Tells all. Whoever has no room even for this is found out at the next output.
    pub(super) fn tell(&self, event: &Event) {
        let text = event.json();
        for viewer in &self.0 {
            drop(viewer.queue.try_send(Shown::Event(text.clone())));
        }
    }

    pub(super) fn tell_one(&self, id: ViewerId, event: &Event) {
        self.send_one(id, Shown::Event(event.json()));
    }

    fn send_one(&self, id: ViewerId, shown: Shown) {
        if let Some(viewer) = self.0.iter().find(|viewer| viewer.id == id) {
            drop(viewer.queue.try_send(shown));
        }
    }

    /// Tells all why it is over, and lets them go.
    pub(super) fn end(&mut self, end: End) {
        for viewer in self.0.drain(..) {
            drop(viewer.queue.try_send(Shown::End(end)));
        }
    }
}

/// One who is gone has room enough: showing them something finds that out.
fn has_room(viewer: &Viewer) -> bool {
    viewer.queue.is_closed() || viewer.queue.capacity() > FOR_EVENTS
}

#[cfg(test)]
mod tests {
    use super::super::super::model::DEFAULT;
    use super::*;

    fn sit_down(room: &mut Room, number: u128) -> mpsc::Receiver<Shown> {
        let (queue, shown) = mpsc::channel(QUEUE);
        room.add(Viewer {
            id: ViewerId::from_u128(number),
            name: number.to_string(),
            may_type: true,
            size: DEFAULT,
            queue,
        });
        shown
    }

    #[tokio::test]
    async fn one_who_is_slow_is_dropped_and_does_not_slow_the_others() {
        let mut room = Room::default();
        let (mut quick, mut slow) = (sit_down(&mut room, 1), sit_down(&mut room, 2));
        let piece = Bytes::from_static(b"x");
        let mut rounds = 0;
        while !room.show(&piece) {
            assert!(matches!(quick.recv().await, Some(Shown::Output(_))));
            assert!(!room.is_full());
            rounds += 1;
        }
        assert_eq!(rounds, QUEUE - FOR_EVENTS, "that much waits for the slow one");
        let names: Vec<_> = room.viewers().into_iter().map(|viewer| viewer.name).collect();
        assert_eq!(names, ["1"]);
        // Without a word about the end: that is how their connection knows.
        for _ in 0..rounds {
            assert!(matches!(slow.recv().await, Some(Shown::Output(_))));
        }
        assert!(slow.recv().await.is_none());
    }

    #[tokio::test]
    async fn nothing_is_lost_while_all_are_slow_and_events_still_have_room() {
        let mut room = Room::default();
        let mut only = sit_down(&mut room, 1);
        let piece = Bytes::from_static(b"x");
        while !room.is_full() {
            assert!(!room.show(&piece), "nobody is dropped");
        }
        room.tell(&Event::Awake);
        let waited = tokio::time::timeout(std::time::Duration::from_millis(20), room.has_room()).await;
        assert!(waited.is_err(), "it waits");
        only.recv().await;
        only.recv().await;
        room.has_room().await;
        assert!(!room.is_full());
        drop(only);
        room.has_room().await;
        assert!(room.show(&piece), "one who is gone is found out");
    }
}
