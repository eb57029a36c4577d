//! What carries our label on the engine and has no row.
//!
//! No crash leaves one: a row is written before anything is made, and erased after everything is removed. So an orphan
//! means that the rows are wrong, such as after restoring an old backup of the database, and removing it at once would
//! destroy what somebody wants to rescue. Containers and networks hold no data and go after a short while, volumes after
//! the retention. What another installation made is not even seen here, and what bears no installation's id, because it
//! was made before there were any, is left alone. When a large part of everything is orphaned, nothing is removed at all: this is then most likely the
//! wrong database.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};

use crate::drills;
use crate::drivers::engine::{EngineError, Network, NetworkKey, Observed, ServerKey, Volume, VolumeKey};
use crate::networks;
use crate::platform::ids::VolumeId;
use crate::volumes;

use super::super::store::{self, Brief, Orphan};
use super::Servers;
use super::watch::Watch;

/// How long containers and networks may lie around.
const GRACE: Duration = Duration::minutes(10);
/// So many orphans are no accident…
const MANY: usize = 10;
/// …if they are at least this part of everything.
const PART: usize = 5;

const CONTAINER: &str = "container";
const NETWORK: &str = "network";
const VOLUME: &str = "volume";

/// Notes orphans, and removes those that have been known for long enough.
pub(super) async fn find_orphans(servers: &Servers, all: &[Observed], briefs: &[Brief]) -> Result<(), Watch> {
    let engine = &servers.app.engine;
    let (networks, volumes) = (engine.list_networks().await?, engine.list_volumes().await?);
    // The engine leaves out what a driver keeps that does not answer, which is not lost.
    let is_pool_there = match &servers.app.storage {
        Some(storage) => storage.kind().await.is_ok(),
        None => false,
    };
    let now = servers.app.now();
    let mut tx = servers.app.db.system().await?;
    let private = networks::all_keys(&mut tx, servers.location).await?;
    let drills = drills::active_keys(&mut tx).await?;
    let there = volumes.iter().map(|volume| volume.key.as_str()).collect();
    for volume in volumes::note_presence(&mut tx, servers.location, (&there, is_pool_there), now).await? {
        let holders = volumes::holders(&mut tx, volume).await?;
        let held: Vec<_> = holders.into_iter().map(|holder| holder.server).collect();
        store::wake(&mut tx, &held, now).await?;
    }
    let shared = volumes::all_keys(&mut tx).await?;
    let found = without_row((all, &networks, &volumes), briefs, (&private, &drills, &shared));
    let orphans = store::note_orphans(&mut tx, &found, now).await?;
    tx.commit().await?;
    let everything = all.len() + networks.len() + volumes.len();
    if is_suspicious(orphans.len(), everything) {
        tracing::error!(
            orphans = orphans.len(),
            everything,
            "too much on the engine is unknown to this database: is it the right one? Nothing is removed"
        );
        return Ok(());
    }
    let keep = Duration::days(i64::from(servers.app.config.retention_days));
    let due: Vec<Orphan> = orphans
        .into_iter()
        .filter(|orphan| is_due(orphan, keep, now))
        .collect();
    remove(servers, due).await
}

/// The kind and key of whatever has no row. What is not marked may be another installation's, from before there were
/// marks: only the one that knows its key may call it its own.
fn without_row(
    (containers, networks, volumes): (&[Observed], &[Network], &[Volume]),
    briefs: &[Brief],
    (private, drills, shared): (&HashSet<String>, &HashSet<String>, &HashSet<String>),
) -> Vec<(&'static str, String)> {
    let rows: HashSet<String> = briefs.iter().map(|brief| brief.id.to_string()).collect();
    // A drill's throw-away server has a row of its own.
    let is_known = |server: &str| rows.contains(server) || drills.contains(server);
    let tenants: HashSet<String> = briefs.iter().map(|brief| brief.tenant.to_string()).collect();
    let containers = containers
        .iter()
        .filter(|container| container.is_marked && !is_known(container.server.as_str()))
        .map(|container| (CONTAINER, container.server.to_string()));
    let networks = networks
        .iter()
        .filter(|network| {
            let key = network.key.as_str();
            network.is_marked && !tenants.contains(key) && !private.contains(key) && !drills.contains(key)
        })
        .map(|network| (NETWORK, network.key.to_string()));
    let is_left = |volume: &&Volume| match &volume.server {
        Some(server) => !is_known(server.as_str()),
        // A tenant's own; whatever else is no server's is somebody's at work.
        None => {
            let key = volume.key.as_str();
            key.parse::<VolumeId>().is_ok() && !shared.contains(key)
        }
    };
    let volumes = volumes
        .iter()
        .filter(|volume| volume.is_marked && is_left(volume))
        .map(|volume| (VOLUME, volume.key.to_string()));
    containers.chain(networks).chain(volumes).collect()
}

fn is_suspicious(orphans: usize, everything: usize) -> bool {
    orphans >= MANY && orphans * PART >= everything
}

fn is_due(orphan: &Orphan, keep_volumes: Duration, now: DateTime<Utc>) -> bool {
    let grace = if orphan.kind == VOLUME {
        keep_volumes
    } else {
        GRACE
    };
    orphan.first_seen_at + grace <= now
}

async fn remove(servers: &Servers, orphans: Vec<Orphan>) -> Result<(), Watch> {
    let mut removed = Vec::new();
    for orphan in orphans {
        match remove_one(servers, &orphan).await {
            Ok(()) => {
                tracing::warn!(kind = orphan.kind, key = orphan.key, "removed an orphan");
                removed.push(orphan);
            }
            Err(error @ EngineError::Unavailable(_)) => return Err(error.into()),
            Err(error) => tracing::warn!(kind = orphan.kind, key = orphan.key, %error, "an orphan stays"),
        }
    }
    if removed.is_empty() {
        return Ok(());
    }
    let mut tx = servers.app.db.system().await?;
    store::clear_orphans(&mut tx, &removed).await?;
    Ok(tx.commit().await?)
}

async fn remove_one(servers: &Servers, orphan: &Orphan) -> Result<(), EngineError> {
    let (engine, key) = (&servers.app.engine, orphan.key.as_str());
    match orphan.kind.as_str() {
        CONTAINER => engine.remove(&ServerKey::new(key)?).await.map(drop),
        NETWORK => engine.remove_network(&NetworkKey::new(key)?).await.map(drop),
        _ => engine.remove_volume(&VolumeKey::new(key)?).await.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_database_removes_nothing() {
        assert!(is_suspicious(10, 10));
        assert!(is_suspicious(200, 1000));
        assert!(!is_suspicious(9, 9));
        assert!(!is_suspicious(10, 1000));
    }

    #[test]
    fn data_is_kept_longer_than_what_holds_none() {
        let seen = DateTime::<Utc>::UNIX_EPOCH;
        let orphan = |kind: &str| Orphan {
            kind: kind.to_owned(),
            key: "x".to_owned(),
            first_seen_at: seen,
        };
        let keep = Duration::days(30);
        assert!(is_due(&orphan(CONTAINER), keep, seen + GRACE));
        assert!(!is_due(&orphan(CONTAINER), keep, seen));
        assert!(!is_due(&orphan(VOLUME), keep, seen + GRACE));
        assert!(is_due(&orphan(VOLUME), keep, seen + keep));
    }
}
