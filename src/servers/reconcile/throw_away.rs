//! A server's container once more, for a drill: over other volumes, in a network of its own without a way out, with no port on
//! the host and no more than it needs; under a key that no server has, so that nobody takes it for one.

use std::collections::BTreeMap;

use crate::app::App;
use crate::config::NetworkGuard;
use crate::drivers::engine::{
    ContainerSpec, EngineError, GuardSpec, NetworkKey, ServerKey, VolumeKey, VolumeMount,
};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;

use super::super::model::Server;
use super::super::store;
use super::spec::{self, Parts};

/// A whole processor, for a server that nobody waits for.
const MOST_CPU_MILLIS: u32 = 1000;

/// A throw-away server.
#[derive(Debug, Clone)]
pub struct ThrowAway {
    /// Its container.
    pub container: ContainerSpec,
    /// The template's volumes: what each is called, and the one that stands for it.
    pub volumes: Vec<(String, VolumeKey)>,
}

/// What stands for a volume.
pub fn throw_away_volume(key: &ServerKey, name: &str) -> Result<VolumeKey, EngineError> {
    VolumeKey::new(format!("{key}-{name}"))
}

/// A server as a throw-away one under this key, or why it can't be said.
pub async fn throw_away(
    app: &App,
    tx: &mut SystemTx,
    (server, key): (&Server, &ServerKey),
) -> Result<Result<ThrowAway, String>, Error> {
    let Some(offer) = crate::eggs::warm(app, tx, &server.template).await? else {
        return Ok(Err("its template is no longer in the catalogue".to_owned()));
    };
    let parts = Parts {
        server,
        offer: &offer,
        location: &store::find_location(tx, server.location).await?,
        ports: &store::ports(tx, server.id).await?,
        variables: &store::variables(tx, server.id).await?,
        // What is restored is its own data; nobody else's is within its reach.
        mounts: &[],
    };
    let made = spec::container(&parts, &app.keyring).map_err(|error| error.to_string());
    let names = offer.template.volumes.iter().map(|volume| &volume.name);
    Ok(made.and_then(|container| apart(container, names, key).map_err(|error| error.to_string())))
}

fn apart<'a>(
    container: ContainerSpec,
    names: impl Iterator<Item = &'a String>,
    key: &ServerKey,
) -> Result<ThrowAway, EngineError> {
    let (mut mounts, mut volumes) = (Vec::new(), Vec::new());
    for (mount, name) in container.volumes.iter().zip(names) {
        let volume = throw_away_volume(key, name)?;
        mounts.push(VolumeMount {
            volume: volume.clone(),
            ..mount.clone()
        });
        volumes.push((name.clone(), volume));
    }
    let container = ContainerSpec {
        server: key.clone(),
        display_name: format!("drill of {}", container.display_name),
        labels: BTreeMap::new(),
        network: NetworkKey::new(key.as_str())?,
        ports: Vec::new(),
        volumes: mounts,
        cpu_millis: container.cpu_millis.min(MOST_CPU_MILLIS),
        ..container
    };
    Ok(ThrowAway { container, volumes })
}

/// Sees that the network guard holds, without which nothing of a customer's is started.
pub async fn guarded(app: &App) -> Result<(), EngineError> {
    if app.config.network_guard == NetworkGuard::Off {
        return Ok(());
    }
    let spec = GuardSpec {
        base_image: app.config.base_image.clone(),
        blocked: app.config.blocked_networks.clone(),
    };
    app.engine.ensure_guard(&spec).await
}
