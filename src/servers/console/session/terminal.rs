//! A session's terminal: opened, typed into, seen to end, opened again.

use bytes::Bytes;
use tokio::time::Instant;

use crate::drivers::engine::{EngineError, ObservedState};

use super::super::model::{Event, StateWord, Way};
use super::line::{self, Line, Took};
use super::room::ViewerId;
use super::{Place, Session};

/// What a server printed before its console was opened.
const TAIL: u32 = 200;
const STOPPED: &str = "The server stopped. Its console comes back when it runs again.";

impl Session {
    pub(super) fn keys(&mut self, viewer: ViewerId, keys: &Bytes) {
        if !self.room.may_type(viewer) {
            self.notice(viewer, "You may look at this console, not type into it.");
            return;
        }
        self.typed_at = Instant::now();
        if std::mem::take(&mut self.is_warned) {
            self.room.tell(&Event::Awake);
        }
        let Some(line) = &self.line else {
            return;
        };
        match line.keys(keys.clone()) {
            Took::All if self.place.way == Way::Attach => self.show(line::echo(keys)),
            Took::All => {}
            Took::Nothing => self.notice(
                viewer,
                "The server does not read what is typed. This was not sent.",
            ),
        }
    }

    fn notice(&mut self, viewer: ViewerId, text: &str) {
        let text = text.to_owned();
        self.room.tell_one(viewer, &Event::Notice { text });
    }

    /// Opens the terminal, or says why not.
    pub(super) async fn open(&mut self) {
        self.become_so(StateWord::Opening, "");
        self.has_opened |= self.place.way == Way::Shell;
        let Place {
            app, key, shell, way, ..
        } = &self.place;
        let opened = match way {
            Way::Shell => app.engine.open_shell(key, shell, self.size).await,
            Way::Attach => app.engine.attach(key, TAIL).await,
        };
        match opened {
            Ok(terminal) => {
                self.line = Some(Line::new(app, terminal));
                self.become_so(StateWord::Open, "");
            }
            Err(EngineError::NotRunning(_)) => {
                self.become_so(
                    StateWord::Stopped,
                    "The server does not run. Start it to use its console.",
                );
            }
            Err(EngineError::NoInput(_)) => self.become_so(
                StateWord::Failed,
                "This server was made before it could be typed to. Restart it once, then reconnect.",
            ),
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::warn!(server = %self.place.server, error = cause, "no console");
                self.become_so(
                    StateWord::Failed,
                    "The container engine does not open a terminal at present. Reconnect in a moment.",
                );
            }
        }
    }

    /// The terminal is over: because the server stopped, or because what ran in it ended.
    pub(super) async fn has_ended(&mut self) {
        self.line = None;
        if is_running(&self.place).await {
            let text = match self.place.way {
                Way::Shell => "The shell has ended. Reconnect to open another.",
                Way::Attach => "The server's process ended and runs again. Reconnect to go on.",
            };
            self.become_so(StateWord::Ended, text);
        } else {
            self.become_so(StateWord::Stopped, STOPPED);
        }
    }

    /// Whether a server that was stopped runs now, or one whose terminal is over has stopped: that is seen in its terminal
    /// a moment before the engine knows.
    pub(super) async fn look(&mut self) {
        match (self.state, is_running(&self.place).await) {
            (StateWord::Stopped, true) => {
                self.become_so(StateWord::Ready, "The server runs. Reconnect to use its console.");
            }
            (StateWord::Ended, false) => self.become_so(StateWord::Stopped, STOPPED),
            _ => {}
        }
    }

    fn become_so(&mut self, state: StateWord, text: &str) {
        self.state = state;
        text.clone_into(&mut self.text);
        self.room.tell(&self.state_event());
    }

    pub(super) fn state_event(&self) -> Event {
        Event::State {
            state: self.state,
            text: self.text.clone(),
        }
    }
}

async fn is_running(place: &Place) -> bool {
    let seen = place.app.engine.observe(&place.key).await;
    seen.is_ok_and(|seen| seen.state == ObservedState::Running)
}
