//! The queries of mailboxes. Row-level security keeps each tenant to its own.

mod end;
mod list;
mod lookup;
mod parts;
mod setup;
mod write;

pub use end::{Claimed, claim, delete, let_go, put_off, remove_own_aliases, restore, settle};
pub use list::{Sort, deleted, list, of_tenant};
pub use lookup::{Roads, find, lock, roads, taken_by};
pub use parts::{
    allow_send_as, app_passwords, count_app_passwords, count_send_as, forbid_send_as, insert_app_password,
    remove_app_password, remove_app_passwords, send_as,
};
pub use setup::{Offered, count_link, offered, save_link, use_link};
pub use write::{Made, insert, save, save_enabled, save_hash};
