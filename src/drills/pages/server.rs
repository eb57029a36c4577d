//! The drills of one server, and the button that asks for another.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, SeeOther};
use crate::servers::{self, crumbs};

use super::super::{ServerPanel, TOPIC, actions, store};
use super::{Rows, SHOWN};

#[derive(Template)]
#[template(path = "drills/server.html")]
pub(super) struct Show {
    ctx: Ctx,
    name: String,
    live: String,
    proof: ServerPanel,
    rows: Rows,
}

/// A member's.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let proof = ServerPanel::load(&app, &scope, &mut tx, id).await?;
    let all = store::list(&mut tx, id, SHOWN).await?;
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope),
        name: server.name,
        live: format!("/t/{slug}/servers/{id}/backups/drills/live?after={newest}"),
        proof,
        rows: Rows::new(&all, false, app.now()),
    }))
}

/// Its stream.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.target_id != Some(id.0) {
            return Ok(None);
        }
        let mut tx = scope.begin().await?;
        let proof = ServerPanel::load(&app, &scope, &mut tx, id).await?;
        let rows = Rows::new(&store::list(&mut tx, id, SHOWN).await?, false, app.now());
        let fragment = Fragment::default()
            .replace("drill-proof", &proof.render().map_err(Error::internal)?)
            .replace(Rows::ID, &rows.render().map_err(Error::internal)?);
        Ok(Some(fragment))
    })
    .await
}

/// Asks for one.
pub(super) async fn ask(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    actions::ask(&app, &scope, id).await?;
    let to = format!("/t/{slug}/servers/{id}/backups/drills");
    Ok(SeeOther::to(to).info("The newest backup is being restored and tried."))
}

/// Any server's, for staff.
pub(super) async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let base = format!("/staff/servers/{id}/drills");
    let may_ask = scope.may(Permission::StaffBackupManage);
    let proof = ServerPanel::new(&app, &mut tx, id, (base, may_ask)).await?;
    let all = store::list(&mut tx, id, SHOWN).await?;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([
            ("Restore drills".to_owned(), "/staff/drills".to_owned()),
            (
                server.tenant_name.clone(),
                format!("/staff/tenants/{}/drills", server.tenant),
            ),
        ]),
        name: server.name,
        live: String::new(),
        proof,
        rows: Rows::new(&all, false, app.now()),
    }))
}

/// Asks for one of any server.
pub(super) async fn staff_ask(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<SeeOther, Error> {
    actions::ask_as_staff(&app, &scope, id).await?;
    let to = format!("/staff/servers/{id}/drills");
    Ok(SeeOther::to(to).info("The newest backup is being restored and tried."))
}
