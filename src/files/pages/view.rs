//! One entry that is no folder: what it is, and what can be seen of it.

use askama::Template;
use axum::response::{IntoResponse as _, Response};

use crate::drivers::engine::{FileKind, VolumePath};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, ago};

use super::super::model::{Content, Item, MAX_EDIT, Mode, amount};
use super::{Frame, Head, Step, way};

/// As much of a text is shown, in bytes.
const SHOWN: u64 = 64 * 1024;

#[derive(Template)]
#[template(path = "files/view.html")]
pub struct View {
    ctx: Ctx,
    head: Head,
    way: Vec<Step>,
    name: String,
    kind: &'static str,
    size: String,
    mode: String,
    iso: String,
    ago: String,
    target: Option<String>,
    leads_to: Option<String>,
    is_locked: bool,
    content: Option<Content>,
    download: String,
    picture: String,
    edit: Option<String>,
    change: Option<String>,
    delete: Option<String>,
}

/// The page of an entry.
pub(super) async fn page(frame: Frame, ctx: Ctx, path: VolumePath) -> Result<Response, Error> {
    let item = frame.files.find(&path).await?;
    let (item, content) = if item.is_file() && !item.is_locked {
        let (item, content) = frame.files.peek(&path, SHOWN).await?;
        (item, Some(content))
    } else {
        (item, None)
    };
    Ok(Page(View::new(frame, ctx, &item, content)).into_response())
}

impl View {
    fn new(frame: Frame, ctx: Ctx, item: &Item, content: Option<Content>) -> Self {
        let mode = Mode::of(item.entry.mode);
        let may_write = frame.may_write() && !item.is_locked;
        let href = |page: &str| frame.href(page, &item.path);
        let is_text = matches!(content, Some(Content::Text(..))) && item.entry.size <= MAX_EDIT;
        Self {
            ctx,
            way: way(&frame, &item.path),
            name: item.name(),
            kind: match item.entry.kind {
                FileKind::Folder => "Folder",
                FileKind::File => "File",
                FileKind::Link => "Link",
                FileKind::Special => "Socket, pipe or device",
            },
            size: if item.is_file() {
                amount(item.entry.size)
            } else {
                String::new()
            },
            mode: format!("{} ({mode})", mode.letters()),
            iso: item.entry.modified.to_rfc3339(),
            ago: ago(item.entry.modified, frame.app.now()),
            target: item.target(),
            leads_to: item.leads_to().map(|path| frame.href("", &path)),
            is_locked: item.is_locked,
            content,
            download: href("/content"),
            picture: href("/picture"),
            edit: (may_write && is_text).then(|| href("/edit")),
            change: may_write.then(|| href("/change")),
            delete: may_write.then(|| href("/delete")),
            head: frame.head,
        }
    }
}
