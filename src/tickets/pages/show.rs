//! A ticket as the customer sees it. All of it is read in their own transaction, which does not see what is internal.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Mutex;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TicketId;
use crate::platform::web::{Ctx, FormState, Fragment, LastSeen, Page, Path, Query, SeeOther, mistakes};

use super::super::attachments::FormWithFiles;
use super::super::model::{Side, State};
use super::super::{ExtrasView, extras_panel, reply_by_customer, resolve_by_customer, set_state, store};
use super::facts::Head;
use super::parts::{html, subject};
use super::talk::{Mark, Talk, Until};
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
    (id, until): (TicketId, Until),
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
    let talk = Talk::load(&mut tx, (id, &base), until, now).await?;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Tickets", format!("{area}/tickets"))]),
        facts: Head::load(&mut tx, &ticket, now).await?,
        things: Things::load(&mut tx, id, &area, now).await?,
        watchers: watch::lines(&mut tx, id).await?,
        extras: extras_panel(app, &mut tx, &ticket, scope).await?,
        may_write: scope.may(Permission::TicketWrite) && merged.is_none(),
        merged,
        steps: next.filter_map(Step::to).collect(),
        is_open: ticket.state.is_open(),
        live: format!("{base}/live?after={newest}{}", talk.mark()),
        talk,
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
    Query(until): Query<Until>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, (id, until), FormState::default()).await
}

/// Answers.
pub(super) async fn reply(
    Of(app): Of<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, TicketId)>,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    let body = sent.data.get("body");
    let replied = async { reply_by_customer(&app, &scope, id, body, sent.files()?).await };
    match sent.data.submit(replied).await {
        Ok(_) => Ok(SeeOther::to(super::href(&slug, id))
            .good("Your answer is there.")
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(sent.data, errors);
            let newest = (id, Until::default());
            Ok(page(&app, &scope, ctx, newest, form).await?.status(status))
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

/// The page's stream: how the ticket is and what was said since, for each change.
pub(super) async fn live(
    Of(app): Of<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, TicketId)>,
    Query(mark): Query<Mark>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    let mark = Arc::new(Mutex::new(mark));
    let base = super::href(&slug, id);
    app.live(&scope, seen, move |app, scope, event| {
        let (mark, base) = (Arc::clone(&mark), base.clone());
        async move {
            let is_ours = event.tenant_id == Some(scope.tenant().0);
            if !is_ours || subject(&event) != Some(id) {
                return Ok(None);
            }
            let (mut tx, now) = (scope.begin().await?, app.now());
            let ticket = store::find(&mut tx, id).await?;
            let head = html(&Head::load(&mut tx, &ticket, now).await?)?;
            let changed = Fragment::default().replace(Head::ID, &head);
            let mut mark = mark.lock().await;
            Ok(Some(mark.news(&mut tx, (id, &base), changed, now).await?))
        }
    })
    .await
}
