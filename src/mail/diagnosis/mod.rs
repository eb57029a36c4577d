//! The diagnosis of mail for staff: the ports, names, lists and certificates that decide whether mail comes and goes, each in words
//! and with how to mend it.
//!
//! What can't be seen from here is told as not known, and never as good. Nothing is changed, and nothing is sent.

mod api;
mod look;
mod model;
mod pages;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod tls;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(P::StaffMailRead);
    Routes::new()
        .get("/staff/mail/diagnosis", read, pages::show)
        .api(read, operation!(api::show))
}
