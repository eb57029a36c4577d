//! What changes on a ticket's page of staff: the ticket, the servers that it is about, and who is typing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use tokio::sync::Mutex;

use crate::app::App;
use crate::breakdowns;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{Fragment, LastSeen, Path, Query};
use crate::servers;

use super::super::store;
use super::facts::Head;
use super::live::follow;
use super::parts::{html, subject};
use super::presence::{PRESENCE_TOPIC, Typing};
use super::talk::Mark;
use super::things::{Things, servers_of};

/// The page's stream.
pub(super) async fn live(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    Query(mark): Query<Mark>,
    seen: LastSeen,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id).await?;
    // Servers change all the time, so those of others are passed over without a question.
    let about = servers_of(&mut tx, id).await?;
    drop(tx);
    let mark = Arc::new(Mutex::new(mark));
    follow(app, scope, seen, move |app, scope, event| {
        let is_server =
            event.topic == servers::TOPIC && event.target_id.is_some_and(|server| about.contains(&server));
        let mark = Arc::clone(&mark);
        async move {
            let is_typing = event.topic == PRESENCE_TOPIC && event.target_id == Some(id.0);
            if subject(&event) == Some(id) {
                let mut mark = mark.lock().await;
                changed(&app, &scope, id, &mut mark).await.map(Some)
            } else if is_typing {
                let mut tx = scope.begin().await?;
                let typing = Typing::load(&mut tx, id, scope.actor.user, app.now()).await?;
                Ok(Some(Fragment::default().replace(Typing::ID, &html(&typing)?)))
            } else if is_server {
                let mut tx = scope.begin().await?;
                let things = Things::load(&mut tx, id, "/staff", app.now()).await?;
                Ok(Some(Fragment::default().replace(Things::ID, &html(&things)?)))
            } else {
                Ok(None)
            }
        }
    })
    .await
}

/// The ticket itself: how it is, what was said since, and what was done about a breakdown.
async fn changed(app: &App, scope: &StaffScope, id: TicketId, mark: &mut Mark) -> Result<Fragment, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let ticket = store::find(&mut tx, id).await?;
    let head = html(&Head::load(&mut tx, &ticket, now).await?)?;
    let changed = Fragment::default().replace(Head::ID, &head);
    let changed = mark
        .news(&mut tx, (id, &super::staff_href(id)), changed, now)
        .await?;
    Ok(match breakdowns::panel(&mut tx, scope, &ticket).await? {
        Some(panel) => changed.replace("breakdown", &html(&panel)?),
        None => changed,
    })
}
