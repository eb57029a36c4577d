//! The pages.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, Side, StaffRole, TenantRole, UserScope, staff_may, tenant_may};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page};
use crate::servers::model::Phase;

use super::codes::{CODES, Code};
use super::prose::Prose;
use super::reference::{Group, Reference};

/// A permission and the roles that hold it.
struct Right {
    about: String,
    roles: String,
}

impl Right {
    fn of_side(side: Side) -> Vec<Self> {
        let all = Permission::ALL
            .iter()
            .filter(|permission| permission.side() == side);
        all.map(|permission| Self {
            about: permission.about().trim().trim_end_matches('.').to_owned(),
            roles: roles(*permission).join(", "),
        })
        .collect()
    }
}

fn roles(permission: Permission) -> Vec<&'static str> {
    match permission.side() {
        Side::Tenant => {
            let may = TenantRole::ALL
                .iter()
                .filter(|role| tenant_may(**role, permission));
            may.map(|role| role.label()).collect()
        }
        Side::Staff => {
            let may = StaffRole::ALL.iter().filter(|role| staff_may(**role, permission));
            may.map(|role| role.label()).collect()
        }
        Side::Own => vec!["Everybody"],
    }
}

/// How staff are reached: the words, and the address behind them.
struct Contact {
    label: String,
    href: String,
}

impl Contact {
    fn new(contact: &str) -> Self {
        let href = if contact.contains("://") {
            contact.to_owned()
        } else {
            format!("mailto:{contact}")
        };
        Self {
            label: contact.to_owned(),
            href,
        }
    }
}

/// A state of a server, as its page shows it.
struct ServerState {
    tone: &'static str,
    label: &'static str,
    meaning: &'static str,
}

impl ServerState {
    fn all() -> Vec<Self> {
        let state = |phase: &Phase| Self {
            tone: phase.look(),
            label: phase.label(),
            meaning: phase.meaning(),
        };
        Phase::ALL.iter().map(state).collect()
    }
}

#[derive(Template)]
#[template(path = "help/help.html")]
pub(super) struct Help {
    ctx: Ctx,
    states: Vec<ServerState>,
    rights: Vec<Right>,
    staff_rights: Vec<Right>,
    contact: Option<Contact>,
    retention_days: u32,
    deleted_retention_days: u32,
    crash_limit: u32,
    crash_window_minutes: u32,
}

/// How to use the panel.
pub(super) async fn help(State(app): State<App>, scope: UserScope, ctx: Ctx) -> Page<Help> {
    let is_staff = scope.actor.staff.is_some();
    Page(Help {
        ctx,
        states: ServerState::all(),
        rights: [Right::of_side(Side::Tenant), Right::of_side(Side::Own)]
            .into_iter()
            .flatten()
            .collect(),
        staff_rights: if is_staff {
            Right::of_side(Side::Staff)
        } else {
            Vec::new()
        },
        contact: app.config.support_contact.as_deref().map(Contact::new),
        retention_days: app.config.retention_days,
        deleted_retention_days: app.config.deleted_retention_days,
        crash_limit: app.config.crash_limit,
        crash_window_minutes: app.config.crash_window_minutes,
    })
}

#[derive(Template)]
#[template(path = "help/api.html")]
pub(super) struct Api {
    ctx: Ctx,
    base: String,
    reference: &'static Reference,
    codes: &'static [Code],
    scopes: &'static [Permission],
    per_minute: u32,
}

impl Api {
    /// The sections before the operations: anchor and title.
    fn general(&self) -> [(&'static str, &'static str); 9] {
        [
            ("start", "Start here"),
            ("authentication", "Authentication"),
            ("scopes", "Scopes"),
            ("pagination", "Pages of a list"),
            ("idempotency", "Asking twice does once"),
            ("versions", "Changing what others may change"),
            ("long-work", "Long work"),
            ("rate-limits", "Rate limits"),
            ("errors", "Errors"),
        ]
    }

    fn heading(&self, group: &Group) -> String {
        let mut letters = group.title.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    }
}

/// The reference of the API.
pub(super) async fn api(State(app): State<App>, ctx: Ctx) -> Result<Page<Api>, Error> {
    let reference = Reference::embedded();
    Ok(Page(Api {
        ctx: ctx.with_crumbs([("Help", "/help")]),
        base: app.config.public_url.clone(),
        reference: reference.ok_or_else(|| Error::internal("the API's description can't be read"))?,
        codes: CODES,
        scopes: Permission::ALL,
        per_minute: app.config.rate_per_minute,
    }))
}
