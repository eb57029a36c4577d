//! Making a folder.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::drivers::engine::VolumePath;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};

use super::super::model::Keeps;
use super::{Frame, Head, Step, label, way};

/// The form by itself, when it comes back: what else is in the folder is no help with it.
#[derive(Template)]
#[template(path = "files/new_folder.html")]
pub struct NewFolder {
    ctx: Ctx,
    head: Head,
    way: Vec<Step>,
    form: FormState,
    path: String,
    back: String,
}

/// Makes a folder in the one that was looked at.
pub async fn make<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, I)>,
    form: FormData,
) -> Result<Response, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let folder = VolumePath::parse(form.get("path")).map_err(|_| Error::NotFound)?;
    let made = form
        .submit(async {
            let name = form.get("name").trim();
            let path = folder
                .join_text(name)
                .map_err(|error| Error::invalid("name", error.to_string()))?;
            frame.files.make_folder(&path).await?;
            Ok(path)
        })
        .await;
    let errors = match made {
        Ok(path) => {
            let to = frame.href("", &folder);
            return Ok(SeeOther::to(to)
                .good(format!("Made the folder {}.", label(&path)))
                .into_response());
        }
        Err(Error::Invalid(errors)) => errors,
        Err(error) if error.code() == "file-exists" => FieldErrors::one(
            "name",
            "There is something with that name already. Choose another name.",
        ),
        Err(error) => return Err(error),
    };
    let page = NewFolder {
        ctx: frame.crumbs(ctx),
        way: way(&frame, &folder),
        path: folder.to_string(),
        back: frame.href("", &folder),
        form: FormState::new(form, errors),
        head: frame.head,
    };
    Ok(Page(page).status(422))
}
