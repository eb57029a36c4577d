//! The checks of all servers: of a tenant, and of everybody for staff.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Sorted};

use super::super::api::{CheckQuery, page_of};
use super::super::model::{Check, CheckState};
use super::Choice;
use super::act::href;
use super::list::Row;

#[derive(Template)]
#[template(path = "checks/all.html")]
pub(super) struct All {
    ctx: Ctx,
    base: String,
    query: Sorted<CheckQuery>,
    states: Vec<Choice>,
    rows: Vec<Row>,
    next: String,
    is_staff: bool,
    may_manage: bool,
}

impl All {
    /// Whether only some are asked for.
    fn is_filtered(&self) -> bool {
        self.query.filter.state.is_some() || !self.query.list.text().is_empty()
    }
}

fn states(query: &Sorted<CheckQuery>) -> Vec<Choice> {
    let chosen = query.filter.state.as_deref().unwrap_or_default();
    let known = CheckState::ALL.map(|state| (state.word(), state.label()));
    let all = [("", "any state")].into_iter().chain(known);
    all.map(|(word, label)| Choice::new(word, label, chosen))
        .collect()
}

/// Lists a tenant's.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: Sorted<CheckQuery>,
) -> Result<Page<All>, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, Some(scope.tenant()), &query).await?;
    let (slug, now) = (&scope.member.slug, app.now());
    let next = listing.next_href(&query).unwrap_or_default();
    Ok(Page(All {
        ctx,
        base: format!("/t/{slug}/checks"),
        states: states(&query),
        rows: listing
            .map(|check| Row::new(&check, href(slug, check.id), now))
            .items,
        next,
        query,
        is_staff: false,
        may_manage: false,
    }))
}

/// Lists everybody's.
pub(super) async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    query: Sorted<CheckQuery>,
) -> Result<Page<All>, Error> {
    let mut tx = scope.begin().await?;
    let listing = page_of(&mut tx, None, &query).await?;
    let (now, may_see) = (app.now(), scope.may(Permission::StaffTenantRead));
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |check: Check| Row {
        tenant_href: if may_see {
            format!("/staff/tenants/{}", check.tenant)
        } else {
            String::new()
        },
        ..Row::new(&check, String::new(), now)
    };
    Ok(Page(All {
        ctx,
        base: "/staff/checks".to_owned(),
        states: states(&query),
        rows: listing.map(row).items,
        next,
        query,
        is_staff: true,
        may_manage: scope.may(Permission::StaffCheckManage),
    }))
}
