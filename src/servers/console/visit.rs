//! One viewer's connection, from the seat to the good-bye: what the session shows goes out, what is typed goes in, and once
//! a minute it is asked whether the viewer may still be here.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::app::App;
use crate::drivers::engine::TerminalSize;
use crate::platform::error::Error;
use crate::platform::events::Sharing;
use crate::platform::web::Recheck;

use super::super::model::Server;
use super::access::Scope;
use super::actions::{self, Visit};
use super::hub::Seat;
use super::model::{End, Way};
use super::session::{Command, QUEUE, Shown, Viewer, ViewerId};

/// Who does not take what is sent for so long has a connection that is none.
const SEND: Duration = Duration::from_secs(30);
/// Browsers answer these by themselves, so that a connection that broke without a word is noticed.
const PING: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(65);
/// How long the good-bye may take.
const FAREWELL: Duration = Duration::from_secs(3);

type Out = SplitSink<WebSocket, Message>;
type In = SplitStream<WebSocket>;

/// Who comes, and to what.
pub(super) struct Guest {
    pub(super) app: App,
    pub(super) scope: Scope,
    pub(super) recheck: Recheck,
    pub(super) server: Server,
    pub(super) size: TerminalSize,
}

impl Guest {
    /// Serves the connection until it ends.
    pub(super) async fn serve(self, socket: WebSocket) {
        let (mut out, mut heard) = socket.split();
        let end = self.visit(&mut out, &mut heard).await;
        let (code, reason) = (end.code(), end.word().into());
        let farewell = async {
            let close = Message::Close(Some(CloseFrame { code, reason }));
            for last in [Message::Text(end.event().json().into()), close] {
                if out.send(last).await.is_err() {
                    return;
                }
            }
            // Hanging up on what was not read would take the good-bye along that is still on its way.
            while let Some(Ok(_)) = heard.next().await {}
        };
        drop(timeout(FAREWELL, farewell).await);
    }

    async fn visit(&self, out: &mut Out, heard: &mut In) -> End {
        let (app, server) = (&self.app, &self.server);
        let way = way(app, server);
        let seat = match app.consoles.seat(app, server, way) {
            Ok(Ok(seat)) => seat,
            Ok(Err(end)) => return end,
            Err(error) => return trouble(&error),
        };
        let opened = actions::open(app, &self.scope, server.clone(), (seat.shell.as_str(), way)).await;
        let visit = match opened {
            Ok(visit) => visit,
            Err(error) => return trouble(&error),
        };
        let end = self.sit(&seat, &visit, (out, heard)).await;
        let left = seat.commands.send(Command::Leave(visit.id, end)).await;
        drop((left, seat));
        if let Err(error) = actions::close(app, &self.scope, &visit, end).await {
            let cause: &dyn std::error::Error = &error;
            tracing::warn!(error = cause, "the end of a console's visit is written later");
        }
        end
    }

    /// Looks and types until one of the ways out.
    async fn sit(&self, seat: &Seat, visit: &Visit, (out, heard): (&mut Out, &mut In)) -> End {
        let (queue, shown) = mpsc::channel(QUEUE);
        let viewer = Viewer {
            id: visit.id,
            name: self.scope.who().label.clone(),
            may_type: visit.may_type,
            size: self.size,
            queue,
        };
        if seat.commands.send(Command::Join(viewer)).await.is_err() {
            return End::Over;
        }
        tokio::select! {
            end = show(out, shown) => end,
            end = hear(heard, &seat.commands, visit.id) => end,
            end = self.watch(visit) => end,
        }
    }

    /// Resolves when the viewer has no right to be here any more, or the process stops.
    async fn watch(&self, visit: &Visit) -> End {
        let mut minute = interval(self.app.config.stream_lifetime);
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        minute.tick().await;
        let mut sharing = Sharing::new(&self.app.hub, Some(self.server.id));
        loop {
            tokio::select! {
                // The session says good-bye to all; this is for who hangs in the middle of sending.
                () = self.app.tasks.stopping() => return End::Shutdown,
                _ = minute.tick() => {}
                () = sharing.changed() => {}
            }
            match self.ask(visit).await {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                // A tenant of which one is no member any more is not there either.
                Err(Error::SignInRequired | Error::Forbidden | Error::Suspended { .. } | Error::NotFound) => {
                    return End::Access;
                }
                Err(error) => return trouble(&error),
            }
        }
    }

    /// Why the viewer has to go, if they have.
    async fn ask(&self, visit: &Visit) -> Result<Option<End>, Error> {
        let scope = self.scope.again(&self.recheck).await?;
        match scope.find(&self.app, self.server.id).await {
            Ok(_) => {}
            Err(Error::NotFound) => return Ok(Some(End::Gone)),
            Err(Error::Conflict {
                code: "glass-closed", ..
            }) => return Ok(Some(End::Access)),
            Err(error) => return Err(error),
        }
        actions::go_on(&self.app, &scope, visit).await?;
        Ok((scope.may_type() != visit.may_type).then_some(End::Access))
    }
}

/// What is typed to in this server.
pub(super) fn way(app: &App, server: &Server) -> Way {
    let folder = app.catalogue.get(&server.template);
    folder.map_or(Way::Shell, |folder| folder.template.console.into())
}

fn trouble(error: &Error) -> End {
    let cause: &dyn std::error::Error = error;
    tracing::warn!(error = cause, "a console was closed");
    End::Trouble
}

/// Sends what the session shows.
async fn show(out: &mut Out, mut shown: mpsc::Receiver<Shown>) -> End {
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            next = shown.recv() => match next {
                Some(Shown::Output(piece)) => Message::Binary(piece),
                Some(Shown::Event(text)) => Message::Text(text.into()),
                Some(Shown::End(end)) => return end,
                None => return End::Slow,
            },
            _ = ping.tick() => Message::Ping(bytes::Bytes::new()),
        };
        match timeout(SEND, out.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Left,
            Err(_) => return End::Slow,
        }
    }
}

/// Tells the session what the viewer sends.
async fn hear(heard: &mut In, session: &mpsc::Sender<Command>, viewer: ViewerId) -> End {
    loop {
        let Ok(Some(Ok(message))) = timeout(SILENCE, heard.next()).await else {
            return End::Left;
        };
        let command = match message {
            Message::Binary(keys) => Command::Keys(viewer, keys),
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(order) => Command::Order(viewer, order),
                Err(_) => return End::Protocol,
            },
            Message::Close(_) => return End::Left,
            Message::Ping(_) | Message::Pong(_) => continue,
        };
        if session.send(command).await.is_err() {
            // The session's own good-bye is on its way.
            return std::future::pending().await;
        }
    }
}
