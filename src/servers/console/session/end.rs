//! What a session does by the clock, and how it ends.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::model::{End, Event};
use super::{Command, Session};

/// How long all viewers may be slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest time between the warning and the end of an idle session.
const WARNING: Duration = Duration::from_mins(1);
/// How often ending a shell is tried; after that, whoever looks for lost ones does it.
const TRIES: usize = 3;

impl Session {
    pub(super) fn idle(&self) -> Duration {
        self.place.app.config.console_idle
    }

    /// When something has to be done even if nothing happens.
    pub(super) fn deadline(&self) -> Instant {
        let idle = self.idle();
        let warning = if self.is_warned {
            Duration::ZERO
        } else {
            WARNING.min(idle / 4)
        };
        let grace = self.place.app.config.console_grace;
        let all = [
            Some(self.typed_at + idle - warning),
            self.empty_since.map(|since| since + grace),
            self.held.as_ref().map(|(_, since)| *since + PATIENCE),
        ];
        all.into_iter().flatten().min().unwrap_or(self.typed_at)
    }

    pub(super) fn time(&mut self) -> Option<End> {
        let now = Instant::now();
        let idle = self.idle();
        if self
            .empty_since
            .is_some_and(|since| now >= since + self.place.app.config.console_grace)
        {
            return Some(End::Over);
        }
        if now >= self.typed_at + idle {
            return Some(End::Idle);
        }
        if self
            .held
            .as_ref()
            .is_some_and(|(_, since)| now >= *since + PATIENCE)
        {
            self.room.drop_all();
            self.after_a_loss();
        } else if !self.is_warned {
            self.is_warned = true;
            let seconds = (self.typed_at + idle - now).as_secs_f64().ceil();
            self.room.tell(&Event::Idle {
                seconds: whole(seconds),
            });
        }
        None
    }

    /// Says good-bye, and leaves nothing running.
    pub(super) async fn finish(self, end: End, commands: &mut mpsc::Receiver<Command>) {
        let Self {
            place,
            mut room,
            line,
            has_opened,
            ..
        } = self;
        place.app.consoles.forget(place.server, &place.shell);
        room.end(end);
        drop(line);
        // Who came while this ended comes again.
        while let Ok(command) = commands.try_recv() {
            if let Command::Join(viewer) = command {
                room.add(viewer);
                room.end(End::Over);
            }
        }
        if !has_opened {
            return;
        }
        for attempt in 1..=TRIES {
            match place.app.engine.end_shell(&place.key, &place.shell).await {
                Ok(_) => return,
                Err(error) => {
                    let cause: &dyn std::error::Error = &error;
                    tracing::warn!(server = %place.server, attempt, error = cause, "a shell was not ended");
                }
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds, rounded up"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}
