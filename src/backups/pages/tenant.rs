//! All backups of an organisation, also of servers and volumes that are gone, and the repositories that they are in.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRepositoryId};
use crate::platform::web::{Ctx, FormData, Page, Path, SeeOther, ago};

use super::super::model::{OF_TENANT, Of, Repository, bytes};
use super::super::{actions, store};
use super::{Checked, Row, href, volume_href};

/// A repository.
struct Place {
    id: String,
    target: String,
    backups: i64,
    size: String,
    newest: String,
    shown: String,
    checked: Checked,
}

impl Place {
    fn new(one: Repository, now: chrono::DateTime<chrono::Utc>) -> Self {
        Self {
            id: one.id.to_string(),
            checked: Checked::new(&one.checks, now),
            target: one.target,
            backups: one.backups,
            size: bytes(one.bytes),
            newest: one.newest.map(|at| ago(at, now)).unwrap_or_default(),
            shown: match (one.key_shown_at, one.key_shown_by) {
                (Some(at), by) => format!("{} to {}", ago(at, now), by.unwrap_or_default()),
                _ => String::new(),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "backups/tenant.html")]
pub(super) struct All {
    ctx: Ctx,
    name: String,
    base: String,
    places: Vec<Place>,
    rows: Vec<Row>,
    may_reveal: bool,
    may_delete: bool,
    may_make_volumes: bool,
    home: String,
}

/// Shows them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path(slug): Path<String>,
) -> Result<Page<All>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let places = store::repositories(&mut tx, scope.tenant()).await?;
    let all = store::of_tenant(&mut tx, scope.tenant(), OF_TENANT).await?;
    let home = format!("/t/{slug}/backups");
    let rows = all.iter().map(|backup| {
        // That of a server that is gone has a page of its own; of a volume that is gone there is none.
        let base = backup.of().map(|of| match of {
            Of::Server(server) => href(&slug, server),
            Of::Volume(volume) => volume_href(&slug, volume),
        });
        let mut row = Row::new(backup, base.as_deref().unwrap_or(&home), now);
        if base.is_none() && backup.is_of_volume {
            row.href.clear();
        }
        row
    });
    Ok(Page(All {
        ctx,
        name: scope.member.name.clone(),
        base: format!("/t/{slug}/backup-repositories"),
        places: places.into_iter().map(|one| Place::new(one, now)).collect(),
        rows: rows.collect(),
        may_reveal: scope.may(Permission::BackupKey),
        may_delete: scope.may(Permission::BackupWrite),
        may_make_volumes: scope.may(Permission::BackupWrite) && scope.may(Permission::VolumeWrite),
        home,
    }))
}

/// Removes one whose server or volume is gone.
pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, BackupId)>,
) -> Result<SeeOther, Error> {
    let back = SeeOther::to(format!("/t/{slug}/backups"));
    match actions::delete_any(&app, &scope, id).await {
        Ok(()) => Ok(back.good("The backup goes, and the data that only it has.")),
        Err(error @ Error::Conflict { .. }) => Ok(back.bad(error.sentence())),
        Err(error) => Err(error),
    }
}

/// A key, this once.
#[derive(Template)]
#[template(path = "backups/key.html")]
pub(super) struct Revealed {
    ctx: Ctx,
    back: String,
    target: String,
    key: String,
}

/// Shows a repository's key, if the organisation's name was typed.
pub(super) async fn reveal(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, BackupRepositoryId)>,
    form: FormData,
) -> Result<Result<Page<Revealed>, SeeOther>, Error> {
    let back = format!("/t/{slug}/backups");
    match actions::reveal_key(&app, &scope, id, Some(form.get("confirm"))).await {
        Ok((target, key)) => Ok(Ok(Page(Revealed {
            ctx: ctx.with_crumbs([("Backups", back.clone())]),
            back,
            target,
            key,
        }))),
        Err(Error::Invalid(errors)) => {
            let message = errors.0.first().map(|error| error.message.clone());
            Ok(Err(SeeOther::to(back).bad(message.unwrap_or_default())))
        }
        Err(error @ Error::Conflict { .. }) => Ok(Err(SeeOther::to(back).bad(error.sentence()))),
        Err(error) => Err(error),
    }
}
