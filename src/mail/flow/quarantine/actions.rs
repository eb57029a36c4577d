//! Looking at a tenant's held mail, and deciding about it. Whose a mail is, is asked right before anything is done with it.

use std::collections::BTreeSet;

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::mail::{Queue, QueueAct, QueueId, Queued};
use crate::mail::TOPIC;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TenantId;
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::super::model::{self, QueueKey, QueueSort, Whose, domain_of};
use super::super::queue::queue;
use super::super::service::{service, told};
use super::super::store;

/// The held mail that is for the tenant's people alone.
async fn held(app: &App, scope: &TenantScope) -> Result<Vec<Queued>, Error> {
    let mut held = queue(app).await?;
    held.retain(|one| one.queue == Queue::Held);
    let addresses = held.iter().flat_map(|one| &one.recipients);
    let domains: BTreeSet<String> = addresses
        .filter_map(|waiting| domain_of(&waiting.address).map(str::to_lowercase))
        .collect();
    let domains: Vec<String> = domains.into_iter().collect();
    // The transaction sees the tenant's own domains, so that those of others belong to nobody.
    let owners = store::owners(&mut scope.begin().await?, &domains).await?;
    let tenant: TenantId = scope.tenant();
    held.retain(|one| model::whose(one, &owners) == Whose::Of(tenant));
    Ok(held)
}

/// A page of it, the newest first.
pub async fn list(app: &App, scope: &TenantScope, query: &ListQuery) -> Result<Listing<Queued>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("-arrived")) {
        return Err(Error::invalid("sort", "Use -arrived, or nothing."));
    }
    query.pattern()?;
    let (sort, after) = (
        QueueSort::Newest,
        Cursor::decode::<QueueKey>(query.after.as_deref())?,
    );
    let limit = query.limit()? + 1;
    let rows = model::chosen(
        held(app, scope).await?,
        query.text(),
        (sort, after.as_ref()),
        limit,
    );
    Listing::new(rows, query, |one| sort.key(one))
}

/// Lets a held mail go on, or deletes it.
pub async fn decide(app: &App, scope: &TenantScope, id: &QueueId, act: QueueAct) -> Result<Queued, Error> {
    let found = held(app, scope).await?.into_iter().find(|one| one.id == *id);
    let found = found.ok_or(Error::NotFound)?;
    let verb = match act {
        QueueAct::Delete => "mail.delete_held",
        _ => "mail.release_held",
    };
    let to: Vec<&str> = found
        .recipients
        .iter()
        .map(|waiting| waiting.address.as_str())
        .collect();
    let target = Target {
        kind: "queued_mail",
        id: None,
        label: id.as_str(),
        tenant: Some(scope.tenant()),
    };
    let change = Change::to(verb, json!({ "from": found.sender, "to": to }));
    let mut tx = scope.begin().await?;
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    events::emit(&mut tx, Some(scope.tenant()), TOPIC, None).await?;
    service(app)?.act(Some(id), act).await.map_err(told)?;
    tx.commit().await?;
    Ok(found)
}
