//! What a schedule is: when, what, and what follows from the time. Pure.

mod cron;
mod due;
mod input;
mod run;
mod step;
mod zone;

use chrono::{DateTime, Utc};

use crate::platform::ids::{ScheduleId, ServerId, TenantId};

pub use cron::Expression;
pub use due::{Due, due};
pub use input::{MAX_STEPS, RetentionText, ScheduleText, StepText};
pub use run::{Run, RunState, RunStep, StepState, verdict};
pub use step::{MAX_KEEP, MAX_LINE, MAX_WAIT, Power, Step, Task};
pub use zone::Zone;

/// How many schedules a server has at most.
pub const MAX_SCHEDULES: i64 = 20;
/// How many runs of a schedule are kept.
pub const RUNS_KEPT: i64 = 50;

/// Whether the server is backed up by these.
pub fn backs_server_up(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step.task, Task::Backup { .. }))
}

/// Whether its whole stack is.
pub fn backs_stack_up(steps: &[Step]) -> bool {
    let is_so = |step: &Step| matches!(step.task, Task::StackBackup { .. });
    steps.iter().any(is_so)
}

/// A schedule as the database knows it.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The server that it is about.
    pub server: ServerId,
    /// What people call it.
    pub name: String,
    /// When, as it was written.
    pub cron: String,
    /// Whether it waits for somebody to resume it.
    pub is_paused: bool,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// When it falls due next.
    pub next_run: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last changed by somebody.
    pub updated_at: DateTime<Utc>,
}
