//! What the API tells of schedules and takes for them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backups::Retention;
use crate::platform::ids::{OperationId, ScheduleId, ScheduleRunId, ServerId};

use super::super::model::{
    Power, RetentionText, Run, RunState, RunStep, Schedule, Step, StepState, StepText, Task, Zone,
};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Tells the server to start, stop, restart or be killed, and waits until that is done.
    Power,
    /// Takes a snapshot, and waits until it is there.
    Snapshot,
    /// Backs the server up, and waits until that is done.
    Backup,
    /// Takes a snapshot of each server of the stack that keeps files, and waits until all of them are there. For parts of stacks.
    StackSnapshot,
    /// Backs all servers of the stack up that keep files, and waits until that is done. For parts of stacks.
    StackBackup,
    /// Gives the server a line: to its process's input where its console is that, otherwise to `sh -c` in its container.
    Command,
}

/// A step to be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepIn {
    /// What it does.
    kind: StepKind,
    /// What a power step tells.
    #[serde(default)]
    power: Option<Power>,
    /// The line of a command step.
    #[serde(default)]
    #[schema(max_length = 1000, example = "save-all")]
    command: Option<String>,
    /// How many of the snapshots that the schedule took are kept, of a snapshot step; of each server where it is of the stack.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 40, example = 7)]
    keep: Option<u32>,
    /// What is kept of the backups that the schedule made, of a backup step: at most 30 altogether; of each server where it is of the
    /// stack.
    #[serde(default)]
    retention: Option<Retention>,
    /// Whether the volumes that are attached are backed up too, each by itself and with the same retention; of a backup step.
    #[serde(default)]
    with_volumes: bool,
    /// How long to wait before it.
    #[serde(default)]
    #[schema(maximum = 3600)]
    wait_seconds: u32,
    /// Whether the run goes on if it fails.
    #[serde(default)]
    go_on: bool,
}

impl From<StepIn> for StepText {
    fn from(step: StepIn) -> Self {
        let kind = match step.kind {
            StepKind::Power => "power",
            StepKind::Snapshot => "snapshot",
            StepKind::Backup => "backup",
            StepKind::StackSnapshot => "stack_snapshot",
            StepKind::StackBackup => "stack_backup",
            StepKind::Command => "command",
        };
        Self {
            kind: kind.to_owned(),
            power: step
                .power
                .map(|power| power.word().to_owned())
                .unwrap_or_default(),
            command: step.command.unwrap_or_default(),
            keep: step.keep.map(|keep| keep.to_string()).unwrap_or_default(),
            retention: step.retention.map(RetentionText::from).unwrap_or_default(),
            with_volumes: step.with_volumes,
            wait: step.wait_seconds.to_string(),
            go_on: step.go_on,
        }
    }
}

/// A step of a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleStepOut)]
pub struct StepOut {
    /// What it does.
    kind: StepKind,
    /// What a power step tells.
    power: Option<Power>,
    /// The line of a command step.
    command: Option<String>,
    /// How many snapshots are kept, of a snapshot step.
    keep: Option<u32>,
    /// What is kept of the backups that the schedule made, of a backup step.
    retention: Option<Retention>,
    /// Whether attached volumes are backed up too, of a backup step.
    with_volumes: bool,
    /// How long is waited before it.
    wait_seconds: u32,
    /// Whether the run goes on if it fails.
    go_on: bool,
}

impl From<Step> for StepOut {
    fn from(step: Step) -> Self {
        let blank = Self {
            kind: StepKind::Power,
            power: None,
            command: None,
            keep: None,
            retention: None,
            with_volumes: false,
            wait_seconds: step.wait_seconds,
            go_on: step.go_on,
        };
        match step.task {
            Task::Power { power } => Self {
                power: Some(power),
                ..blank
            },
            Task::Snapshot { keep } => Self {
                kind: StepKind::Snapshot,
                keep: Some(keep),
                ..blank
            },
            Task::Backup {
                retention,
                with_volumes,
            } => Self {
                kind: StepKind::Backup,
                retention: Some(retention),
                with_volumes,
                ..blank
            },
            Task::StackSnapshot { keep } => Self {
                kind: StepKind::StackSnapshot,
                keep: Some(keep),
                ..blank
            },
            Task::StackBackup {
                retention,
                with_volumes,
            } => Self {
                kind: StepKind::StackBackup,
                retention: Some(retention),
                with_volumes,
                ..blank
            },
            Task::Command { command } => Self {
                kind: StepKind::Command,
                command: Some(command),
                ..blank
            },
        }
    }
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleOut {
    /// Its id.
    id: ScheduleId,
    /// The server that it is about.
    server_id: ServerId,
    /// What people call it.
    #[schema(example = "Nightly restart")]
    name: String,
    /// When: minute, hour, day of the month, month, day of the week.
    #[schema(example = "0 4 * * *")]
    cron: String,
    /// The time zone that the expression is read in: the tenant's.
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
    /// Whether it runs by request only.
    paused: bool,
    /// When it runs next.
    next_run: Option<DateTime<Utc>>,
    /// What is done, in order.
    steps: Vec<StepOut>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl ScheduleOut {
    pub(super) fn of(schedule: Schedule, zone: Zone) -> Self {
        Self {
            id: schedule.id,
            server_id: schedule.server,
            name: schedule.name,
            cron: schedule.cron,
            time_zone: zone.name(),
            paused: schedule.is_paused,
            next_run: schedule.next_run,
            steps: schedule.steps.into_iter().map(StepOut::from).collect(),
            created_by: schedule.created_by,
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
        }
    }
}

/// A run of a schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunOut {
    /// Its id.
    id: ScheduleRunId,
    /// How far it is.
    state: RunState,
    /// Who asked for it; null where the time had come.
    asked_by: Option<String>,
    /// The time that it is for.
    due_at: DateTime<Utc>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// Why it ended so, where that needs words.
    reason: Option<String>,
    /// For how many times that were skipped in a row it stands.
    times: i32,
}

impl From<&Run> for RunOut {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id,
            state: run.state,
            asked_by: run.asked_by.clone(),
            due_at: run.due_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            reason: run.reason.clone(),
            times: run.times,
        }
    }
}

/// What came of a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunStepOut {
    /// Which one, from 0.
    position: usize,
    /// What it was to do.
    step: Option<StepOut>,
    /// How far it is.
    state: StepState,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// The work that a step asked for; none where it is a command.
    operation_id: Option<OperationId>,
    /// What a command returned, where it was one that returns.
    exit_code: Option<i64>,
    /// What it printed: the first 16 KiB.
    output: String,
    /// Whether it printed more.
    cut: bool,
    /// What there is to say about it.
    note: Option<String>,
}

/// A run with what came of its steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDetailOut {
    #[serde(flatten)]
    run: RunOut,
    /// The steps that were begun, in their order.
    steps: Vec<RunStepOut>,
}

impl RunDetailOut {
    pub(super) fn of(run: &Run, begun: Vec<RunStep>) -> Self {
        let steps = begun.into_iter().map(|step| RunStepOut {
            step: run.steps.get(step.position).cloned().map(StepOut::from),
            position: step.position,
            state: step.state,
            started_at: step.started_at,
            finished_at: step.finished_at,
            operation_id: step.operation,
            exit_code: step.exit_code,
            output: step.output,
            cut: step.is_cut,
            note: step.note,
        });
        Self {
            run: RunOut::from(run),
            steps: steps.collect(),
        }
    }
}
