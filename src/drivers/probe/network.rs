//! The prober that goes over the network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::net::{TcpStream, UdpSocket};

use crate::drivers::dns::Dns;

use super::{Ask, Found, Looked, Probe, Prober, Verdict, game, icmp, names, talk, web};

const BOXED_IN: &str = "The panel runs in a container, from where this address is not reached. Publish servers' ports on an \
                        address of the machine (BERTH_PUBLISH_ADDRESS).";

/// Where the panel runs, as far as it matters for what it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the machine whose ports are looked at.
    Machine,
    /// In a container on it, which reaches the machine by this address.
    Container(Option<Ipv4Addr>),
}

impl Place {
    /// The address that leads to a port which is bound to `bound`; none if nothing does from here.
    fn reach(self, bound: IpAddr) -> Option<IpAddr> {
        match self {
            Self::Machine if bound.is_unspecified() && bound.is_ipv6() => Some(Ipv6Addr::LOCALHOST.into()),
            Self::Machine if bound.is_unspecified() => Some(Ipv4Addr::LOCALHOST.into()),
            Self::Container(gateway) if bound.is_unspecified() => gateway.map(IpAddr::V4),
            Self::Container(_) if bound.is_loopback() => None,
            _ => Some(bound),
        }
    }
}

/// What the kernel calls the first namespace of processes (`PROC_PID_INIT_INO`): containers have others.
const FIRST_NAMESPACE: &str = "pid:[4026531836]";

/// Where a process runs that has these routes. The mark of Docker's images alone says nothing: a virtual machine that is made of
/// an image has it, too, and its processes are those of the machine.
fn place(has_mark: bool, namespace: Option<&str>, routes: &str) -> Place {
    if has_mark && namespace != Some(FIRST_NAMESPACE) {
        Place::Container(gateway(routes))
    } else {
        Place::Machine
    }
}

/// The way out in the kernel's table of routes (`/proc/net/route`: numbers in the machine's byte order).
fn gateway(routes: &str) -> Option<Ipv4Addr> {
    let ways = routes.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (to, by) = (words.next()?, words.next()?);
        (to == "00000000")
            .then(|| u32::from_str_radix(by, 16).ok())
            .flatten()
    });
    ways.map(|by| Ipv4Addr::from(by.to_ne_bytes()))
        .find(|by| !by.is_unspecified())
}

/// Goes over the network.
#[derive(Debug)]
pub struct Network {
    dns: Arc<dyn Dns>,
    place: Place,
}

impl Network {
    /// From where this process runs.
    pub fn of_this_machine(dns: Arc<dyn Dns>) -> Self {
        let namespace = std::fs::read_link("/proc/self/ns/pid").ok();
        let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
        let namespace = namespace.as_deref().and_then(Path::to_str);
        Self {
            dns,
            place: place(Path::new("/.dockerenv").exists(), namespace, &routes),
        }
    }

    async fn look(&self, probe: &Probe) -> Found {
        if let Ask::Dns { name, record, expect } = &probe.ask {
            return names::look(&*self.dns, name, *record, expect).await;
        }
        // Engines keep their networks apart, so from one container no other is reached.
        let is_near = probe.ask != Ask::Ping || self.place == Place::Machine;
        let Some(address) = self.place.reach(probe.at).filter(|_| is_near) else {
            return Found::new(Verdict::Unknown, BOXED_IN);
        };
        let address = SocketAddr::new(address, probe.port);
        told(match &probe.ask {
            Ask::Http(ask) => return web::look(ask, address, (probe.timeout, probe.now)).await,
            Ask::Ping => return icmp::echo(address.ip()).await,
            Ask::Udp { send, expect } => udp(address, send, expect).await,
            Ask::Source => game::source(address).await,
            Ask::Minecraft => game::minecraft(address).await,
            Ask::Smtp { tls } => talk::smtp(address, *tls).await,
            Ask::Imap { tls } => talk::imap(address, *tls).await,
            Ask::Tcp | Ask::Dns { .. } => tcp(address).await,
        })
    }
}

fn told(looked: Looked) -> Found {
    match looked {
        Ok(says) => Found::new(Verdict::Good, says),
        Err(says) => Found::new(Verdict::Bad, says),
    }
}

#[async_trait]
impl Prober for Network {
    async fn probe(&self, probe: &Probe) -> Found {
        let begun = Instant::now();
        let looked = tokio::time::timeout(probe.timeout, self.look(probe)).await;
        let slow = || {
            Found::new(
                Verdict::Bad,
                format!("No answer within {} s.", probe.timeout.as_secs()),
            )
        };
        let mut found = looked.unwrap_or_else(|_| slow());
        found.took = begun.elapsed();
        found
    }
}

/// What the system says when nobody is there, in words for people.
pub(super) fn refused(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "Nobody listens there.".to_owned(),
        _ => format!("No connection: {error}."),
    }
}

async fn tcp(address: SocketAddr) -> Looked {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| refused(&error))?;
    drop(stream);
    Ok("It takes connections.".to_owned())
}

/// A socket that hears this address only.
pub(super) async fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    Ok(socket)
}

async fn udp(address: SocketAddr, send: &[u8], expect: &[u8]) -> Looked {
    let ask = async {
        let socket = datagrams(address).await?;
        socket.send(send).await?;
        let mut answer = vec![0; 2048];
        let length = socket.recv(&mut answer).await?;
        answer.truncate(length);
        Ok(answer)
    };
    let answer = ask.await.map_err(|error: io::Error| refused(&error))?;
    if expect.is_empty() || answer.windows(expect.len()).any(|part| part == expect) {
        Ok(format!("It answered {} bytes.", answer.len()))
    } else {
        Err(format!(
            "Its answer of {} bytes does not hold what is expected.",
            answer.len()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_reached_from_a_container_by_its_way_out() {
        let routes = "Iface\tDestination\tGateway \tFlags\neth0\t00000000\t010011AC\t0003\neth0\t000011AC\t00000000\t0001\n";
        let gateway = gateway(routes);
        #[cfg(target_endian = "little")]
        assert_eq!(gateway, Some(Ipv4Addr::new(172, 17, 0, 1)));
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let inside = Place::Container(gateway);
        assert_eq!(inside.reach(ip("0.0.0.0")), gateway.map(IpAddr::V4));
        assert_eq!(inside.reach(ip("127.0.0.1")), None);
        assert_eq!(inside.reach(ip("192.0.2.1")), Some(ip("192.0.2.1")));
        assert_eq!(Place::Machine.reach(ip("0.0.0.0")), Some(ip("127.0.0.1")));
        assert_eq!(Place::Machine.reach(ip("::")), Some(ip("::1")));
        assert_eq!(Place::Machine.reach(ip("127.0.0.1")), Some(ip("127.0.0.1")));
    }

    #[test]
    fn a_machine_that_is_made_of_an_image_is_no_container() {
        let inside = Some("pid:[4026532201]");
        assert_eq!(place(true, Some(FIRST_NAMESPACE), ""), Place::Machine);
        assert_eq!(place(true, inside, ""), Place::Container(None));
        assert_eq!(place(true, None, ""), Place::Container(None));
        assert_eq!(place(false, inside, ""), Place::Machine);
    }
}
