//! What the panel and its servers listen on: free, or held by ourselves already.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::commands::start;
use crate::config::Config;
use crate::drivers::engine::Installation;
use crate::platform::access::SystemScope;
use crate::servers;

use super::super::Finding;
use super::{PATIENCE, reach};

const LISTENS: &str = "listens";
const PORTS: &str = "servers' ports";
/// What this machine, or the container that this runs in, calls itself.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";
/// More are not named one by one.
const NAMED: usize = 5;

/// The panel's address and that for machines.
pub(in super::super) async fn listen_addresses(config: &Config) -> Vec<Finding> {
    vec![
        address(
            config.listen,
            "stop the other program, or choose another address with BERTH_LISTEN",
        )
        .await,
        address(
            config.metrics_listen,
            "stop the other program, or choose another address with BERTH_METRICS_LISTEN",
        )
        .await,
    ]
}

async fn address(address: SocketAddr, fix: &'static str) -> Finding {
    match TcpListener::bind(address).map_err(|error| error.kind()) {
        Ok(_) => Finding::good(LISTENS, format!("{address} is free")),
        Err(ErrorKind::AddrInUse) if is_panel(address).await => {
            Finding::good(LISTENS, format!("{address}: a panel answers there"))
        }
        Err(ErrorKind::AddrInUse) => {
            Finding::broken(LISTENS, format!("{address} is used by another program"), fix)
        }
        Err(ErrorKind::AddrNotAvailable) => {
            Finding::broken(LISTENS, format!("{address} is no address of this machine"), fix)
        }
        Err(ErrorKind::PermissionDenied) => Finding::broken(
            LISTENS,
            format!("{address} may not be used by this user"),
            "take a port above 1023, with a proxy in front of it",
        ),
        Err(error) => Finding::broken(LISTENS, format!("{address}: {error}"), fix),
    }
}

/// Whether it answers as a panel does.
async fn is_panel(address: SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(reachable(address)).await?;
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.is_ok_and(|answer| {
        answer.is_ok_and(|text| text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\nok\n"))
    })
}

/// Who listens everywhere is reached on the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The range that servers get their ports from.
pub(in super::super) async fn published_ports(config: &Config) -> Finding {
    if let Some(host) = elsewhere(config).await {
        return Finding::warning(
            PORTS,
            format!("they are {host}'s, where the engine is, and can't be looked at from here"),
            "run `berth doctor` with the same settings there, or look with `ss -lntu`",
        );
    }
    if let Err(error) = TcpListener::bind((config.publish_address, 0)) {
        return Finding::broken(
            PORTS,
            format!(
                "{} is no address of this machine: {error}",
                config.publish_address
            ),
            "set BERTH_PUBLISH_ADDRESS to one of this machine's addresses",
        );
    }
    judge(
        config,
        &taken(config.publish_address, config.ports),
        &ours(config).await,
    )
}

/// The name of the engine's host, if that is not where this runs: it may be another machine, or this be a container.
async fn elsewhere(config: &Config) -> Option<String> {
    let engine = start::engine(config, Installation::default()).ok()?;
    let theirs = engine.info().await.ok()?.host;
    let ours = std::fs::read_to_string(HOST_NAME).ok()?;
    (ours.trim() != theirs).then_some(theirs)
}

/// The ports of the range that somebody holds: number, and whether it is UDP.
fn taken(address: IpAddr, (first, last): (u16, u16)) -> BTreeSet<(u16, bool)> {
    let is_taken = |error: std::io::Error| error.kind() == ErrorKind::AddrInUse;
    let each = (first..=last).flat_map(|port| [(port, false), (port, true)]);
    each.filter(|(port, is_udp)| {
        let place = (address, *port);
        if *is_udp {
            UdpSocket::bind(place).map(drop).is_err_and(is_taken)
        } else {
            TcpListener::bind(place).map(drop).is_err_and(is_taken)
        }
    })
    .collect()
}

/// The ports that our servers have. None if the database can't tell, which another check says.
async fn ours(config: &Config) -> BTreeSet<(u16, bool)> {
    let Ok(db) = reach(config).await else {
        return BTreeSet::new();
    };
    let known = servers::ports(&SystemScope::new(db, "berth doctor")).await;
    known.unwrap_or_default().into_iter().collect()
}

fn judge(config: &Config, taken: &BTreeSet<(u16, bool)>, ours: &BTreeSet<(u16, bool)>) -> Finding {
    let (first, last) = config.ports;
    let range = format!("{first}-{last} on {}", config.publish_address);
    if (first..=last).contains(&config.listen.port())
        || (first..=last).contains(&config.metrics_listen.port())
    {
        return Finding::broken(
            PORTS,
            format!("{range} has a port that the panel itself listens on"),
            "choose another range with BERTH_PORTS",
        );
    }
    let foreign: BTreeSet<u16> = taken.difference(ours).map(|(port, _)| *port).collect();
    if foreign.is_empty() {
        let held = ours
            .iter()
            .filter(|(port, _)| (first..=last).contains(port))
            .count();
        return Finding::good(
            PORTS,
            format!("{range}: {held} of our servers', the others are free"),
        );
    }
    let says = format!("{range}: other programs use {}", some(&foreign));
    if foreign.len() > usize::from(last - first) {
        Finding::broken(PORTS, says, "choose another range with BERTH_PORTS")
    } else {
        Finding::warning(
            PORTS,
            says,
            "new servers pass them over; stop those programs, or choose another range with BERTH_PORTS",
        )
    }
}

/// The first few by number, the rest counted.
fn some(ports: &BTreeSet<u16>) -> String {
    let named: Vec<String> = ports.iter().take(NAMED).map(u16::to_string).collect();
    match ports.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Verdict;
    use super::super::super::testing::config;
    use super::*;

    #[tokio::test]
    async fn an_address_that_another_program_has_is_told() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = held.local_addr().unwrap();
        // It answers, but not as a panel does.
        std::thread::spawn(move || drop(held.accept()));
        let finding = address(place, "do this").await;
        assert_eq!((finding.verdict, &*finding.fix), (Verdict::Broken, "do this"));
        let finding = address("192.0.2.1:8080".parse().unwrap(), "do this").await;
        assert_eq!(finding.verdict, Verdict::Broken, "{finding:?}");
        let free = address("127.0.0.1:0".parse().unwrap(), "do this").await;
        assert_eq!(free.verdict, Verdict::Good);
    }

    #[test]
    fn a_port_that_is_held_is_found() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let found = taken(Ipv4Addr::LOCALHOST.into(), (port, port));
        assert!(found.contains(&(port, false)));
    }

    #[test]
    fn ports_of_our_servers_are_no_trouble_and_those_of_others_are() {
        let mut config = config();
        config.ports = (20_000, 20_001);
        let verdict = |taken: &[(u16, bool)], ours: &[(u16, bool)]| {
            judge(
                &config,
                &taken.iter().copied().collect(),
                &ours.iter().copied().collect(),
            )
            .verdict
        };
        assert_eq!(verdict(&[], &[]), Verdict::Good);
        assert_eq!(verdict(&[(20_000, false)], &[(20_000, false)]), Verdict::Good);
        assert_eq!(verdict(&[(20_000, true)], &[(20_000, false)]), Verdict::Warning);
        assert_eq!(verdict(&[(20_000, false), (20_001, true)], &[]), Verdict::Broken);
        config.listen.set_port(20_001);
        assert_eq!(
            judge(&config, &BTreeSet::new(), &BTreeSet::new()).verdict,
            Verdict::Broken
        );
    }

    #[test]
    fn many_ports_are_counted() {
        assert_eq!(some(&(1..=2).collect()), "1, 2");
        assert_eq!(some(&(1..=7).collect()), "1, 2, 3, 4, 5 and 2 more");
    }
}
