//! Counting attempts before their password is looked at.

use chrono::{DateTime, Utc};

use crate::accounts::model::{ACCOUNT, ADDRESS, Locked, account_key, address_key};
use crate::accounts::store;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;

/// Why a password was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// Address, password or both; which of them is not told.
    #[error("The e-mail address or the password is wrong.")]
    Wrong,
    /// Too many wrong ones before.
    #[error("Too many attempts. Try again in {minutes} {}.", if *.minutes == 1 { "minute" } else { "minutes" })]
    Locked {
        /// How long.
        minutes: i64,
    },
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

/// What an attempt is counted under.
#[derive(Debug)]
pub(crate) struct Keys {
    account: String,
    address: String,
}

/// A counted attempt.
#[derive(Debug)]
pub(crate) struct Charged {
    /// If it fails, the account is locked until then.
    pub(crate) locks_until: Option<DateTime<Utc>>,
}

impl Keys {
    pub(crate) fn new(email: &str, ip: &str) -> Self {
        Self {
            account: account_key(email),
            address: address_key(ip),
        }
    }

    /// Counts an attempt against account and address. A refused one is not counted: the caller drops the transaction.
    pub(crate) async fn charge(
        &self,
        tx: &mut SystemTx,
        now: DateTime<Utc>,
    ) -> Result<Charged, AttemptError> {
        let locked = |locked: Locked| AttemptError::Locked {
            minutes: locked.minutes(now),
        };
        let known = store::lock_attempts(tx, &self.account, now).await?;
        let account = ACCOUNT.charge(&known, now).map_err(locked)?;
        let known = store::lock_attempts(tx, &self.address, now).await?;
        let address = ADDRESS.charge(&known, now).map_err(locked)?;
        store::save_attempts(tx, &self.account, &account).await?;
        store::save_attempts(tx, &self.address, &address).await?;
        Ok(Charged {
            locks_until: Some(account.locked_until).filter(|until| *until > now),
        })
    }

    /// The password was right: the account starts anew, the address gets this attempt back. It is not cleared, or
    /// somebody with one account of their own could guess at all others.
    pub(crate) async fn settle(&self, tx: &mut SystemTx, now: DateTime<Utc>) -> Result<(), Error> {
        store::clear_attempts(tx, &self.account).await?;
        let known = store::lock_attempts(tx, &self.address, now).await?;
        store::save_attempts(tx, &self.address, &known.give_back(now)).await
    }

    /// Whoever holds a password link need not wait for the lock that somebody else caused.
    pub(super) async fn clear_account(tx: &mut SystemTx, email: &str) -> Result<(), Error> {
        store::clear_attempts(tx, &account_key(email)).await
    }
}
