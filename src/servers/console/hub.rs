//! The sessions of this process: one for a server, found or begun, with as many seats as there may be.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::app::App;
use crate::drivers::engine::{EngineError, ShellKey};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

use super::super::model::Server;
use super::model::{End, Way};
use super::session::{self, Command, Place};

/// Viewers of one server.
const VIEWERS: usize = 16;
/// Sessions of one tenant.
const OF_A_TENANT: usize = 16;
/// Sessions of this process. Each keeps at most 2.3 MiB: what the screen showed, and what waits for viewers.
const OF_ALL: usize = 256;
/// What waits for a session to read it.
const COMMANDS: usize = 64;

/// The open consoles of this process.
#[derive(Clone, Default)]
pub struct Consoles(Arc<Mutex<HashMap<ServerId, Entry>>>);

struct Entry {
    tenant: TenantId,
    shell: ShellKey,
    commands: mpsc::Sender<Command>,
    seats: usize,
}

/// A place before a session's screen, given back when dropped.
pub(super) struct Seat {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) shell: ShellKey,
    server: ServerId,
    consoles: Consoles,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut entries = self.consoles.lock();
        if let Some(entry) = entries.get_mut(&self.server)
            && entry.shell == self.shell
        {
            entry.seats -= 1;
        }
    }
}

impl fmt::Debug for Consoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consoles")
            .field("open", &self.lock().len())
            .finish()
    }
}

impl Consoles {
    fn lock(&self) -> MutexGuard<'_, HashMap<ServerId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat before the server's session, which begins if there is none.
    pub(super) fn seat(&self, app: &App, server: &Server, way: Way) -> Result<Result<Seat, End>, Error> {
        let mut entries = self.lock();
        if entries
            .get(&server.id)
            .is_none_or(|entry| entry.commands.is_closed())
        {
            let of_tenant = entries
                .values()
                .filter(|entry| entry.tenant == server.tenant)
                .count();
            if of_tenant >= OF_A_TENANT || entries.len() >= OF_ALL {
                return Ok(Err(End::Crowded));
            }
            let entry = begin(app, server, way).map_err(Error::internal)?;
            entries.insert(server.id, entry);
        }
        let Some(entry) = entries.get_mut(&server.id).filter(|entry| entry.seats < VIEWERS) else {
            return Ok(Err(End::Full));
        };
        entry.seats += 1;
        Ok(Ok(Seat {
            commands: entry.commands.clone(),
            shell: entry.shell.clone(),
            server: server.id,
            consoles: self.clone(),
        }))
    }

    /// Forgets a session that ends.
    pub(super) fn forget(&self, server: ServerId, shell: &ShellKey) {
        let mut entries = self.lock();
        if entries.get(&server).is_some_and(|entry| entry.shell == *shell) {
            entries.remove(&server);
        }
    }
}

fn begin(app: &App, server: &Server, way: Way) -> Result<Entry, EngineError> {
    let shell = ShellKey::new(format!("con_{}", app.ids.uuid(app.now()).simple()))?;
    let (commands, heard) = mpsc::channel(COMMANDS);
    let place = Place {
        app: app.clone(),
        server: server.id,
        key: super::key(server.id)?,
        shell: shell.clone(),
        way,
    };
    app.tasks.spawn(session::run(place, heard));
    Ok(Entry {
        tenant: server.tenant,
        shell,
        commands,
        seats: 0,
    })
}
