//! The addresses that a mailbox may send as, besides its own and its aliases'.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::mail::model::Address;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::Head;

struct Row {
    /// Counts, for the ids of dialogs: an address is none.
    number: usize,
    address: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "mail/mailbox_send_as.html")]
pub(super) struct List {
    ctx: Ctx,
    head: Head,
    rows: Vec<Row>,
    form: FormState,
    may_write: bool,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, form): (MailboxId, FormState),
) -> Result<Page<List>, Error> {
    let (mailbox, addresses) = actions::send_as(app, scope, id).await?;
    let head = Head::new(scope, &mailbox, "send-as");
    let row = |(number, address): (usize, String)| {
        let encoded = utf8_percent_encode(&address, NON_ALPHANUMERIC);
        Row {
            number,
            remove: format!("{}/send-as/{encoded}/remove", head.base),
            address: Address::parse(&address).map_or_else(|_| address.clone(), |address| address.shown()),
        }
    };
    let rows = addresses.into_iter().enumerate().map(row).collect();
    Ok(Page(List {
        ctx: nav::crumbs_below(ctx, scope, Tab::Mailboxes),
        rows,
        head,
        form,
        may_write: scope.may(Permission::MailWrite) && mailbox.deleted.is_none(),
    }))
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, ctx, (id, FormState::default())).await
}

/// Adds one.
pub(super) async fn allow(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<Response, Error> {
    let done = actions::allow_send_as(&app, &scope, id, data.get("address"));
    match data.submit(done).await {
        Ok(address) => {
            let to = SeeOther::to(format!("{}/send-as", nav::mailbox(&scope, id)));
            Ok(to
                .good(format!("It may send as {}.", address.shown()))
                .into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, (id, form)).await?.status(status))
        }
    }
}

/// Takes one away.
pub(super) async fn forbid(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, address)): Path<(String, MailboxId, String)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(format!("{}/send-as", nav::mailbox(&scope, id)));
    match actions::forbid_send_as(&app, &scope, id, &address).await {
        Ok(()) => Ok(to.good(format!("It no longer sends as {address}."))),
        Err(error) => to.refused(error),
    }
}
