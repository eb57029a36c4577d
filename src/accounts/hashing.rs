//! Slow hashing of passwords (argon2id), bounded: memory for a few at once, a short queue, then "try again".
//!
//! One hash takes 19 MiB and about 20 ms of one core (the OWASP minimum: m=19456, t=2, p=1). As many run at once as there
//! are cores, and at most four, so a rush of sign-ins takes 76 MiB at most and no request waits behind more than a second
//! or two of others. The bound is the process's, because its memory is; it is not a part of `App`.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::platform::error::Error;
use crate::platform::secret::Secret;

const AT_ONCE: usize = 4;
const WAITING: usize = 64;
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A hash of nothing in particular, made with our parameters: checked where there is no account, so that it takes as long.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY";

struct Bounds {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

static BOUNDS: LazyLock<Bounds> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let running = cores.min(AT_ONCE);
    Bounds {
        running: Arc::new(Semaphore::new(running)),
        admitted: Arc::new(Semaphore::new(running + WAITING)),
    }
});

/// A seat in the queue. Whoever counts attempts takes one first, so that an attempt that finds the queue full is not
/// counted. The work holds on to it, even if the request is given up before it ends.
#[derive(Debug, Clone)]
pub(crate) struct Seat(#[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>);

impl Seat {
    /// Fails with "try again" when the queue is full.
    pub(crate) fn take() -> Result<Self, Error> {
        let seat = Arc::clone(&BOUNDS.admitted).try_acquire_owned();
        let seat = seat.map_err(|_| Error::TooMany {
            retry_after: RETRY_AFTER,
        })?;
        Ok(Self(Arc::new(seat)))
    }

    /// The hash to keep, as a PHC string with its own salt.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<String, Error> {
        let password = password.clone();
        let hash = self.run(move || argon2().hash_password(password.expose().as_bytes()));
        hash.await?.map(|hash| hash.to_string()).map_err(Error::internal)
    }

    /// Whether the password is the one of `kept`. Without a hash it is none, after the same time.
    pub(crate) async fn verify(&self, password: &Secret, kept: Option<String>) -> Result<bool, Error> {
        let password = password.clone();
        let compare = move || {
            let known = kept.is_some();
            let hash = kept.unwrap_or_else(|| DUMMY.to_owned());
            let matches = argon2()
                .verify_password(password.expose().as_bytes(), hash.as_str())
                .is_ok();
            known && matches
        };
        self.run(compare).await
    }

    /// Slow work on a password, when its turn has come.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&BOUNDS.running).acquire_owned().await;
        let held = (self.clone(), turn.map_err(Error::internal)?);
        tokio::task::spawn_blocking(move || {
            let _held = held;
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

/// The hash of a password of another part, such as a mailbox's, within the same bounds.
pub async fn hash_password(password: &Secret) -> Result<String, Error> {
    Seat::take()?.hash(password).await
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let kept = Seat::take()
            .unwrap()
            .hash(&secret("quiet harbour"))
            .await
            .unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(
            Seat::take()
                .unwrap()
                .verify(&secret("quiet harbour"), Some(kept.clone()))
                .await
                .unwrap()
        );
        assert!(
            !Seat::take()
                .unwrap()
                .verify(&secret("quiet Harbour"), Some(kept))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nothing_fits_no_account() {
        assert!(!Seat::take().unwrap().verify(&secret(""), None).await.unwrap());
        assert!(
            !Seat::take()
                .unwrap()
                .verify(&secret("berth"), Some("no hash".to_owned()))
                .await
                .unwrap()
        );
    }

    #[test]
    fn the_dummy_costs_what_a_real_one_costs() {
        let dummy = argon2::password_hash::phc::PasswordHash::new(DUMMY).unwrap();
        let real = argon2().hash_password(b"x").unwrap();
        assert_eq!(dummy.params, real.params);
        assert_eq!((dummy.algorithm, dummy.version), (real.algorithm, real.version));
        assert_eq!(
            dummy.hash.unwrap().as_ref().len(),
            real.hash.unwrap().as_ref().len()
        );
    }
}
