//! Echo (RFC 792, RFC 4443) by the datagram sockets that Linux gives to everybody whose group is in `net.ipv4.ping_group_range`: systemd
//! lets all in, as Docker does. So there is no other program, no capability, and nothing unsafe. The kernel writes identifier and checksum, and hands over
//! what answers this socket only.

use std::io;
use std::net::{IpAddr, UdpSocket as StdSocket};

use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};
use tokio::net::UdpSocket;

use super::{Found, Verdict};

const NOT_ALLOWED: &str =
    "This panel may not send echoes: its group is not in the kernel's net.ipv4.ping_group_range.";
/// Any number: a socket is for one echo.
const SEQUENCE: [u8; 2] = [0x62, 0x65];

fn socket(address: IpAddr) -> io::Result<UdpSocket> {
    let (family, protocol) = match address {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::DGRAM, flags, Some(protocol))?;
    UdpSocket::from_std(StdSocket::from(socket))
}

async fn exchange(address: IpAddr) -> io::Result<()> {
    let (asks, answers) = match address {
        IpAddr::V4(_) => (8, 0),
        IpAddr::V6(_) => (128, 129),
    };
    let socket = socket(address)?;
    socket.connect((address, 0)).await?;
    let [high, low] = SEQUENCE;
    socket
        .send(&[asks, 0, 0, 0, 0, 0, high, low, b'b', b'e', b'r', b't', b'h'])
        .await?;
    let mut answer = [0; 64];
    loop {
        let length = socket.recv(&mut answer).await?;
        if length >= 8 && answer[0] == answers && answer[6..8] == SEQUENCE {
            return Ok(());
        }
    }
}

pub(super) async fn echo(address: IpAddr) -> Found {
    match exchange(address).await {
        Ok(()) => Found::new(Verdict::Good, "It answers echoes."),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Found::new(Verdict::Unknown, NOT_ALLOWED)
        }
        Err(error) => Found::new(Verdict::Bad, format!("No echo: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_machine_answers_or_does_not_let_us_ask() {
        let found = echo("127.0.0.1".parse().unwrap()).await;
        assert!(
            matches!(found.verdict, Verdict::Good | Verdict::Unknown),
            "{found:?}"
        );
    }
}
