//! One volume: what it holds, which servers mount it where, its name and size, its end.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::VolumeId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther, ago};
use crate::servers::model::Quota;

use super::super::actions::{self, ChangeInput};
use super::super::model::{Holder, State as VolumeState, Volume};
use super::super::store;
use super::new::{refused, typed_size};
use super::{Head, crumbs, held, href, percent, words};

/// How it is, and who mounts it; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "volumes/panel.html")]
pub(super) struct Panel {
    slug: String,
    href: String,
    volume: Volume,
    holders: Vec<Holder>,
    now: DateTime<Utc>,
    may_attach: bool,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        app: &App,
        tx: &mut impl Scoped,
        scope: &TenantScope,
        id: VolumeId,
    ) -> Result<Self, Error> {
        let volume = store::find(tx, id).await?;
        Ok(Self {
            holders: store::holders(tx, id).await?,
            slug: scope.member.slug.clone(),
            href: href(scope, id),
            now: app.now(),
            may_write: scope.may(Permission::VolumeWrite) && volume.check_stays().is_ok(),
            may_attach: scope.may(Permission::VolumeAttach)
                && volume.check_stays().is_ok()
                && volume.check_filled().is_ok(),
            volume,
        })
    }

    fn words(&self) -> (&'static str, &'static str, String) {
        words(&self.volume)
    }

    fn held(&self) -> String {
        held(&self.volume)
    }

    fn percent(&self) -> u32 {
        percent(&self.volume).unwrap_or_default()
    }

    fn measured(&self) -> String {
        let at = self.volume.measured_at;
        at.map(|at| format!("Measured {}.", ago(at, self.now)))
            .unwrap_or_default()
    }

    fn quota(&self) -> &'static str {
        match self.volume.quota() {
            Some(Quota::Enforced) => "Enforced: a write beyond it is refused.",
            Some(Quota::Soft) => "Soft: what it holds is measured, and nothing is refused.",
            None => "Known when it is made.",
        }
    }

    fn created_ago(&self) -> String {
        ago(self.volume.created_at, self.now)
    }

    fn is_missing(&self) -> bool {
        self.volume.state() == VolumeState::Missing
    }
}

/// Its end, which follows what happens as well: below its settings, so apart from the panel.
#[derive(Debug, Template)]
#[template(path = "volumes/end.html")]
pub(super) struct End {
    name: String,
    href: String,
    is_offered: bool,
    is_held: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for End {}

impl From<&Panel> for End {
    fn from(panel: &Panel) -> Self {
        Self {
            name: panel.volume.name.clone(),
            href: panel.href.clone(),
            is_offered: panel.may_write,
            is_held: panel.holders.iter().any(|holder| holder.mount.is_wanted),
        }
    }
}

/// Tone and word for how a server has a volume.
pub(super) fn attachment(state: &str) -> (&'static str, &'static str) {
    match state {
        "attached" => ("good", "Attached"),
        "attaching" => ("busy", "With its next container"),
        _ => ("busy", "Being detached"),
    }
}

#[derive(Template)]
#[template(path = "volumes/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    href: String,
    version: i64,
    panel: Panel,
    end: End,
    form: FormState,
    may_write: bool,
    live: String,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, again): (VolumeId, Option<FormState>),
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let panel = Panel::load(app, &mut tx, scope, id).await?;
    let volume = &panel.volume;
    let filled = || {
        FormState::default()
            .with("name", volume.name.clone())
            .with("size_mib", volume.size_mib.to_string())
    };
    Ok(Page(Show {
        ctx: crumbs(ctx, scope),
        head: Head::new(scope, volume, "overview"),
        href: panel.href.clone(),
        version: volume.version,
        end: End::from(&panel),
        form: again.unwrap_or_else(filled),
        may_write: panel.may_write,
        live: format!("{}/live?after={newest}", panel.href),
        panel,
    }))
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, VolumeId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, (id, None)).await
}

/// Changes its name and size.
pub(super) async fn change(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, VolumeId)>,
    data: FormData,
) -> Result<Response, Error> {
    let input = ChangeInput {
        name: Some(data.get("name").to_owned()),
        size_mib: Some(typed_size(data.get("size_mib"))),
    };
    let done = actions::change(&app, &scope, id, input, data.has_seen());
    let (errors, status) = match data.submit(done).await {
        Ok(asked) => {
            let to = SeeOther::to(href(&scope, id));
            let to = match asked.operation {
                Some(_) => to.info("Its size is being changed."),
                None => to.good("Saved."),
            };
            return Ok(to.into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => (refused(&error), 409),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&app, &scope, ctx, (id, again)).await?.status(status))
}
