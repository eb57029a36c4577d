//! Where another server is, at the moment of a try: the address that is connected to is the one that is judged here.

use std::net::IpAddr;

use crate::app::App;
use crate::drivers::dns::DnsError;

use super::model::{Host, is_outside};

/// Why there is no place to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nowhere {
    /// DNS does not answer at present.
    Away,
    /// The name has no address.
    Unknown,
    /// It leads to what is not of the public internet, or to this installation itself.
    Inside,
}

impl Nowhere {
    /// The word for programs.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Away => "dns",
            Self::Unknown => "host",
            Self::Inside => "inside",
        }
    }

    /// The sentence for people.
    pub(super) fn sentence(self, host: &str) -> String {
        match self {
            Self::Away => format!("DNS does not answer for {host} at present. Ask again later."),
            Self::Unknown => format!("DNS knows no address of {host}. Check the name."),
            Self::Inside => format!(
                "{host} leads to an address that is not of the public internet, or to this installation itself. Use \
                 another server."
            ),
        }
    }
}

/// The address to connect to: an IPv4 one if there is any. One address that leads inside is enough to refuse a name.
pub(super) async fn find(app: &App, host: &Host) -> Result<IpAddr, Nowhere> {
    let found = addresses(app, host).await?;
    if !app.config.mail_fetch_inside {
        let own = own(app).await;
        if found
            .iter()
            .any(|one| !is_outside(*one) || own.contains(&one.to_canonical()))
        {
            return Err(Nowhere::Inside);
        }
    }
    let first = found.iter().find(|one| one.is_ipv4()).or(found.first());
    first.map(IpAddr::to_canonical).ok_or(Nowhere::Unknown)
}

async fn addresses(app: &App, host: &Host) -> Result<Vec<IpAddr>, Nowhere> {
    match host {
        Host::Address(address) => Ok(vec![*address]),
        Host::Name(name) => app
            .dns
            .addresses(name.as_str())
            .await
            .map_err(|error| match error {
                DnsError::Away(_) => Nowhere::Away,
                DnsError::BadName(_) => Nowhere::Unknown,
            }),
    }
}

/// The addresses that this installation is known by. What DNS does not tell of them is no reason to keep everybody waiting.
async fn own(app: &App) -> Vec<IpAddr> {
    let found = app
        .dns
        .addresses(app.config.mail_host())
        .await
        .unwrap_or_default();
    found.into_iter().map(|one| one.to_canonical()).collect()
}
