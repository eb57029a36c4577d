//! A webhook: what it is told, and what became of that.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::secret::Secret;
use crate::platform::web::{
    Ctx, FormData, FormState, ListQuery, Page, PageQuery, Path, Query, SeeOther, ago, mistakes,
};

use super::super::actions;
use super::super::desk::Desk;
use super::super::model::{Delivery, State as How, Webhook};
use super::{At, AtDelivery, EventBox, boxes, crumbs, typed};

struct Row {
    one: Delivery,
    iso: String,
    ago: String,
    /// The status and the time of the last try.
    said: String,
}

impl Row {
    /// What the button says that sends it.
    fn again(&self) -> &'static str {
        match self.one.state {
            How::Waiting => "Send now",
            How::Delivered | How::Failed => "Send again",
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    webhook: Webhook,
    action: String,
    /// Why nothing is told any more, or since when nothing arrives.
    trouble: String,
    boxes: Vec<EventBox>,
    form: FormState,
    rows: Vec<Row>,
    next: String,
    /// Staff look at tenants' and change nothing of them.
    may_write: bool,
}

fn filled(webhook: &Webhook) -> FormState {
    let mut form = FormState::default()
        .with("url", webhook.url.as_str())
        .with("description", webhook.description.as_str());
    for event in &webhook.events {
        form = form.with("events", event.as_str());
    }
    if webhook.is_paused {
        form = form.with("paused", "true");
    }
    form
}

fn said(one: &Delivery) -> String {
    match (one.status, one.took_ms) {
        (Some(status), Some(took)) => format!("{status} in {took} ms"),
        _ if one.attempts > 0 => "no answer".to_owned(),
        _ => String::new(),
    }
}

async fn page(
    app: &App,
    desk: &Desk,
    ctx: Ctx,
    (at, query): (At, ListQuery),
    again: Option<FormState>,
) -> Result<Page<Show>, Error> {
    let now = app.now();
    let webhook = actions::find(desk, at.webhook).await?;
    let listing = actions::deliveries(desk, webhook.id, &query).await?;
    let form = again.unwrap_or_else(|| filled(&webhook));
    let trouble = match (webhook.disabled_at, webhook.failing_since) {
        (Some(at), _) => format!("Nothing arrived for days, so it was disabled {}.", ago(at, now)),
        (None, Some(since)) => format!("Nothing has arrived since {}.", ago(since, now)),
        (None, None) => String::new(),
    };
    Ok(Page(Show {
        ctx: crumbs(ctx, desk),
        action: desk.href(webhook.id),
        trouble,
        boxes: boxes(desk, &form),
        form,
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing
            .items
            .into_iter()
            .map(|one| Row {
                iso: one.created_at.to_rfc3339(),
                ago: ago(one.created_at, now),
                said: said(&one),
                one,
            })
            .collect(),
        may_write: desk.may_write() && webhook.tenant == desk.tenant(),
        webhook,
    }))
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
    Query(query): Query<PageQuery>,
) -> Result<Page<Show>, Error> {
    page(&app, &desk, ctx, (at, query.into()), None).await
}

/// Saves one.
pub(super) async fn save(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
    data: FormData,
) -> Result<Response, Error> {
    let text = typed(&data);
    let saved = actions::change(&app, &desk, at.webhook, |_| text, data.has_seen());
    match data.submit(saved).await {
        Ok(webhook) => Ok(SeeOther::to(desk.href(webhook.id)).good("Saved.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some(FormState::new(data, errors));
            let page = page(&app, &desk, ctx, (at, ListQuery::default()), again).await?;
            Ok(page.status(status))
        }
    }
}

/// Takes one away.
pub(super) async fn delete(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<At>,
) -> Result<SeeOther, Error> {
    actions::remove(&app, &desk, at.webhook).await?;
    Ok(SeeOther::to(desk.base()).good("The webhook was deleted."))
}

#[derive(Template)]
#[template(path = "webhooks/secret.html")]
pub(super) struct SecretPage {
    ctx: Ctx,
    url: String,
    back: String,
    secret: String,
}

/// The only page that shows a secret.
pub(super) fn secret_page(ctx: Ctx, desk: &Desk, webhook: &Webhook, secret: &Secret) -> Page<SecretPage> {
    Page(SecretPage {
        ctx: crumbs(ctx, desk),
        url: webhook.url.clone(),
        back: desk.href(webhook.id),
        secret: secret.expose().clone(),
    })
}

/// Makes another secret, and shows it.
pub(super) async fn rotate(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(at): Path<At>,
) -> Result<Page<SecretPage>, Error> {
    let (webhook, secret) = actions::rotate(&app, &desk, at.webhook).await?;
    Ok(secret_page(ctx, &desk, &webhook, &secret))
}

/// Lets one that was disabled be told again.
pub(super) async fn enable(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<At>,
) -> Result<SeeOther, Error> {
    let webhook = actions::enable(&app, &desk, at.webhook).await?;
    Ok(SeeOther::to(desk.href(webhook.id)).good("It is told again what happens from now on."))
}

/// Sends a test.
pub(super) async fn test(State(app): State<App>, desk: Desk, Path(at): Path<At>) -> Result<SeeOther, Error> {
    let to = SeeOther::to(desk.href(at.webhook));
    match actions::test(&app, &desk, at.webhook).await {
        Ok(_) => Ok(to.info("A test is on its way. What became of it shows below.")),
        Err(error) => to.refused(error),
    }
}

/// Sends a message again.
pub(super) async fn redeliver(
    State(app): State<App>,
    desk: Desk,
    Path(at): Path<AtDelivery>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(desk.href(at.webhook));
    match actions::redeliver(&app, &desk, (at.webhook, at.delivery)).await {
        Ok(_) => Ok(to.info("It is on its way again.")),
        Err(error) => to.refused(error),
    }
}
