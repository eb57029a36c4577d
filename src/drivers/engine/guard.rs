//! The network guard: what keeps customers' servers from the host, from other tenants' servers, and from networks that
//! are none of their business.
//!
//! Docker keeps bridges apart, but lets every container reach all addresses of its host, and whatever the host reaches: a
//! database, a cloud's metadata service. The rules against that belong into the host's kernel, which the panel cannot reach:
//! it may run as nobody, in a container, and knows only the engine. So it lets the engine run a small container in the
//! host's network (`docker/guard/`), which sets the rules, watches over them, and says whether they hold.
//!
//! The rules name bridges by how their names [begin](super::InstanceKey::bridges), so a network is behind them before its
//! first container is there, and a guard that has come up never has to hear of one. They stay when the guard ends or is
//! replaced; only [`remove_guard`](super::Engine::remove_guard) takes them away.

use std::net::IpAddr;

use super::{BuildRequest, EngineError, EngineResult, own_image::OwnImage};

/// Of the rules and of how the guard runs. To be raised with every change of either: during an upgrade two versions of
/// Berth serve one instance, and the older must not bring back its own.
pub const GUARD_VERSION: u32 = 1;

const IMAGE: OwnImage = OwnImage {
    name: "guard",
    files: &[
        (
            "Dockerfile",
            false,
            include_str!("../../../docker/guard/Dockerfile"),
        ),
        ("guard", true, include_str!("../../../docker/guard/guard")),
    ],
};

/// The guard, as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardSpec {
    /// The image that its image is built from: Debian.
    pub base_image: String,
    /// Networks that servers must not reach, as [`is_network`] takes them. Link-local addresses and clouds' metadata
    /// services are always among them.
    pub blocked: Vec<String>,
}

/// Whether the guard's rules hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardState {
    /// There is no guard.
    Absent,
    /// They do.
    Holds,
    /// They don't, for this reason.
    Fails(String),
}

impl GuardSpec {
    /// Says what is wrong with it before an engine sees it.
    pub fn validate(&self) -> EngineResult<()> {
        match self.blocked.iter().find(|network| !is_network(network)) {
            Some(network) => Err(EngineError::Invalid(format!("{network:?} is not a network"))),
            None => Ok(()),
        }
    }

    /// The image's name: `berth/guard:3f1c0ad2b4e6`, after what it is built from.
    pub fn image_tag(&self) -> String {
        IMAGE.tag(&self.base_image)
    }

    /// How its image is built.
    pub(super) fn build_request(&self) -> EngineResult<BuildRequest> {
        IMAGE.build_request(&self.base_image)
    }
}

/// Whether a text is a network: an address of either kind, `/`, and how many of its bits count; the others are zero.
pub fn is_network(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    match (address.parse(), length.parse::<u32>()) {
        (Ok(IpAddr::V4(address)), Ok(length @ 0..=32)) if digits => {
            address.to_bits().checked_shl(length).unwrap_or(0) == 0
        }
        (Ok(IpAddr::V6(address)), Ok(length @ 0..=128)) if digits => {
            address.to_bits().checked_shl(length).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_no_bits_beyond_its_length() {
        for good in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "192.0.2.7/32",
            "fd00::/8",
            "::1/128",
            "::/0",
        ] {
            assert!(is_network(good), "{good}");
        }
        for bad in [
            "",
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "fd00::1/8",
            "::/129",
            "10.0.0.0/8 }",
            "a/8",
        ] {
            assert!(!is_network(bad), "{bad}");
        }
    }

    /// Whoever changes what the guard is has to raise its version.
    #[test]
    fn the_image_changes_with_the_version() {
        let spec = GuardSpec {
            base_image: "debian:bookworm-slim".to_owned(),
            blocked: Vec::new(),
        };
        insta::assert_snapshot!("image", format!("{GUARD_VERSION} {}", spec.image_tag()));
    }
}
