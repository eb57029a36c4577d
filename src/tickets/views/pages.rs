//! The views that somebody has, with a form each.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::SavedViewId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::model::{View, Wish};
use super::{actions, store};

const HOME: &str = "/staff/tickets/views";

struct Line {
    view: View,
    may_change: bool,
    /// What its form shows; another one's mistakes are not its own.
    form: FormState,
}

impl Line {
    fn version(&self) -> String {
        self.form.version(self.view.version)
    }

    /// Ids of fields must differ, since the page has a form for each view.
    fn field(&self, name: &str) -> String {
        format!("{name}-{}", self.view.id)
    }
}

#[derive(Template)]
#[template(path = "tickets/views.html")]
pub(super) struct Views {
    ctx: Ctx,
    lines: Vec<Line>,
    /// A view that was to be kept, with what is wrong with it.
    new: Option<FormState>,
    may_share: bool,
}

/// What came back: for which view, or for a new one.
type Again = Option<(Option<SavedViewId>, FormState)>;

async fn page(scope: &StaffScope, ctx: Ctx, again: Again) -> Result<Page<Views>, Error> {
    let views = store::list(&mut scope.begin().await?, scope.actor.user).await?;
    let may_share = scope.may(Permission::StaffTicketManage);
    let may_write = scope.may(Permission::StaffTicketWrite);
    let (of, form) = again.map_or((None, None), |(of, form)| (of, Some(form)));
    let filled = |view: &View| {
        let filled = FormState::default()
            .with("name", view.name.clone())
            .with("query", view.query.clone());
        if view.shared {
            filled.with("shared", "true")
        } else {
            filled
        }
    };
    let line = |view: View| Line {
        may_change: may_write && (may_share || !view.shared),
        form: match &form {
            Some(form) if of == Some(view.id) => form.clone(),
            _ => filled(&view),
        },
        view,
    };
    Ok(Page(Views {
        ctx: ctx.with_crumbs([("Tickets", "/staff/tickets")]),
        lines: views.into_iter().map(line).collect(),
        new: form.filter(|_| of.is_none()),
        may_share,
    }))
}

/// Lists them.
pub(super) async fn list(scope: StaffScope, ctx: Ctx) -> Result<Page<Views>, Error> {
    page(&scope, ctx, None).await
}

fn wish(data: &FormData) -> Result<Wish, Error> {
    Ok(Wish::parse(
        data.get("name"),
        data.get("query"),
        data.checked("shared"),
    )?)
}

/// Keeps what the queue shows.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let kept = async { actions::create(&app, &scope, wish(&data)?).await };
    match data.submit(kept).await {
        Ok(view) => Ok(SeeOther::to(view.href())
            .good(format!("The view {} is kept.", view.name))
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some((None, FormState::new(data, errors)));
            Ok(page(&scope, ctx, again).await?.status(status))
        }
    }
}

/// Saves what one is to be.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<SavedViewId>,
    data: FormData,
) -> Result<Response, Error> {
    let changed = actions::change(&app, &scope, id, |_| wish(&data), data.has_seen());
    match data.submit(changed).await {
        Ok(view) => Ok(SeeOther::to(HOME)
            .good(format!("The view {} is saved.", view.name))
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some((Some(id), FormState::new(data, errors)));
            Ok(page(&scope, ctx, again).await?.status(status))
        }
    }
}

/// Removes one.
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SavedViewId>,
) -> Result<SeeOther, Error> {
    let view = actions::remove(&app, &scope, id).await?;
    Ok(SeeOther::to(HOME).good(format!("The view {} is deleted.", view.name)))
}
