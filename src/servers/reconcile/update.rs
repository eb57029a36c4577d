//! What an attempt writes about an update: that it is on trial, that it stays, or that it is taken back.
//!
//! All of it is in the transaction that ends the attempt, so a panel that dies has either written nothing, and the next
//! attempt comes to the same verdict, or all of it, and the next attempt goes on from there.

use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::{fault, operations};

use super::super::model::{Entry, Kind, Server, Step, Trial, Verdict};
use super::super::store;
use super::attempt::Work;

/// What the operation's step is called while only the check is waited for.
const CHECK: &str = "Wait for its check";

/// The words for a step; on the way back they say so.
pub(super) fn step_label(server: &Server, step: Step) -> Option<String> {
    let label = step.label()?;
    Some(if server.is_rolling_back() {
        format!("Go back: {}{}", label[..1].to_lowercase(), &label[1..])
    } else {
        label.to_owned()
    })
}

/// Where a panel may die: what it decided is written, and nothing of it done.
pub(super) fn written(verdict: &Verdict) {
    match verdict.trial {
        Trial::Waits => fault::point("servers.on_trial"),
        Trial::Failed(_) => fault::point("servers.update_failed"),
        Trial::None | Trial::Proven => {}
    }
}

/// What the history tells of an update.
pub(super) fn entry(server: &Server, verdict: &Verdict) -> Option<Entry> {
    let (kind, text) = match (&verdict.trial, &server.update.failed) {
        (Trial::Proven, _) => (Kind::Healthy, "The new image works and stays.".to_owned()),
        (Trial::Failed(reason), _) => (
            Kind::Failed,
            format!("The update failed because {reason}. It goes back to the image before."),
        ),
        (_, Some(failed)) if verdict.reached && server.is_pending() && server.is_rolling_back() => (
            Kind::Changed,
            format!("The update was rolled back because {}.", failed.reason),
        ),
        _ => return None,
    };
    Some(Entry::new(kind, text))
}

impl Work<'_> {
    /// Keeps or takes back the image. What was decided about an older wish is decided anew for the present one.
    pub(super) async fn settle_update(&self, tx: &mut SystemTx, verdict: Verdict) -> Result<Verdict, Error> {
        let (server, now) = (self.server(), self.servers.app.now());
        match &verdict.trial {
            Trial::Proven => store::accept_update(tx, server).await?,
            Trial::Failed(reason) if !store::roll_back(tx, server, reason, now).await? => {
                return Ok(Verdict {
                    trial: Trial::None,
                    ..verdict
                });
            }
            Trial::None | Trial::Waits | Trial::Failed(_) => {}
        }
        Ok(verdict)
    }

    /// Tells the operations about an update, if there is something to tell. Says whether that was all.
    pub(super) async fn report_update(&self, tx: &mut SystemTx, verdict: &Verdict) -> Result<bool, Error> {
        let (server, now) = (self.server(), self.servers.app.now());
        let id = server.id.0;
        match (&verdict.trial, &server.update.failed) {
            (Trial::Waits, _) => {
                if !server.is_awaiting_check() {
                    operations::end_step(tx, id, Ok(()), now).await?;
                    operations::begin_step(tx, id, CHECK, now).await?;
                }
            }
            (Trial::Failed(reason), _) => {
                operations::end_step(tx, id, Err(reason), now).await?;
            }
            (Trial::None, Some(failed)) if verdict.reached && server.is_rolling_back() => {
                operations::end_step(tx, id, Ok(()), now).await?;
                let error = format!("Rolled back because {}.", failed.reason);
                operations::fail(tx, id, server.generation, &error, Some(now)).await?;
            }
            (Trial::None | Trial::Proven, _) => return Ok(false),
        }
        Ok(true)
    }
}
