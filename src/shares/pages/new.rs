//! Making a share.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::servers;

use super::super::actions::{self, NewShare};
use super::super::model::ShareProtocol;
use super::{base, crumbs, href, title};

#[derive(Template)]
#[template(path = "shares/new.html")]
pub(super) struct New {
    ctx: Ctx,
    server: String,
    base: String,
    form: FormState,
}

impl New {
    /// Word, name, and whom it suits.
    fn protocols(&self) -> [(&'static str, &'static str, &'static str); 3] {
        let all = [
            (ShareProtocol::Smb, "A network drive on Windows, macOS and Linux."),
            (ShareProtocol::Webdav, "Over HTTPS; phones and any other system."),
            (ShareProtocol::Sftp, "For programs, scripts and backups."),
        ];
        all.map(|(protocol, hint)| (protocol.word(), title(protocol), hint))
    }
}

async fn page(
    scope: &TenantScope,
    ctx: Ctx,
    id: ServerId,
    again: Option<FormState>,
) -> Result<Page<New>, Error> {
    let server = servers::find(&mut scope.begin().await?, id).await?;
    server.check_stays()?;
    let base = base(scope, id);
    let all = || {
        ShareProtocol::ALL.iter().fold(FormState::default(), |form, one| {
            form.with("protocols", one.word())
        })
    };
    Ok(Page(New {
        ctx: crumbs(ctx, scope, &server, None),
        server: server.name,
        base,
        form: again.unwrap_or_else(all),
    }))
}

/// Asks which folder, under which name.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<New>, Error> {
    page(&scope, ctx, id, None).await
}

/// Makes it.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    data: FormData,
) -> Result<Response, Error> {
    let new = NewShare {
        name: data.get("name").trim().to_owned(),
        folder: data.get("folder").trim().trim_matches('/').to_owned(),
        protocols: data.all("protocols").filter_map(ShareProtocol::read).collect(),
    };
    let (errors, status) = match data.submit(actions::create(&app, &scope, id, new)).await {
        Ok(share) => {
            let to = SeeOther::to(href(&scope, id, share.id));
            return Ok(to.good("Nobody has it yet: add people.").into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&scope, ctx, id, again).await?.status(status))
}
