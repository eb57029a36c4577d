//! `berth key`: the keys of secrets at rest.

use anyhow::Context as _;

use crate::config::Config;
use crate::platform::access::SystemScope;
use crate::servers;

use super::{ready, start};

/// What to do with the keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Key {
    /// Make a new key and seal every secret again with it, or finish a rotation that was broken off. The old keys stay in the
    /// file. Restart running panels afterwards, then run `key forget`.
    Rotate(Box<Config>),
    /// Take the old keys out of the file. Run it after all panels were restarted since the rotation: what one that was not
    /// seals later would be lost.
    Forget(Box<Config>),
}

impl Key {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (Self::Rotate(config) | Self::Forget(config)) = &self;
        let config = ready((**config).clone())?;
        let path = config.key_file();
        let urls = start::databases(&config).await?;
        let app = start::app(config, &urls)?;
        let scope = SystemScope::new(app.db.clone(), "berth key");
        match self {
            Self::Rotate(_) => {
                let done = servers::rotate_key(&scope, &path)
                    .await
                    .context("rotating the key")?;
                let what = if done.is_new {
                    "A new key is in"
                } else {
                    "A rotation that was begun before is finished with the newest key of"
                };
                println!(
                    "{what} {}. Secrets sealed again: {}.",
                    path.display(),
                    done.sealed
                );
            }
            Self::Forget(_) => {
                servers::forget_old_keys(&scope, &path)
                    .await
                    .context("forgetting old keys")?;
                println!("Only the newest key is left in {}.", path.display());
            }
        }
        app.db.close().await;
        Ok(())
    }
}
