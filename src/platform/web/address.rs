//! Where a request came from, seen through the reverse proxies that we trust and no others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

/// The client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl Default for ClientAddress {
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ClientAddress {
    /// Finds it once per request. `trusted` are the proxies.
    pub async fn find(State(trusted): State<Arc<[IpNet]>>, mut request: Request, next: Next) -> Response {
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip().to_canonical());
        let peer = peer.unwrap_or(Self::default().0);
        let address = Self(resolve(peer, request.headers(), &trusted));
        request.extensions_mut().insert(address);
        next.run(request).await
    }
}

/// Walks `X-Forwarded-For` from the right, where our own proxies wrote, to the first address that is none of them.
fn resolve(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let values = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
    // What stands left of something that is no address was written by nobody whom we trust.
    hops.into_iter()
        .rev()
        .map_while(|hop| hop.trim().parse::<IpAddr>().ok())
        .map(|hop| hop.to_canonical())
        .find(|hop| !is_trusted(hop))
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn forwarded(value: &str) -> HeaderMap {
        HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn believes_trusted_proxies_only() {
        let proxies = [ip("10.0.0.1").into(), ip("10.0.0.2").into()];
        let lie = forwarded("6.6.6.6");
        assert_eq!(resolve(ip("203.0.113.9"), &lie, &proxies), ip("203.0.113.9"));
        let chain = forwarded("6.6.6.6, 203.0.113.9, 10.0.0.2");
        assert_eq!(resolve(ip("10.0.0.1"), &chain, &proxies), ip("203.0.113.9"));
        assert_eq!(
            resolve(ip("10.0.0.1"), &HeaderMap::new(), &proxies),
            ip("10.0.0.1")
        );
        assert_eq!(
            resolve(ip("10.0.0.1"), &forwarded("nonsense"), &proxies),
            ip("10.0.0.1")
        );
    }

    #[test]
    fn nonsense_from_the_client_does_not_hide_what_the_proxy_saw() {
        let proxies = [ip("10.0.0.1").into()];
        let lie = forwarded("6.6.6.6, nonsense, 203.0.113.9");
        assert_eq!(resolve(ip("10.0.0.1"), &lie, &proxies), ip("203.0.113.9"));
    }

    #[test]
    fn believes_every_address_of_a_trusted_network_and_none_beside_it() {
        let network = ["10.207.0.0/24".parse().unwrap()];
        let chain = forwarded("6.6.6.6, 203.0.113.9, 10.207.0.7");
        assert_eq!(resolve(ip("10.207.0.1"), &chain, &network), ip("203.0.113.9"));
        assert_eq!(resolve(ip("10.207.1.1"), &chain, &network), ip("10.207.1.1"));
    }
}
