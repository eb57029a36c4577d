//! Which networks a server's container is in: compared, and brought to what is wanted.
//!
//! A container is made in its tenant's common network and is put into others, or out of that one, before it starts; one
//! that runs is moved while it runs. It joins before it leaves, so that it is never without any. Only networks of its tenant
//! are left: what somebody else put it into is theirs.

use std::collections::BTreeSet;

use crate::app::App;
use crate::drivers::engine::{
    EngineError, EngineResult, NetworkKey, NetworkSpec, Observed, ObservedState, Outcome, TenantKey,
};
use crate::networks::{self, Place, Places};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{NetworkId, TenantId};

use super::super::model::{Seen, Server, Wiring};
use super::spec::{server_key, tenant_key};
use super::steps::{Effects, SUBNET_TRIES};
use super::trouble::Trouble;

/// The key of a tenant's network: the common one has the tenant's own, and the engine sorts it before all others, so that it
/// is the way out for who is in several.
pub(super) fn key_of(tenant: TenantId, network: Option<NetworkId>) -> EngineResult<NetworkKey> {
    match network {
        Some(network) => NetworkKey::new(networks::key_text(tenant, network)),
        None => NetworkKey::new(tenant.to_string()),
    }
}

/// The networks of the tenant among those that a container is in.
fn own(tenant: TenantId, seen: &BTreeSet<NetworkKey>) -> impl Iterator<Item = &NetworkKey> {
    let common = tenant.to_string();
    seen.iter().filter(move |key| {
        let rest = key.as_str().strip_prefix(common.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// How a container's networks compare with what is wanted and what was noted.
pub(super) fn compare(
    tenant: TenantId,
    places: &Places,
    (seen, within): (Seen, &BTreeSet<NetworkKey>),
) -> EngineResult<Wiring> {
    let wanted: BTreeSet<NetworkKey> = places
        .wanted()
        .map(|network| key_of(tenant, network))
        .collect::<EngineResult<_>>()?;
    let is_there: BTreeSet<NetworkKey> = own(tenant, within).cloned().collect();
    let differs = match seen {
        Seen::Unknown | Seen::Dead => false,
        Seen::Absent => places.is_any_noted(),
        _ => is_there != wanted || !places.is_settled(),
    };
    Ok(Wiring {
        is_special: !places.is_plain(),
        differs,
    })
}

/// The same for one server, with what is now wanted of it.
pub(super) async fn look(app: &App, server: &Server, observed: &Observed) -> Result<Wiring, Trouble> {
    let mut tx = app.db.system().await?;
    let places = networks::places(&mut tx, server.id).await?;
    let there = (Seen::from(&observed.state), &observed.networks);
    Ok(compare(server.tenant, &places, there)?)
}

/// Puts the container where it should be, and notes where it is.
pub(super) async fn wire(effects: &Effects<'_>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let mut tx = app.db.system().await?;
    let places = networks::places(&mut tx, server.id).await?;
    let aliases = networks::aliases(&mut tx, server.id).await?;
    drop(tx);
    let key = server_key(server)?;
    let seen = app.engine.observe(&key).await?;
    if seen.state == ObservedState::Gone {
        return note(effects, &places, false).await;
    }
    let (mut is_there, mut wanted) = (true, BTreeSet::new());
    for network in places.wanted() {
        let place = key_of(server.tenant, network)?;
        match network {
            Some(network) => ensure(effects, network).await?,
            None if !seen.networks.contains(&place) => effects.network().await?,
            None => {}
        }
        let alias = network.and_then(|network| aliases.get(&network).cloned());
        let names: Vec<String> = [server.host_name.clone()].into_iter().chain(alias).collect();
        is_there &= app.engine.join_network(&key, &place, &names).await? != Outcome::Gone;
        wanted.insert(place);
    }
    for place in own(server.tenant, &seen.networks).filter(|place| !wanted.contains(*place)) {
        app.engine.leave_network(&key, place).await?;
    }
    note(effects, &places, is_there).await
}

/// Notes where the container is after its networks were brought to `places`.
async fn note(effects: &Effects<'_>, places: &Places, is_there: bool) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    if places.is_plain() {
        return Ok(());
    }
    let now: Vec<Place> = places
        .all()
        .map(|place| Place {
            is_in: place.is_wanted && is_there,
            ..place
        })
        .collect();
    let mut tx = app.db.system().await?;
    networks::settle(&mut tx, server.id, &now).await?;
    for network in now.iter().map(|place| place.network) {
        let target = network.map(|network| network.0);
        events::emit(&mut tx, Some(server.tenant), networks::TOPIC, target).await?;
    }
    Ok(tx.commit().await?)
}

/// The subnet is ours to choose, but the host may have it already: then another is drawn.
async fn ensure(effects: &Effects<'_>, network: NetworkId) -> Result<(), Trouble> {
    let server = effects.server();
    let mut subnet = subnet(effects, network, false).await?;
    for _ in 0..SUBNET_TRIES {
        let spec = network_spec(server, network, subnet)?;
        match effects.app.engine.ensure_network(&spec).await {
            Err(EngineError::Invalid(message)) => {
                tracing::info!(message, "a subnet is taken on the host, drawing another");
                subnet = self::subnet(effects, network, true).await?;
            }
            other => return Ok(other.map(drop)?),
        }
    }
    Err(EngineError::NoAddresses.into())
}

fn network_spec(server: &Server, network: NetworkId, subnet: Option<String>) -> EngineResult<NetworkSpec> {
    let tenant: TenantKey = tenant_key(server)?;
    Ok(NetworkSpec {
        key: key_of(server.tenant, Some(network))?,
        tenant,
        internal: false,
        subnet,
    })
}

async fn subnet(effects: &Effects<'_>, network: NetworkId, another: bool) -> Result<Option<String>, Error> {
    let mut tx = effects.app.db.system().await?;
    let subnet = networks::subnet(&mut tx, network, another).await?;
    tx.commit().await?;
    Ok(subnet)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const TENANT: TenantId = TenantId(Uuid::from_u128(1));
    const NETWORK: NetworkId = NetworkId(Uuid::from_u128(2));

    fn keys(networks: &[Option<NetworkId>]) -> BTreeSet<NetworkKey> {
        let keys = networks.iter().map(|network| key_of(TENANT, *network));
        keys.collect::<EngineResult<_>>().unwrap()
    }

    fn differs(places: &Places, seen: Seen, within: &BTreeSet<NetworkKey>) -> bool {
        compare(TENANT, places, (seen, within)).unwrap().differs
    }

    fn member(is_wanted: bool, is_in: bool) -> Places {
        Places(vec![Place {
            network: Some(NETWORK),
            is_wanted,
            is_in,
        }])
    }

    #[test]
    fn who_has_no_wish_is_in_the_common_network_only() {
        let plain = Places::default();
        assert!(!differs(&plain, Seen::Running, &keys(&[None])));
        assert!(differs(&plain, Seen::Running, &keys(&[])));
        assert!(differs(&plain, Seen::Exited, &keys(&[None, Some(NETWORK)])));
        assert!(!differs(&plain, Seen::Absent, &keys(&[])));
        assert!(!differs(&plain, Seen::Unknown, &keys(&[])));
    }

    #[test]
    fn what_is_reached_and_noted_is_left_alone() {
        assert!(!differs(
            &member(true, true),
            Seen::Running,
            &keys(&[None, Some(NETWORK)])
        ));
        assert!(differs(
            &member(true, false),
            Seen::Running,
            &keys(&[None, Some(NETWORK)])
        ));
        assert!(differs(&member(true, true), Seen::Running, &keys(&[None])));
        assert!(differs(&member(false, true), Seen::Absent, &keys(&[])));
    }

    #[test]
    fn networks_of_others_are_not_looked_at() {
        let mut within = keys(&[None]);
        within.insert(NetworkKey::new("monitoring").unwrap());
        within.insert(key_of(TenantId(Uuid::from_u128(9)), None).unwrap());
        assert!(!differs(&Places::default(), Seen::Running, &within));
    }

    #[test]
    fn the_common_network_sorts_before_all_others() {
        assert!(key_of(TENANT, None).unwrap() < key_of(TENANT, Some(NETWORK)).unwrap());
    }
}
