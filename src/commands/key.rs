//! `berth key`: the keys of secrets at rest.

use crate::config::Config;
use crate::platform::secret::Keyring;

use super::ready;

/// What to do with the keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Key {
    /// Make a new key and seal every secret again with it. Restart running panels afterwards.
    Rotate(Box<Config>),
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::Rotate(config) = self;
        let config = ready(*config)?;
        Keyring::rotate(&config.key_file())?;
        println!("A new key is in {}.", config.key_file().display());
        Ok(())
    }
}
