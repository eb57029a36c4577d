//! Attaching a volume to a server: which one, where, and whether to read only. Comes from the volume, or from a server's tab.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::super::actions::{self, AttachInput};
use super::super::model::Volume;
use super::super::store::{self, Room};
use super::{base, href, size, tab};

/// The server that the form begins with, if it comes from one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct From {
    server: Option<ServerId>,
}

#[derive(Template)]
#[template(path = "volumes/attach.html")]
pub(super) struct Attach {
    ctx: Ctx,
    volume: Volume,
    href: String,
    back: String,
    rooms: Vec<Room>,
    is_cut: bool,
    form: FormState,
}

impl Attach {
    fn size(&self) -> String {
        size(self.volume.size_mib)
    }
}

async fn page(
    scope: &TenantScope,
    ctx: Ctx,
    (id, from, form): (VolumeId, Option<ServerId>, Option<FormState>),
) -> Result<Page<Attach>, Error> {
    let mut tx = scope.begin().await?;
    let volume = store::find(&mut tx, id).await?;
    volume.check_stays()?;
    volume.check_filled()?;
    let (rooms, is_cut) = store::rooms(&mut tx, &volume, from).await?;
    let href = href(scope, id);
    let filled = || {
        let server = from.map(|id| id.to_string()).unwrap_or_default();
        FormState::default()
            .with("server", server.clone())
            .with("from", server)
            .with("path", format!("/{}", folder(&volume.name)))
    };
    Ok(Page(Attach {
        ctx: ctx.with_crumbs([
            ("Volumes".to_owned(), base(scope)),
            (volume.name.clone(), href.clone()),
        ]),
        back: from.map_or_else(|| href.clone(), |server| tab(scope, server)),
        form: form.unwrap_or_else(filled),
        volume,
        href,
        rooms,
        is_cut,
    }))
}

/// A folder's name that a volume's name suggests.
fn folder(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let text: String = name.chars().map(plain).collect();
    let text = text.trim_matches('-');
    if text.is_empty() {
        "shared".to_owned()
    } else {
        text.to_owned()
    }
}

/// Asks where.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, VolumeId)>,
    Query(from): Query<From>,
) -> Result<Page<Attach>, Error> {
    page(&scope, ctx, (id, from.server, None)).await
}

async fn asked(app: &App, scope: &TenantScope, id: VolumeId, data: &FormData) -> Result<ServerId, Error> {
    let server = data.get("server").parse();
    let server: ServerId = server.map_err(|_| Error::invalid("server", "Choose one of the servers."))?;
    let input = AttachInput {
        server,
        path: data.get("path").to_owned(),
        is_read_only: data.checked("read_only"),
    };
    actions::attach(app, scope, id, input).await.map(|_| server)
}

/// Attaches it.
pub(super) async fn attach(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, VolumeId)>,
    data: FormData,
) -> Result<Response, Error> {
    let from: Option<ServerId> = data.get("from").parse().ok();
    let (errors, status) = match data.submit(asked(&app, &scope, id, &data)).await {
        Ok(server) => {
            let to = from.map_or_else(|| href(&scope, id), |_| tab(&scope, server));
            let words = "It is being attached: the server gets it with its next container.";
            return Ok(SeeOther::to(to).info(words).into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let form = Some(FormState::new(data, errors));
    Ok(page(&scope, ctx, (id, from, form)).await?.status(status))
}

#[cfg(test)]
mod tests {
    use super::folder;

    #[test]
    fn a_name_suggests_a_plain_folder() {
        assert_eq!(folder("Media files"), "media-files");
        assert_eq!(folder("Akten äöü 7"), "akten-----7");
        assert_eq!(folder("文件"), "shared");
    }
}
