//! Files of tickets: logs, pictures, archives, with a post or by themselves.
//!
//! - What comes with a post is there when the post is, and neither is without the other.
//! - A file is judged by what it holds, not by what it says that it is; what could run in a browser or on a machine is refused.
//! - It is kept in the database, which all panels share, in pieces: it is there when its transaction is, and sending it takes the
//!   memory of one piece.
//! - The customer sees it if its post is public. Staff's own do not count against the customer's limit.
//! - It is saved, never shown, but for pictures, which are shown in a sandbox.

mod actions;
mod api;
mod form;
mod model;
mod pages;
mod send;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use actions::keep;
pub(super) use actions::{attach, attach_to_first};
pub use form::{FormWithFiles, Upload};
pub use model::{Kind, MAX_BYTES, MAX_PER_POST};
pub use pages::FileRow;
pub use store::forget;
pub(super) use store::list;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let tenant = (Rule::Tenant(P::TicketRead), Rule::Tenant(P::TicketWrite));
    let staff = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    let (ours, theirs) = (
        "/t/{tenant}/tickets/{ticket}/attachments",
        "/staff/tickets/{ticket}/attachments",
    );
    Routes::new()
        .get(ours, tenant.0, pages::list)
        .post(ours, tenant.1, pages::upload)
        .that_may_last()
        .get(&format!("{ours}/{{attachment}}"), tenant.0, pages::save)
        .that_may_last()
        .get(
            &format!("{ours}/{{attachment}}/picture"),
            tenant.0,
            pages::picture,
        )
        .that_may_last()
        .get(theirs, staff.0, pages::staff_list)
        .post(theirs, staff.1, pages::staff_upload)
        .that_may_last()
        .get(&format!("{theirs}/{{attachment}}"), staff.0, pages::staff_save)
        .that_may_last()
        .get(
            &format!("{theirs}/{{attachment}}/picture"),
            staff.0,
            pages::staff_picture,
        )
        .that_may_last()
        .api(tenant.0, operation!(api::list))
        .api(tenant.1, operation!(api::add))
        .that_may_last()
        .api(tenant.0, operation!(api::content))
        .that_may_last()
        .api(staff.0, operation!(api::staff_list))
        .api(staff.1, operation!(api::staff_add))
        .that_may_last()
        .api(staff.0, operation!(api::staff_content))
        .that_may_last()
}
