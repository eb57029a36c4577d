//! The tab of a file-share server: its shares, and whether it knows of them.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Page, Path};
use crate::servers::model::Server;
use crate::servers::{self, Head};

use super::super::actions::fits;
use super::super::model::{MAX_SHARES, Share, Told};
use super::super::record::pages::last_use;
use super::super::store;
use super::{base, titles, words};

/// What changes while one looks.
#[derive(Debug, Template)]
#[template(path = "shares/tab_panel.html")]
pub(super) struct Panel {
    base: String,
    shares: Vec<Share>,
    told: Told,
    /// Whether the server could have any.
    fits: bool,
    may_write: bool,
    now: DateTime<Utc>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        app: &App,
        tx: &mut impl Scoped,
        scope: &TenantScope,
        server: &Server,
    ) -> Result<Self, Error> {
        Ok(Self {
            base: base(scope, server.id),
            shares: store::list(tx, server.id).await?,
            told: store::told(tx, server.id).await?,
            fits: fits(server),
            may_write: scope.may(Permission::ShareManage) && fits(server) && server.check_stays().is_ok(),
            now: app.now(),
        })
    }

    fn words(&self) -> (&'static str, &'static str) {
        words(&self.told)
    }

    fn ways(&self, share: &Share) -> String {
        titles(&share.protocols)
    }

    fn last(&self, share: &Share) -> String {
        last_use(share.last_used_at, self.now)
    }

    fn is_full(&self) -> bool {
        i64::try_from(self.shares.len()).unwrap_or(i64::MAX) >= MAX_SHARES
    }
}

#[derive(Template)]
#[template(path = "shares/tab.html")]
pub(super) struct Tab {
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
) -> Result<Page<Tab>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let server = servers::find(&mut tx, id).await?;
    server.check_stays()?;
    Ok(Page(Tab {
        ctx: servers::crumbs(ctx, &scope),
        head: Head::new(&app, &scope, &server, "shares"),
        live: format!("{}/live?after={newest}", base(&scope, id)),
        panel: Panel::load(&app, &mut tx, &scope, &server).await?,
    }))
}
