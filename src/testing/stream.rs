//! An event stream of a page that is read while it goes on.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;

/// However slow the machine is, nothing that is to come takes so long.
const PATIENCE: Duration = Duration::from_mins(2);

/// An open stream, and what it has said.
#[derive(Debug)]
pub struct Listening {
    body: Body,
    said: String,
}

impl Listening {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            said: String::new(),
        }
    }

    /// Reads on; whether there was more.
    async fn more(&mut self) -> bool {
        let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await;
        match frame.unwrap_or_else(|_| panic!("nothing more comes after: {}", self.said)) {
            Some(frame) => {
                let data = frame.unwrap().into_data().unwrap_or_default();
                self.said.push_str(&String::from_utf8_lossy(&data));
                true
            }
            None => false,
        }
    }

    /// Waits until `wanted` has been said; all that was said until then.
    pub async fn hears(&mut self, wanted: &str) -> &str {
        while !self.said.contains(wanted) {
            assert!(self.more().await, "it ended without {wanted}: {}", self.said);
        }
        &self.said
    }

    /// Waits until it ends; all that was said.
    pub async fn end(mut self) -> String {
        while self.more().await {}
        self.said
    }
}
