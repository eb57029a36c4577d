//! Deleting: first the question, with how much it is about.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::drivers::engine::VolumePath;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, Page, Path, Query, SeeOther};

use super::super::model::{Keeps, amount};
use super::super::query::PathQuery;
use super::{Frame, Head, Step, label, way};

#[derive(Template)]
#[template(path = "files/delete.html")]
pub struct Delete {
    ctx: Ctx,
    head: Head,
    way: Vec<Step>,
    path: String,
    name: String,
    what: String,
    back: String,
}

/// Asks.
pub async fn question<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let path = query.path()?;
    let item = frame.files.find_unlocked(&path).await?;
    let what = if item.is_folder() {
        let count = frame.files.count(&path).await?;
        let least = if count.is_all { "" } else { "more than " };
        let (files, folders) = (plural(count.files, "file"), plural(count.folders, "folder"));
        format!(
            "The folder goes with all that is in it: {least}{files} and {folders}, {}.",
            amount(count.bytes)
        )
    } else if item.is_file() {
        format!("The file has {}.", amount(item.entry.size))
    } else {
        "Only this entry goes, and nothing that it leads to.".to_owned()
    };
    Ok(Page(Delete {
        ctx: frame.crumbs(ctx),
        way: way(&frame, &path),
        path: path.to_string(),
        name: item.name(),
        what,
        back: frame.href("", &path.parent().ok_or(Error::NotFound)?),
        head: frame.head,
    })
    .into_response())
}

fn plural(number: u64, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// Deletes.
pub async fn act<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, I)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let path = VolumePath::parse(form.get("path")).map_err(|_| Error::NotFound)?;
    let folder = path.parent().ok_or(Error::NotFound)?;
    frame.files.delete(&path).await?;
    Ok(SeeOther::to(frame.href("", &folder)).good(format!("Deleted {}.", label(&path))))
}
