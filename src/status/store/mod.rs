//! The queries of status pages.

mod pages;
mod parts;
mod read;

pub use pages::{delete_page, find, insert_page, list, lock, own, save_page};
pub use parts::{
    components, delete_component, delete_post, end_override, insert_component, insert_post, insert_update,
    locations, posts, save_component, save_post, servers, set_override,
};
pub use read::{
    beat, by_slug, note_gap, open_incidents, public_read, public_slugs, read_as_member, read_by_id,
};
