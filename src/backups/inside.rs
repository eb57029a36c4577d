//! Addresses that a target should not have: those that lead back to the panel's machine or to what only it reaches. A mistake there
//! would hand backups, or the machine's own credentials, to the wrong one; who means it says so. Names are looked up at each use: they may
//! lead elsewhere by then.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::drivers::backup::{Address, BackupError, BackupResult};

/// Where clouds tell their machines who they are, besides the link-local ones.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Refuses an address whose host leads inside. One whose name leads nowhere at present is taken: using it says so.
pub async fn check(address: &Address) -> BackupResult<()> {
    let Some((host, port)) = address.reached_at() else {
        return Ok(());
    };
    let found: Vec<IpAddr> = match host.trim_matches(['[', ']']).parse() {
        Ok(address) => vec![address],
        Err(_) => match tokio::net::lookup_host((host.as_str(), port)).await {
            Ok(found) => found.map(|found| found.ip()).collect(),
            Err(_) => Vec::new(),
        },
    };
    if found.into_iter().any(leads_inside) {
        return Err(BackupError::Inside);
    }
    Ok(())
}

/// Whether it is of the machine itself, of its link, or of no one machine.
fn leads_inside(address: IpAddr) -> bool {
    let address = address.to_canonical();
    METADATA.contains(&address)
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || match address {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::backup::Sftp;

    fn at(host: &str) -> Address {
        Address::Sftp(Sftp {
            host: host.to_owned(),
            port: 22,
            user: "berth".to_owned(),
            path: "x".to_owned(),
            host_key: String::new(),
            private_key: String::new(),
        })
    }

    #[tokio::test]
    async fn what_leads_inside_is_refused() {
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "169.254.169.254",
            "100.100.100.200",
            "::1",
            "[::1]",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "224.0.0.1",
            "localhost",
        ] {
            assert!(check(&at(host)).await.is_err(), "{host}");
        }
        for host in ["192.0.2.7", "10.1.2.3", "2001:db8::7"] {
            check(&at(host)).await.unwrap();
        }
    }
}
