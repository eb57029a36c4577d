//! DNS by the name servers of this machine, or by one that the settings name. People publish a record and ask again at once, so
//! what was not there is remembered for a few seconds only, and what was there not for long. `/etc/hosts` is not read: the world
//! does not see it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::system_conf::read_system_conf;

use super::{Dns, DnsError, Mx, Srv};

/// For one answer of one name server; it is asked twice.
const TRY: Duration = Duration::from_millis(1400);
/// For one question, whatever happens.
const QUESTION: Duration = Duration::from_secs(3);
/// How long it is remembered that something is not there.
const ABSENT: Duration = Duration::from_secs(2);
/// How long it is remembered that something is there: it may be about to be corrected.
const PRESENT: Duration = Duration::from_secs(10);

/// Asks name servers.
#[derive(Debug, Clone)]
pub struct Resolver(TokioResolver);

impl Resolver {
    /// Asks the name server at an address, or those of `/etc/resolv.conf`; without such a file, the one on this machine
    /// (resolv.conf(5)).
    pub fn at(server: Option<SocketAddr>) -> Result<Self, DnsError> {
        let (config, options) = match server {
            Some(server) => (only(server), ResolverOpts::default()),
            None => read_system_conf().unwrap_or_else(|error| {
                tracing::warn!(%error, "/etc/resolv.conf can't be read: asking the name server on this machine");
                let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 53));
                (only(local), ResolverOpts::default())
            }),
        };
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = impatient(options);
        let built = builder.build().map_err(|error| away(&error))?;
        Ok(Self(built))
    }

    async fn ask(&self, name: Name, kind: RecordType) -> Result<Vec<RData>, DnsError> {
        let asked = tokio::time::timeout(QUESTION, self.0.lookup(name, kind)).await;
        let Ok(answer) = asked else {
            return Err(DnsError::Away("no answer in time".to_owned()));
        };
        match answer {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(away(&error)),
        }
    }
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}

fn impatient(mut options: ResolverOpts) -> ResolverOpts {
    options.timeout = TRY;
    options.attempts = 1;
    options.use_hosts_file = ResolveHosts::Never;
    options.negative_max_ttl = Some(ABSENT);
    options.positive_max_ttl = Some(PRESENT);
    options
}

fn away(error: &NetError) -> DnsError {
    DnsError::Away(error.to_string())
}

/// A name that nothing is searched for in: with its last dot.
fn whole(name: &str) -> Result<Name, DnsError> {
    let bad = || DnsError::BadName(name.to_owned());
    let mut whole = Name::from_ascii(name).map_err(|_| bad())?;
    if whole.is_root() || name.is_empty() {
        return Err(bad());
    }
    whole.set_fqdn(true);
    Ok(whole)
}

fn plain(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.trim_end_matches('.').to_owned()
}

#[async_trait]
impl Dns for Resolver {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let found = self.ask(whole(name)?, RecordType::TXT).await?;
        let texts = found.into_iter().filter_map(|data| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.collect())
    }

    async fn mx(&self, domain: &str) -> Result<Vec<Mx>, DnsError> {
        let found = self.ask(whole(domain)?, RecordType::MX).await?;
        let all = found.into_iter().filter_map(|data| match data {
            RData::MX(mx) => Some(Mx {
                preference: mx.preference,
                host: plain(&mx.exchange),
            }),
            _ => None,
        });
        let mut all: Vec<Mx> = all.collect();
        all.sort();
        Ok(all)
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let name = whole(name)?;
        let (four, six) = tokio::try_join!(
            self.ask(name.clone(), RecordType::A),
            self.ask(name, RecordType::AAAA)
        )?;
        let all = four.into_iter().chain(six).filter_map(|data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        Ok(all.collect())
    }

    async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        let mut reverse = Name::from(address);
        reverse.set_fqdn(true);
        let found = self.ask(reverse, RecordType::PTR).await?;
        let names = found.into_iter().filter_map(|data| match data {
            RData::PTR(name) => Some(plain(&name.0)),
            _ => None,
        });
        Ok(names.collect())
    }

    async fn cname(&self, name: &str) -> Result<Option<String>, DnsError> {
        let found = self.ask(whole(name)?, RecordType::CNAME).await?;
        Ok(found.into_iter().find_map(|data| match data {
            RData::CNAME(name) => Some(plain(&name.0)),
            _ => None,
        }))
    }

    async fn srv(&self, name: &str) -> Result<Vec<Srv>, DnsError> {
        let found = self.ask(whole(name)?, RecordType::SRV).await?;
        let all = found.into_iter().filter_map(|data| match data {
            RData::SRV(srv) => Some(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                host: plain(&srv.target),
            }),
            _ => None,
        });
        Ok(all.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_and_nothing_is_searched_for() {
        let name = whole("_dmarc.example.com").unwrap();
        assert!(name.is_fqdn());
        assert_eq!(plain(&name), "_dmarc.example.com");
        for bad in ["", ".", "a b.example", "ä.example", &"a.".repeat(200)] {
            assert!(matches!(whole(bad), Err(DnsError::BadName(_))), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_server_that_is_not_there_is_away() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let nobody = socket.local_addr().unwrap();
        drop(socket);
        let resolver = Resolver::at(Some(nobody)).unwrap();
        let answer = resolver.txt("example.com").await;
        assert!(matches!(answer, Err(DnsError::Away(_))), "{answer:?}");
    }
}
