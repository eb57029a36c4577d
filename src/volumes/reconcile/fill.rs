//! Volumes that are made from backups. Whoever works in repositories fills them, and tells when that is over; a volume that can't be
//! filled goes, so that none is taken for whole that is not.

use chrono::TimeDelta;
use serde_json::json;

use crate::audit::{Change, Target};
use crate::backups::{self, Filling};
use crate::platform::access::Who;
use crate::platform::error::Error;
use crate::platform::{events, operations};

use super::super::TOPIC;
use super::super::store;
use super::trouble::Trouble;
use super::work::Work;

/// How often it is looked at meanwhile, should nobody tell.
const LOOK: TimeDelta = TimeDelta::seconds(10);

impl Work<'_> {
    /// Has the volume, which is there, filled. It may be asked for again and again.
    pub(super) async fn fill(&self) -> Result<(), Trouble> {
        let mut tx = self.app.db.system().await?;
        let filling = backups::fill_volume(&mut tx, self.volume().id, self.app.now()).await?;
        tx.commit().await?;
        match filling {
            Filling::UnderWay => Err(Trouble::Filling),
            Filling::Done => Ok(()),
            Filling::Failed(reason) => Err(Trouble::Unfilled(reason)),
        }
    }

    /// Gives it back for as long as others work on it.
    pub(super) async fn wait(&self) -> Result<bool, Error> {
        let mut tx = self.app.db.system().await?;
        store::wait(&mut tx, self.claimed, self.app.now() + LOOK).await?;
        tx.commit().await?;
        Ok(false)
    }

    /// Ends the work on it with why, and has it removed.
    pub(super) async fn give_up(&self, reason: &str) -> Result<bool, Error> {
        let (volume, now) = (self.volume(), self.app.now());
        let words = Trouble::Unfilled(reason.to_owned()).words();
        let mut tx = self.app.db.system().await?;
        if !store::settle_work(&mut tx, self.claimed, Some(&words)).await? {
            return Ok(false);
        }
        operations::fail(&mut tx, volume.id.0, volume.generation, &words, Some(now)).await?;
        store::start_deletion(&mut tx, volume.id, now).await?;
        let target = Target {
            kind: "volume",
            id: Some(volume.id.0),
            label: &volume.name,
            tenant: Some(volume.tenant),
        };
        let change = Change::to("volume.unfilled", json!({ "reason": reason }));
        self.app
            .audit(&mut tx, &Who::system("volumes"), &target, &change)
            .await?;
        events::emit(&mut tx, Some(volume.tenant), TOPIC, Some(volume.id.0)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
