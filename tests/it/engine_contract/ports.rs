//! Laws about ports of the host.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use berth::drivers::engine::{EngineError, ObservedState, Outcome, Port, Protocol};

use super::world::{World, made, running, spec};

const GRACE: Duration = Duration::from_secs(5);

fn port(container_port: u16, host_port: Option<u16>) -> Port {
    Port {
        container_port,
        protocol: Protocol::Tcp,
        host_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        host_port,
    }
}

pub(super) async fn ports_are_published_where_asked(world: &dyn World) {
    let (engine, mut spec) = (world.engine(), spec(world, "a"));
    spec.ports = vec![port(80, None), port(81, None)];
    assert_eq!(made(world, &spec).await.ports, []);
    let seen = running(world, &spec).await;
    let inside: Vec<_> = seen
        .ports
        .iter()
        .map(|port| (port.container_port, port.host_ip.to_string()))
        .collect();
    assert_eq!(
        inside,
        [(80, "127.0.0.1".to_owned()), (81, "127.0.0.1".to_owned())]
    );
    assert!(seen.ports.iter().all(|port| port.host_port > 0), "{seen:?}");
    engine.stop(&spec.server, GRACE).await.unwrap();
    assert_eq!(engine.observe(&spec.server).await.unwrap().ports, []);
}

pub(super) async fn a_taken_port_is_named(world: &dyn World) {
    let (engine, mut first) = (world.engine(), spec(world, "a"));
    first.ports = vec![port(80, None)];
    let taken = running(world, &first).await.ports[0].host_port;
    let mut second = spec(world, "b");
    second.ports = vec![port(80, Some(taken))];
    made(world, &second).await;
    let refused = engine.start(&second.server).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::PortInUse { port } if port == taken),
        "{refused:?}"
    );
    assert_ne!(
        engine.observe(&second.server).await.unwrap().state,
        ObservedState::Running
    );
    engine.stop(&first.server, GRACE).await.unwrap();
    assert_eq!(engine.start(&second.server).await.unwrap(), Outcome::Done);
}
