//! Passwords as the server's programs know them. Neither hash is a good one by today's measure, and SMB's is as good as the
//! password itself: so both are sealed, and passwords are long.

use std::fmt::Write as _;

use md4::{Digest as _, Md4};
use sha_crypt::{PasswordHasher as _, ShaCrypt};

use crate::platform::error::Error;
use crate::platform::secret::{Secret, random_text};

use super::model::Hashes;

/// They are written as 16 characters, as many as `crypt` takes.
const SALT: usize = 12;
/// The algorithm's own number of rounds, which every program takes.
const ROUNDS: u32 = 5000;

/// Takes some milliseconds.
pub(super) async fn hash(password: &Secret) -> Result<Hashes, Error> {
    let password = password.clone();
    let work = tokio::task::spawn_blocking(move || both(password.expose(), &random_text(SALT)));
    work.await.map_err(Error::internal)?
}

fn both(password: &str, salt: &str) -> Result<Hashes, Error> {
    let params = sha_crypt::Params::new(ROUNDS).map_err(Error::internal)?;
    let crypt = ShaCrypt::new(sha_crypt::Algorithm::Sha512Crypt, params)
        .hash_password_with_salt(password.as_bytes(), salt.as_bytes())
        .map_err(Error::internal)?;
    let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let nt = Md4::digest(&utf16)
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            // Writing into a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
    Ok(Hashes {
        crypt: crypt.as_str().to_owned(),
        nt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_openssl_and_samba() {
        // openssl passwd -6 -salt oRLNgNLNU6KSoJqQ; Samba's own for the same word.
        let hashes = both("ann's password", "twelve bytes").unwrap();
        let openssl = "oRLNgNLNU6KSoJqQ$BegM5TjwxoJchm8Bzeud1oDQueE4ascPrkiEB.fIbBlyorVL.1GxpJYRDmE6elS3URK4FADKwkTpAyzUWg50v/";
        assert_eq!(hashes.crypt, format!("$6$rounds=5000${openssl}"));
        assert_eq!(hashes.nt, "8a6dda073f82b4485a6246f73f6c7b90");
    }
}
