//! Another name, place or mode.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::drivers::engine::{FileKind, VolumePath};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::super::model::{Keeps, Mode};
use super::super::query::PathQuery;
use super::{Frame, Head, Step, label, way};

/// The rows of the table of bits: who, and where their three begin.
const WHO: [(&str, &str, u32); 3] = [
    ("Owner", "owner", 6),
    ("Group", "group", 3),
    ("Everybody else", "others", 0),
];
/// Its columns.
const WHAT: [(&str, u32); 3] = [("Read", 2), ("Write", 1), ("Run or enter", 0)];

/// A box of the table of bits.
struct Bit {
    number: u32,
    label: String,
    is_set: bool,
}

#[derive(Template)]
#[template(path = "files/change.html")]
pub struct Change {
    ctx: Ctx,
    head: Head,
    way: Vec<Step>,
    form: FormState,
    path: String,
    name: String,
    has_mode: bool,
    bits: Vec<(&'static str, Vec<Bit>)>,
    back: String,
}

/// The form, as things are.
pub async fn form<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let item = frame.files.find_unlocked(&query.path()?).await?;
    let form = FormState::default()
        .with("to", item.path.to_string())
        .with("mode", Mode::of(item.entry.mode).to_string());
    let mode = match item.entry.kind {
        FileKind::File | FileKind::Folder => Some(Mode::of(item.entry.mode)),
        FileKind::Link | FileKind::Special => None,
    };
    Ok(Page(Change::new(frame, ctx, &item.path, (form, mode))).into_response())
}

impl Change {
    /// What has no mode of its own shows none.
    fn new(frame: Frame, ctx: Ctx, path: &VolumePath, (form, mode): (FormState, Option<Mode>)) -> Self {
        let bit = |who: &str, first: u32, (what, at): (&str, u32)| Bit {
            number: first + at,
            label: format!("{what}: {who}"),
            is_set: mode.is_some_and(|mode| mode.has(first + at)),
        };
        let row = |(title, who, first)| (title, WHAT.map(|what| bit(who, first, what)).into());
        Self {
            ctx: frame.crumbs(ctx),
            way: way(&frame, path),
            path: path.to_string(),
            name: label(path),
            has_mode: mode.is_some(),
            bits: WHO.map(row).into(),
            back: frame.href("", &path.parent().unwrap_or_else(|| path.clone())),
            form,
            head: frame.head,
        }
    }
}

/// Does it.
pub async fn save<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    form: FormData,
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let path = VolumePath::parse(form.get("path")).map_err(|_| Error::NotFound)?;
    let asked = Asked::read(&form);
    let done = form
        .submit(async {
            let asked = asked?;
            frame.files.alter(&path, Some(&asked.to), asked.mode).await
        })
        .await;
    let errors = match done {
        Ok(item) => {
            let folder = item.path.parent().unwrap_or_else(|| item.path.clone());
            let words = format!("Changed {}.", label(&item.path));
            return Ok(SeeOther::to(frame.href("", &folder)).good(words).into_response());
        }
        Err(Error::Invalid(errors)) => errors,
        Err(error @ Error::Conflict { .. }) => FieldErrors::one("to", error.sentence()),
        Err(error) => return Err(error),
    };
    let mode = (!form.get("mode_before").is_empty()).then(|| boxes(&form));
    let page = Change::new(frame, ctx, &path, (FormState::new(form, errors), mode));
    Ok(Page(page).status(422))
}

/// The mode that the boxes say.
fn boxes(form: &FormData) -> Mode {
    Mode::from_bits(form.all("bit").filter_map(|bit| bit.parse().ok()))
}

/// What the form asks for.
struct Asked {
    to: VolumePath,
    mode: Option<Mode>,
}

impl Asked {
    /// The digits count if they were changed, otherwise the boxes: without script the two don't know of each other.
    fn read(form: &FormData) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let to = errors.check("to", VolumePath::parse(form.get("to").trim()));
        let (digits, before) = (form.get("mode").trim(), form.get("mode_before"));
        let mode = if before.is_empty() {
            None
        } else if digits == before {
            Some(boxes(form))
        } else {
            errors.check("mode", Mode::parse(digits))
        };
        errors.clone().into_result()?;
        let to = to.ok_or(errors)?;
        Ok(Self { to, mode })
    }
}
