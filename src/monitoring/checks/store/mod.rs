//! The queries of checks.

mod checks;
mod given;
mod history;
mod told;
mod work;

pub use checks::{
    Wanted, count, find, has_dependents, insert, list, lock, lock_server, mark_deleted, of_server, run_now,
    save, set_paused,
};
pub use given::{UsageQuestion, Used, set_given, ungiven, used};
pub use history::{forget, hours, turns};
pub use told::{Untold, forget_gone, lock_untold, set_told, untold};
pub use work::{Claimed, Outcome, claim, save_outcomes};
