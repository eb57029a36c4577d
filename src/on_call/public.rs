//! The page of a mail's link. Looking changes nothing, whoever looks; the button acknowledges.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::Visitor;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Path, SeeOther};

use super::link::{self, Opened};
use super::model::Call;

#[derive(Template)]
#[template(path = "on_call/link.html")]
struct LinkPage {
    ctx: Ctx,
    action: String,
    name: String,
    until: String,
    calls: Vec<Call>,
    open: usize,
}

#[derive(Template)]
#[template(path = "on_call/link_gone.html")]
struct Gone {
    ctx: Ctx,
}

/// What leads nowhere is told in words: whoever has it got it in a mail.
fn or_gone(ctx: Ctx, outcome: Result<Response, Error>) -> Result<Response, Error> {
    match outcome {
        Err(Error::NotFound) => Ok(Page(Gone { ctx }).status(404)),
        other => other,
    }
}

/// Shows what there is to acknowledge.
pub(super) async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let drawn = |ctx: Ctx, Opened { owner, calls }: Opened| {
        let page = LinkPage {
            ctx,
            action: link::path(&token),
            name: owner.name,
            until: owner.until.format("%-d %b %Y %H:%M UTC").to_string(),
            open: calls.iter().filter(|call| call.ended_at.is_none()).count(),
            calls,
        };
        Page(page).into_response()
    };
    let opened = link::look(&app, &token).await;
    or_gone(ctx.clone(), opened.map(|opened| drawn(ctx, opened)))
}

/// Acknowledges.
pub(super) async fn acknowledge(
    State(app): State<App>,
    ctx: Ctx,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let outcome = link::acknowledge(&app, &visitor, &token).await.map(|done| {
        let to = SeeOther::to(link::path(&token));
        let to = match done {
            (0, _) => to.info("There was nothing left to acknowledge."),
            (_, 0) => to.good("Acknowledged. Nobody else is paged."),
            (_, left) => to.warn(format!(
                "Acknowledged, and {left} are left: press the button again."
            )),
        };
        to.into_response()
    });
    or_gone(ctx, outcome)
}
