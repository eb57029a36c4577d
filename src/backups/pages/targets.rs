//! Targets for staff: added by a form, changed by another, and removed. What opens one is typed and never shown again.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::BackupTargetId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::super::change::TargetChange;
use super::super::target::NewTarget;
use super::super::{actions, store};

/// Where all targets are.
const HOME: &str = "/staff/backups";

/// Of which kind the new one is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Kind {
    kind: Option<String>,
}

#[derive(Template)]
#[template(path = "backups/target_new.html")]
pub(super) struct New {
    ctx: Ctx,
    is_s3: bool,
    form: FormState,
}

fn new_page(ctx: Ctx, form: FormState) -> Page<New> {
    Page(New {
        ctx: ctx.with_crumbs([("Backups", HOME)]),
        is_s3: form.value("kind") == "s3",
        form,
    })
}

/// Asks where it is and what opens it.
pub(super) async fn form(ctx: Ctx, Query(query): Query<Kind>) -> Page<New> {
    let kind = query.kind.unwrap_or_default();
    new_page(ctx, FormState::default().with("kind", kind).with("port", "22"))
}

/// Adds it.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let errors = match data.submit(added(&app, &scope, &data)).await {
        Ok(target) => {
            let words = format!("{} was added. Test it before backups go there.", target.name);
            return Ok(SeeOther::to(HOME).good(words).into_response());
        }
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(error),
    };
    Ok(new_page(ctx, FormState::new(data, placed(errors))).status(422))
}

async fn added(app: &App, scope: &StaffScope, data: &FormData) -> Result<store::Target, Error> {
    let target = typed(data)?;
    let allow_inside = data.checked("allow_inside");
    actions::add_target(app, scope, (data.get("name"), &target, allow_inside)).await
}

/// What is said of an address as a whole belongs to no field of its own.
fn placed(errors: FieldErrors) -> FieldErrors {
    let each = errors.0.into_iter().map(|mut error| {
        if error.field == "address" {
            error.field.clear();
        }
        error
    });
    FieldErrors(each.collect())
}

fn port(data: &FormData) -> Result<u16, Error> {
    let port = data.get("port").trim().parse();
    port.map_err(|_| Error::invalid("port", "Type a number from 1 to 65535; usually it is 22."))
}

/// A target as it was typed.
fn typed(data: &FormData) -> Result<NewTarget, Error> {
    let text = |name: &str| data.get(name).trim().to_owned();
    if data.get("kind") == "s3" {
        return Ok(NewTarget::S3 {
            endpoint: text("endpoint"),
            bucket: text("bucket"),
            path: text("path"),
            region: Some(text("region")).filter(|region| !region.is_empty()),
            access_key: text("access_key"),
            secret_key: text("secret_key"),
        });
    }
    Ok(NewTarget::Sftp {
        host: text("host"),
        port: port(data)?,
        user: text("user"),
        path: text("path"),
        host_key: text("host_key"),
        private_key: text("private_key"),
    })
}

/// What a target is changed to, as it was typed. A secret that was left empty stays what it is.
fn typed_change(kind: &str, data: &FormData) -> Result<TargetChange, Error> {
    let text = |name: &str| Some(data.get(name).trim().to_owned());
    let secret = |name: &str| text(name).filter(|text| !text.is_empty());
    let change = TargetChange {
        name: text("name"),
        ..TargetChange::default()
    };
    Ok(match kind {
        "sftp" => TargetChange {
            allow_inside: Some(data.checked("allow_inside")),
            port: Some(port(data)?),
            user: text("user"),
            host_key: text("host_key"),
            private_key: secret("private_key"),
            ..change
        },
        "s3" => TargetChange {
            allow_inside: Some(data.checked("allow_inside")),
            region: text("region"),
            access_key: secret("access_key"),
            secret_key: secret("secret_key"),
            ..change
        },
        _ => change,
    })
}

#[derive(Template)]
#[template(path = "backups/target.html")]
pub(super) struct Edit {
    ctx: Ctx,
    href: String,
    known: store::Target,
    is_used: bool,
    form: FormState,
}

impl Edit {
    fn is_of(&self, kind: &str) -> bool {
        self.known.kind == kind
    }

    /// Why it can't be deleted; empty if it can.
    fn stays(&self) -> &'static str {
        if self.is_of("volume") {
            "This machine stays a target: it can't be added again."
        } else if self.known.is_default {
            "New backups go there. Let them go to another target first."
        } else if self.is_used {
            "Organisations have repositories there, so it stays."
        } else {
            ""
        }
    }
}

fn href(id: BackupTargetId) -> String {
    format!("/staff/backup-targets/{id}")
}

/// The form as it is before somebody types.
fn filled(known: &store::Target, opened: Option<&NewTarget>) -> FormState {
    let allow_inside = if known.allow_inside { "true" } else { "" };
    let form = FormState::default()
        .with("name", known.name.clone())
        .with("allow_inside", allow_inside);
    match opened {
        None => form,
        Some(NewTarget::Sftp {
            port, user, host_key, ..
        }) => form
            .with("port", port.to_string())
            .with("user", user.clone())
            .with("host_key", host_key.clone()),
        Some(NewTarget::S3 { region, .. }) => form.with("region", region.clone().unwrap_or_default()),
    }
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    (id, again): (BackupTargetId, Option<FormState>),
) -> Result<Page<Edit>, Error> {
    let (known, opened) = actions::open_target(app, scope, id).await?;
    Ok(Page(Edit {
        ctx: ctx.with_crumbs([("Backups", HOME)]),
        href: href(id),
        is_used: store::is_used(&mut scope.begin().await?, id).await?,
        form: again.unwrap_or_else(|| filled(&known, opened.as_ref())),
        known,
    }))
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<BackupTargetId>,
) -> Result<Page<Edit>, Error> {
    page(&app, &scope, ctx, (id, None)).await
}

/// Changes it.
pub(super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<BackupTargetId>,
    data: FormData,
) -> Result<Response, Error> {
    let (errors, status) = match data.submit(changed(&app, &scope, id, &data)).await {
        Ok(_) => return Ok(SeeOther::to(HOME).good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (placed(errors), 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&app, &scope, ctx, (id, again)).await?.status(status))
}

async fn changed(
    app: &App,
    scope: &StaffScope,
    id: BackupTargetId,
    data: &FormData,
) -> Result<store::Target, Error> {
    let (known, _) = actions::open_target(app, scope, id).await?;
    let change = typed_change(&known.kind, data)?;
    actions::change_target(app, scope, id, &change, data.has_seen()).await
}

/// Removes it.
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupTargetId>,
) -> Result<SeeOther, Error> {
    match actions::remove_target(&app, &scope, id).await {
        Ok(()) => Ok(SeeOther::to(HOME).good("The target was deleted. What lies there was not touched.")),
        Err(error @ Error::Conflict { .. }) => Ok(SeeOther::to(href(id)).bad(error.sentence())),
        Err(error) => Err(error),
    }
}
