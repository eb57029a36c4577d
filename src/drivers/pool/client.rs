//! Speaking to a volume driver: what the engine's protocol has no words for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;

use super::protocol::{
    Asked, GIVE, Given, LIMIT_TENANT, REMOVE_SNAPSHOT, RESIZE, RESTORE, Resized, SNAPSHOT, SNAPSHOTS, STATUS,
    Snapshotted, TenantLimited, USAGE, UsageAsked,
};
use super::{PoolError, PoolResult, SnapshotName, SnapshotUse, Status, TenantName, Usage, VolumeName};

/// Longer than the driver takes at most.
const PATIENCE: Duration = Duration::from_mins(1);

/// A volume driver, by its socket.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// The driver that listens at `socket`.
    pub fn at(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// What everything holds; as of now if `fresh`, else at most 30 s old.
    pub async fn usage(&self, fresh: bool) -> PoolResult<Usage> {
        let answer = self.call(USAGE, &UsageAsked { fresh }).await?;
        self.part(answer, "Usage")
    }

    /// How the pool is.
    pub async fn status(&self) -> PoolResult<Status> {
        let answer = self.call(STATUS, &()).await?;
        self.part(answer, "Status")
    }

    /// Changes what a volume may hold.
    pub async fn resize(&self, name: &VolumeName, size: u64) -> PoolResult<()> {
        let name = name.to_string();
        self.call(RESIZE, &Resized { name, size }).await.map(drop)
    }

    /// Makes a snapshot of a volume.
    pub async fn snapshot(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.call(SNAPSHOT, &asked(name, snapshot)).await.map(drop)
    }

    /// A volume's snapshots, and what each holds.
    pub async fn snapshots(&self, name: &VolumeName) -> PoolResult<Vec<SnapshotUse>> {
        let asked = Asked {
            name: name.to_string(),
        };
        let answer = self.call(SNAPSHOTS, &asked).await?;
        self.part(answer, "Snapshots")
    }

    /// Puts a snapshot's contents in place of what the volume holds. Nothing may have the volume open.
    pub async fn restore(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.call(RESTORE, &asked(name, snapshot)).await.map(drop)
    }

    /// Gives a volume to another tenant.
    pub async fn give(&self, name: &VolumeName, tenant: &TenantName) -> PoolResult<()> {
        let (name, tenant) = (name.to_string(), tenant.to_string());
        self.call(GIVE, &Given { name, tenant }).await.map(drop)
    }

    /// Removes a snapshot.
    pub async fn remove_snapshot(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.call(REMOVE_SNAPSHOT, &asked(name, snapshot)).await.map(drop)
    }

    /// Changes what a tenant's volumes may hold together, or lifts the limit.
    pub async fn limit_tenant(&self, tenant: &TenantName, limit: Option<u64>) -> PoolResult<()> {
        let tenant = tenant.to_string();
        self.call(LIMIT_TENANT, &TenantLimited { tenant, limit })
            .await
            .map(drop)
    }

    fn part<T: DeserializeOwned>(&self, mut answer: Value, name: &str) -> PoolResult<T> {
        let part = answer.get_mut(name).map(Value::take).unwrap_or_default();
        serde_json::from_value(part).map_err(|error| self.silent(&error))
    }

    async fn call<T: Serialize>(&self, path: &str, asked: &T) -> PoolResult<Value> {
        let body = serde_json::to_vec(asked).map_err(|error| self.silent(&error))?;
        let answer = tokio::time::timeout(PATIENCE, self.exchange(path, body)).await;
        let answer = answer.map_err(|_| self.silent(&"it takes more than a minute"))??;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| self.silent(&error))?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("Err") {
            "" => Ok(answer),
            says => Err(PoolError::Refused {
                code: text("Code").to_owned(),
                says: says.to_owned(),
            }),
        }
    }

    async fn exchange(&self, path: &str, body: Vec<u8>) -> PoolResult<Bytes> {
        let stream = UnixStream::connect(&self.socket).await;
        let stream = stream.map_err(|error| self.silent(&error))?;
        let (mut sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.silent(&error))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, "berth")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.silent(&error))?;
        let exchange = async {
            let response = sender.send_request(request).await?;
            Ok(response.into_body().collect().await?.to_bytes())
        };
        let mut exchange = std::pin::pin!(exchange);
        let answer: Result<Bytes, hyper::Error> = tokio::select! {
            biased;
            answer = exchange.as_mut() => answer,
            _ = connection => exchange.await,
        };
        answer.map_err(|error| self.silent(&error))
    }

    fn silent(&self, error: &dyn std::fmt::Display) -> PoolError {
        PoolError::NoDriver {
            socket: self.socket.clone(),
            says: error.to_string(),
        }
    }
}

fn asked(name: &VolumeName, snapshot: &SnapshotName) -> Snapshotted {
    Snapshotted {
        name: name.to_string(),
        snapshot: snapshot.to_string(),
    }
}
