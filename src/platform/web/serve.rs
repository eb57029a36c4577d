//! Serving a router until the process stops; requests under way are finished, within bounds: nobody who sends a request
//! slowly, or stops reading an answer, holds a connection or the end of the process for ever.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceBuilder;

use crate::platform::shutdown::Tasks;

/// From the connection, or the end of the answer before, to the end of a request's head. Longer than idle connections of
/// proxies are kept (nginx: 60 s), so that the proxy closes first and loses no request.
const HEAD: Duration = Duration::from_secs(75);
/// What is left to requests under way when the process stops.
const GRACE: Duration = Duration::from_secs(20);
/// After connections could not be taken, for want of file descriptors for instance.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves on `listener` until `tasks` stops.
pub async fn serve(listener: TcpListener, router: Router, tasks: Tasks) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connections = Tasks::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopping() => break,
        };
        match accepted {
            Ok(connection) => begin(&builder, connection, &router, &connections),
            // Of one caller, who has gone again.
            Err(error) if is_of_one_caller(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connections can be taken, trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    if !connections.finish(GRACE).await {
        tracing::warn!("some requests did not end in time and are cut off");
    }
    Ok(())
}

fn begin(builder: &Builder, (stream, peer): (TcpStream, SocketAddr), router: &Router, connections: &Tasks) {
    // Small answers and events go out at once. It fails on a connection that is gone, which shows soon enough.
    let _ = stream.set_nodelay(true);
    let service = ServiceBuilder::new()
        .layer(Extension(ConnectInfo(peer)))
        .service(router.clone());
    let connection = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let stop = connections.token();
    connections.spawn(async move {
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection broke off");
        }
    });
}

fn is_of_one_caller(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
