//! The pages of filters and forwarding, for people of the tenant and for the mailbox's own person: the same forms, in the frame of
//! either side.

mod forwarding;
mod frame;
mod parts;
mod rule;
mod words;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::Routes;

pub(in crate::mail) use frame::frame;

/// Those of the tenant's side.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .get("/t/{tenant}/mail/mailboxes/{mailbox}/rules", read, parts::show)
        .get("/t/{tenant}/mail/mailboxes/{mailbox}/rules/new", write, rule::new)
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/rules/new",
            write,
            rule::create,
        )
        .get(
            "/t/{tenant}/mail/mailboxes/{mailbox}/rules/{rule}",
            write,
            rule::edit,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/rules/{rule}",
            write,
            rule::save,
        )
        .post(
            "/t/{tenant}/mail/mailboxes/{mailbox}/rules/{rule}/move",
            write,
            parts::shift,
        )
        .post(
            "/t/{tenant}/mail/mailboxes/{mailbox}/rules/{rule}/delete",
            write,
            parts::remove,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/script",
            write,
            parts::save_script,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/reply",
            write,
            parts::save_reply,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/spam",
            write,
            parts::save_spam,
        )
        .get(
            "/t/{tenant}/mail/mailboxes/{mailbox}/forwarding",
            read,
            forwarding::show,
        )
        .form(
            "/t/{tenant}/mail/mailboxes/{mailbox}/forwarding",
            write,
            forwarding::save,
        )
}

/// Those of the mailbox's own person. Their forms are not carried through a sign-in: what is kept there is a user's.
pub(in crate::mail) fn own_routes() -> Routes<App> {
    Routes::new()
        .get("/mailbox/rules", Rule::Mailbox, parts::show)
        .get("/mailbox/rules/new", Rule::Mailbox, rule::new)
        .post("/mailbox/rules/new", Rule::Mailbox, rule::create)
        .get("/mailbox/rules/{rule}", Rule::Mailbox, rule::edit)
        .post("/mailbox/rules/{rule}", Rule::Mailbox, rule::save)
        .post("/mailbox/rules/{rule}/move", Rule::Mailbox, parts::shift)
        .post("/mailbox/rules/{rule}/delete", Rule::Mailbox, parts::remove)
        .post("/mailbox/script", Rule::Mailbox, parts::save_script)
        .post("/mailbox/reply", Rule::Mailbox, parts::save_reply)
        .post("/mailbox/spam", Rule::Mailbox, parts::save_spam)
        .get("/mailbox/forwarding", Rule::Mailbox, forwarding::show)
        .post("/mailbox/forwarding", Rule::Mailbox, forwarding::save)
}

/// Which rule an address is about: its place in the list, from 0.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Place {
    rule: usize,
}
