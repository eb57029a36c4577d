//! Secrets at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under keys that live in one file of mode 0600.
//!
//! A sealed value is `key id (4 bytes) ‖ nonce (24 bytes) ‖ ciphertext and tag`. The context (table, column, row) is
//! authenticated with it, so a value copied to another row does not open. The key file holds one key a line, the
//! newest first: new values use it, older ones stay readable until they are sealed again (`berth key rotate`).
//! A process that meets a value whose key it does not know reads the file again, so a rotation does not stop it.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngExt as _;
use zeroize::Zeroizing;

const KEY_ID: usize = 4;
const NONCE: usize = 24;
const KEY: usize = 32;

/// Why the key file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It can't be read or written.
    #[error("key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("key file {0} can be read by others than its owner: run chmod 600 on it")]
    Exposed(PathBuf),
    /// A line isn't 36 bytes in base 64.
    #[error("key file {path}, line {line}: not a key")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// Why a sealed value didn't open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// Its key is not in the key file.
    #[error("sealed with a key that is not in the key file")]
    UnknownKey,
    /// It was changed, or sealed for another place.
    #[error("sealed value is damaged or belongs to another place")]
    Damaged,
}

struct Key {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
}

/// The keys of this installation.
pub struct Keyring {
    path: PathBuf,
    keys: RwLock<Vec<Key>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({})", self.path.display())
    }
}

impl Keyring {
    /// Reads the key file; makes one with a first key where there is none.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        if !path.exists() {
            write_new(path, &new_line())?;
        }
        Ok(Self {
            keys: RwLock::new(read(path)?),
            path: path.to_owned(),
        })
    }

    /// Puts a new key first. Values sealed before stay readable.
    pub fn rotate(path: &Path) -> Result<Self, KeyError> {
        Self::open_or_create(path)?;
        let old = text(path)?;
        replace(path, &format!("{}{}", *new_line(), *old))?;
        Self::open_or_create(path)
    }

    /// Leaves only the newest key. Call it when nothing is sealed with an older one any more.
    pub fn forget_old(path: &Path) -> Result<Self, KeyError> {
        Self::open_or_create(path)?;
        let all = text(path)?;
        let newest = Zeroizing::new(format!("{}\n", all.lines().next().unwrap_or_default()));
        replace(path, &newest)?;
        Self::open_or_create(path)
    }

    /// How a value that is sealed with the newest key begins.
    pub fn newest_id(&self) -> Vec<u8> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.first().map(|key| key.id.to_vec()).unwrap_or_default()
    }

    /// Seals `plain` for `context`, which names the place it is kept in: `table|column|row`.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.first().ok_or(SealError::UnknownKey)?;
        let nonce: [u8; NONCE] = rand::rng().random();
        let payload = Payload {
            msg: plain,
            aad: context.as_bytes(),
        };
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Damaged)?;
        Ok([&key.id[..], &nonce[..], &sealed].concat())
    }

    /// Opens what [`Keyring::seal`] made for the same `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match self.open_with_known(context, sealed) {
            Err(SealError::UnknownKey) => {
                let Ok(keys) = read(&self.path) else {
                    return Err(SealError::UnknownKey);
                };
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
                self.open_with_known(context, sealed)
            }
            known => known,
        }
    }

    fn open_with_known(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, rest) = sealed.split_first_chunk::<KEY_ID>().ok_or(SealError::Damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys
            .iter()
            .find(|key| key.id == *id)
            .ok_or(SealError::UnknownKey)?;
        let payload = Payload {
            msg: sealed,
            aad: context.as_bytes(),
        };
        key.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealError::Damaged)
    }

    /// Whether `sealed` should be sealed again, because its key is not the newest.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        !sealed.starts_with(&self.newest_id())
    }
}

fn text(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let text = std::fs::read_to_string(path).map_err(|source| KeyError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(Zeroizing::new(text))
}

/// Puts another text in the file's place, whole or not at all.
fn replace(path: &Path, text: &str) -> Result<(), KeyError> {
    let next = path.with_extension("new");
    let _ = std::fs::remove_file(&next);
    write_new(&next, text)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let renamed = std::fs::rename(&next, path);
    // The new name must be on disk before anything is sealed with the new key.
    let synced = renamed.and_then(|()| std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
    synced.map_err(|source| KeyError::Io {
        path: path.to_owned(),
        source,
    })
}

/// The keys of the file, the newest first.
fn read(path: &Path) -> Result<Vec<Key>, KeyError> {
    let io = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let mode = std::fs::metadata(path).map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    let text = text(path)?;
    let malformed = |line| KeyError::Malformed {
        path: path.to_owned(),
        line,
    };
    let keys = text
        .lines()
        .enumerate()
        .map(|(at, line)| parse(line).ok_or_else(|| malformed(at + 1)));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        Err(malformed(1))
    } else {
        Ok(keys)
    }
}

fn new_line() -> Zeroizing<String> {
    let bytes: Zeroizing<[u8; KEY_ID + KEY]> = Zeroizing::new(rand::rng().random());
    Zeroizing::new(STANDARD.encode(bytes.as_slice()) + "\n")
}

fn parse(line: &str) -> Option<Key> {
    let bytes = Zeroizing::new(STANDARD.decode(line.trim()).ok()?);
    let (id, key) = bytes.split_first_chunk::<KEY_ID>()?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    Some(Key { id: *id, cipher })
}

fn write_new(path: &Path, text: &str) -> Result<(), KeyError> {
    let io = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("berth-key-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn opens_only_in_its_place() {
        let ring = Keyring::open_or_create(&scratch("place")).unwrap();
        let sealed = ring.seal("server_variable|PASSWORD|srv_1", b"hunter42").unwrap();
        assert_eq!(
            &**ring.open("server_variable|PASSWORD|srv_1", &sealed).unwrap(),
            b"hunter42"
        );
        assert_eq!(
            ring.open("server_variable|PASSWORD|srv_2", &sealed),
            Err(SealError::Damaged)
        );
        let mut bent = sealed.clone();
        bent[KEY_ID + NONCE] ^= 1;
        assert_eq!(
            ring.open("server_variable|PASSWORD|srv_1", &bent),
            Err(SealError::Damaged)
        );
    }

    #[test]
    fn rotation_keeps_old_values_readable() {
        let path = scratch("rotate");
        let old = Keyring::open_or_create(&path).unwrap();
        let sealed = old.seal("x", b"y").unwrap();
        let new = Keyring::rotate(&path).unwrap();
        assert_eq!(&**new.open("x", &sealed).unwrap(), b"y");
        assert!(new.is_outdated(&sealed));
        assert!(!new.is_outdated(&new.seal("x", b"y").unwrap()));
        let sealed_anew = new.seal("x", b"y").unwrap();
        assert_eq!(
            &**old.open("x", &sealed_anew).unwrap(),
            b"y",
            "it reads the file again"
        );
        let alone = Keyring::forget_old(&path).unwrap();
        assert_eq!(&**alone.open("x", &sealed_anew).unwrap(), b"y");
        assert_eq!(alone.open("x", &sealed), Err(SealError::UnknownKey));
    }

    #[test]
    fn refuses_a_key_file_that_others_may_read() {
        let path = scratch("mode");
        Keyring::open_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            Keyring::open_or_create(&path),
            Err(KeyError::Exposed(_))
        ));
    }
}
