//! The verbs. Questions to DNS and the making of keys take a while, so they are done before rows are locked; what they were
//! about is looked at again under the lock.

mod change;
mod check;
mod keys;

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::model::DomainName;
use crate::mail::{aliases, limits};
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{MailDomainId, MailKeyId};
use crate::platform::secret::random_text;

use super::super::TOPIC;
use super::dkim;
use super::model::{Domain, Hosts, next_selector};
use super::store::{self, NewDomain, NewKey};

pub use change::{ChangeInput, change, remove};
pub use check::{check, seen, verify};
pub use keys::{activate, delete_key, list_keys, make_next};

/// The letters of a proof: 142 bits.
const PROOF: usize = 24;

/// The names that records lead to.
pub fn hosts(app: &App) -> Hosts {
    Hosts {
        mail: app.config.mail_host().to_owned(),
        panel: app.config.url_host().to_owned(),
    }
}

/// Adds a domain with its first key. It takes part in nothing before it is verified.
pub async fn create(
    app: &App,
    scope: &TenantScope,
    name: &str,
    alias_of: Option<MailDomainId>,
) -> Result<Domain, Error> {
    let name = DomainName::parse(name).map_err(|why| Error::invalid("name", why))?;
    check_room(&mut scope.begin().await?, scope).await?;
    let pair = dkim::make().await?;
    let (id, now) = (MailDomainId::new(&*app.ids, app.now()), app.now());
    let mut tx = scope.begin().await?;
    check_room(&mut tx, scope).await?;
    let new = NewDomain {
        id,
        tenant: scope.tenant(),
        name: name.as_str(),
        proof: &random_text(PROOF),
        alias_of: None,
        by: &scope.who.label,
        now,
    };
    store::insert(&mut tx, &new).await?;
    let selector = next_selector(year(app), &[]);
    let key = NewKey {
        id: MailKeyId::new(&*app.ids, now),
        selector: &selector,
        private_key: &pair.private_key,
        public_key: &pair.public_key,
        is_active: true,
    };
    store::insert_key(&mut tx, (scope.tenant(), id), &key, now).await?;
    if let Some(other) = alias_of {
        let domain = store::find(&mut tx, id).await?;
        check_alias(&mut tx, &domain, other).await?;
        let settings = store::Settings {
            alias_of: Some(other),
            ..settings_of(&domain)
        };
        store::save(&mut tx, id, &settings, now).await?;
        check_ways(&mut tx, &domain).await?;
    }
    let domain = store::find(&mut tx, id).await?;
    let change = Change::to("mail_domain.create", shown(&domain));
    tell(app, &mut tx, scope, &domain, &change).await?;
    tx.commit().await?;
    Ok(domain)
}

/// Whether the plan has room for another domain. Whoever asks locks the tenant's sums.
async fn check_room(tx: &mut TenantTx, scope: &TenantScope) -> Result<(), Error> {
    let totals = limits::lock(tx, scope.tenant()).await?;
    limits::of_tenant(tx, scope.tenant()).await?.domains(&totals, 1)
}

/// Refuses an alias of what is not there, or of what would make a chain.
async fn check_alias(tx: &mut impl Scoped, domain: &Domain, other: MailDomainId) -> Result<(), Error> {
    let other = match store::find(tx, other).await {
        Err(Error::NotFound) => return Err(Error::invalid("alias_of", "You have no such domain.")),
        other => other?,
    };
    domain
        .check_alias(&other)
        .map_err(|why| Error::invalid("alias_of", why))
}

/// Refuses a circle that mail goes in by what was written of a domain, with the chain.
async fn check_ways(tx: &mut impl Scoped, domain: &Domain) -> Result<(), Error> {
    match aliases::domain_fault(tx, domain.tenant, domain.name.as_str()).await? {
        Some(fault) => Err(Error::invalid("alias_of", fault.to_string())),
        None => Ok(()),
    }
}

fn year(app: &App) -> i32 {
    use chrono::Datelike as _;
    app.now().year()
}

fn settings_of(domain: &Domain) -> store::Settings {
    store::Settings {
        is_enabled: domain.is_enabled,
        alias_of: domain.alias_of,
        quota_mib: domain.quota_mib,
        hourly_limit: domain.hourly_limit,
    }
}

fn shown(domain: &Domain) -> Value {
    json!({
        "name": domain.name.as_str(),
        "alias_of": domain.alias_name.as_ref().map(DomainName::as_str),
        "is_enabled": domain.is_enabled,
        "quota_mib": domain.quota_mib,
        "hourly_limit": domain.hourly_limit,
    })
}

async fn tell(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    domain: &Domain,
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "mail_domain",
        id: Some(domain.id.0),
        label: domain.name.as_str(),
        tenant: Some(domain.tenant),
    };
    events::emit(tx, Some(domain.tenant), TOPIC, Some(domain.id.0)).await?;
    app.audit(tx, &scope.who, &target, change).await
}
