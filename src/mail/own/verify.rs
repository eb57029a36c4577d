//! Checking a mail password, behind the same bounds as passwords of users.

use sha_crypt::{PasswordVerifier as _, ShaCrypt};

use crate::accounts::Seat;
use crate::mail::model::{Checkable, kept_hash};
use crate::platform::error::Error;
use crate::platform::secret::Secret;

/// Whether the password is the kept one. Without one, or with one that can't be checked here, it is none, after the same time.
pub(super) async fn verify(seat: &Seat, password: &Secret, kept: Option<&str>) -> Result<bool, Error> {
    match kept.and_then(Checkable::read) {
        Some(Checkable::Argon2id(hash)) => seat.verify(password, Some(hash)).await,
        Some(Checkable::Sha512Crypt(hash)) => {
            // So that it takes no less than the others.
            seat.verify(password, None).await?;
            let password = password.clone();
            let check =
                move || ShaCrypt::default().verify_password(password.expose().as_bytes(), hash.as_str());
            Ok(seat.run(check).await?.is_ok())
        }
        None => seat.verify(password, None).await,
    }
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
        let other = Secret::new("another password".to_owned());
        for kept in [kept.as_str(), openssl] {
            assert!(verify(&seat, &word, Some(kept)).await.unwrap(), "{kept}");
            assert!(!verify(&seat, &other, Some(kept)).await.unwrap(), "{kept}");
        }
        assert!(!verify(&seat, &word, None).await.unwrap());
        assert!(!verify(&seat, &word, Some("{PLAIN}ann's password")).await.unwrap());
    }
}
