//! The secret that signs the addresses of answers: made when it is first needed, and sealed like others.

use rand::RngExt as _;
use zeroize::Zeroizing;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::secret::{Keyring, Resealed};

use super::model::{Desk, Signer, bare};
use super::store;

const CONTEXT: &str = "ticket_mail_key|sealed";

/// What makes and reads tokens.
pub(super) async fn signer(app: &App, tx: &mut SystemTx) -> Result<Signer, Error> {
    let sealed = match store::key(tx).await? {
        Some(sealed) => sealed,
        None => {
            let secret: Zeroizing<[u8; 32]> = Zeroizing::new(rand::rng().random());
            let sealed = app
                .keyring
                .seal(CONTEXT, secret.as_slice())
                .map_err(Error::internal)?;
            store::keep_key(tx, &sealed).await?
        }
    };
    let secret = app.keyring.open(CONTEXT, &sealed).map_err(Error::internal)?;
    Ok(Signer::new(&secret))
}

/// Where mail for tickets goes to, if there is an inbox.
pub(super) fn desk(app: &App) -> Option<Desk> {
    let (inbox, config) = (app.inbox.as_ref()?, &app.config);
    let service = config.mail_container.as_deref();
    Some(Desk {
        address: config.ticket_address.clone()?,
        sender: bare(&config.mail_sender()),
        is_own_service: service
            .is_some_and(|container| [config.mail_host(), container].contains(&inbox.host())),
    })
}

/// Seals it with the newest key.
pub async fn reseal(scope: &SystemScope, keyring: &Keyring) -> Result<Resealed, Error> {
    let mut done = Resealed::default();
    let mut tx = scope.begin().await?;
    let outdated = store::key(&mut tx)
        .await?
        .filter(|sealed| keyring.is_outdated(sealed));
    if let Some(sealed) = outdated
        && let Some(sealed) = done.again(keyring, CONTEXT, &sealed).map_err(Error::internal)?
    {
        store::save_key(&mut tx, &sealed).await?;
    }
    tx.commit().await?;
    Ok(done)
}
