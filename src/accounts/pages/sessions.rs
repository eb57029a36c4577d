//! Where one is signed in.

use askama::Template;
use axum::extract::State;

use crate::accounts::actions;
use crate::accounts::model::device;
use crate::app::App;
use crate::platform::access::UserScope;
use crate::platform::error::Error;
use crate::platform::ids::SessionId;
use crate::platform::web::{Ctx, Page, Path, SeeOther};

use super::Moment;

struct Row {
    id: SessionId,
    device: String,
    ip: String,
    since: Moment,
    seen: Moment,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "accounts/sessions.html")]
pub(super) struct Sessions {
    ctx: Ctx,
    rows: Vec<Row>,
}

impl Sessions {
    fn has_others(&self) -> bool {
        self.rows.iter().any(|row| !row.is_current)
    }
}

pub(super) async fn list(
    State(app): State<App>,
    scope: UserScope,
    ctx: Ctx,
) -> Result<Page<Sessions>, Error> {
    let now = app.now();
    let sessions = actions::list_sessions(&app, &scope).await?.into_iter();
    let rows = sessions.map(|(session, is_current)| Row {
        id: session.id,
        device: device(&session.user_agent),
        ip: session.ip,
        since: Moment::new(session.created_at, now),
        seen: Moment::new(session.last_seen_at, now),
        is_current,
    });
    let ctx = ctx.with_crumbs([("Your account", "/account")]);
    Ok(Page(Sessions {
        ctx,
        rows: rows.collect(),
    }))
}

pub(super) async fn end(
    State(app): State<App>,
    scope: UserScope,
    Path(session): Path<SessionId>,
) -> Result<SeeOther, Error> {
    actions::end_session(&app, &scope, session).await?;
    Ok(SeeOther::to("/account/sessions").good("Session ended."))
}

pub(super) async fn end_others(State(app): State<App>, scope: UserScope) -> Result<SeeOther, Error> {
    let words = match actions::end_other_sessions(&app, &scope).await? {
        0 => "There was no other session.".to_owned(),
        1 => "1 other session ended.".to_owned(),
        ended => format!("{ended} other sessions ended."),
    };
    Ok(SeeOther::to("/account/sessions").good(words))
}
