//! What a ticket's page sends when somebody acts from it, and the evidence's picture.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, TicketId};
use crate::platform::web::{FormData, Path, SeeOther};
use crate::servers::model::Command;

use super::actions::{self, Order};
use super::store;

/// It is drawn by us from numbers, and still may do nothing but be looked at.
const SANDBOX: &str = "default-src 'none'; sandbox";

/// The metrics of a ticket's newest evidence.
pub(super) async fn picture(scope: StaffScope, Path(id): Path<TicketId>) -> Result<Response, Error> {
    let evidence = store::evidence(&mut scope.begin().await?, id).await?;
    let picture = evidence
        .and_then(|evidence| evidence.picture)
        .ok_or(Error::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
    ];
    Ok((headers, picture).into_response())
}

fn server(data: &FormData) -> Result<ServerId, Error> {
    let server = data.get("server").parse();
    server.map_err(|_| FieldErrors::one("server", "Choose one of the ticket's servers.").into())
}

async fn act(
    (app, scope): (App, StaffScope),
    id: TicketId,
    data: &FormData,
    order: Result<Order, Error>,
) -> Result<SeeOther, Error> {
    let back = SeeOther::to(format!("/staff/tickets/{id}"));
    let done = async {
        let place = (id, server(data)?);
        actions::act(&app, &scope, place, order?, Some(data.get("runbook"))).await
    };
    match data.submit(done).await {
        Ok(act) => {
            let text = format!("Asked to {} {}. Its end is told here.", act.verb, act.server_name);
            Ok(back.info(text))
        }
        Err(error) => back.refused_or_invalid(error),
    }
}

/// Starts, stops, restarts or kills a server.
pub(super) async fn power(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let command = Command::parse(data.get("verb"));
    let order = command
        .map(Order::Power)
        .ok_or_else(|| Error::invalid("verb", "Use start, stop, restart or kill."));
    act((app, scope), id, &data, order).await
}

/// Suspends a server.
pub(super) async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let order = Order::Suspend(data.get("reason").to_owned());
    act((app, scope), id, &data, Ok(order)).await
}

/// Lets a suspended server go on.
pub(super) async fn resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    act((app, scope), id, &data, Ok(Order::Resume)).await
}

/// Gives a server another size.
pub(super) async fn resize(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let order = Order::Resize(data.get("size").to_owned());
    act((app, scope), id, &data, Ok(order)).await
}

/// Makes a server what a backup holds.
pub(super) async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let backup = data.get("backup").parse();
    let typed = data.get("confirm").to_owned();
    let order = backup
        .map(|backup| Order::Restore(backup, Some(typed)))
        .map_err(|_| Error::invalid("backup", "Choose one of the server's backups."));
    act((app, scope), id, &data, order).await
}
