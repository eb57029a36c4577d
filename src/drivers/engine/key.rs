//! Names of things on an engine.
//!
//! Keys become part of container, network and volume names, of request paths and of label filters, so each holds
//! only characters that mean nothing in any of them: `a-z`, `0-9`, `_` and `-`. Our public references
//! (`srv_01h…`) are such keys.

use std::{fmt, str::FromStr};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::EngineError;

const MAX_KEY: usize = 80;

fn check(kind: &str, value: &str) -> Result<(), EngineError> {
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
    let starts_well = value.starts_with(|c: char| matches!(c, 'a'..='z' | '0'..='9'));
    if starts_well && value.len() <= MAX_KEY && value.chars().all(allowed) {
        Ok(())
    } else {
        Err(EngineError::Invalid(format!(
            "{kind} key {value:?} must be 1 to {MAX_KEY} characters of a-z, 0-9, _ and -, starting with a letter or digit"
        )))
    }
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a key, or says why it cannot be one.
            pub fn new(value: impl Into<String>) -> Result<Self, EngineError> {
                let value = value.into();
                check($kind, &value)?;
                Ok(Self(value))
            }

            /// The key's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = EngineError;

            fn from_str(value: &str) -> Result<Self, EngineError> {
                Self::new(value)
            }
        }
    };
}

key!(
    /// What the provider calls a panel on an engine. Names of its objects begin with it, and the label `berth.instance`
    /// holds it. Two panels on one engine should have different ones.
    InstanceKey,
    "instance"
);
key!(
    /// The random id of an installation, which its database holds: in the label `berth.installation`.
    InstallationKey,
    "installation"
);
key!(
    /// A server, for example `srv_01h455vb4pex5vsknk084sn02q`.
    ServerKey,
    "server"
);
key!(
    /// A tenant, for example `ten_01h455vb4pex5vsknk084sn02q`.
    TenantKey,
    "tenant"
);
key!(
    /// A network: the tenant's key for the one that all of its servers are in, and more than that for others.
    NetworkKey,
    "network"
);
key!(
    /// A volume. Never used twice: the engine can lose the limit of a volume that is made again under an old name.
    VolumeKey,
    "volume"
);
key!(
    /// A shell that was opened in a server, and everything that was started in it.
    ShellKey,
    "shell"
);

impl InstanceKey {
    /// The name on the engine of this instance's object with the given key.
    pub fn name(&self, key: &str) -> String {
        format!("{}-{key}", self.0)
    }

    /// The name in the host of a network's bridge, of the fifteen characters that the kernel allows. Its forty bits for
    /// the network let four thousand networks collide once in a hundred thousand hosts; the engine then refuses the
    /// second. The twenty for the instance only group: two instances that share them have the same rules twice.
    pub fn bridge(&self, network: &NetworkKey) -> String {
        format!("{}{}", self.bridges(), code::<8>(&self.name(network.as_str())))
    }

    /// What the names of all bridges of this instance begin with, and nobody else's.
    pub fn bridges(&self) -> String {
        format!("bt{}-", code::<4>(&self.0))
    }

    /// The name in the kernel of the table that holds the rules for those bridges.
    pub fn table(&self) -> String {
        format!("berth_{}", code::<16>(&self.0))
    }
}

/// A short name for a long one: five bits of its hash for each letter.
fn code<const LETTERS: usize>(name: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let hash = Sha256::digest(name);
    let letters = hash.iter().take(LETTERS);
    letters
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_references_are_keys() {
        for good in ["srv_01h455vb4pex5vsknk084sn02q", "berth", "berth-test-7", "0"] {
            assert_eq!(ServerKey::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_bridge_has_a_name_that_the_kernel_takes_and_that_tells_whose_it_is() {
        let instance = InstanceKey::new("berth").unwrap();
        let bridge = |network: &str| instance.bridge(&NetworkKey::new(network).unwrap());
        assert_eq!(bridge("ten_1").len(), 15);
        assert!(bridge("ten_1").starts_with(&instance.bridges()));
        assert_ne!(bridge("ten_1"), bridge("ten_2"));
        let other = InstanceKey::new("other").unwrap();
        assert_ne!(instance.bridges(), other.bridges());
        assert_ne!(instance.table(), other.table());
    }

    #[test]
    fn what_could_change_a_path_a_filter_or_a_name_is_refused() {
        let long = "a".repeat(MAX_KEY + 1);
        for bad in [
            "", "-a", "_a", "a/b", "a?b", "a b", "a=b", "..", "A", "ü", "a\n", &long,
        ] {
            assert!(
                matches!(ServerKey::new(bad), Err(EngineError::Invalid(_))),
                "{bad:?}"
            );
        }
    }
}
