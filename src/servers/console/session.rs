//! One server's console: a task that owns the terminal, remembers the screen, and hands everything to those who look.
//!
//! The task never waits for a viewer. Output goes on as long as one viewer has room for it; a viewer who has none while
//! another has is dropped and may come back to what is remembered. If nobody has room the terminal is not read, which
//! slows what prints and loses nothing. It ends some time after the last viewer has gone, or when nobody types.

mod end;
mod line;
mod room;
mod terminal;

use bytes::Bytes;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::drivers::engine::{ServerKey, ShellKey, TerminalSize};
use crate::platform::events;
use crate::platform::ids::ServerId;

use self::line::Line;
use self::room::Room;
use super::model::{DEFAULT, End, Event, Order, Ring, StateWord, Way, clamped};

pub(super) use self::room::{QUEUE, Shown, Viewer, ViewerId};

/// What is kept of the screen: some thousand lines.
const SCREEN: usize = 256 * 1024;

/// Whose console it is.
pub(super) struct Place {
    pub(super) app: App,
    pub(super) server: ServerId,
    pub(super) key: ServerKey,
    pub(super) shell: ShellKey,
    pub(super) way: Way,
}

/// What a viewer's connection tells the session.
pub(super) enum Command {
    /// Somebody sits down.
    Join(Viewer),
    /// Somebody goes. Who has lost the right to be there leaves nothing open behind them.
    Leave(ViewerId, End),
    /// Somebody typed.
    Keys(ViewerId, Bytes),
    /// Somebody asks for something.
    Order(ViewerId, Order),
}

enum Next {
    Command(Option<Command>),
    Output(Option<Bytes>),
    HasRoom,
    Time,
    News(Result<events::Event, broadcast::error::RecvError>),
    Stop,
}

struct Session {
    place: Place,
    room: Room,
    screen: Ring,
    line: Option<Line>,
    /// A shell was asked for, so one may be there.
    has_opened: bool,
    state: StateWord,
    text: String,
    size: TerminalSize,
    /// Output that nobody has room for, and since when.
    held: Option<(Bytes, Instant)>,
    typed_at: Instant,
    is_warned: bool,
    empty_since: Option<Instant>,
}

/// Serves a console from its first viewer to some time after its last.
pub(super) async fn run(place: Place, mut commands: mpsc::Receiver<Command>) {
    let now = Instant::now();
    let mut news = place.app.hub.subscribe();
    let stop = place.app.tasks.token();
    let mut session = Session {
        place,
        room: Room::default(),
        screen: Ring::new(SCREEN),
        line: None,
        has_opened: false,
        state: StateWord::Waiting,
        text: String::new(),
        size: DEFAULT,
        held: None,
        typed_at: now,
        is_warned: false,
        empty_since: Some(now),
    };
    let end = loop {
        let deadline = session.deadline();
        let is_holding = session.held.is_some();
        let next = tokio::select! {
            () = stop.cancelled() => Next::Stop,
            command = commands.recv() => Next::Command(command),
            piece = line::output(&mut session.line), if !is_holding => Next::Output(piece),
            () = session.room.has_room(), if is_holding => Next::HasRoom,
            news = news.recv() => Next::News(news),
            () = sleep_until(deadline) => Next::Time,
        };
        if let Some(end) = session.take(next).await {
            break end;
        }
    };
    commands.close();
    session.finish(end, &mut commands).await;
}

impl Session {
    /// Does what comes next; tells why the session ends if it does.
    async fn take(&mut self, next: Next) -> Option<End> {
        match next {
            Next::Stop => return Some(End::Shutdown),
            Next::Command(None) => return Some(End::Over),
            Next::Command(Some(command)) => return self.obey(command).await,
            Next::Output(Some(piece)) => self.show(piece),
            Next::Output(None) => self.has_ended().await,
            Next::HasRoom => {
                if let Some((piece, _)) = self.held.take() {
                    self.show(piece);
                }
            }
            Next::News(Ok(event)) if event.target_id != Some(self.place.server.0) => {}
            Next::News(_) if matches!(self.state, StateWord::Stopped | StateWord::Ended) => self.look().await,
            Next::News(_) => {}
            Next::Time => return self.time(),
        }
        None
    }

    async fn obey(&mut self, command: Command) -> Option<End> {
        match command {
            Command::Join(viewer) => self.join(viewer).await,
            Command::Leave(viewer, end) => {
                self.leave(viewer);
                if end == End::Access && self.room.is_empty() {
                    return Some(end);
                }
            }
            Command::Keys(viewer, keys) => self.keys(viewer, &keys),
            Command::Order(viewer, Order::Resize { columns, rows }) => {
                self.room.resize(viewer, clamped(columns, rows));
                self.fit();
            }
            Command::Order(viewer, Order::Open) => {
                if self.room.may_type(viewer) && self.line.is_none() {
                    self.open().await;
                }
            }
        }
        None
    }

    async fn join(&mut self, viewer: Viewer) {
        let may_type = viewer.may_type;
        let id = viewer.id;
        self.room.add(viewer);
        self.empty_since = None;
        self.room.tell_one(
            id,
            &Event::Hello {
                way: self.place.way,
                may_type,
                idle_seconds: self.idle().as_secs(),
            },
        );
        self.fit();
        self.room.tell_one(id, &self.size_event());
        let screen = self.screen.snapshot();
        if !screen.is_empty() {
            self.room.show_one(id, screen);
        }
        self.tell_viewers();
        // Whoever may only look starts nothing in somebody's server; a server's own process runs anyway.
        if self.line.is_none() && (may_type || self.place.way == Way::Attach) {
            self.open().await;
        } else {
            self.room.tell_one(id, &self.state_event());
        }
    }

    fn leave(&mut self, viewer: ViewerId) {
        self.room.remove(viewer);
        self.after_a_loss();
    }

    fn after_a_loss(&mut self) {
        self.fit();
        self.tell_viewers();
        if self.room.is_empty() {
            self.empty_since.get_or_insert_with(Instant::now);
        }
    }

    /// Hands output to all, or holds it while nobody has room.
    fn show(&mut self, piece: Bytes) {
        if self.room.is_full() {
            self.held = Some((piece, Instant::now()));
            return;
        }
        self.screen.add(&piece);
        if self.room.show(&piece) {
            self.after_a_loss();
        }
    }

    fn size_event(&self) -> Event {
        Event::Size {
            columns: self.size.columns,
            rows: self.size.rows,
        }
    }

    fn tell_viewers(&mut self) {
        let viewers = self.room.viewers();
        self.room.tell(&Event::Viewers { viewers });
    }

    /// Makes the terminal as large as all who type can see.
    fn fit(&mut self) {
        let Some(size) = self.room.size().filter(|size| *size != self.size) else {
            return;
        };
        self.size = size;
        if let Some(line) = &self.line {
            line.resize(size);
        }
        self.room.tell(&self.size_event());
    }
}
