//! What DNS says: whether a domain is who says so's, and how its records are.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::drivers::dns::DnsError;
use crate::mail::TOPIC;
use crate::platform::access::TenantScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::MailDomainId;

use super::super::look;
use super::super::model::{Checked, DnsRecord, Domain, Facts, Verdict, judge, proof_record, records};
use super::super::store;
use super::{hosts, tell};

/// DNS can't be asked now, as whoever asked for it reads it.
pub(super) fn away(error: &DnsError) -> Error {
    Error::conflict(
        "dns-away",
        format!("It can't be looked up now: {error}. Try again in a minute."),
    )
}

/// Verifies that a domain is its tenant's, by the record that only its owner can publish. One that is verified stays so.
pub async fn verify(app: &App, scope: &TenantScope, id: MailDomainId) -> Result<Domain, Error> {
    let known = store::find(&mut scope.begin().await?, id).await?;
    if known.verified_at.is_some() {
        return Ok(known);
    }
    let record = proof_record(&known.name, &known.proof);
    let found = app.dns.txt(&record.name).await.map_err(|error| away(&error))?;
    let outcome = judge(&record, &hosts(app), &Facts::Texts(found.clone(), Vec::new()));
    let unproved = || {
        let message = format!(
            "{} Publish {} there, and try again: it may take a while until others see it.",
            outcome.says, record.value
        );
        Error::conflict("mail-domain-not-proved", message)
    };
    if outcome.verdict != Verdict::Good {
        return Err(unproved());
    }
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    if before.verified_at.is_some() {
        return Ok(before);
    }
    if !store::prove(&mut tx, id, &found, app.now()).await? {
        return Err(unproved());
    }
    let after = store::find(&mut tx, id).await?;
    let change = Change::to("mail_domain.verify", json!({ "name": after.name.as_str() }));
    tell(app, &mut tx, scope, &after, &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// The records that a domain's owner publishes, each with what was seen of it last.
pub async fn seen(
    app: &App,
    tx: &mut impl Scoped,
    domain: &Domain,
) -> Result<Vec<(DnsRecord, Option<Checked>)>, Error> {
    let wanted = wanted(app, tx, domain).await?;
    let with_seen = wanted.into_iter().map(|record| {
        let is_it = |seen: &&Checked| seen.kind == record.kind && seen.name == record.name;
        let seen = domain.checks.iter().find(is_it).cloned();
        (record, seen)
    });
    Ok(with_seen.collect())
}

async fn wanted(app: &App, tx: &mut impl Scoped, domain: &Domain) -> Result<Vec<DnsRecord>, Error> {
    let keys = store::keys(tx, domain.id).await?;
    let unproved = domain.verified_at.is_none().then_some(domain.proof.as_str());
    Ok(records(&domain.name, &hosts(app), &keys, unproved))
}

/// Looks at all records now, and keeps what was seen. It changes nothing that people set, so the audit log has nothing of it.
pub async fn check(app: &App, scope: &TenantScope, id: MailDomainId) -> Result<Domain, Error> {
    let records = {
        let mut tx = scope.begin().await?;
        let domain = store::find(&mut tx, id).await?;
        wanted(app, &mut tx, &domain).await?
    };
    let seen = look::at_all(&*app.dns, &hosts(app), &records, look::LIMIT).await;
    let mut tx = scope.begin().await?;
    store::lock(&mut tx, id).await?;
    store::save_checks(&mut tx, id, &seen, app.now()).await?;
    let after = store::find(&mut tx, id).await?;
    events::emit(&mut tx, Some(after.tenant), TOPIC, Some(id.0)).await?;
    tx.commit().await?;
    Ok(after)
}
