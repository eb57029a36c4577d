//! Checks for people: a tab of each server, a page of each check, and lists of a tenant's and of all.

mod act;
mod all;
mod form;
mod list;
mod show;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::CheckRead),
        Rule::Tenant(Permission::CheckWrite),
    );
    let (staff, manage) = (
        Rule::Staff(Permission::StaffCheckRead),
        Rule::Staff(Permission::StaffCheckManage),
    );
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/checks", read, list::show)
        .get("/t/{tenant}/servers/{server_id}/checks/live", read, list::live)
        .get("/t/{tenant}/servers/{server_id}/checks/new", write, form::new)
        .form("/t/{tenant}/servers/{server_id}/checks", write, form::create)
        .get("/t/{tenant}/checks", read, all::list)
        .get("/t/{tenant}/checks/{check}", read, show::show)
        .get("/t/{tenant}/checks/{check}/live", read, show::live)
        .get("/t/{tenant}/checks/{check}/edit", write, form::edit)
        .form("/t/{tenant}/checks/{check}", write, form::save)
        .post("/t/{tenant}/checks/{check}/pause", write, act::pause)
        .post("/t/{tenant}/checks/{check}/resume", write, act::resume)
        .post("/t/{tenant}/checks/{check}/run", write, act::run)
        .post("/t/{tenant}/checks/{check}/delete", write, act::delete)
        .get("/staff/checks", staff, all::staff_list)
        .post("/staff/checks/{check}/pause", manage, act::staff_pause)
        .post("/staff/checks/{check}/resume", manage, act::staff_resume)
}

/// A choice of a select.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>, chosen: &str) -> Self {
        let value = value.into();
        Self {
            is_chosen: value == chosen,
            label: label.into(),
            value,
        }
    }
}
