//! Operations: pieces of work that a person can watch, with steps, progress and a result that stays.
//!
//! The action that asks for the work writes the operation; whoever does the work (a reconciler or a job) reports on it.
//! An operation about a reconciled thing carries the generation that it asked for: it succeeds when that generation is
//! reached, and is superseded when a later wish replaced it before.

mod model;
mod store;

pub use model::{NewOperation, Operation, State, Step, StepState};
pub use store::{
    begin, begin_step, end_step, fail, find, finish, for_target, hold, list, note_step, open, reach, start,
    steps, supersede,
};
