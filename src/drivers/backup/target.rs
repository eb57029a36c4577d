//! Where a repository is, and what it takes to get there.

use std::fmt;

use crate::drivers::engine::{HelperFile, VolumeKey};

/// Where the helper has a repository that is in a volume.
pub(super) const IN_VOLUME: &str = "/repository";
/// The longest name of a host, path or bucket.
const MAX: usize = 255;

/// Why something can't be a target: a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTarget(pub &'static str);

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// In a volume of the engine's host, which is the tenant's and no server's.
    Volume(VolumeKey),
    /// In a folder of a machine that speaks SFTP.
    Sftp(Sftp),
    /// In a bucket of something that speaks S3.
    S3(S3),
}

/// A folder behind SFTP.
#[derive(Clone, PartialEq, Eq)]
pub struct Sftp {
    /// Name or address.
    pub host: String,
    /// Usually 22.
    pub port: u16,
    /// Who signs in.
    pub user: String,
    /// The repository's folder.
    pub path: String,
    /// The host's key, as `ssh-keyscan` says it: `ssh-ed25519 AAAA…`. Whoever answers with another one is not talked to.
    pub host_key: String,
    /// The private key that signs in, in OpenSSH's format and without a passphrase.
    pub private_key: String,
}

/// A folder of a bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// `https://…`, without a path.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The repository's folder in it.
    pub path: String,
    /// Where it is, if the service has such words.
    pub region: Option<String>,
    /// The access key's id.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
}

impl fmt::Debug for Sftp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sftp://{}@{}:{}/{}",
            self.user, self.host, self.port, self.path
        )
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.endpoint, self.bucket, self.path)
    }
}

impl Address {
    /// Whether all of it can be said to ssh and restic without meaning something else.
    pub fn check(&self) -> Result<(), BadTarget> {
        match self {
            Self::Volume(_) => Ok(()),
            Self::Sftp(sftp) => sftp.check(),
            Self::S3(s3) => s3.check(),
        }
    }

    /// The host that is spoken to, and its port; nothing for volumes.
    pub fn reached_at(&self) -> Option<(String, u16)> {
        match self {
            Self::Volume(_) => None,
            Self::Sftp(sftp) => Some((sftp.host.clone(), sftp.port)),
            Self::S3(s3) => Some(s3.reached_at()),
        }
    }

    pub(super) fn reaches_out(&self) -> bool {
        !matches!(self, Self::Volume(_))
    }

    /// What the helper has to know about it.
    pub(super) fn files(&self) -> Vec<HelperFile> {
        match self {
            Self::Volume(_) => vec![file("env/RESTIC_REPOSITORY", IN_VOLUME)],
            Self::Sftp(sftp) => sftp.files(),
            Self::S3(s3) => s3.files(),
        }
    }
}

impl Sftp {
    fn check(&self) -> Result<(), BadTarget> {
        if !is_host(&self.host) {
            return Err(BadTarget("Give the name or address of a host."));
        }
        if !is_word(&self.user) || self.user.starts_with('-') {
            return Err(BadTarget("Give the name of a user, without spaces."));
        }
        if !is_path(&self.path) {
            return Err(BadTarget(
                "Give a folder of letters, digits, dots, dashes and slashes.",
            ));
        }
        let mut words = self.host_key.split(' ');
        let is_key = matches!((words.next(), words.next(), words.next()), (Some(kind), Some(key), None)
            if is_word(kind) && key.len() <= 2048 && key.starts_with("AAAA") && is_base64(key));
        if !is_key {
            return Err(BadTarget(
                "Give the host's key as ssh-keyscan says it: ssh-ed25519 AAAA…",
            ));
        }
        let is_private = self.private_key.contains("-----BEGIN ") && self.private_key.len() <= 16_384;
        if is_private {
            Ok(())
        } else {
            Err(BadTarget("Give a private key, with its first and last line."))
        }
    }

    fn files(&self) -> Vec<HelperFile> {
        let known = format!("[berth]:22 {key}\nberth {key}\n", key = self.host_key);
        // The key is the host's whatever it is called, so it is looked for under a name of ours.
        let config = format!(
            "Host repository\n HostName {}\n Port {}\n User {}\n HostKeyAlias berth\n IdentityFile /run/berth/ssh/key\n \
             IdentitiesOnly yes\n UserKnownHostsFile /run/berth/ssh/known\n GlobalKnownHostsFile /dev/null\n \
             StrictHostKeyChecking yes\n BatchMode yes\n ConnectTimeout 20\n ServerAliveInterval 20\n",
            self.host, self.port, self.user
        );
        let key = format!("{}\n", self.private_key.replace('\r', "").trim());
        vec![
            file("env/RESTIC_REPOSITORY", &format!("sftp:repository:{}", self.path)),
            file("ssh/config", &config),
            file("ssh/known", &known),
            file("ssh/key", &key),
        ]
    }
}

impl S3 {
    fn reached_at(&self) -> (String, u16) {
        let (scheme, rest) = self
            .endpoint
            .split_once("://")
            .unwrap_or(("https", &self.endpoint));
        let usual = if scheme == "http" { 80 } else { 443 };
        match rest.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(usual)),
            None => (rest.to_owned(), usual),
        }
    }

    fn check(&self) -> Result<(), BadTarget> {
        let rest = self.endpoint.strip_prefix("https://");
        let rest = rest.or_else(|| self.endpoint.strip_prefix("http://"));
        let is_endpoint = rest.is_some_and(|rest| match rest.rsplit_once(':') {
            Some((host, port)) => is_host(host) && port.parse::<u16>().is_ok(),
            None => is_host(rest),
        });
        if !is_endpoint {
            return Err(BadTarget(
                "Give the address of the service: https://s3.example.com",
            ));
        }
        if !is_word(&self.bucket) || self.bucket.contains('/') {
            return Err(BadTarget("Give the name of a bucket."));
        }
        if !is_path(&self.path) {
            return Err(BadTarget(
                "Give a folder of letters, digits, dots, dashes and slashes.",
            ));
        }
        if self.region.as_deref().is_some_and(|region| !is_word(region)) {
            return Err(BadTarget("Give a region without spaces, or none."));
        }
        let is_secret =
            |text: &str| !text.is_empty() && text.len() <= MAX && text.chars().all(|c| c.is_ascii_graphic());
        if is_secret(&self.access_key) && is_secret(&self.secret_key) {
            Ok(())
        } else {
            Err(BadTarget("Give an access key and its secret."))
        }
    }

    fn files(&self) -> Vec<HelperFile> {
        let repository = format!(
            "s3:{}/{}/{}",
            self.endpoint,
            self.bucket,
            self.path.trim_matches('/')
        );
        let mut files = vec![
            file("env/RESTIC_REPOSITORY", &repository),
            file("env/AWS_ACCESS_KEY_ID", &self.access_key),
            file("env/AWS_SECRET_ACCESS_KEY", &self.secret_key),
        ];
        if let Some(region) = &self.region {
            files.push(file("env/AWS_DEFAULT_REGION", region));
        }
        files
    }
}

pub(super) fn file(name: &'static str, content: &str) -> HelperFile {
    HelperFile {
        name,
        content: content.as_bytes().to_vec(),
    }
}

fn is_host(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    !text.is_empty() && text.len() <= MAX && !text.starts_with('-') && text.chars().all(is_letter)
}

fn is_word(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    !text.is_empty() && text.len() <= MAX && text.chars().all(is_letter)
}

fn is_path(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    !text.is_empty()
        && text.len() <= MAX
        && text.chars().all(is_letter)
        && !text.split('/').any(|part| part == "..")
}

fn is_base64(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sftp() -> Sftp {
        Sftp {
            host: "backup.example.com".to_owned(),
            port: 22,
            user: "berth".to_owned(),
            path: "/srv/backups".to_owned(),
            host_key: "ssh-ed25519 AAAAC3Nz".to_owned(),
            private_key: "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----"
                .to_owned(),
        }
    }

    #[test]
    fn nothing_that_is_typed_can_become_an_option_or_a_second_line() {
        Address::Sftp(sftp()).check().unwrap();
        let changes: [fn(&mut Sftp); 6] = [
            |sftp| sftp.host = "-oProxyCommand=x".to_owned(),
            |sftp| sftp.host = "a\n ProxyCommand x".to_owned(),
            |sftp| sftp.user = "-l".to_owned(),
            |sftp| sftp.path = "a b".to_owned(),
            |sftp| sftp.path = "../x".to_owned(),
            |sftp| sftp.host_key = "ssh-ed25519 AAAA\nevil".to_owned(),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut bad = sftp();
            change(&mut bad);
            assert!(Address::Sftp(bad).check().is_err(), "{at}");
        }
    }

    #[test]
    fn an_address_shows_no_secret() {
        let s3 = S3 {
            endpoint: "https://s3.example.com".to_owned(),
            bucket: "backups".to_owned(),
            path: "berth".to_owned(),
            region: None,
            access_key: "id-of-a-key".to_owned(),
            secret_key: "very-secret".to_owned(),
        };
        Address::S3(s3.clone()).check().unwrap();
        let shown = format!("{:?} {:?}", Address::S3(s3), Address::Sftp(sftp()));
        assert!(
            !shown.contains("very-secret") && !shown.contains("PRIVATE KEY"),
            "{shown}"
        );
    }
}
