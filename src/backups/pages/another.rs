//! Another volume made from the backup of one, which may be gone: asks for its name and size.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::BackupId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::volumes::typed_size;

use super::super::{actions, store};
use super::volume_href;

#[derive(Template)]
#[template(path = "backups/another.html")]
pub(super) struct Another {
    ctx: Ctx,
    about: String,
    action: String,
    back: String,
    form: FormState,
}

async fn page(
    scope: &TenantScope,
    ctx: Ctx,
    (id, again): (BackupId, Option<FormState>),
) -> Result<Page<Another>, Error> {
    let backup = store::any_of_volume(&mut scope.begin().await?, id).await?;
    let slug = &scope.member.slug;
    let all = format!("/t/{slug}/backups");
    let made = backup.created_at.format("%Y-%m-%d %H:%M UTC");
    let size = backup.about.as_ref().and_then(|about| about.size_mib);
    let filled = || {
        FormState::default()
            .with("name", format!("{} (then)", backup.server_name))
            .with("size_mib", size.map(|mib| mib.to_string()).unwrap_or_default())
    };
    Ok(Page(Another {
        ctx: ctx.with_crumbs([("Backups", all.clone())]),
        about: format!("From the backup of {}, {made}", backup.server_name),
        action: format!("{all}/{id}/volume"),
        back: match backup.volume {
            Some(volume) => format!("{}/{id}", volume_href(slug, volume)),
            None => all,
        },
        form: again.unwrap_or_else(filled),
    }))
}

/// Asks.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, BackupId)>,
) -> Result<Page<Another>, Error> {
    page(&scope, ctx, (id, None)).await
}

/// Makes it.
pub(super) async fn make(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, BackupId)>,
    data: FormData,
) -> Result<Response, Error> {
    let wanted = (data.get("name"), Some(typed_size(data.get("size_mib"))));
    let (errors, status) = match data.submit(actions::into_volume(&app, &scope, id, wanted)).await {
        Ok(asked) => {
            let to = SeeOther::to(format!("/t/{slug}/volumes/{}", asked.volume.id));
            return Ok(to
                .info("It is being made and filled. It can be attached when that is done.")
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            (FieldErrors::one("", error.sentence()), 409)
        }
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&scope, ctx, (id, again)).await?.status(status))
}
