//! What is promised, when time counts, and what a month came to. Pure.

mod calendar;
mod input;
mod intervals;
mod kept;
mod month;
mod part;
mod past;
mod report;
#[cfg(test)]
pub mod samples;
mod terms;

pub use calendar::{Hours, Span, Week};
pub use input::{DAYS, HoursText, NewPolicy, PolicyText, TargetText, show_minutes};
pub use intervals::{Interval, clip, subtract, total, union};
pub use kept::{Calendar, Decision, Kept, PlanSla, Policy};
pub use month::Month;
pub use part::{Held, Part, credit, parts, share};
pub use past::{Past, Served, Stage};
pub use report::{Availability, DownLine, Report, ServerLine, TicketLine, Verdict, lasted, seconds};
pub use terms::{At, Credit, MAX_CREDITS, Percent, Targets, Terms, What};
