//! Stacks for people: all of them, a new one, one with its layers, deleted ones; for staff those of all tenants.

mod act;
mod deleted;
mod layers;
mod list;
mod live;
mod new;
mod show;
mod staff;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::ids::StackId;
use crate::platform::web::{Ctx, Routes};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(P::ServerRead);
    let (create, delete) = (Rule::Tenant(P::ServerCreate), Rule::Tenant(P::ServerDelete));
    Routes::new()
        .get("/t/{tenant}/stacks", read, list::list)
        .get("/t/{tenant}/stacks/live", read, live::list)
        .get("/t/{tenant}/stacks/new", create, new::form)
        .form("/t/{tenant}/stacks", create, new::create)
        .get("/t/{tenant}/stacks/{stack_id}", read, show::show)
        .get("/t/{tenant}/stacks/{stack_id}/live", read, live::one)
        .post(
            "/t/{tenant}/stacks/{stack_id}/actions/{action}",
            Rule::Tenant(P::ServerPower),
            act::power,
        )
        .form(
            "/t/{tenant}/stacks/{stack_id}/parts/{part}/scale",
            create,
            act::scale,
        )
        .post(
            "/t/{tenant}/stacks/{stack_id}/parts/{part}/passwords/{key}/change",
            Rule::Tenant(P::ServerConfigure),
            act::change_secret,
        )
        .form(
            "/t/{tenant}/stacks/{stack_id}/settings",
            Rule::Tenant(P::ServerConfigure),
            act::rename,
        )
        .post("/t/{tenant}/stacks/{stack_id}/delete", delete, act::delete)
        .post("/t/{tenant}/stacks/{stack_id}/restore", delete, act::restore)
        .post("/t/{tenant}/stacks/{stack_id}/erase", delete, act::erase)
        .get("/t/{tenant}/deleted-stacks", read, deleted::list)
        .get("/staff/stacks", Rule::Staff(P::StaffServerRead), staff::list)
}

fn base(scope: &TenantScope) -> String {
    format!("/t/{}/stacks", scope.member.slug)
}

fn href(scope: &TenantScope, id: StackId) -> String {
    format!("{}/{id}", base(scope))
}

fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    ctx.with_crumbs([("Stacks", base(scope))])
}

/// What people call a blueprint; its name if it has left the catalogue.
fn title(app: &App, blueprint: &str) -> String {
    let found = app.catalogue.blueprint(blueprint);
    found.map_or_else(|| blueprint.to_owned(), |found| found.title.clone())
}
