//! What somebody with a link sees: what they may fetch, or a form to bring files.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};
use multer::Multipart;
use tokio::sync::oneshot;

use crate::app::App;
use crate::drivers::engine::FileKind;
use crate::files::{STALLED, Transfer, amount, boundary, broken, name_of};
use crate::platform::access::Visitor;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Path, SeeOther};

use super::model::ShareLinkKind;
use super::open::Opened;

#[derive(Template)]
#[template(path = "shares/link.html")]
struct LinkPage {
    ctx: Ctx,
    action: String,
    from: String,
    until: String,
    /// What is to be fetched: its name, and how large it is or that it is a folder. Nothing where files are to be brought.
    entry: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "shares/link_gone.html")]
struct Gone {
    ctx: Ctx,
}

/// What leads nowhere is told in words: whoever has it was given it by somebody.
fn or_gone(ctx: Ctx, outcome: Result<Response, Error>) -> Result<Response, Error> {
    match outcome {
        Err(Error::NotFound) => Ok(Page(Gone { ctx }).status(404)),
        other => other,
    }
}

async fn page(app: &App, ctx: Ctx, token: &str) -> Result<Response, Error> {
    let opened = Opened::of(app, token, None).await?;
    let found = &opened.found;
    let entry = match found.link.kind {
        ShareLinkKind::DropOff => None,
        ShareLinkKind::Download => {
            let entry = opened.entry().await?;
            let size = match entry.kind {
                FileKind::Folder => "A folder, as a tar file".to_owned(),
                _ => amount(entry.size),
            };
            Some((name_of(&opened.place), size))
        }
    };
    let page = LinkPage {
        ctx,
        action: format!("/s/{token}"),
        from: found.tenant_name.clone(),
        until: found.link.expires_at.format("%-d %b %Y %H:%M UTC").to_string(),
        entry,
    };
    Ok(Page(page).into_response())
}

/// Shows what it leads to.
pub(super) async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let outcome = page(&app, ctx.clone(), &token).await;
    or_gone(ctx, outcome)
}

/// Sends what it leads to.
pub(super) async fn fetch(
    State(app): State<App>,
    ctx: Ctx,
    (visitor, method): (Visitor, Method),
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let outcome = async {
        let opened = Opened::of(&app, &token, Some(ShareLinkKind::Download)).await?;
        opened.fetch(&visitor, &method).await
    };
    or_gone(ctx, outcome.await)
}

/// Takes files, one after the other, as they come.
pub(super) async fn bring(
    State(app): State<App>,
    ctx: Ctx,
    (visitor, headers): (Visitor, HeaderMap),
    Path(token): Path<String>,
    body: Body,
) -> Result<Response, Error> {
    let outcome = async {
        Opened::of(&app, &token, Some(ShareLinkKind::DropOff)).await?;
        let mut parts = Multipart::new(body.into_data_stream(), boundary(&headers)?);
        let (mut names, mut refused) = (Vec::new(), None);
        loop {
            match next(&app, &token, &visitor, &mut parts).await {
                Ok(Some(name)) => names.push(name),
                Ok(None) => break,
                // What came before it is there, and is to be told of.
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        answer(&token, &names, refused)
    };
    or_gone(ctx, outcome.await)
}

/// Stores the next file. Says its name; nothing after the last.
async fn next(
    app: &App,
    token: &str,
    visitor: &Visitor,
    parts: &mut Multipart<'static>,
) -> Result<Option<String>, Error> {
    loop {
        let part = tokio::time::timeout(STALLED, parts.next_field()).await;
        let part = part.map_err(|_| broken(multer::Error::IncompleteStream))?;
        let Some(part) = part.map_err(broken)? else {
            return Ok(None);
        };
        let name = part.file_name().unwrap_or_default();
        // Some browsers send a path; only its end is a name here.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        if name.is_empty() {
            continue;
        }
        // For each of them: the link may have ended since the request began.
        let opened = Opened::of(app, token, Some(ShareLinkKind::DropOff)).await?;
        let name = opened.take(&name, Transfer::new(part)).await?;
        // In a task of its own: whoever hangs up now has brought it all the same.
        let (visitor, brought) = (visitor.clone(), name.clone());
        let (said, noted) = oneshot::channel();
        app.tasks.spawn(async move {
            // Nobody may listen any more.
            drop(said.send(opened.brought(&visitor, &brought).await));
        });
        noted.await.map_err(Error::internal)??;
        return Ok(Some(name));
    }
}

fn answer(token: &str, names: &[String], refused: Option<Error>) -> Result<Response, Error> {
    let to = SeeOther::to(format!("/s/{token}"));
    let stored = match names {
        [name] => format!("{name} has arrived."),
        many => format!("{} files have arrived.", many.len()),
    };
    let to = match (names.is_empty(), refused) {
        (_, Some(error)) if error.status() >= 500 => return Err(error),
        (true, None) => to.warn("Choose files first: nothing was sent."),
        (false, None) => to.good(stored),
        (true, Some(error)) => to.bad(error.sentence()),
        (false, Some(error)) => to.bad(format!("{stored} Another did not: {}", error.sentence())),
    };
    Ok(to.into_response())
}
