//! Editing text in the browser.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::drivers::engine::{Expected, VolumePath};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::super::actions::{Transfer, version_of};
use super::super::model::{Content, Item, Keeps, LineEnds, MAX_EDIT};
use super::super::query::{PathQuery, plain};
use super::{Frame, Head, Step, label, way};

#[derive(Template)]
#[template(path = "files/edit.html")]
pub struct Edit {
    ctx: Ctx,
    head: Head,
    way: Vec<Step>,
    form: FormState,
    /// The file, or the folder of a new one.
    path: String,
    name: String,
    is_new: bool,
    is_mixed: bool,
    /// The file was changed by somebody else meanwhile: where that is to be seen.
    theirs: Option<String>,
    back: String,
}

/// The editor: of a file, or of a new one in a folder.
pub async fn form<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let path = query.path()?;
    let item = frame.files.find_unlocked(&path).await?;
    let form = if item.is_folder() {
        FormState::default().with("new", "true")
    } else {
        opened(&frame, &item).await?
    };
    Ok(Page(Edit::new(frame, ctx, &path, form)).into_response())
}

/// A file's text in a form.
async fn opened(frame: &Frame, item: &Item) -> Result<FormState, Error> {
    if item.entry.size > MAX_EDIT {
        return Err(Error::conflict(
            "not-editable",
            "Files of up to 1 MiB can be edited here. Download it, change it, and upload it again.",
        ));
    }
    let (item, content) = frame.files.peek(&item.path, MAX_EDIT + 1).await?;
    let Content::Text(text, true) = content else {
        return Err(Error::conflict(
            "not-editable",
            "Only text in UTF-8 can be edited here. Download it, change it, and upload it again.",
        ));
    };
    Ok(FormState::default()
        .with("version", version_of(&item.entry))
        .with("ends", LineEnds::of(&text).word())
        .with("content", text))
}

impl Edit {
    fn new(frame: Frame, ctx: Ctx, path: &VolumePath, form: FormState) -> Self {
        let is_new = !form.value("new").is_empty();
        let above = path.parent().unwrap_or_else(|| path.clone());
        Self {
            ctx: frame.crumbs(ctx),
            way: way(&frame, path),
            path: path.to_string(),
            name: label(path),
            is_new,
            is_mixed: form.value("ends") == LineEnds::Mixed.word(),
            theirs: None,
            back: frame.href("", if is_new { path } else { &above }),
            form,
            head: frame.head,
        }
    }
}

/// Saves, if nobody else has meanwhile.
pub async fn save<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    form: FormData,
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let path = VolumePath::parse(form.get("path")).map_err(|_| Error::NotFound)?;
    let (errors, theirs) = match form.submit(write(&frame, &path, &form)).await {
        Ok(item) => {
            let words = format!("Saved {}.", item.name());
            return Ok(SeeOther::to(frame.href("/edit", &item.path))
                .good(words)
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, None),
        Err(Error::PreconditionFailed) => {
            let words = "Somebody else changed the file since you opened it, so yours was not saved. Look at theirs, \
                         then save yours over it, or leave it.";
            (FieldErrors::one("content", words), Some(frame.href("", &path)))
        }
        Err(error @ Error::Conflict { .. }) => {
            let field = if form.get("new").is_empty() {
                "content"
            } else {
                "name"
            };
            (FieldErrors::one(field, error.sentence()), None)
        }
        Err(error) => return Err(error),
    };
    let form = FormState::new(form, errors);
    let page = Edit::new(frame, ctx, &path, form);
    Ok(Page(Edit { theirs, ..page }).status(422))
}

async fn write(frame: &Frame, path: &VolumePath, form: &FormData) -> Result<Item, Error> {
    let text = LineEnds::restore(form.get("ends"), form.get("content"));
    if text.len() as u64 > MAX_EDIT {
        return Err(Error::invalid("content", "Use at most 1 MiB of text."));
    }
    let content = Transfer::of(text);
    if !form.get("new").is_empty() {
        let new = path.join_text(form.get("name").trim());
        let new = new.map_err(|error| Error::invalid("name", error.to_string()))?;
        return frame.files.write(&new, Expected::Nothing, content).await;
    }
    let expected = if form.checked("anyway") {
        Expected::Anything
    } else {
        Expected::Version(plain(form.get("version")))
    };
    frame.files.write(path, expected, content).await
}
