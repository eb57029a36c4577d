//! What a schedule does: steps in their order. They are kept as JSON with the kind of each, so a new kind is a new case here and
//! nothing else in the database.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backups::Retention;
use crate::servers::model::Command;

/// How long it may wait before a step, in seconds.
pub const MAX_WAIT: u32 = 3600;
/// How many snapshots a schedule may keep.
pub const MAX_KEEP: u32 = 40;
/// How long a line may be.
pub const MAX_LINE: usize = 1000;

/// What a server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PowerCommand)]
pub enum Power {
    /// Run.
    Start,
    /// End in good order.
    Stop,
    /// End in good order and run again.
    Restart,
    /// End at once.
    Kill,
}

impl Power {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Start, Self::Stop, Self::Restart, Self::Kill];

    /// The word in forms, the database and the API.
    pub fn word(self) -> &'static str {
        Command::from(self).word()
    }

    /// What a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|power| power.word() == word)
    }
}

impl From<Power> for Command {
    fn from(power: Power) -> Self {
        match power {
            Power::Start => Self::Start,
            Power::Stop => Self::Stop,
            Power::Restart => Self::Restart,
            Power::Kill => Self::Kill,
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Task {
    /// Starts, stops, restarts or kills the server, and waits until that is so.
    Power {
        /// Which of them.
        power: Power,
    },
    /// Takes a snapshot of the server, and waits until it is there.
    Snapshot {
        /// How many of those that the schedule took are kept.
        keep: u32,
    },
    /// Backs the server up, and waits until that is done.
    Backup {
        /// What is kept of the backups that the schedule made.
        retention: Retention,
        /// Whether the volumes that are attached to it are, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        with_volumes: bool,
    },
    /// Takes a snapshot of each server of its stack that keeps files, and waits until all of them are there.
    StackSnapshot {
        /// How many of those that the schedule took are kept of each server.
        keep: u32,
    },
    /// Backs all servers of its stack up that keep files, and waits until that is done.
    StackBackup {
        /// What is kept of the backups that the schedule made of each server.
        retention: Retention,
        /// Whether the volumes that are attached to them are, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        with_volumes: bool,
    },
    /// Gives the server a line: to its process's input, or to a shell beside it, as its console does.
    Command {
        /// The line.
        command: String,
    },
}

impl Task {
    /// Whether it is done to all servers of a stack.
    pub fn is_of_stack(&self) -> bool {
        matches!(self, Self::StackSnapshot { .. } | Self::StackBackup { .. })
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    #[serde(flatten)]
    pub task: Task,
    /// How long to wait before it.
    #[serde(default)]
    pub wait_seconds: u32,
    /// Whether the run goes on if it fails.
    #[serde(default)]
    pub go_on: bool,
}

impl Step {
    /// What it does, in words.
    pub fn title(&self) -> String {
        match &self.task {
            Task::Power { power } => match power {
                Power::Start => "Start the server".to_owned(),
                Power::Stop => "Stop the server".to_owned(),
                Power::Restart => "Restart the server".to_owned(),
                Power::Kill => "Kill the server".to_owned(),
            },
            Task::Snapshot { keep: 1 } => "Take a snapshot, keep the last".to_owned(),
            Task::Snapshot { keep } => format!("Take a snapshot, keep the last {keep}"),
            Task::Backup {
                retention,
                with_volumes,
            } => format!(
                "Back the server up{}, keep {}",
                attached(*with_volumes),
                retention.words()
            ),
            Task::StackSnapshot { keep: 1 } => "Take a snapshot of the whole stack, keep the last".to_owned(),
            Task::StackSnapshot { keep } => {
                format!("Take a snapshot of the whole stack, keep the last {keep}")
            }
            Task::StackBackup {
                retention,
                with_volumes,
            } => format!(
                "Back the whole stack up{}, keep {}",
                attached(*with_volumes),
                retention.words()
            ),
            Task::Command { command } => format!("Command: {command}"),
        }
    }
}

fn attached(with_volumes: bool) -> &'static str {
    if with_volumes {
        " with attached volumes"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_kept_with_their_kind() {
        let steps = json!([
            { "kind": "power", "power": "restart", "wait_seconds": 5, "go_on": true },
            { "kind": "command", "command": "say hi", "wait_seconds": 0, "go_on": false },
            { "kind": "backup", "retention": { "last": 1, "daily": 7, "weekly": 0, "monthly": 0 }, "wait_seconds": 0,
              "go_on": false },
            { "kind": "stack_snapshot", "keep": 3, "wait_seconds": 0, "go_on": false },
            { "kind": "stack_backup", "retention": { "last": 2, "daily": 0, "weekly": 0, "monthly": 0 }, "wait_seconds": 0,
              "go_on": false },
            { "kind": "backup", "retention": { "last": 1, "daily": 0, "weekly": 0, "monthly": 0 }, "with_volumes": true,
              "wait_seconds": 0, "go_on": false },
        ]);
        let read: Vec<Step> = serde_json::from_value(steps.clone()).unwrap();
        assert_eq!(
            read[0].task,
            Task::Power {
                power: Power::Restart
            }
        );
        assert_eq!(read[1].title(), "Command: say hi");
        assert_eq!(read[2].title(), "Back the server up, keep the last, 7 daily");
        assert_eq!(
            read[3].title(),
            "Take a snapshot of the whole stack, keep the last 3"
        );
        assert_eq!(read[4].title(), "Back the whole stack up, keep the last 2");
        let of_stack: Vec<bool> = read.iter().map(|step| step.task.is_of_stack()).collect();
        assert_eq!(of_stack, [false, false, false, true, true, false]);
        assert_eq!(
            read[5].title(),
            "Back the server up with attached volumes, keep the last"
        );
        assert_eq!(serde_json::to_value(&read).unwrap(), steps);
    }

    #[test]
    fn words_name_what_servers_are_told() {
        for power in Power::ALL {
            assert_eq!(Power::parse(power.word()), Some(power));
            assert_eq!(serde_json::to_value(power).unwrap(), json!(power.word()));
        }
        assert_eq!(Power::parse("backup"), None);
    }
}
