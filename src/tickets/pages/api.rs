//! What pages of tenants do that no other operation does.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::Path;

/// Open a ticket again
///
/// One that is resolved, or was closed in the last 14 days. An answer does so, too, and says why.
#[utoipa::path(post, path = "/api/v1/tickets/{ticket}/reopen", tag = "tickets", params(("ticket" = TicketId, Path)),
    responses((status = 204, description = "It is open again")))]
pub(super) async fn reopen(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<TicketId>,
) -> Result<StatusCode, Error> {
    super::show::open_again(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
