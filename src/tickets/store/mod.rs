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
pub use log::{
    add_event, add_post, events_of, events_of_all, log_after, log_between, log_of, newest_event,
    newest_posts, post, post_past, posts_of, posts_of_all,
};
pub use lookup::{about, by_number, find, find_all, is_about_others, lock, lock_in_order, lock_last, things};
pub use people::{
    Person, add_watcher, copy_watchers, member, name_of, remove_watcher, side_of, staff, staff_member,
    watchers,
};
pub use search::{place_in, places};
pub use write::{
    Insert, add_about, insert, save_assignee, save_merged, save_severity, save_state, save_subject,
    save_tags, save_team, save_tenant, touch,
};
