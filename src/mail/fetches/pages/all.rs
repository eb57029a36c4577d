//! All fetches of a tenant, and the form that asks for many at once.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::web::{
    Ctx, FormData, FormState, Fragment, LastSeen, ListQuery, Page, SeeOther, Sorted, Unfiltered, mistakes,
};

use super::super::model::lines;
use super::super::{TOPIC, actions};
use super::rows::Rows;
use super::{base, read, usual};

#[derive(Template)]
#[template(path = "mail/fetches.html")]
pub(super) struct List {
    ctx: Ctx,
    area: AreaHead,
    action: String,
    /// Only the first page of all of them changes while one looks: others stay as they were found.
    live: String,
    query: Sorted<Unfiltered>,
    rows: Rows,
    form: FormState,
    has_service: bool,
    may_write: bool,
}

async fn rows(
    app: &App,
    scope: &TenantScope,
    tx: &mut TenantTx,
    query: &Sorted<Unfiltered>,
) -> Result<Rows, Error> {
    let listing = actions::list_in(tx, scope, None, &query.list).await?;
    let next = listing.next_href(query);
    let rows = Rows::new(scope, listing.items, false, app.now());
    Ok(rows.page(next, !query.list.text().is_empty()))
}

async fn page(
    app: &App,
    scope: &TenantScope,
    (ctx, form): (Ctx, FormState),
    query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let rows = rows(app, scope, &mut tx, &query).await?;
    let action = base(scope);
    let is_first = query.list.after.is_none() && query.list.text().is_empty();
    Ok(Page(List {
        ctx: nav::crumbs(ctx, scope),
        area: AreaHead::new(scope, Tab::Fetches),
        live: if is_first {
            format!("{action}/live?after={newest}")
        } else {
            String::new()
        },
        action,
        query,
        rows,
        form,
        has_service: app.mail.is_some(),
        may_write: scope.may(Permission::MailWrite),
    }))
}

/// Lists them, and shows the form.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, (ctx, usual()), query).await
}

/// Asks for many.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let (accounts, places) = lines(data.get("lines"));
    let new = read(&data, accounts);
    let field = |place: usize, part: &str| {
        let line = places.get(place).copied().unwrap_or_default();
        format!("lines {line} {part}")
    };
    let asked = actions::create(&app, &scope, new, field);
    match data.submit(asked).await {
        Ok(made) => {
            let words = match made.len() {
                1 => "One mailbox waits for its turn.".to_owned(),
                many => format!("{many} mailboxes wait for their turn."),
            };
            Ok(SeeOther::to(base(&scope)).info(words).into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, by_line(errors));
            let page = page(&app, &scope, (ctx, form), Sorted::default()).await?;
            Ok(page.status(status))
        }
    }
}

/// What is wrong with a line is told at the field that has them all, with the line's number.
fn by_line(errors: FieldErrors) -> FieldErrors {
    let mut told = FieldErrors::default();
    for error in errors.0 {
        let mut parts = error.field.split(' ');
        match (parts.next(), parts.next()) {
            (Some("lines"), Some(line)) => told.add("lines", format!("Line {line}: {}", error.message)),
            _ if error.field == "accounts" => told.add("lines", error.message),
            _ => told.add(&error.field, error.message),
        }
    }
    told
}

/// Sends the first page's rows whenever one changes.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC {
            return Ok(None);
        }
        let query = Sorted {
            list: ListQuery::default(),
            filter: Unfiltered {},
        };
        let rows = rows(&app, &scope, &mut scope.begin().await?, &query).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}
