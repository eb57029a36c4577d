//! The volume driver: a pool behind a unix socket.
//!
//! It starts without its pool as well, and says on every call what is missing: an engine that meets nobody at the socket
//! waits for 15 seconds each time, and an engine that is answered does not.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;

use super::protocol::{answer, refusal};
use super::{Pool, PoolError, PoolResult, Status, look_at};
use crate::platform::shutdown::Tasks;

/// The engine gives up after a minute or two.
const ANSWER: Duration = Duration::from_secs(50);
/// Its requests are some hundred bytes.
const LONGEST: usize = 64 << 10;
/// The socket of the engine on this machine.
const ENGINE: &str = "/var/run/docker.sock";
const LOOK: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(10);
const TYPE: HeaderValue = HeaderValue::from_static("application/vnd.docker.plugins.v1.2+json");

/// A pool that is served, as soon as it is there.
#[derive(Debug)]
pub(super) struct Driver {
    root: PathBuf,
    source: PathBuf,
    pool: RwLock<Result<Arc<Pool>, String>>,
    removed: Notify,
}

impl Driver {
    /// The pool, or why there is none.
    pub(super) fn pool(&self) -> PoolResult<Arc<Pool>> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        pool.clone().map_err(|why| PoolError::Gone {
            root: self.root.clone(),
            why,
        })
    }

    pub(super) fn status(&self) -> PoolResult<Status> {
        look_at(&self.root, &self.source)
    }

    /// Something was removed.
    pub(super) fn free_soon(&self) {
        self.removed.notify_one();
    }

    /// Opens the pool, or looks after it.
    fn look(&self) -> PoolResult<()> {
        if let Ok(pool) = self.pool() {
            return pool.look();
        }
        let opened = Pool::open(&self.root, &self.source);
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        match opened {
            Ok(opened) => {
                *pool = Ok(Arc::new(opened));
                Ok(())
            }
            Err(error) => {
                *pool = Err(match &error {
                    PoolError::Gone { why, .. } => why.clone(),
                    other => other.to_string(),
                });
                Err(error)
            }
        }
    }

    fn free(&self) -> PoolResult<()> {
        self.pool()?.free()
    }
}

/// Serves the pool at `root`, which lies on `source`, until `tasks` stops.
pub async fn serve(root: &Path, source: &Path, socket: &Path, tasks: &Tasks) -> PoolResult<()> {
    let driver = Arc::new(Driver {
        root: root.to_owned(),
        source: source.to_owned(),
        pool: RwLock::new(Err("it is being opened".to_owned())),
        removed: Notify::new(),
    });
    let listener = listen(socket).await?;
    match blocking(&driver, Driver::look).await {
        // Whoever serves it answers at a socket of its own. One of us has to go.
        Err(busy @ PoolError::Busy(_)) => {
            let _ = fs::remove_file(socket);
            return Err(busy);
        }
        Err(error) => tracing::error!(%error, "the pool can't be served yet"),
        Ok(()) => tracing::info!(root = %root.display(), socket = %socket.display(), "serving the pool"),
    }
    tasks.spawn(look_after(Arc::clone(&driver), tasks.clone()));
    tasks.spawn(free_removed(Arc::clone(&driver), tasks.clone()));
    let connections = Tasks::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopping() => break,
        };
        match accepted {
            Ok((stream, _)) => begin(stream, &driver, &connections),
            Err(error) => {
                tracing::error!(%error, "no connections can be taken, trying again");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
    // Before the name goes: a call that is under way is answered.
    if !connections.finish(GRACE).await {
        tracing::warn!("some calls did not end in time and are cut off");
    }
    let _ = fs::remove_file(socket);
    Ok(())
}

/// Takes the socket, unless another driver answers there.
async fn listen(socket: &Path) -> PoolResult<UnixListener> {
    if UnixStream::connect(socket).await.is_ok() {
        return Err(PoolError::Busy(format!(
            "another volume driver answers at {}: stop it first",
            socket.display()
        )));
    }
    let what = || format!("listening at {}", socket.display());
    if let Some(folder) = socket.parent() {
        fs::create_dir_all(folder).map_err(PoolError::io(what()))?;
    }
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).map_err(PoolError::io(what()))?;
    // Whoever may speak to it may remove volumes. Whom the engine hears may, too: a panel need not be root.
    let mode = match fs::metadata(ENGINE) {
        Ok(engine) => {
            std::os::unix::fs::chown(socket, None, Some(engine.gid())).map_err(PoolError::io(what()))?;
            0o660
        }
        Err(_) => 0o600,
    };
    fs::set_permissions(socket, Permissions::from_mode(mode)).map_err(PoolError::io(what()))?;
    Ok(listener)
}

fn begin(stream: UnixStream, driver: &Arc<Driver>, connections: &Tasks) {
    let driver = Arc::clone(driver);
    let stop = connections.token();
    let service = service_fn(move |request| respond(Arc::clone(&driver), request));
    connections.spawn(async move {
        let connection = Builder::new().serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection broke off");
        }
    });
}

async fn respond(
    driver: Arc<Driver>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let value = match Limited::new(request.into_body(), LONGEST).collect().await {
        Ok(body) => respond_to(driver, path, body.to_bytes()).await,
        Err(error) => refusal(&PoolError::Invalid(format!("the request can't be read: {error}"))),
    };
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    response.headers_mut().insert(CONTENT_TYPE, TYPE);
    Ok(response)
}

/// The answer, in time, whatever happens.
async fn respond_to(driver: Arc<Driver>, path: String, body: Bytes) -> Value {
    let call = path.clone();
    let work = tokio::task::spawn_blocking(move || answer(&driver, &path, &body));
    let failed = |says: &str| {
        tracing::error!(call, "{says}");
        refusal(&PoolError::Program {
            program: "the volume driver",
            says: says.to_owned(),
        })
    };
    match tokio::time::timeout(ANSWER, work).await {
        Ok(Ok(value)) => value,
        Ok(Err(_)) => failed("it failed at this call, and says why in its log"),
        Err(_) => failed("the pool's file system does not answer; see `dmesg` and `berth pool status`"),
    }
}

async fn look_after(driver: Arc<Driver>, tasks: Tasks) {
    let mut said = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = tasks.stopping() => return,
        }
        // A state that lasts is told once.
        let says = match blocking(&driver, Driver::look).await {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        if says != said {
            match says.as_str() {
                "" => tracing::info!("the pool is well again"),
                error => tracing::error!(error, "the pool is not well"),
            }
            said = says;
        }
    }
}

async fn free_removed(driver: Arc<Driver>, tasks: Tasks) {
    loop {
        if let Err(error) = blocking(&driver, Driver::free).await {
            tracing::debug!(%error, "removed volumes can't be freed yet");
        }
        tokio::select! {
            () = driver.removed.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = tasks.stopping() => return,
        }
    }
}

async fn blocking(driver: &Arc<Driver>, work: fn(&Driver) -> PoolResult<()>) -> PoolResult<()> {
    let driver = Arc::clone(driver);
    let outcome = tokio::task::spawn_blocking(move || work(&driver)).await;
    outcome.unwrap_or_else(|error| {
        Err(PoolError::Program {
            program: "the volume driver",
            says: error.to_string(),
        })
    })
}
