//! Key pairs for DKIM. RSA of 2048 bits, which every receiver checks (RFC 8301, 3.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::OsRng;

use crate::platform::error::Error;
use crate::platform::secret::Secret;

const BITS: usize = 2048;

/// A pair that was just made.
#[derive(Debug)]
pub(super) struct Pair {
    /// PKCS#8 PEM, as rspamd reads it.
    pub(super) private_key: Secret,
    /// The value of `p=` in the record (RFC 6376, 3.6.1).
    pub(super) public_key: String,
}

/// Makes a pair. It takes some hundred milliseconds of a processor, so it is not done on a request's thread, and never while
/// rows are locked.
pub(super) async fn make() -> Result<Pair, Error> {
    let work = tokio::task::spawn_blocking(pair);
    work.await.map_err(Error::internal)?
}

fn pair() -> Result<Pair, Error> {
    let private = RsaPrivateKey::new(&mut OsRng, BITS).map_err(Error::internal)?;
    let pem = private.to_pkcs8_pem(LineEnding::LF).map_err(Error::internal)?;
    let public = private
        .to_public_key()
        .to_public_key_der()
        .map_err(Error::internal)?;
    Ok(Pair {
        private_key: Secret::new(pem.as_str().to_owned()),
        public_key: STANDARD.encode(public.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
    use rsa::traits::PublicKeyParts as _;

    use super::*;

    #[test]
    fn both_halves_belong_together() {
        let made = pair().unwrap();
        let private = RsaPrivateKey::from_pkcs8_pem(made.private_key.expose()).unwrap();
        let der = STANDARD.decode(&made.public_key).unwrap();
        let public = rsa::RsaPublicKey::from_public_key_der(&der).unwrap();
        assert_eq!(private.to_public_key(), public);
        assert_eq!(public.size() * 8, BITS);
    }
}
