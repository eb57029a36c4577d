//! Tickets for people: the tenant's list and page of each, the staff's queue and theirs.
//!
//! Both pages of a ticket are drawn from the same parts, each read in its reader's own transaction: what is internal does not come to
//! a customer's page because PostgreSQL does not give it to it.

mod api;
mod bulk;
mod countdown;
mod facts;
mod list;
mod live;
mod new;
mod parts;
mod presence;
mod queue;
mod show;
mod staff;
mod staff_live;
mod staff_new;
mod talk;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod things;
mod watch;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::ids::TicketId;
use crate::platform::web::{Routes, operation};

pub(super) use countdown::clock;
pub(super) use live::follow;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::TicketRead), Rule::Tenant(P::TicketWrite));
    Routes::new()
        .get("/t/{tenant}/tickets", read, list::list)
        .get("/t/{tenant}/tickets/live", read, list::live)
        .get("/t/{tenant}/tickets/new", write, new::form)
        .form("/t/{tenant}/tickets", write, new::create)
        .that_may_last()
        .get("/t/{tenant}/tickets/{ticket}", read, show::show)
        .get("/t/{tenant}/tickets/{ticket}/live", read, show::live)
        .form("/t/{tenant}/tickets/{ticket}/posts", write, show::reply)
        .that_may_last()
        .post("/t/{tenant}/tickets/{ticket}/resolve", write, show::resolve)
        .post("/t/{tenant}/tickets/{ticket}/reopen", write, show::reopen)
        .post("/t/{tenant}/tickets/{ticket}/watchers", write, watch::add)
        .post(
            "/t/{tenant}/tickets/{ticket}/watchers/{address}/remove",
            write,
            watch::remove,
        )
        .api(write, operation!(api::reopen))
        .merge(staff_routes())
}

/// The provider's side.
fn staff_routes() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    Routes::new()
        .get("/staff/tickets", read, queue::queue)
        .get("/staff/tickets/live", read, queue::live)
        .get("/staff/tickets/new", write, staff_new::form)
        .form("/staff/tickets", write, staff_new::create)
        .that_may_last()
        .post("/staff/tickets/bulk", write, bulk::act)
        .get("/staff/tickets/{ticket}", read, staff::show)
        .get("/staff/tickets/{ticket}/live", read, staff_live::live)
        .form("/staff/tickets/{ticket}/posts", write, staff::post)
        .that_may_last()
        .form("/staff/tickets/{ticket}/settings", write, staff::save)
        .post("/staff/tickets/{ticket}/take", write, staff::take)
        .post("/staff/tickets/{ticket}/tenant", write, staff::give)
        .post("/staff/tickets/{ticket}/presence", write, presence::say)
        .api(write, operation!(presence::say_by_program))
        .post("/staff/tickets/{ticket}/watchers", write, watch::staff_add)
        .post(
            "/staff/tickets/{ticket}/watchers/{address}/remove",
            write,
            watch::staff_remove,
        )
}

/// Where a tenant's ticket is.
fn href(slug: &str, id: TicketId) -> String {
    format!("/t/{slug}/tickets/{id}")
}

/// Where staff have a ticket.
fn staff_href(id: TicketId) -> String {
    format!("/staff/tickets/{id}")
}

/// The address of a list's stream, which goes by what the list is asked for.
fn stream(base: &str, asked: &str, newest: i64, since: Option<String>) -> String {
    let asked = asked.trim_start_matches('?');
    let joint = if asked.is_empty() { "" } else { "&" };
    format!(
        "{base}/live?after={newest}{}{joint}{asked}",
        since.unwrap_or_default()
    )
}
