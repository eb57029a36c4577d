//! Aliases for people: all of them or a domain's, one with who gets its mail, and the forms.

mod act;
mod edit;
mod list;
mod new;
mod show;

use crate::app::App;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::ids::{MailAliasId, MailDomainId};
use crate::platform::web::{Ctx, Routes};

use super::model::Alias;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .get("/t/{tenant}/mail/aliases", read, list::all)
        .get("/t/{tenant}/mail/domains/{domain}/aliases", read, list::of_one)
        .get("/t/{tenant}/mail/aliases/new", write, new::form)
        .form("/t/{tenant}/mail/aliases", write, new::create)
        .get("/t/{tenant}/mail/aliases/{alias}", read, show::show)
        .get("/t/{tenant}/mail/aliases/{alias}/edit", write, edit::form)
        .form("/t/{tenant}/mail/aliases/{alias}/settings", write, edit::save)
        .post("/t/{tenant}/mail/aliases/{alias}/delete", write, act::remove)
}

/// Where all of them are.
fn base(scope: &TenantScope) -> String {
    Tab::Aliases.href(scope)
}

fn href(scope: &TenantScope, id: MailAliasId) -> String {
    format!("{}/{id}", base(scope))
}

fn of_domain(scope: &TenantScope, id: MailDomainId) -> String {
    format!("{}/aliases", nav::domain(scope, id))
}

/// The way back from a page below the list.
fn crumbs(ctx: Ctx, scope: &TenantScope, below: Option<&Alias>) -> Ctx {
    let mail = ("Mail".to_owned(), nav::area(scope));
    let all = ("Aliases".to_owned(), base(scope));
    let one = below.map(|alias| (alias.shown(), href(scope, alias.id)));
    ctx.with_crumbs([mail, all].into_iter().chain(one))
}
