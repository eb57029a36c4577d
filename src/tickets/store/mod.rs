//! The queries of tickets.

mod due;
mod list;
mod log;
mod lookup;
pub mod pages;
mod people;
mod rows;
mod search;
mod write;

pub use due::{resolved_before, set_due, take_events, unfollowed};
pub use list::{END_OF_TIME, Filter, Sort, list};
pub use log::{add_event, add_post, events_of, events_of_all, log_of, post, posts_of, posts_of_all};
pub use lookup::{about, by_number, find, find_all, lock, things};
pub use people::{
    Person, add_watcher, copy_watchers, member, name_of, remove_watcher, side_of, staff, staff_member,
    watchers,
};
pub use write::{
    Insert, add_about, insert, save_assignee, save_merged, save_severity, save_state, save_subject,
    save_tags, save_team, save_tenant, touch,
};
