//! The queries of the ledger.

mod capacity;
mod judge;
mod overuse;
mod parts;
mod read;
mod things;
mod write;

pub use capacity::{Place, Selling, in_use, lacks, place, places, save_machine, save_pool, save_selling};
pub use judge::{Due, NewNotice, due, end_notices, insert_notice, lock, mailed, save_standing};
pub use overuse::{Kept, facts, find as find_overuse, save as save_overuse};
pub use parts::keep_parts;
pub use read::{ByKind, Notice, Summary, Warning, history, notices, summary};
pub use things::{Sort, Thing, list};
pub use write::{Entry, gone, measured, save};
