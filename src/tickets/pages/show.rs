//! A ticket as the customer sees it. All of it is read in their own transaction, which does not see what is internal.

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TicketId;
use crate::platform::web::{Ctx, FormData, FormState, Fragment, LastSeen, Page, Path, SeeOther, mistakes};

use super::super::model::{Side, State};
use super::super::{ExtrasView, extras_panel, reply_by_customer, resolve_by_customer, set_state, store};
use super::facts::Head;
use super::parts::{html, subject};
use super::talk::Talk;
use super::things::Things;
use super::watch;

/// A button that brings the ticket to another state.
struct Step {
    label: &'static str,
    verb: &'static str,
    icon: &'static str,
}

impl Step {
    fn to(state: State) -> Option<Self> {
        let (label, verb, icon) = match state {
            State::Resolved => ("It is solved", "resolve", "circle-check"),
            State::Reopened => ("Open again", "reopen", "rotate-cw"),
            _ => return None,
        };
        Some(Self { label, verb, icon })
    }
}

#[derive(Template)]
#[template(path = "tickets/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    base: String,
    title: String,
    number: i64,
    facts: Head,
    talk: Talk,
    things: Things,
    watchers: Vec<watch::Line>,
    extras: ExtrasView,
    /// The ticket that goes on with it: where it is, and what it is called.
    merged: Option<(String, String)>,
    steps: Vec<Step>,
    is_open: bool,
    may_write: bool,
    form: FormState,
    live: String,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: TicketId,
    form: FormState,
) -> Result<Page<Show>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let newest = events::newest(&mut tx).await?;
    let ticket = store::find(&mut tx, id).await?;
    let area = format!("/t/{}", scope.member.slug);
    let base = format!("{area}/tickets/{id}");
    let next = ticket.state.next(Side::Customer).into_iter();
    let merged = match ticket.merged_into {
        Some(into) => Some((
            format!("{area}/tickets/{into}"),
            store::find(&mut tx, into).await?.label(),
        )),
        None => None,
    };
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Tickets", format!("{area}/tickets"))]),
        facts: Head::load(&mut tx, &ticket, now).await?,
        talk: Talk::load(&mut tx, id, now).await?,
        things: Things::load(&mut tx, id, &area, now).await?,
        watchers: watch::lines(&mut tx, id).await?,
        extras: extras_panel(app, &mut tx, &ticket, scope).await?,
        may_write: scope.may(Permission::TicketWrite) && merged.is_none(),
        merged,
        steps: next.filter_map(Step::to).collect(),
        is_open: ticket.state.is_open(),
        live: format!("{base}/live?after={newest}"),
        title: ticket.label(),
        number: ticket.number,
        base,
        form,
    }))
}

/// Shows it.
pub(super) async fn show(
    Of(app): Of<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, TicketId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, id, FormState::default()).await
}

/// Answers.
pub(super) async fn reply(
    Of(app): Of<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, TicketId)>,
    data: FormData,
) -> Result<Response, Error> {
    let replied = reply_by_customer(&app, &scope, id, data.get("body"));
    match data.submit(replied).await {
        Ok(_) => Ok(SeeOther::to(super::href(&slug, id))
            .good("Your answer is there.")
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, id, form).await?.status(status))
        }
    }
}

/// Says that it works again.
pub(super) async fn resolve(
    Of(app): Of<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, TicketId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(super::href(&slug, id));
    match resolve_by_customer(&app, &scope, id, |_| Ok(())).await {
        Ok(_) => Ok(to.good("The ticket is resolved. Answer it if it is not.")),
        Err(error) => to.refused(error),
    }
}

/// Says that it does not, inside of a transaction of its own.
pub(super) async fn open_again(app: &App, scope: &TenantScope, id: TicketId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    set_state(app, &mut tx, &scope.who, id, State::Reopened, None).await?;
    tx.commit().await
}

/// The same by the page's button.
pub(super) async fn reopen(
    Of(app): Of<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, TicketId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(super::href(&slug, id));
    match open_again(&app, &scope, id).await {
        Ok(()) => Ok(to.good("The ticket is open again. Say what is still wrong.")),
        Err(error) => to.refused(error),
    }
}

/// The page's stream: how the ticket is and what was said, for each change.
pub(super) async fn live(
    Of(app): Of<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, TicketId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        let is_ours = event.tenant_id == Some(scope.tenant().0);
        if !is_ours || subject(&event) != Some(id) {
            return Ok(None);
        }
        let (mut tx, now) = (scope.begin().await?, app.now());
        let ticket = store::find(&mut tx, id).await?;
        let head = html(&Head::load(&mut tx, &ticket, now).await?)?;
        let talk = html(&Talk::load(&mut tx, id, now).await?)?;
        let changed = Fragment::default().replace(Head::ID, &head);
        Ok(Some(changed.replace(Talk::ID, &talk)))
    })
    .await
}
