//! The tab of a server that tells which networks it is in and whom it reaches by that, and lets it join and leave.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path};
use crate::servers::model::{Seen, Server};
use crate::servers::{self, Head};

use super::super::model::{Published, Seat, Seats};
use super::super::store;
use super::base;
use super::live::concerns;

/// More names than anybody reads in one line.
const NAMED: usize = 12;

/// Where the tab is.
pub(super) fn tab(scope: &TenantScope, server: ServerId) -> String {
    format!("/t/{}/servers/{server}/networks", scope.member.slug)
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "networks/server_panel.html")]
pub(super) struct Panel {
    slug: String,
    /// Where networks are.
    base: String,
    server: Server,
    seats: Seats,
    ports: Vec<Published>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    async fn load(tx: &mut impl Scoped, scope: &TenantScope, server: Server) -> Result<Self, Error> {
        Ok(Self {
            seats: store::seats(tx, scope.tenant(), &server).await?,
            ports: store::ports(tx, server.id).await?,
            slug: scope.member.slug.clone(),
            base: base(scope),
            may_write: scope.may(Permission::NetworkWrite) && server.check_stays().is_ok(),
            server,
        })
    }

    fn words(&self, seat: &Seat) -> (&'static str, &'static str) {
        seat.words(self.is_running())
    }

    fn is_running(&self) -> bool {
        self.server.observed.seen == Seen::Running
    }

    /// The first names of a network's others, with their addresses.
    fn named<'a>(&self, seat: &'a Seat) -> Vec<(&'a str, String)> {
        let shown = seat.others.iter().take(NAMED);
        shown
            .map(|one| {
                (
                    one.name.as_str(),
                    format!("/t/{}/servers/{}", self.slug, one.server),
                )
            })
            .collect()
    }

    /// How many are not named.
    fn unnamed(&self, seat: &Seat) -> usize {
        seat.others.len().saturating_sub(NAMED)
    }

    /// Whom it reaches, in a sentence.
    fn reach(&self) -> String {
        match self.seats.reached().as_slice() {
            [] => "It reaches none of your other servers, and none of them reaches it.".to_owned(),
            [(_, name)] => format!("It and {name} reach each other."),
            many => format!("It and {} of your other servers reach each other.", many.len()),
        }
    }

    fn members(&self, count: i64) -> String {
        match count {
            0 => "Empty".to_owned(),
            1 => "1 server".to_owned(),
            many => format!("{many} servers"),
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "networks/server.html")]
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
        head: Head::new(&app, &scope, &server, "networks"),
        live: format!("{}/live?after={newest}", tab(&scope, id)),
        panel: Panel::load(&mut tx, &scope, server).await?,
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
    app.live(&scope, seen, move |_, scope, event| async move {
        if !concerns(&scope, &event) {
            return Ok(None);
        }
        fragment(&scope, id).await.map(Some)
    })
    .await
}

async fn fragment(scope: &TenantScope, id: ServerId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let server = match servers::find(&mut tx, id).await {
        Err(Error::NotFound) => return Ok(Fragment::default().replace("server-networks", GONE)),
        other => other?,
    };
    let panel = Panel::load(&mut tx, scope, server).await?;
    let html = panel.render().map_err(Error::internal)?;
    Ok(Fragment::default().replace("server-networks", &html))
}

/// What stands in the panel's place when the server is gone.
const GONE: &str = "<section class=\"card\" id=\"server-networks\"><div class=\"card-body\"><p>This server is gone.</p></div></section>";
