//! What the log says of mail: steps, who may see them, and what became of a message. Pure.

mod dovecot;
mod postfix;
mod reader;
mod rspamd;
mod seen;
mod step;
mod veil;
mod waits;
mod words;

pub use reader::{Noted, Reader};
pub use seen::{Flow, Kept, Outcome, Seen, domain_of, seen_by};
pub use step::Step;
pub use veil::{veiled, veiled_headers};
pub use waits::{Figures, QueueKey, QueueSort, Whose, by_domain, chosen, figures, headers_shown, whose};
pub use words::sentence;
