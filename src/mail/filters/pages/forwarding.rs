//! Where a mailbox's mail goes as well, or instead, as a form.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::filters::desk::Desk;
use crate::mail::filters::forward;
use crate::mail::model::shown_address;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, SeeOther, mistakes};

use super::frame;

#[derive(Template)]
#[template(path = "mail/filters/forwarding.html")]
struct Body {
    base: String,
    may_write: bool,
    version: String,
    form: FormState,
}

async fn page(desk: &Desk, ctx: Ctx, again: Option<FormState>, status: u16) -> Result<Response, Error> {
    let found = forward::find(desk).await?;
    let filled = || {
        let targets = found.targets.iter().map(|target| shown_address(target));
        let targets: Vec<String> = targets.collect();
        let state = FormState::default().with("forward_to", targets.join("\n"));
        if found.keeps_copy {
            state.with("keeps_copy", "true")
        } else {
            state
        }
    };
    let form = again.unwrap_or_else(filled);
    let body = Body {
        base: desk.base(),
        may_write: desk.may_write(),
        version: form.version(found.version),
        form,
    };
    frame(desk, ctx, ("Forwarding", &found.address), &body, status)
}

/// Shows it.
pub(super) async fn show(desk: Desk, ctx: Ctx) -> Result<Response, Error> {
    page(&desk, ctx, None, 200).await
}

/// Changes it.
pub(super) async fn save(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let wanted = (
        form.get("forward_to").lines().collect(),
        form.checked("keeps_copy"),
    );
    let change = forward::set(&app, &desk, form.has_seen(), wanted);
    match form.submit(change).await {
        Ok(set) => {
            let to = SeeOther::to(format!("{}/forwarding", desk.base()));
            let words = match (set.targets.is_empty(), set.keeps_copy) {
                (true, _) => "Saved. Mail is not forwarded.",
                (false, true) => "Saved. Mail is forwarded, and stays here as well.",
                (false, false) => "Saved. Mail is forwarded, and does not stay here.",
            };
            Ok(to.good(words).into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            page(&desk, ctx, Some(FormState::new(form, errors)), status).await
        }
    }
}
