//! What belongs to a server: size, place, ports, variables.

use chrono::{DateTime, Utc};

use crate::platform::ids::{LocationId, ServerEventId, ServerId, TenantId};

use super::{Kind, Power, Resources, ServerName};

/// A size that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Size {
    /// Its name in addresses.
    #[schema(example = "small-box")]
    pub id: String,
    /// Its name.
    #[schema(example = "Small box")]
    pub name: String,
    /// What it is good for.
    #[schema(example = "A page, a bot, a test")]
    pub summary: String,
    /// What it gives.
    #[serde(flatten)]
    pub resources: Resources,
}

/// A place where servers can be.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// Its name.
    pub name: String,
    /// The address that ports are bound to.
    pub publish_address: String,
    /// The host name that customers are told.
    pub public_host: String,
    /// Why its engine does not answer, if it doesn't.
    pub engine_error: Option<String>,
    /// Since when.
    pub engine_error_since: Option<DateTime<Utc>>,
}

/// The ports that servers of a location get.
#[derive(Debug, Clone, Copy)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// A server to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewServer<'a> {
    /// Its id.
    pub id: ServerId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it is placed.
    pub location: LocationId,
    /// What people call it.
    pub name: &'a ServerName,
    /// The name by which its neighbours find it.
    pub host_name: &'a str,
    /// The catalogue's template.
    pub template: &'a str,
    /// The image that the template has now.
    pub image: &'a str,
    /// Its size.
    pub size: &'a Size,
    /// What is wanted.
    pub power: Power,
    /// Who makes it.
    pub created_by: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// A port to be given to a new server.
#[derive(Debug, Clone, Copy)]
pub struct NewPort<'a> {
    /// Its name in the template.
    pub name: &'a str,
    /// Its number in the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: &'a str,
    /// What a URL to it starts with.
    pub scheme: Option<&'a str>,
}

/// A port of a server and where it can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    /// Its name in the template.
    pub name: String,
    /// Its number in the container.
    pub container_port: u16,
    /// UDP instead of TCP.
    pub is_udp: bool,
    /// What a URL to it starts with.
    pub scheme: Option<String>,
    /// Its number on the host.
    pub host_port: u16,
}

impl PublishedPort {
    /// Its whole address, if it has a scheme: `http://example.org:20001`. An IPv6 address gets its brackets.
    pub fn url(&self, host: &str) -> Option<String> {
        let scheme = self.scheme.as_deref()?;
        Some(format!("{scheme}://{}", self.authority(host)))
    }

    /// Host and port: `example.org:20001`.
    pub fn authority(&self, host: &str) -> String {
        if host.contains(':') {
            format!("[{host}]:{}", self.host_port)
        } else {
            format!("{host}:{}", self.host_port)
        }
    }

    /// Whether a browser can open it.
    pub fn is_web(&self) -> bool {
        matches!(self.scheme.as_deref(), Some("http" | "https"))
    }
}

/// A variable as it is kept: plain, or sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVariable {
    /// The environment variable's name.
    pub key: String,
    /// Its value, if it is no secret.
    pub value: Option<String>,
    /// Its sealed value, if it is one.
    pub sealed: Option<Vec<u8>>,
}

/// Names the place of a sealed value, so that it opens there only.
pub fn seal_context(key: &str, server: ServerId) -> String {
    format!("server_variable|{key}|{server}")
}

/// An entry of a server's history, as it was written.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// Its id.
    pub id: ServerEventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What sort.
    pub kind: Kind,
    /// One sentence.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_for_names_and_numbers() {
        let mut port = PublishedPort {
            name: "http".to_owned(),
            container_port: 80,
            is_udp: false,
            scheme: Some("http".to_owned()),
            host_port: 20_001,
        };
        assert_eq!(
            port.url("box.example.org").unwrap(),
            "http://box.example.org:20001"
        );
        assert_eq!(port.url("2001:db8::1").unwrap(), "http://[2001:db8::1]:20001");
        port.scheme = None;
        assert_eq!(port.url("box.example.org"), None);
        assert_eq!(port.authority("10.0.0.1"), "10.0.0.1:20001");
    }
}
