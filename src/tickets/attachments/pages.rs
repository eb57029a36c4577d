//! A ticket's files for people, on both sides.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::files::amount;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, TicketId};
use crate::platform::web::{Ctx, FormState, Page, Path, SeeOther, ago, mistakes};
use crate::tickets;
use crate::tickets::extras::{ExtrasSide, crumbs, href};

use super::form::FormWithFiles;
use super::model::Attachment;
use super::{actions, send, store};

/// A file on a page.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Where it is.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// How large it is.
    pub size: String,
    /// Whether it can be shown.
    pub is_picture: bool,
    /// Whether the customer sees it.
    pub is_public: bool,
    /// When it was added.
    pub at: String,
    /// The same, for people.
    pub ago: String,
}

impl FileRow {
    /// As a page of the ticket at `ticket` shows it.
    pub fn new(app: &App, ticket: &str, file: Attachment) -> Self {
        Self {
            href: format!("{ticket}/attachments/{}", file.id),
            size: amount(u64::try_from(file.size).unwrap_or_default()),
            is_picture: file.kind.picture().is_some(),
            is_public: file.is_public,
            at: file.created_at.to_rfc3339(),
            ago: ago(file.created_at, app.now()),
            name: file.name,
        }
    }
}

#[derive(Template)]
#[template(path = "tickets/extras/attachments.html")]
pub(super) struct Files {
    ctx: Ctx,
    label: String,
    base: String,
    rows: Vec<FileRow>,
    is_staff: bool,
    may_write: bool,
    form: FormState,
}

async fn page<S: ExtrasSide>(
    app: &App,
    side: &S,
    ctx: Ctx,
    id: TicketId,
    form: FormState,
) -> Result<Page<Files>, Error> {
    let mut tx = side.open().await?;
    let ticket = tickets::find(&mut tx, id).await?;
    let base = href(side, &ticket);
    let files = store::list(&mut tx, id).await?;
    let rows = files.into_iter().map(|file| FileRow::new(app, &base, file));
    Ok(Page(Files {
        ctx: crumbs(ctx, side, &ticket),
        label: ticket.label(),
        rows: rows.collect(),
        base,
        is_staff: S::IS_STAFF,
        may_write: side.may_write(),
        form,
    }))
}

/// Lists a ticket's files.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, TicketId)>,
) -> Result<Page<Files>, Error> {
    page(&app, &scope, ctx, id, FormState::default()).await
}

/// The same for staff.
pub(super) async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
) -> Result<Page<Files>, Error> {
    page(&app, &scope, ctx, id, FormState::default()).await
}

/// Takes files with what they show: all of it, or the form comes back.
async fn take<S: ExtrasSide>(
    app: &App,
    side: &S,
    ctx: Ctx,
    id: TicketId,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    let place = (id, sent.data.checked("internal"));
    let posted = async { actions::post(app, side, place, sent.data.get("text"), sent.files()?).await };
    match posted.await {
        Ok(count) => {
            let to = SeeOther::to(format!("{}/{id}", side.tickets()));
            let to = match count {
                1 => to.good("Attached."),
                many => to.good(format!("Attached {many} files.")),
            };
            Ok(to.into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(sent.data, errors);
            Ok(page(app, side, ctx, id, form).await?.status(status))
        }
    }
}

/// Attaches files.
pub(super) async fn upload(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, TicketId)>,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    take(&app, &scope, ctx, id, sent).await
}

/// The same for staff.
pub(super) async fn staff_upload(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    take(&app, &scope, ctx, id, sent).await
}

/// A file, to be saved.
pub(super) async fn save(
    scope: TenantScope,
    Path((_, ticket, id)): Path<(String, TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::save(&scope, (ticket, id)).await
}

/// The same for staff.
pub(super) async fn staff_save(
    scope: StaffScope,
    Path((ticket, id)): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::save(&scope, (ticket, id)).await
}

/// A picture, to be shown.
pub(super) async fn picture(
    scope: TenantScope,
    Path((_, ticket, id)): Path<(String, TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::picture(&scope, (ticket, id)).await
}

/// The same for staff.
pub(super) async fn staff_picture(
    scope: StaffScope,
    Path((ticket, id)): Path<(TicketId, AttachmentId)>,
) -> Result<Response, Error> {
    send::picture(&scope, (ticket, id)).await
}
