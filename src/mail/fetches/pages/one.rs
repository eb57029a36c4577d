//! Fetches into one mailbox.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::mailboxes::{self, Head};
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::MailboxId;
use crate::platform::secret::Secret;
use crate::platform::web::{
    Ctx, FormData, FormState, Fragment, LastSeen, ListQuery, Page, Path, SeeOther, mistakes,
};

use super::super::model::Account;
use super::super::{TOPIC, actions};
use super::rows::Rows;
use super::{href, read, usual};

#[derive(Template)]
#[template(path = "mail/fetch.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    action: String,
    live: String,
    rows: Rows,
    form: FormState,
    has_service: bool,
    may_write: bool,
}

async fn rows(app: &App, scope: &TenantScope, tx: &mut TenantTx, mailbox: MailboxId) -> Result<Rows, Error> {
    let listing = actions::list_in(tx, scope, Some(mailbox), &ListQuery::default()).await?;
    Ok(Rows::new(scope, listing.items, true, app.now()))
}

async fn page(
    app: &App,
    scope: &TenantScope,
    (ctx, form): (Ctx, FormState),
    id: MailboxId,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let mailbox = mailboxes::find(&mut tx, id).await?;
    let rows = rows(app, scope, &mut tx, id).await?;
    let action = href(scope, id);
    Ok(Page(Show {
        ctx: nav::crumbs_below(ctx, scope, Tab::Mailboxes),
        head: Head::new(scope, &mailbox, "fetch"),
        live: format!("{action}/live?after={newest}"),
        action,
        rows,
        form,
        has_service: app.mail.is_some(),
        may_write: scope.may(Permission::MailWrite),
    }))
}

/// Shows them, and the form.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, (ctx, usual()), id).await
}

/// Asks for one.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<Response, Error> {
    let account = Account {
        address: actions::address_of(&scope, id).await?,
        user: data.get("user").to_owned(),
        password: Secret::new(data.get("password").to_owned()),
    };
    let new = read(&data, vec![account]);
    let asked = actions::create(&app, &scope, new, |_, part| part.to_owned());
    match data.submit(asked).await {
        Ok(_) => {
            let to = SeeOther::to(href(&scope, id));
            Ok(to.info("The mail is being fetched.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, (ctx, form), id).await?.status(status))
        }
    }
}

/// Sends the rows whenever one of them changes.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailboxId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    actions::address_of(&scope, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.target_id != Some(id.0) {
            return Ok(None);
        }
        let rows = rows(&app, &scope, &mut scope.begin().await?, id).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}
