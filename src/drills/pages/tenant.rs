//! The drills of a tenant, and whether it wants any.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, FormData, Page, Path, SeeOther};
use crate::tenants;

use super::super::panel::words;
use super::super::{actions, store};
use super::{Rows, SHOWN};

/// A server with backups.
struct One {
    name: String,
    href: String,
    words: String,
    is_alert: bool,
}

#[derive(Template)]
#[template(path = "drills/tenant.html")]
pub(super) struct Show {
    ctx: Ctx,
    name: String,
    base: String,
    when: String,
    is_wanted: bool,
    may_set: bool,
    servers: Vec<One>,
    rows: Rows,
}

async fn load(
    app: &App,
    tx: &mut impl Scoped,
    id: TenantId,
    (ctx, base, may_set): (Ctx, String, bool),
    href: impl Fn(&str) -> String,
) -> Result<Page<Show>, Error> {
    let (tenant, now) = (tenants::find_tenant(tx, id).await?, app.now());
    let setting = store::setting(tx).await?.setting;
    let servers = store::servers(tx, id)
        .await?
        .into_iter()
        .map(|(server, name, proof)| One {
            name,
            href: href(&server.to_string()),
            words: words(proof.as_ref(), now),
            is_alert: proof.is_some_and(|proof| proof.failed_since.is_some()),
        });
    let when = if setting.is_on {
        format!(", from {}:00 on ({})", setting.hour, setting.zone.name())
    } else {
        ", as soon as your provider turns drills on".to_owned()
    };
    Ok(Page(Show {
        ctx,
        name: tenant.name,
        base,
        when,
        is_wanted: !store::is_without(tx, id).await?,
        may_set,
        servers: servers.collect(),
        rows: Rows::new(&store::of_tenant(tx, id, SHOWN).await?, true, now),
    }))
}

/// A member's own.
pub(super) async fn show(State(app): State<App>, scope: TenantScope, ctx: Ctx) -> Result<Page<Show>, Error> {
    let home = format!("/t/{}", scope.member.slug);
    let ctx = ctx.with_crumbs([("Settings", format!("{home}/settings"))]);
    let form = (
        ctx,
        format!("{home}/settings/drills"),
        scope.may(Permission::TenantManage),
    );
    let href = |server: &str| format!("{home}/servers/{server}/backups/drills");
    load(&app, &mut scope.begin().await?, scope.tenant(), form, href).await
}

fn wanted(form: &FormData) -> Result<bool, Error> {
    match form.get("nightly") {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::invalid("nightly", "Say true or false.")),
    }
}

fn said(is_wanted: bool) -> &'static str {
    if is_wanted {
        "Nightly drills are on."
    } else {
        "Nightly drills are off."
    }
}

/// Turns them on or off.
pub(super) async fn set(
    State(app): State<App>,
    scope: TenantScope,
    form: FormData,
) -> Result<SeeOther, Error> {
    let is_wanted = wanted(&form)?;
    actions::set_wanted(&app, &scope, is_wanted).await?;
    let to = format!("/t/{}/settings/drills", scope.member.slug);
    Ok(SeeOther::to(to).good(said(is_wanted)))
}

/// Any tenant's, for staff.
pub(super) async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<Show>, Error> {
    let ctx = ctx.with_crumbs([("Restore drills", "/staff/drills")]);
    let base = format!("/staff/tenants/{id}/drills");
    let form = (ctx, base, scope.may(Permission::StaffBackupManage));
    let href = |server: &str| format!("/staff/servers/{server}/drills");
    load(&app, &mut scope.begin().await?, id, form, href).await
}

/// Turns a tenant's on or off.
pub(super) async fn staff_set(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let is_wanted = wanted(&form)?;
    actions::set_wanted_of(&app, &scope, id, is_wanted).await?;
    Ok(SeeOther::to(format!("/staff/tenants/{id}/drills")).good(said(is_wanted)))
}
