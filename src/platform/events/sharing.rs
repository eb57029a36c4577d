//! Hearing that whom a server is shared with has changed, so that what a guest has open asks again whether it may be open.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::platform::ids::ServerId;

use super::{Event, Hub};

/// Whom a server is shared with, or whose it is, has changed; the target is the server.
pub const GUEST_TOPIC: &str = "guest";

/// What a connection of a server's guest listens to. Everybody else's hears nothing.
#[derive(Debug)]
pub struct Sharing(Option<(Receiver<Event>, ServerId)>);

impl Sharing {
    /// Listens from now on, for a guest of `server`.
    pub fn new(hub: &Hub, server: Option<ServerId>) -> Self {
        Self(server.map(|server| (hub.subscribe(), server)))
    }

    /// Resolves when it has changed.
    pub async fn changed(&mut self) {
        let Some((news, server)) = &mut self.0 else {
            return std::future::pending().await;
        };
        loop {
            match news.recv().await {
                Ok(event) if event.topic == GUEST_TOPIC && event.target_id == Some(server.0) => return,
                Ok(_) => {}
                // What was missed may have been that.
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn only_a_guest_of_the_server_hears_of_it() {
        let (hub, ours) = (Hub::default(), ServerId(Uuid::from_u128(1)));
        let about = |topic: &str, target| Event {
            id: 1,
            tenant_id: None,
            topic: topic.to_owned(),
            target_id: Some(Uuid::from_u128(target)),
        };
        let (mut guest, mut member) = (Sharing::new(&hub, Some(ours)), Sharing::new(&hub, None));
        let (mut heard, mut silent) = (Box::pin(guest.changed()), Box::pin(member.changed()));
        hub.hand_out(about("guest", 2));
        hub.hand_out(about("server", 1));
        assert!(poll!(&mut heard).is_pending());
        hub.hand_out(about("guest", 1));
        assert!(poll!(&mut heard).is_ready());
        assert!(poll!(&mut silent).is_pending());
    }
}
