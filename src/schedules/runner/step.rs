//! One look at a run: its next step is begun, or one that is under way is looked after, or the run ends.

mod begin;

use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::backups::BySchedule;
use crate::platform::access::{SystemScope, Who};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, TenantId};
use crate::platform::operations::{self, State};
use crate::platform::{events, fault};
use crate::servers::model::Server;
use crate::servers::{self, LineError, Said};

use super::super::actions::TOPIC;
use super::super::model::{Run, RunState, RunStep, Step, StepState, Task, verdict};
use super::super::store::{self, Claimed, Subject};
use super::LEASE;
use super::missed::tell_missed;

/// How often it is looked what became of a power step.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(1);
/// How long that may take.
const POWER_TIME: TimeDelta = TimeDelta::minutes(10);
/// How long a backup may take.
const BACKUP_TIME: TimeDelta = TimeDelta::hours(24);
/// How long a command may take.
const COMMAND_TIME: Duration = Duration::from_mins(5);
/// The lease is kept by saying so this often.
const RENEW: Duration = Duration::from_secs(5);

const SUSPENDED: &str = "The organisation is no longer active.";
const DELETING: &str = "The server is being deleted.";

/// A run that is looked at.
struct Work<'a> {
    app: &'a App,
    scope: &'a SystemScope,
    claimed: Claimed,
    subject: Subject,
    tenant: TenantId,
    server: Server,
    run: Run,
    begun: Vec<RunStep>,
}

/// Looks at a run once. Says whether it has ended.
pub(super) async fn look(app: &App, scope: &SystemScope, claimed: Claimed) -> Result<bool, Error> {
    let mut tx = scope.begin().await?;
    // A schedule that was deleted took its runs with it.
    let Some(subject) = store::subject(&mut tx, claimed.schedule).await? else {
        return Ok(true);
    };
    let server = servers::find(&mut tx, subject.server).await?;
    let work = Work {
        app,
        scope,
        claimed,
        tenant: server.tenant,
        run: store::find_run(&mut tx, (claimed.schedule, claimed.id)).await?,
        begun: store::run_steps(&mut tx, claimed.id).await?,
        subject,
        server,
    };
    drop(tx);
    work.look().await
}

impl Work<'_> {
    async fn look(self) -> Result<bool, Error> {
        let under_way = self.begun.iter().find(|step| step.position == self.run.position);
        if let Some(under_way) = under_way {
            return match under_way.operation {
                Some(operation) => self.look_after(under_way, operation).await,
                // Its end was written, and the run's next step was not: one transaction, so this is not so.
                None => Err(Error::internal("a step was begun and has no work")),
            };
        }
        let cut_off = match &self.server {
            server if !server.is_tenant_active => Some(SUSPENDED),
            server if server.deleting_at.is_some() => Some(DELETING),
            _ => None,
        };
        if let Some(reason) = cut_off {
            return self.end(RunState::Interrupted, reason).await;
        }
        let Some(step) = self.run.steps.get(self.run.position) else {
            return self.end(RunState::Interrupted, "There was no step left.").await;
        };
        match &step.task {
            Task::Power { power } => self.begin_power(step, *power).await,
            Task::Snapshot { keep } => self.begin_snapshot(step, *keep).await,
            Task::Backup {
                retention,
                with_volumes,
            } => {
                let wanted = BySchedule {
                    retention: *retention,
                    with_volumes: *with_volumes,
                };
                self.begin_backup(step, wanted).await
            }
            Task::StackSnapshot { keep } => self.begin_stack_snapshot(step, *keep).await,
            Task::StackBackup {
                retention,
                with_volumes,
            } => {
                let wanted = BySchedule {
                    retention: *retention,
                    with_volumes: *with_volumes,
                };
                self.begin_stack_backup(step, wanted).await
            }
            Task::Command { command } => self.command(step, command).await,
        }
    }

    fn position(&self) -> i32 {
        i32::try_from(self.run.position).unwrap_or(i32::MAX)
    }

    fn who(&self) -> Who {
        Who::system(&format!("schedule {}", self.subject.schedule_name))
    }

    /// Looks what became of a power step's work.
    async fn look_after(&self, begun: &RunStep, operation: OperationId) -> Result<bool, Error> {
        let now = self.app.now();
        let mut tx = self.scope.begin().await?;
        let operation = operations::find(&mut tx, operation).await?;
        let ended = |state, note| RunStep {
            state,
            note,
            finished_at: Some(now),
            ..begun.clone()
        };
        let ended = match operation.state {
            State::Succeeded => ended(StepState::Succeeded, None),
            State::Failed => ended(StepState::Failed, operation.error),
            State::Superseded => {
                let note = "Somebody asked the server for something else meanwhile.";
                ended(StepState::Failed, Some(note.to_owned()))
            }
            State::Queued | State::Running if now - begun.started_at >= self.patience(begun) => {
                let note = match self.patience(begun) {
                    BACKUP_TIME => "It was not done within a day. The pages of backups tell how far it is.",
                    _ => {
                        "It was not done within 10 minutes. The server's page tells why; Berth goes on trying."
                    }
                };
                ended(StepState::Failed, Some(note.to_owned()))
            }
            State::Queued | State::Running => {
                store::put_back(&mut tx, self.claimed, now + LOOK_AGAIN).await?;
                tx.commit().await?;
                return Ok(false);
            }
        };
        drop(tx);
        match self.run.steps.get(begun.position) {
            Some(step) => self.finish(step, ended).await,
            None => self.end(RunState::Interrupted, "There was no step left.").await,
        }
    }

    fn patience(&self, begun: &RunStep) -> TimeDelta {
        match self.run.steps.get(begun.position).map(|step| &step.task) {
            Some(Task::Backup { .. } | Task::StackBackup { .. }) => BACKUP_TIME,
            _ => POWER_TIME,
        }
    }

    async fn command(&self, step: &Step, line: &str) -> Result<bool, Error> {
        let started_at = self.app.now();
        let mut tx = self.scope.begin().await?;
        if !store::begin_step(&mut tx, self.claimed, (self.position(), None), started_at).await? {
            return Ok(false);
        }
        events::emit(&mut tx, Some(self.tenant), TOPIC, Some(self.claimed.schedule.0)).await?;
        tx.commit().await?;
        fault::point("schedules.command_begun");
        let given = servers::give_line(self.app, self.scope, &self.server, line, COMMAND_TIME);
        let Some(outcome) = self.while_leased(given).await else {
            return Ok(false);
        };
        fault::point("schedules.command_done");
        let mut ended = match outcome {
            Ok(said) => self.said(said),
            Err(error) => {
                if let LineError::Engine(_) | LineError::Unknown(_) = &error {
                    let cause: &dyn std::error::Error = &error;
                    tracing::warn!(server = %self.server.id, error = cause, "a schedule's command failed");
                }
                self.failed(started_at, error.to_string())
            }
        };
        ended.started_at = started_at;
        self.finish(step, ended).await
    }

    /// Waits for the work and keeps the lease meanwhile. Nothing if it was lost: then another panel has told the run's end.
    async fn while_leased<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        let mut ticks = tokio::time::interval(RENEW);
        ticks.tick().await;
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                _ = ticks.tick() => match self.renew().await {
                    Ok(true) => {}
                    Ok(false) => return None,
                    // The database is away for a moment, perhaps; the lease tells how long that may be.
                    Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a lease was not renewed"),
                },
            }
        }
    }

    async fn renew(&self) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let is_ours = store::renew(&mut tx, self.claimed, self.app.now() + LEASE).await?;
        tx.commit().await?;
        Ok(is_ours)
    }

    fn said(&self, said: Said) -> RunStep {
        let state = match said.exit_code {
            None | Some(0) => StepState::Succeeded,
            Some(_) => StepState::Failed,
        };
        RunStep {
            state,
            exit_code: said.exit_code,
            output: said.output,
            is_cut: said.is_cut,
            note: None,
            ..self.failed(self.app.now(), String::new())
        }
    }

    fn failed(&self, started_at: chrono::DateTime<chrono::Utc>, note: String) -> RunStep {
        RunStep {
            position: self.run.position,
            state: StepState::Failed,
            started_at,
            finished_at: Some(self.app.now()),
            operation: None,
            exit_code: None,
            output: String::new(),
            is_cut: false,
            note: Some(note),
        }
    }

    /// Writes how the step ended, and what comes next.
    async fn finish(&self, step: &Step, ended: RunStep) -> Result<bool, Error> {
        let now = self.app.now();
        let mut tx = self.scope.begin().await?;
        store::end_step(&mut tx, self.claimed, &ended).await?;
        let next = self.run.position + 1;
        let goes_on = ended.state == StepState::Succeeded || step.go_on;
        let is_over = match self.run.steps.get(next).filter(|_| goes_on) {
            Some(step) => {
                let wake_at = now + TimeDelta::seconds(i64::from(step.wait_seconds));
                store::go_on(&mut tx, self.claimed, (self.position() + 1, wake_at)).await?;
                false
            }
            None => {
                let begun = self.begun.iter().chain([&ended]);
                let failed = begun.filter(|step| step.state == StepState::Failed);
                let failed: Vec<usize> = failed.map(|step| step.position).collect();
                let (state, reason) = verdict(&failed, self.run.steps.len().saturating_sub(next));
                store::end_run(&mut tx, self.claimed, (state, reason.as_deref()), now).await?;
                self.note_missed(&mut tx).await?;
                true
            }
        };
        events::emit(&mut tx, Some(self.tenant), TOPIC, Some(self.claimed.schedule.0)).await?;
        tx.commit().await?;
        Ok(is_over)
    }

    async fn note_missed(&self, tx: &mut SystemTx) -> Result<(), Error> {
        let schedule = (self.claimed.schedule, self.subject.schedule_name.as_str());
        let told = (self.run.steps.as_slice(), self.run.due_at);
        tell_missed(self.app, tx, (self.server.id, self.tenant), schedule, told).await
    }

    async fn end(&self, state: RunState, reason: &str) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        store::end_run(&mut tx, self.claimed, (state, Some(reason)), self.app.now()).await?;
        self.note_missed(&mut tx).await?;
        events::emit(&mut tx, Some(self.tenant), TOPIC, Some(self.claimed.schedule.0)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
