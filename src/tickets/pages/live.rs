//! How pages of staff follow what happens.

use axum::response::Response;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::web::{self, Fragment, LastSeen};

/// Opens the stream of a page of staff.
pub(in crate::tickets) async fn follow<D, F>(
    app: App,
    scope: StaffScope,
    seen: LastSeen,
    draw: D,
) -> Result<Response, Error>
where
    D: Fn(App, StaffScope, Event) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Option<Fragment>, Error>> + Send + 'static,
{
    let (hub, end, begin) = (app.hub.clone(), app.stream_end(), scope.clone());
    let draw = move |event| draw(app.clone(), scope.clone(), event);
    web::live(&hub, end, seen, begin.begin(), draw).await
}
