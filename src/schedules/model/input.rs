//! What people write into the form, or programs send: one parser for both, which tells every mistake by its field.

use crate::backups::{MOST_KEPT, Retention};
use crate::platform::error::FieldErrors;
use crate::servers::model::ServerName;

use super::{Expression, MAX_KEEP, MAX_LINE, MAX_WAIT, Power, Step, Task};

/// How many steps a schedule has at most.
pub const MAX_STEPS: usize = 10;

const KINDS: &str = "Use power, snapshot, backup, stack_snapshot, stack_backup or command.";

const OTHERS_KEPT: &str = "An earlier step of this schedule keeps other numbers, and they are counted together. Use the same, or two schedules.";

/// A step as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepText {
    /// `power`, `snapshot`, `backup`, `stack_snapshot`, `stack_backup` or `command`.
    pub kind: String,
    /// The word, of a power step.
    pub power: String,
    /// The line, of a command step.
    pub command: String,
    /// How many are kept, of a snapshot step, also of the whole stack.
    pub keep: String,
    /// How many are kept, of a backup step, also of the whole stack.
    pub retention: RetentionText,
    /// Whether attached volumes are backed up too, of a backup step, also of the whole stack.
    pub with_volumes: bool,
    /// Seconds to wait before it; nothing means none.
    pub wait: String,
    /// Whether the run goes on if it fails.
    pub go_on: bool,
}

/// What a backup step keeps, as it was written; nothing means none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionText {
    /// The newest so many.
    pub last: String,
    /// The newest of so many days.
    pub daily: String,
    /// The newest of so many weeks.
    pub weekly: String,
    /// The newest of so many months.
    pub monthly: String,
}

impl RetentionText {
    fn parse(&self, errors: &mut FieldErrors, field: impl Fn(&str) -> String) -> Option<Retention> {
        let mut number = |name: &str, text: &str| errors.check(&field(name), kept(text));
        let retention = Retention {
            last: number("last", &self.last)?,
            daily: number("daily", &self.daily)?,
            weekly: number("weekly", &self.weekly)?,
            monthly: number("monthly", &self.monthly)?,
        };
        errors.check(&field("last"), retention.check())
    }
}

impl From<Retention> for RetentionText {
    fn from(retention: Retention) -> Self {
        Self {
            last: retention.last.to_string(),
            daily: retention.daily.to_string(),
            weekly: retention.weekly.to_string(),
            monthly: retention.monthly.to_string(),
        }
    }
}

/// A schedule as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleText {
    /// The name.
    pub name: String,
    /// The expression.
    pub cron: String,
    /// The steps.
    pub steps: Vec<StepText>,
}

/// A schedule that can be.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Its name.
    pub name: ServerName,
    /// When.
    pub cron: Expression,
    /// What.
    pub steps: Vec<Step>,
}

impl ScheduleText {
    /// Takes it, or says what is wrong with each field.
    pub fn parse(&self) -> Result<NewSchedule, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", ServerName::parse(&self.name));
        let cron = errors.check("cron", Expression::parse(&self.cron));
        if self.steps.is_empty() {
            errors.add("steps", "Add at least one step.");
        } else if self.steps.len() > MAX_STEPS {
            errors.add("steps", format!("Use at most {MAX_STEPS} steps."));
        }
        let steps = self.steps.iter().take(MAX_STEPS).enumerate();
        let steps: Vec<(usize, Step)> = steps
            .filter_map(|(place, step)| Some((place, step.parse(place, &mut errors)?)))
            .collect();
        check_kept(&steps, &mut errors);
        let steps = steps.into_iter().map(|(_, step)| step).collect();
        match (name, cron, errors.into_result()) {
            (Some(name), Some(cron), Ok(())) => Ok(NewSchedule { name, cron, steps }),
            (_, _, Err(errors)) => Err(errors),
            _ => Err(FieldErrors::one("name", "Give it a name.")),
        }
    }
}

/// Refuses steps that would delete what others keep: what goes is told by the schedule and the server, not by the step.
fn check_kept(steps: &[(usize, Step)], errors: &mut FieldErrors) {
    let (mut snapshots, mut backups): (Option<u32>, Option<Retention>) = (None, None);
    for (place, step) in steps {
        match &step.task {
            Task::Snapshot { keep } | Task::StackSnapshot { keep } => {
                if *snapshots.get_or_insert(*keep) != *keep {
                    errors.add(&format!("steps.{place}.keep"), OTHERS_KEPT);
                }
            }
            Task::Backup { retention, .. } | Task::StackBackup { retention, .. } => {
                if *backups.get_or_insert(*retention) != *retention {
                    errors.add(&format!("steps.{place}.last"), OTHERS_KEPT);
                }
            }
            Task::Power { .. } | Task::Command { .. } => {}
        }
    }
}

impl StepText {
    fn parse(&self, place: usize, errors: &mut FieldErrors) -> Option<Step> {
        let field = |name: &str| format!("steps.{place}.{name}");
        let task = match self.kind.as_str() {
            "power" => errors
                .check(
                    &field("power"),
                    Power::parse(&self.power).ok_or("Use start, stop, restart or kill."),
                )
                .map(|power| Task::Power { power }),
            "snapshot" => errors
                .check(&field("keep"), keep(&self.keep))
                .map(|keep| Task::Snapshot { keep }),
            "stack_snapshot" => errors
                .check(&field("keep"), keep(&self.keep))
                .map(|keep| Task::StackSnapshot { keep }),
            "backup" => self.retention.parse(errors, field).map(|retention| Task::Backup {
                retention,
                with_volumes: self.with_volumes,
            }),
            "stack_backup" => self
                .retention
                .parse(errors, field)
                .map(|retention| Task::StackBackup {
                    retention,
                    with_volumes: self.with_volumes,
                }),
            "command" => errors
                .check(&field("command"), line(&self.command))
                .map(|command| Task::Command { command }),
            _ => errors.check(&field("kind"), Err(KINDS)),
        };
        let wait = errors.check(&field("wait_seconds"), wait(&self.wait));
        Some(Step {
            task: task?,
            wait_seconds: wait?,
            go_on: self.go_on,
        })
    }

    /// Whether the form's row for it was left alone.
    pub fn is_blank(&self) -> bool {
        self.kind.is_empty() && self.command.trim().is_empty()
    }
}

impl From<&Step> for StepText {
    fn from(step: &Step) -> Self {
        let (kind, power, command) = match &step.task {
            Task::Power { power } => ("power", power.word(), ""),
            Task::Snapshot { .. } => ("snapshot", "", ""),
            Task::Backup { .. } => ("backup", "", ""),
            Task::StackSnapshot { .. } => ("stack_snapshot", "", ""),
            Task::StackBackup { .. } => ("stack_backup", "", ""),
            Task::Command { command } => ("command", "", command.as_str()),
        };
        Self {
            keep: match &step.task {
                Task::Snapshot { keep } | Task::StackSnapshot { keep } => keep.to_string(),
                _ => String::new(),
            },
            retention: match &step.task {
                Task::Backup { retention, .. } | Task::StackBackup { retention, .. } => {
                    RetentionText::from(*retention)
                }
                _ => RetentionText::default(),
            },
            with_volumes: matches!(
                step.task,
                Task::Backup {
                    with_volumes: true,
                    ..
                } | Task::StackBackup {
                    with_volumes: true,
                    ..
                }
            ),
            kind: kind.to_owned(),
            power: power.to_owned(),
            command: command.to_owned(),
            wait: step.wait_seconds.to_string(),
            go_on: step.go_on,
        }
    }
}

fn line(text: &str) -> Result<String, String> {
    let line = text.trim();
    if line.is_empty() {
        Err("Write the command.".to_owned())
    } else if line.chars().count() > MAX_LINE {
        Err(format!("Use at most {MAX_LINE} characters."))
    } else if line.chars().any(char::is_control) {
        Err("Write one line, without control characters.".to_owned())
    } else {
        Ok(line.to_owned())
    }
}

fn keep(text: &str) -> Result<u32, String> {
    let keep = text
        .trim()
        .parse()
        .ok()
        .filter(|keep| (1..=MAX_KEEP).contains(keep));
    keep.ok_or_else(|| format!("Use a whole number, 1 to {MAX_KEEP}."))
}

fn kept(text: &str) -> Result<u32, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    let number = text.parse().ok().filter(|number| *number <= MOST_KEPT);
    number.ok_or_else(|| format!("Use a whole number, 0 to {MOST_KEPT}."))
}

fn wait(text: &str) -> Result<u32, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    let seconds = text.parse().ok().filter(|seconds| *seconds <= MAX_WAIT);
    seconds.ok_or_else(|| format!("Use whole seconds, 0 to {MAX_WAIT}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str, wait: &str) -> StepText {
        StepText {
            kind: "command".to_owned(),
            command: line.to_owned(),
            wait: wait.to_owned(),
            ..StepText::default()
        }
    }

    fn schedule(steps: Vec<StepText>) -> ScheduleText {
        ScheduleText {
            name: "Nightly".to_owned(),
            cron: "0 4 * * *".to_owned(),
            steps,
        }
    }

    #[test]
    fn every_mistake_is_told_by_its_field() {
        let text = ScheduleText {
            name: " ".to_owned(),
            cron: "0 25 * * *".to_owned(),
            steps: vec![
                command("", "0"),
                command("say hi\nstop", "-1"),
                StepText {
                    kind: "power".to_owned(),
                    power: "explode".to_owned(),
                    ..StepText::default()
                },
                StepText {
                    kind: "dance".to_owned(),
                    wait: "3601".to_owned(),
                    ..StepText::default()
                },
            ],
        };
        let errors = text.parse().unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "name",
                "cron",
                "steps.0.command",
                "steps.1.command",
                "steps.1.wait_seconds",
                "steps.2.power",
                "steps.3.kind",
                "steps.3.wait_seconds",
            ]
        );
    }

    #[test]
    fn steps_are_at_least_one_and_at_most_ten() {
        let errors = schedule(Vec::new()).parse().unwrap_err();
        assert_eq!(errors.get("steps"), Some("Add at least one step."));
        let ten = vec![command("save", ""); MAX_STEPS];
        assert_eq!(schedule(ten.clone()).parse().unwrap().steps.len(), MAX_STEPS);
        let errors = schedule([ten, vec![command("save", "")]].concat())
            .parse()
            .unwrap_err();
        assert_eq!(errors.get("steps"), Some("Use at most 10 steps."));
    }

    #[test]
    fn what_is_left_out_has_a_meaning() {
        let parsed = schedule(vec![command(" say hi ", " ")]).parse().unwrap();
        assert_eq!(parsed.steps[0].title(), "Command: say hi");
        assert_eq!((parsed.steps[0].wait_seconds, parsed.steps[0].go_on), (0, false));
        assert!(StepText::default().is_blank());
        assert!(!command("x", "").is_blank());
    }

    #[test]
    fn steps_of_the_whole_stack_keep_what_those_of_a_server_do() {
        let step = |kind: &str, keep: &str, last: &str| StepText {
            kind: kind.to_owned(),
            keep: keep.to_owned(),
            retention: RetentionText {
                last: last.to_owned(),
                ..RetentionText::default()
            },
            ..StepText::default()
        };
        let both = vec![step("stack_snapshot", "3", ""), step("stack_backup", "", "2")];
        let steps = schedule(both).parse().unwrap().steps;
        assert_eq!(steps[0].task, Task::StackSnapshot { keep: 3 });
        let again: Vec<StepText> = steps.iter().map(StepText::from).collect();
        assert_eq!((&*again[0].kind, &*again[0].keep), ("stack_snapshot", "3"));
        assert_eq!(
            (&*again[1].kind, &*again[1].retention.last),
            ("stack_backup", "2")
        );
        let none = vec![step("stack_snapshot", "", ""), step("stack_backup", "", "")];
        let errors = schedule(none).parse().unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["steps.0.keep", "steps.1.last"]);
    }

    #[test]
    fn steps_of_a_kind_keep_the_same() {
        let step = |kind: &str, many: &str| StepText {
            kind: kind.to_owned(),
            keep: many.to_owned(),
            retention: RetentionText {
                last: many.to_owned(),
                ..RetentionText::default()
            },
            ..StepText::default()
        };
        let same = vec![
            step("snapshot", "3"),
            step("backup", "2"),
            step("stack_snapshot", "3"),
            step("stack_backup", "2"),
        ];
        assert_eq!(schedule(same).parse().unwrap().steps.len(), 4);
        let others = vec![
            step("stack_backup", "7"),
            step("snapshot", "3"),
            step("dance", ""),
            step("backup", "1"),
            step("stack_snapshot", "4"),
        ];
        let errors = schedule(others).parse().unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["steps.2.kind", "steps.3.last", "steps.4.keep"]);
        assert!(
            errors
                .get("steps.3.last")
                .unwrap()
                .contains("keeps other numbers")
        );
    }

    #[test]
    fn a_backup_step_keeps_something_and_not_too_much() {
        let backup = |last: &str, daily: &str| {
            let retention = RetentionText {
                last: last.to_owned(),
                daily: daily.to_owned(),
                ..RetentionText::default()
            };
            schedule(vec![StepText {
                kind: "backup".to_owned(),
                retention,
                ..StepText::default()
            }])
        };
        let step = backup("1", " 7 ").parse().unwrap().steps.remove(0);
        let Task::Backup { retention, .. } = step.task else {
            panic!("{step:?}")
        };
        assert_eq!((retention.last, retention.daily, retention.weekly), (1, 7, 0));
        assert_eq!(StepText::from(&step).retention.daily, "7");
        let error = |text: ScheduleText, field: &str| {
            let errors = text.parse().unwrap_err();
            errors.get(&format!("steps.0.{field}")).unwrap().to_owned()
        };
        assert_eq!(error(backup("", ""), "last"), "Keep at least one backup.");
        assert_eq!(
            error(backup("16", "15"), "last"),
            "Keep at most 30 backups altogether."
        );
        assert_eq!(error(backup("1", "x"), "daily"), "Use a whole number, 0 to 30.");
    }
}
