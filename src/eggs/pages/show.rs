//! One egg: its report, its images, and whether it is offered.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, Page, Path, SeeOther, ago};

use super::super::actions::{self, images_of};
use super::super::model::Egg;
use super::super::store::{EggRow, VersionRow};
use super::{About, EGGS, crumbs, find};

#[derive(Template)]
#[template(path = "eggs/show.html")]
struct Show {
    ctx: Ctx,
    row: EggRow,
    version: VersionRow,
    imported_ago: String,
    about: Option<About>,
    /// What it names, and what is used.
    images: Vec<(String, String)>,
    may_manage: bool,
}

impl Show {
    /// Whether it is offered: tone and word.
    fn state(&self) -> (&'static str, &'static str) {
        if self.row.is_enabled {
            ("good", "Offered")
        } else {
            ("idle", "Not offered")
        }
    }
}

/// One egg.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let (row, version) = find(&scope, &name).await?;
    let egg = Egg::read(&version.source).ok();
    let choices = version.choices();
    let used = |image: String| {
        let used = choices.image(&image).to_owned();
        (image, used)
    };
    Ok(Page(Show {
        ctx: crumbs(ctx),
        imported_ago: ago(version.created_at, app.now()),
        images: egg
            .as_ref()
            .map(images_of)
            .unwrap_or_default()
            .into_iter()
            .map(used)
            .collect(),
        about: egg.map(About::new),
        may_manage: scope.may(Permission::StaffCatalogueManage),
        row,
        version,
    })
    .into_response())
}

/// Offers it, or not.
pub(super) async fn settings(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let enabled = data.get("enabled") == "true";
    actions::set_enabled(&app, &scope, &name, enabled).await?;
    let words = if enabled {
        "Customers can order it."
    } else {
        "Customers can't order it any more. Servers stay."
    };
    Ok(SeeOther::to(format!("{EGGS}/{name}")).good(words))
}

/// Removes it.
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
) -> Result<SeeOther, Error> {
    match actions::remove(&app, &scope, &name).await {
        Ok(()) => Ok(SeeOther::to(EGGS).good(format!("Removed {name}."))),
        Err(error @ Error::Conflict { .. }) => {
            Ok(SeeOther::to(format!("{EGGS}/{name}")).bad(error.sentence()))
        }
        Err(error) => Err(error),
    }
}
