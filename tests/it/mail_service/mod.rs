//! Mail for real: Postfix, Dovecot and rspamd in their container, a panel in a process of its own, and Python's SMTP and IMAP clients.

mod client;
mod crash;
mod deliver;
mod faults;
mod forged;
mod limits;
mod queries;
mod walls;
pub(crate) mod world;

pub(crate) use crash::POINTS;
