//! Checking a mail password, behind the same bounds as passwords of users.
//!
//! A hash that was brought along takes another time to check than the panel's own, and no mailbox at all takes that of the panel's own.
//! So who was wrong is told so at whole steps of time after they asked ([`told_after`]), whatever there was to check; who was right
//! need not wait.

use std::time::Duration;

use sha_crypt::{PasswordVerifier as _, ShaCrypt};

use crate::accounts::Seat;
use crate::mail::model::{Checkable, kept_hash};
use crate::platform::error::Error;
use crate::platform::secret::Secret;

/// The most costly hash that is taken fits into one such step, on a machine that has time for it.
const STEP: Duration = Duration::from_millis(1500);

/// Whether the password is the kept one. Without one, or with one that can't be checked here, it is none.
pub(super) async fn verify(seat: &Seat, password: &Secret, kept: Option<&str>) -> Result<bool, Error> {
    match kept.and_then(Checkable::read) {
        Some(Checkable::Argon2id(hash)) => seat.verify(password, Some(hash)).await,
        Some(Checkable::Bcrypt(hash)) => {
            let password = password.clone();
            // The first 72 bytes count, as everywhere.
            let check = move || bcrypt::verify(password.expose().as_bytes(), &hash);
            Ok(seat.run(check).await?.unwrap_or_default())
        }
        Some(Checkable::Sha512Crypt(hash)) => {
            let password = password.clone();
            let check =
                move || ShaCrypt::default().verify_password(password.expose().as_bytes(), hash.as_str());
            Ok(seat.run(check).await?.is_ok())
        }
        None => seat.verify(password, None).await,
    }
}

/// How long after they asked somebody is told that they were wrong, when that has taken so long.
pub(super) fn told_after(taken: Duration) -> Duration {
    let steps = taken.as_millis() / STEP.as_millis() + 1;
    STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

/// What is kept of a new password.
pub(super) async fn hash(seat: &Seat, password: &Secret) -> Result<String, Error> {
    Ok(kept_hash(&seat.hash(password).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_dovecot_takes_the_panel_takes() {
        let seat = Seat::take().unwrap();
        let word = Secret::new("ann's password".to_owned());
        let kept = hash(&seat, &word).await.unwrap();
        assert!(kept.starts_with("{ARGON2ID}$argon2id$"), "{kept}");
        // openssl passwd -6 -salt oRLNgNLNU6KSoJqQ
        let openssl = "{SHA512-CRYPT}$6$oRLNgNLNU6KSoJqQ$BegM5TjwxoJchm8Bzeud1oDQueE4ascPrkiEB.fIbBlyorVL.1GxpJYRDmE6elS3URK4FADKwkTpAyzUWg50v/";
        // perl -e 'print crypt("ann'"'"'s password", "\$2y\$06\$oRLNgNLNU6KSoJqQabcdee")'
        let bcrypt = "{BLF-CRYPT}$2y$06$oRLNgNLNU6KSoJqQabcdeeHNqYN74hXJTrzF0h7beysCwq6LqCQJi";
        let other = Secret::new("another password".to_owned());
        for kept in [kept.as_str(), openssl, bcrypt] {
            assert!(verify(&seat, &word, Some(kept)).await.unwrap(), "{kept}");
            assert!(!verify(&seat, &other, Some(kept)).await.unwrap(), "{kept}");
        }
        assert!(!verify(&seat, &word, None).await.unwrap());
        assert!(!verify(&seat, &word, Some("{PLAIN}ann's password")).await.unwrap());
    }

    #[test]
    fn whatever_was_checked_is_told_at_the_same_times() {
        let told = |millis| told_after(Duration::from_millis(millis)).as_millis();
        assert_eq!([0, 30, 400, 1499].map(told), [1500; 4]);
        assert_eq!([1500, 2100].map(told), [3000; 2]);
    }
}
