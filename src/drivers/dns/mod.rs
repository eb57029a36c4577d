//! Questions to DNS. Answers are data: a name that does not exist has no records, and that is no error.

#[cfg(feature = "testing")]
pub mod fake;
mod resolver;

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;

pub use resolver::Resolver;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// No name server answered in time, or it failed (SERVFAIL, REFUSED).
    #[error("DNS does not answer: {0}")]
    Away(String),
    /// The name can't be asked for.
    #[error("no name that DNS knows: {0}")]
    BadName(String),
}

/// A mail exchanger (RFC 5321, 5.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mx {
    /// The lowest is tried first.
    pub preference: u16,
    /// Its name, lower case, without the last dot; empty for a domain that takes no mail (RFC 7505).
    pub host: String,
}

/// Where a service is (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// The lowest is tried first.
    pub priority: u16,
    /// Its share among those of one priority.
    pub weight: u16,
    /// Its port.
    pub port: u16,
    /// Its name, lower case, without the last dot; empty if the service is not there.
    pub host: String,
}

/// Asks DNS. Names are A-labels without a last dot; none of them is searched for in a domain of this machine's.
#[async_trait]
pub trait Dns: fmt::Debug + Send + Sync {
    /// The texts of a name, each with its parts put together (RFC 7208, 3.3).
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError>;

    /// Who takes a domain's mail, by preference.
    async fn mx(&self, domain: &str) -> Result<Vec<Mx>, DnsError>;

    /// The addresses of a name, IPv4 and IPv6.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError>;

    /// The names of an address.
    async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError>;

    /// What a name is another name of.
    async fn cname(&self, name: &str) -> Result<Option<String>, DnsError>;

    /// Where a service is.
    async fn srv(&self, name: &str) -> Result<Vec<Srv>, DnsError>;
}
