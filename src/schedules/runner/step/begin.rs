//! The beginnings of steps that ask others for work: the wish is written with the step that waits for it.

use crate::backups::{self, BySchedule};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::platform::{events, fault};
use crate::servers;
use crate::snapshots;

use super::super::super::actions::TOPIC;
use super::super::super::model::{Power, Step};
use super::super::super::store;
use super::{LOOK_AGAIN, Work};

impl Work<'_> {
    pub(super) async fn begin_power(&self, step: &Step, power: Power) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let asked =
            servers::command_within(self.app, &mut tx, &self.who(), self.server.id, power.into()).await;
        let begun = self.begun(step, tx, asked.map(|asked| asked.operation.id)).await;
        self.app.poke_servers.poke();
        begun
    }

    pub(super) async fn begin_snapshot(&self, step: &Step, keep: u32) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let what = (self.server.id, self.claimed.schedule, keep);
        let asked = snapshots::take_within(self.app, &mut tx, &self.who(), what).await;
        self.begun(step, tx, asked).await
    }

    pub(super) async fn begin_backup(&self, step: &Step, wanted: BySchedule) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let what = (self.server.id, self.claimed.schedule, wanted);
        let asked = backups::take_within(self.app, &mut tx, &self.who(), what).await;
        self.begun(step, tx, asked).await
    }

    pub(super) async fn begin_stack_snapshot(&self, step: &Step, keep: u32) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let asked = match self.server.in_stack() {
            Ok(stack) => {
                let what = (stack, self.claimed.schedule, keep);
                snapshots::take_of_stack_within(self.app, &mut tx, &self.who(), what).await
            }
            Err(refusal) => Err(refusal.into()),
        };
        self.begun(step, tx, asked).await
    }

    pub(super) async fn begin_stack_backup(&self, step: &Step, wanted: BySchedule) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let asked = match self.server.in_stack() {
            Ok(stack) => {
                let what = (stack, self.claimed.schedule, wanted);
                backups::take_of_stack_within(self.app, &mut tx, &self.who(), what).await
            }
            Err(refusal) => Err(refusal.into()),
        };
        self.begun(step, tx, asked).await
    }

    /// The wish and the step's beginning in one transaction: either both were, or none.
    async fn begun(
        &self,
        step: &Step,
        mut tx: SystemTx,
        asked: Result<OperationId, Error>,
    ) -> Result<bool, Error> {
        let now = self.app.now();
        let operation = match asked {
            Ok(operation) => operation,
            Err(error @ Error::Conflict { .. }) => {
                drop(tx);
                let ended = self.failed(now, error.sentence());
                return self.finish(step, ended).await;
            }
            Err(error) => return Err(error),
        };
        let begun = (self.position(), Some(operation));
        if !store::begin_step(&mut tx, self.claimed, begun, now).await? {
            return Ok(false);
        }
        store::put_back(&mut tx, self.claimed, now + LOOK_AGAIN).await?;
        events::emit(&mut tx, Some(self.tenant), TOPIC, Some(self.claimed.schedule.0)).await?;
        tx.commit().await?;
        fault::point("schedules.power_begun");
        Ok(false)
    }
}
