//! The verbs: to write a certificate as a part of erasing a tenant, and to check one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::{AuditId, CertificateId, SigningKeyId, TenantId};

use super::model::{Document, KIND, NotGenuine, Signed};
use super::signing::{self, Pair};
use super::store::{self, KeyRow};

/// A tenant that is about to be erased.
#[derive(Debug, Clone, Copy)]
pub struct Closed {
    /// Which.
    pub tenant: TenantId,
    /// When it was closed, if that was not noted then.
    pub since: DateTime<Utc>,
    /// The event of its erasure.
    pub event: AuditId,
}

/// Erases the accounts of people who are in no other organisation, and writes the certificate of what is erased. The tenant's row
/// must be there still, and go in the same transaction.
pub async fn issue(app: &App, tx: &mut SystemTx, closed: Closed) -> Result<CertificateId, Error> {
    let now = app.now();
    let people = store::alone(tx, closed.tenant, now).await?;
    let ending = store::ending(tx, closed.tenant, closed.since).await?;
    let mut erased = store::figures(tx, closed.tenant).await?;
    erased.people = i64::try_from(people.len()).unwrap_or(i64::MAX);
    store::erase_people(tx, &people).await?;
    let id = CertificateId::new(&*app.ids, now);
    let document = Document {
        kind: KIND.to_owned(),
        certificate: id,
        tenant: closed.tenant,
        closed_at: ending.closed_at,
        closed_by: ending.closed_by,
        purged_at: now,
        erased,
        audit_event: closed.event,
    };
    let (key, pair) = key(app, tx).await?;
    let text = document.text().map_err(Error::internal)?;
    let signature = pair.sign(&text);
    store::add(tx, &document, &text, (key, &signature)).await?;
    Ok(id)
}

/// The key that signs; the first certificate makes it.
async fn key(app: &App, tx: &mut SystemTx) -> Result<(SigningKeyId, Pair), Error> {
    if let Some(KeyRow { id, sealed }) = store::newest_key(tx).await? {
        let seed = app.keyring.open(&signing::context(id), &sealed)?;
        return Ok((id, Pair::of(&seed)?));
    }
    let id = SigningKeyId::new(&*app.ids, app.now());
    let (pair, seed) = Pair::generate()?;
    let sealed = app.keyring.seal(&signing::context(id), &seed[..])?;
    store::add_key(tx, id, (&pair.public_key(), &sealed), app.now()).await?;
    Ok((id, pair))
}

/// Whether a certificate is one of this installation's, and unchanged.
pub async fn check(scope: &SystemScope, signed: &Signed) -> Result<Result<(), NotGenuine>, Error> {
    let known = store::public_key(&mut scope.begin().await?, signed.key).await?;
    Ok(match known {
        Some(known) => signed.check(&known),
        None => Err(NotGenuine::UnknownKey),
    })
}

/// A certificate as it was signed.
pub(super) fn signed(row: store::Kept) -> Result<Signed, Error> {
    Ok(Signed {
        document: serde_json::from_str(&row.document).map_err(Error::internal)?,
        key: row.key,
        public_key: STANDARD.encode(row.public_key),
        signature: STANDARD.encode(row.signature),
    })
}
