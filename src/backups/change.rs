//! What of a target can be changed: what it is called and what opens it. Where it is stays, because repositories lie there.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::platform::error::{Error, FieldErrors};

use super::target::NewTarget;

/// Why a place stays.
const STAYS: &str = "Repositories lie there, so where a target is stays. Add another target, and let new backups go to that one.";
/// Why a user stays.
const HOME: &str =
    "The folder is below this user's home, so another user would have another folder. Add another target.";

/// What changes of a target; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BackupTargetChangeIn)]
pub struct TargetChange {
    /// What it is called.
    #[schema(max_length = 100)]
    pub name: Option<String>,
    /// Whether it may be an address of the panel's own machine, or of what only that reaches.
    pub allow_inside: Option<bool>,
    /// SFTP: where it is, which stays. Another one is refused.
    #[schema(max_length = 255)]
    pub host: Option<String>,
    /// SFTP: usually 22.
    pub port: Option<u16>,
    /// SFTP: who signs in. Stays where the folder is below this user's home.
    #[schema(max_length = 255)]
    pub user: Option<String>,
    /// The folder, which stays. Another one is refused.
    #[schema(max_length = 200)]
    pub path: Option<String>,
    /// SFTP: the host's key, as `ssh-keyscan` says it.
    #[schema(max_length = 2100, example = "ssh-ed25519 AAAA…")]
    pub host_key: Option<String>,
    /// SFTP: the private key that signs in, without a passphrase. It is sealed, and never shown again.
    #[schema(max_length = 16384)]
    pub private_key: Option<String>,
    /// S3: the service's address, which stays. Another one is refused.
    #[schema(max_length = 255)]
    pub endpoint: Option<String>,
    /// S3: the bucket, which stays. Another one is refused.
    #[schema(max_length = 63)]
    pub bucket: Option<String>,
    /// S3: where it is, if the service has such words; empty for none.
    #[schema(max_length = 63)]
    pub region: Option<String>,
    /// S3: the access key's id.
    #[schema(max_length = 255)]
    pub access_key: Option<String>,
    /// S3: its secret. It is sealed, and never shown again.
    #[schema(max_length = 255)]
    pub secret_key: Option<String>,
}

impl TargetChange {
    /// What says where a target is.
    fn places(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("host", self.host.as_deref()),
            ("path", self.path.as_deref()),
            ("endpoint", self.endpoint.as_deref()),
            ("bucket", self.bucket.as_deref()),
        ]
    }

    /// What opens a target, and whether another one is given.
    fn keys(&self) -> [(&'static str, bool); 7] {
        [
            ("port", self.port.is_some()),
            ("user", self.user.is_some()),
            ("host_key", self.host_key.is_some()),
            ("private_key", self.private_key.is_some()),
            ("region", self.region.is_some()),
            ("access_key", self.access_key.is_some()),
            ("secret_key", self.secret_key.is_some()),
        ]
    }

    /// Refuses another place, and what a target of this kind does not have; a volume has nothing of all that.
    pub fn check(&self, known: Option<&NewTarget>) -> Result<(), Error> {
        let mut errors = FieldErrors::default();
        for (field, wanted) in self.places() {
            let present = known.and_then(|known| known.place(field));
            if wanted.is_some_and(|wanted| present != Some(wanted)) {
                errors.add(field, STAYS);
            }
        }
        for (field, is_given) in self.keys() {
            if is_given && known.is_none_or(|known| !known.has(field)) {
                errors.add(field, "A target of this kind has no such thing.");
            }
        }
        errors.into_result().map_err(Error::from)
    }
}

impl NewTarget {
    /// What says where it is, if it has a field of this name that does.
    fn place(&self, field: &str) -> Option<&str> {
        match (self, field) {
            (Self::Sftp { host, .. }, "host") => Some(host),
            (Self::S3 { endpoint, .. }, "endpoint") => Some(endpoint),
            (Self::S3 { bucket, .. }, "bucket") => Some(bucket),
            (Self::Sftp { path, .. } | Self::S3 { path, .. }, "path") => Some(path),
            _ => None,
        }
    }

    /// Whether it has a field of this name that opens it.
    fn has(&self, field: &str) -> bool {
        match self {
            Self::Sftp { .. } => matches!(field, "port" | "user" | "host_key" | "private_key"),
            Self::S3 { .. } => matches!(field, "region" | "access_key" | "secret_key"),
        }
    }

    /// The same place, opened by what the change says.
    pub fn changed(self, change: &TargetChange) -> Result<Self, Error> {
        change.check(Some(&self))?;
        let or = |new: &Option<String>, known: String| new.clone().unwrap_or(known);
        let changed = match self {
            Self::Sftp {
                host,
                port,
                user,
                path,
                host_key,
                private_key,
            } => {
                let is_other = change.user.as_ref().is_some_and(|new| *new != user);
                if is_other && !path.starts_with('/') {
                    return Err(Error::invalid("user", HOME));
                }
                Self::Sftp {
                    host,
                    port: change.port.unwrap_or(port),
                    user: or(&change.user, user),
                    path,
                    host_key: or(&change.host_key, host_key),
                    private_key: or(&change.private_key, private_key),
                }
            }
            Self::S3 {
                endpoint,
                bucket,
                path,
                region,
                access_key,
                secret_key,
            } => Self::S3 {
                endpoint,
                bucket,
                path,
                region: match &change.region {
                    None => region,
                    Some(new) => Some(new.clone()).filter(|new| !new.is_empty()),
                },
                access_key: or(&change.access_key, access_key),
                secret_key: or(&change.secret_key, secret_key),
            },
        };
        changed.check()?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sftp(path: &str) -> NewTarget {
        NewTarget::Sftp {
            host: "vault.example.net".to_owned(),
            port: 22,
            user: "berth".to_owned(),
            path: path.to_owned(),
            host_key: "ssh-ed25519 AAAAC3Nz".to_owned(),
            private_key: "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----"
                .to_owned(),
        }
    }

    fn wrong(path: &str, change: &TargetChange) -> Vec<String> {
        let Err(Error::Invalid(errors)) = sftp(path).changed(change) else {
            panic!("it was taken")
        };
        errors.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn what_opens_a_target_changes_and_where_it_is_stays() {
        let new = TargetChange {
            // As it is: no change.
            host: Some("vault.example.net".to_owned()),
            port: Some(2222),
            user: Some("backups".to_owned()),
            ..TargetChange::default()
        };
        let changed = sftp("/srv/berth").changed(&new).unwrap();
        assert_eq!(changed.words(), "backups@vault.example.net:2222/srv/berth");
        let elsewhere = TargetChange {
            host: Some("other.example.net".to_owned()),
            path: Some("/srv/other".to_owned()),
            ..TargetChange::default()
        };
        assert_eq!(wrong("/srv/berth", &elsewhere), ["host", "path"]);
        // A folder that the user's home begins moves with the user.
        assert_eq!(wrong("berth", &new), ["user"]);
        // Given as it is, nothing opens it anew.
        let same = TargetChange {
            port: Some(22),
            user: Some("berth".to_owned()),
            host_key: Some("ssh-ed25519 AAAAC3Nz".to_owned()),
            ..TargetChange::default()
        };
        assert_eq!(sftp("berth").changed(&same).unwrap(), sftp("berth"));
    }

    #[test]
    fn a_target_has_what_its_kind_has() {
        let change = TargetChange {
            secret_key: Some("x".to_owned()),
            bucket: Some("b".to_owned()),
            ..TargetChange::default()
        };
        assert_eq!(wrong("/srv/berth", &change), ["bucket", "secret_key"]);
        assert!(change.check(None).is_err());
        TargetChange::default().check(None).unwrap();
        let bad = TargetChange {
            host_key: Some("no key".to_owned()),
            ..TargetChange::default()
        };
        assert_eq!(wrong("/srv/berth", &bad), ["address"]);
    }
}
