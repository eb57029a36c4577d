//! The queries of mailboxes' own people. Passwords and sessions are the system's only; everything else is asked in the role that sees
//! one mailbox.

mod own;
mod sessions;

pub(super) use own::{
    NewAlias, Overview, OwnAlias, alias_room, delete_alias, insert_alias, lock_overview, overview,
    own_aliases, was_mailbox,
};
pub(super) use sessions::{
    Credentials, SessionOwner, confirm, credentials, delete_session, insert_session, purge_sessions,
    session_owner, touch_session,
};
