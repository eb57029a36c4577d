//! What a mailbox is, and every rule about it that needs no database. Pure.

mod app_password;
mod input;
mod mailbox;

pub use app_password::{AppPassword, AppPasswordProtocol, NewAppPassword, check_title};
pub use input::{Entry, Fresh, NewMailbox, Settings, Stated, check_name, link_to, typed_count, typed_size};
pub use mailbox::{Kept, Mailbox, Usage};

/// How long a set-up link works, in days.
pub const LINK_DAYS: i64 = 7;
/// Passwords for single programs that a mailbox can have.
pub const MAX_APP_PASSWORDS: i64 = 50;
/// Addresses that a mailbox may send as, besides those that lead to it.
pub const MAX_SEND_AS: i64 = 100;
