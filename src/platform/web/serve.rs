//! Serving a router until the process stops; requests under way are finished.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::platform::shutdown::Tasks;

/// Serves on `listener` until `tasks` stops.
pub async fn serve(listener: TcpListener, router: Router, tasks: Tasks) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let stop = tasks.token();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}
