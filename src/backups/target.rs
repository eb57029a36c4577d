//! Where repositories are, as staff say it and as the database keeps it: sealed, because it holds what opens the place.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drivers::backup::{Address, S3, Sftp};
use crate::drivers::engine::VolumeKey;
use crate::platform::error::Error;
use crate::platform::ids::{BackupTargetId, TenantId};
use crate::platform::secret::Keyring;

use super::inside;

/// A target that staff make: SFTP or S3. Each tenant's repository is in a folder of its own below the path.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NewTarget {
    /// A folder of a machine that speaks SFTP.
    Sftp {
        /// Name or address.
        #[schema(max_length = 255)]
        host: String,
        /// Usually 22.
        port: u16,
        /// Who signs in.
        #[schema(max_length = 255)]
        user: String,
        /// The folder.
        #[schema(max_length = 200)]
        path: String,
        /// The host's key, as `ssh-keyscan` says it. Whoever answers with another one is not talked to.
        #[schema(max_length = 2100, example = "ssh-ed25519 AAAA…")]
        host_key: String,
        /// The private key that signs in, without a passphrase. It is sealed, and never shown again.
        #[schema(max_length = 16384)]
        private_key: String,
    },
    /// A folder of a bucket.
    S3 {
        /// The service's address, without a path.
        #[schema(max_length = 255, example = "https://s3.example.com")]
        endpoint: String,
        /// The bucket.
        #[schema(max_length = 63)]
        bucket: String,
        /// The folder.
        #[schema(max_length = 200)]
        path: String,
        /// Where it is, if the service has such words.
        #[schema(max_length = 63)]
        region: Option<String>,
        /// The access key's id.
        #[schema(max_length = 255)]
        access_key: String,
        /// Its secret. It is sealed, and never shown again.
        #[schema(max_length = 255)]
        secret_key: String,
    },
}

impl std::fmt::Debug for NewTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words())
    }
}

impl NewTarget {
    /// As the database calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sftp { .. } => "sftp",
            Self::S3 { .. } => "s3",
        }
    }

    /// Without what is secret.
    pub fn words(&self) -> String {
        match self {
            Self::Sftp {
                host,
                port,
                user,
                path,
                ..
            } => format!("{user}@{host}:{port}/{}", path.trim_matches('/')),
            Self::S3 {
                endpoint,
                bucket,
                path,
                ..
            } => format!("{endpoint}/{bucket}/{}", path.trim_matches('/')),
        }
    }

    /// Refuses what leads inside, unless that is meant.
    pub async fn check_outside(&self) -> Result<(), Error> {
        inside::check(&self.clone().address("check")).await.map_err(|_| {
            Error::invalid(
                "allow_inside",
                "This address leads to the panel's own machine, or to what only it reaches. If that is meant, allow it.",
            )
        })
    }

    /// The repository of a tenant there.
    fn address(self, folder: &str) -> Address {
        let below = |path: String| format!("{}/{folder}", path.trim_end_matches('/'));
        match self {
            Self::Sftp {
                host,
                port,
                user,
                path,
                host_key,
                private_key,
            } => Address::Sftp(Sftp {
                host,
                port,
                user,
                path: below(path),
                host_key,
                private_key,
            }),
            Self::S3 {
                endpoint,
                bucket,
                path,
                region,
                access_key,
                secret_key,
            } => Address::S3(S3 {
                endpoint,
                bucket,
                path: below(path),
                region,
                access_key,
                secret_key,
            }),
        }
    }

    /// Whether it can be one.
    pub fn check(&self) -> Result<(), Error> {
        self.clone()
            .address("check")
            .check()
            .map_err(|bad| Error::invalid("address", bad.0))
    }

    /// For the database.
    pub fn seal(&self, keyring: &Keyring, id: BackupTargetId) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        keyring.seal(&context(id), &plain).map_err(Error::internal)
    }
}

/// A target as it was sealed.
pub fn opened(keyring: &Keyring, id: BackupTargetId, sealed: &[u8]) -> Result<NewTarget, Error> {
    let plain = keyring.open(&context(id), sealed).map_err(Error::internal)?;
    serde_json::from_slice(&plain).map_err(Error::internal)
}

/// Where a tenant's repository at a target is; without anything sealed it is a volume.
pub fn address(
    keyring: &Keyring,
    (id, sealed): (BackupTargetId, Option<&[u8]>),
    tenant: TenantId,
) -> Result<Address, Error> {
    let Some(sealed) = sealed else {
        return Ok(Address::Volume(volume(id, tenant)?));
    };
    Ok(opened(keyring, id, sealed)?.address(&tenant.to_string()))
}

/// The volume that a tenant's repository is in, where it is in one.
pub fn volume(id: BackupTargetId, tenant: TenantId) -> Result<VolumeKey, Error> {
    VolumeKey::new(format!("{tenant}-{id}")).map_err(Error::internal)
}

/// What a target is sealed for.
pub fn context(id: BackupTargetId) -> String {
    format!("backup_target|{id}")
}
