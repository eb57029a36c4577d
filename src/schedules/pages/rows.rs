//! The rows of a schedule's form, one a step: as they are shown, and as they are read. Blank ones may stand between others.

use crate::platform::error::FieldErrors;
use crate::platform::web::{FormData, FormState};

use super::super::model::{MAX_STEPS, Power, RetentionText, ScheduleText, StepText};

/// A word of the form for what a step does, and what people call it.
pub(super) type Choice = (&'static str, &'static str);

/// What can be chosen for a step.
const CHOICES: [Choice; 8] = [
    ("", "Nothing"),
    ("command", "Command"),
    ("snapshot", "Take a snapshot"),
    ("backup", "Back the server up"),
    ("start", "Start the server"),
    ("stop", "Stop the server"),
    ("restart", "Restart the server"),
    ("kill", "Kill the server"),
];

/// And where the server is a part of a stack, or the form holds such a step already.
const OF_STACK: [Choice; 2] = [
    ("stack_snapshot", "Take a snapshot of the whole stack"),
    ("stack_backup", "Back the whole stack up"),
];

/// What can be chosen for a step of a server.
pub(super) fn choices(has_stack: bool) -> Vec<Choice> {
    let of_stack = OF_STACK.iter().filter(|_| has_stack);
    CHOICES.iter().chain(of_stack).copied().collect()
}

/// How many snapshots a step keeps unless somebody says otherwise.
const KEEP: &str = "7";

/// What a backup step keeps unless somebody says otherwise: its fields, what people call them, how many.
const RETENTION: [(&str, &str, &str); 4] = [
    ("last", "Newest", "1"),
    ("daily", "Daily", "7"),
    ("weekly", "Weekly", "4"),
    ("monthly", "Monthly", "6"),
];

/// A number of a backup step.
pub(super) struct KeptField {
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) error: String,
}

impl KeptField {
    /// What is there is shown as it is, and suggestions only where there is none of all four.
    fn all(form: &FormState, place: usize) -> Vec<Self> {
        let name = |field: &str| format!("steps.{place}.{field}");
        let is_known = RETENTION
            .iter()
            .any(|(field, ..)| !form.value(&name(field)).is_empty());
        let one = |(field, label, suggested): &(&str, &'static str, &str)| Self {
            value: if is_known {
                form.value(&name(field))
            } else {
                suggested
            }
            .to_owned(),
            error: form.error(&name(field)).to_owned(),
            name: name(field),
            label,
        };
        RETENTION.iter().map(one).collect()
    }
}

/// A row of the form: one step.
pub(super) struct StepFields {
    pub(super) number: usize,
    pub(super) kind_name: String,
    pub(super) kind: String,
    pub(super) kind_error: String,
    pub(super) line_name: String,
    pub(super) line: String,
    pub(super) line_error: String,
    pub(super) keep_name: String,
    pub(super) keep: String,
    pub(super) keep_error: String,
    pub(super) kept: Vec<KeptField>,
    pub(super) volumes_name: String,
    pub(super) volumes: bool,
    pub(super) wait_name: String,
    pub(super) wait: String,
    pub(super) wait_error: String,
    pub(super) go_on_name: String,
    pub(super) go_on: bool,
}

impl StepFields {
    pub(super) fn new(form: &FormState, place: usize) -> Self {
        let name = |field: &str| format!("steps.{place}.{field}");
        let (kind, line) = (name("kind"), name("command"));
        let (wait, go_on, keep) = (name("wait_seconds"), name("go_on"), name("keep"));
        let (kept, volumes) = (form.value(&keep), name("with_volumes"));
        Self {
            number: place + 1,
            kind: form.value(&kind).to_owned(),
            kind_error: form.error(&kind).to_owned(),
            line: form.value(&line).to_owned(),
            line_error: form.error(&line).to_owned(),
            keep: if kept.is_empty() { KEEP } else { kept }.to_owned(),
            keep_error: form.error(&keep).to_owned(),
            keep_name: keep.clone(),
            kept: KeptField::all(form, place),
            volumes: form.has(&volumes, "true"),
            volumes_name: volumes,
            wait: form.value(&wait).to_owned(),
            wait_error: form.error(&wait).to_owned(),
            go_on: form.has(&go_on, "true"),
            kind_name: kind,
            line_name: line,
            wait_name: wait,
            go_on_name: go_on,
        }
    }

    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    pub(super) fn is_of_stack(&self) -> bool {
        OF_STACK.iter().any(|(kind, _)| self.is(kind))
    }

    pub(super) fn is_used(&self) -> bool {
        !self.kind.is_empty() || !self.line.is_empty()
    }
}

/// What was sent, and which row of the form each step stood in.
pub(super) fn read(data: &FormData) -> (ScheduleText, Vec<usize>) {
    let mut places = Vec::new();
    let mut steps = Vec::new();
    for place in 0..MAX_STEPS {
        let get = |field: &str| data.get(&format!("steps.{place}.{field}")).to_owned();
        let word = get("kind");
        let power = Power::parse(&word).map(|power| power.word().to_owned());
        let step = StepText {
            kind: if power.is_some() { "power".to_owned() } else { word },
            power: power.unwrap_or_default(),
            command: get("command"),
            keep: get("keep"),
            retention: RetentionText {
                last: get("last"),
                daily: get("daily"),
                weekly: get("weekly"),
                monthly: get("monthly"),
            },
            with_volumes: data.checked(&format!("steps.{place}.with_volumes")),
            wait: get("wait_seconds"),
            go_on: data.checked(&format!("steps.{place}.go_on")),
        };
        if !step.is_blank() {
            places.push(place);
            steps.push(step);
        }
    }
    let text = ScheduleText {
        name: data.get("name").to_owned(),
        cron: data.get("cron").to_owned(),
        steps,
    };
    (text, places)
}

/// Mistakes by the rows of the form, where blank ones may stand between.
pub(super) fn in_rows(errors: FieldErrors, places: &[usize]) -> FieldErrors {
    let renamed = errors.0.into_iter().map(|mut error| {
        if let Some((place, field)) = error
            .field
            .strip_prefix("steps.")
            .and_then(|rest| rest.split_once('.'))
            && let Some(row) = place.parse().ok().and_then(|place: usize| places.get(place))
        {
            error.field = format!("steps.{row}.{field}");
        } else if error.field == "steps" {
            "steps.0.kind".clone_into(&mut error.field);
        }
        error
    });
    FieldErrors(renamed.collect())
}
