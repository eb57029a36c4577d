//! A deleted server whose time is over. It is due then by its own row, so nobody looks for it: whoever claims it writes the
//! wish to erase it, and the next attempt begins to.

use crate::platform::error::Error;
use crate::platform::fault;

use super::super::actions;
use super::super::model::Attempt;
use super::super::store;
use super::attempt::Work;

impl Work<'_> {
    /// Asks for the server's end in one transaction. If it was restored in this moment, the attempt is over.
    pub(super) async fn expire(&self) -> Result<bool, Error> {
        let (app, server) = (&self.servers.app, self.server());
        let mut tx = app.db.system().await?;
        if !store::expire(&mut tx, (server.id, self.lease()), app.now()).await? {
            drop(tx);
            return self.conclude(None, Attempt::Overtaken, None, false).await;
        }
        actions::expired(app, &mut tx, server).await?;
        tx.commit().await?;
        fault::point("servers.expired");
        app.poke_servers.poke();
        Ok(false)
    }
}
