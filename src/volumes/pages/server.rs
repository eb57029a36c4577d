//! The tab of a server that tells which volumes it mounts where, and which it could.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{Ctx, Page, Path};
use crate::servers::model::Server;
use crate::servers::{self, Head};

use super::super::model::Mount;
use super::super::store::{self, Other};
use super::{base, size, tab};

/// What changes while one looks.
#[derive(Debug, Template)]
#[template(path = "volumes/server_panel.html")]
pub(super) struct Panel {
    /// Where volumes are.
    base: String,
    server: Server,
    mounts: Vec<Mount>,
    others: Vec<Other>,
    is_cut: bool,
    may_attach: bool,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        tx: &mut impl Scoped,
        scope: &TenantScope,
        server: Server,
    ) -> Result<Self, Error> {
        let (others, is_cut) = store::others(tx, &server).await?;
        Ok(Self {
            mounts: store::mounts(tx, server.id).await?,
            others,
            is_cut,
            base: base(scope),
            may_attach: scope.may(Permission::VolumeAttach) && server.check_stays().is_ok(),
            may_write: scope.may(Permission::VolumeWrite),
            server,
        })
    }

    fn size(&self, mib: i64) -> String {
        size(mib)
    }

    fn href(&self, volume: &VolumeId) -> String {
        format!("{}/{volume}", self.base)
    }
}

#[derive(Template)]
#[template(path = "volumes/server.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    panel: Panel,
    live: String,
}

/// Shows the tab.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let server = servers::find(&mut tx, id).await?;
    server.check_stays()?;
    Ok(Page(Show {
        ctx: servers::crumbs(ctx, &scope),
        head: Head::new(&app, &scope, &server, "volumes"),
        live: format!("{}/live?after={newest}", tab(&scope, id)),
        panel: Panel::load(&mut tx, &scope, server).await?,
    }))
}
