//! A run: how far it is, and how it ends.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::ids::{OperationId, ScheduleRunId};

use super::Step;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal;)* } else $other:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {$(
            $(#[$case_doc])*
            $case,
        )*}

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The word in the database, the API and on pages.
            pub fn word(self) -> &'static str {
                match self {$(Self::$case => $word),*}
            }

            /// What a word means.
            pub fn read(word: &str) -> Self {
                Self::ALL.iter().copied().find(|known| known.word() == word).unwrap_or(Self::$other)
            }
        }
    };
}

words! {
    /// How far a run is.
    RunState {
        /// Under way, or waiting before its next step.
        Running = "running";
        /// Every step was done.
        Succeeded = "succeeded";
        /// A step failed.
        Failed = "failed";
        /// Its time came, and it was not begun.
        Skipped = "skipped";
        /// It was cut off in its middle.
        Interrupted = "interrupted";
    } else Interrupted
}

words! {
    /// How far a step is.
    StepState {
        /// Being done.
        Running = "running";
        /// Done.
        Succeeded = "succeeded";
        /// Not done, or not well.
        Failed = "failed";
        /// Nobody knows: the panel ended while it was done.
        Interrupted = "interrupted";
    } else Interrupted
}

impl RunState {
    /// The look of its status.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Running => "busy",
            Self::Succeeded => "good",
            Self::Failed => "bad",
            Self::Skipped | Self::Interrupted => "warn",
        }
    }
}

/// A run of a schedule.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: ScheduleRunId,
    /// How far it is.
    pub state: RunState,
    /// Who asked for it; nobody where the time had come.
    pub asked_by: Option<String>,
    /// The time that it is for.
    pub due_at: DateTime<Utc>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it ended so, where that needs words.
    pub reason: Option<String>,
    /// How many times that were skipped in a row it stands for.
    pub times: i32,
    /// The schedule's steps when it began.
    pub steps: Vec<Step>,
    /// The step that is next, or under way.
    pub position: usize,
}

/// A step that was begun.
#[derive(Debug, Clone)]
pub struct RunStep {
    /// Which one, from 0.
    pub position: usize,
    /// How far it is.
    pub state: StepState,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The work that it asked for.
    pub operation: Option<OperationId>,
    /// What the command returned, where it was one that returns.
    pub exit_code: Option<i64>,
    /// What it printed, as far as it is kept.
    pub output: String,
    /// Whether it printed more.
    pub is_cut: bool,
    /// What there is to say about it.
    pub note: Option<String>,
}

/// How a run ends, by the places of the steps that failed; `left` is how many were not begun for that.
pub fn verdict(failed: &[usize], left: usize) -> (RunState, Option<String>) {
    let reason = match (failed, left) {
        ([], _) => return (RunState::Succeeded, None),
        ([one], 0) => format!("Step {} failed.", one + 1),
        (many, 0) => format!("{} steps failed.", many.len()),
        ([.., last], 1) => format!("Step {} failed, so the step after it was not begun.", last + 1),
        ([.., last], _) => format!(
            "Step {} failed, so the {left} steps after it were not begun.",
            last + 1
        ),
    };
    (RunState::Failed, Some(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_succeeds_only_if_every_step_did() {
        assert_eq!(verdict(&[], 0), (RunState::Succeeded, None));
        let told = |failed: &[usize], left| verdict(failed, left).1.unwrap();
        assert_eq!(told(&[0], 0), "Step 1 failed.");
        assert_eq!(told(&[0, 1], 0), "2 steps failed.");
        assert_eq!(
            told(&[1], 1),
            "Step 2 failed, so the step after it was not begun."
        );
        assert_eq!(
            told(&[0, 2], 4),
            "Step 3 failed, so the 4 steps after it were not begun."
        );
        assert_eq!(verdict(&[1], 0).0, RunState::Failed);
    }

    #[test]
    fn words_survive_a_round_trip() {
        for state in RunState::ALL {
            assert_eq!(RunState::read(state.word()), *state);
        }
        for state in StepState::ALL {
            assert_eq!(StepState::read(state.word()), *state);
        }
    }
}
