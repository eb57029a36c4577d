//! The verbs: each one transaction that locks the tenant's sums, decides, writes, tells and audits.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::domains::{self, Place};
use crate::mail::model::{LocalPart, searched_text};
use crate::mail::{filters, limits, mailboxes, search};
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{MailAliasId, MailDomainId, TenantId};
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::check;
use super::model::{
    Alias, AliasKind, Fault, Reach, parse_description, parse_targets, shown as shown_address,
};
use super::store::{self, NewAlias, Sort, Wanted};

/// A page of aliases, as it is asked for.
pub async fn page_of(
    tx: &mut impl Scoped,
    tenant: TenantId,
    domain: Option<MailDomainId>,
    query: &ListQuery,
) -> Result<Listing<Alias>, Error> {
    let after = query.after.as_deref();
    let sort = match query.sort.as_deref() {
        None | Some("" | "address") => Sort::Address(Cursor::decode(after)?),
        Some("-address") => Sort::AddressDown(Cursor::decode(after)?),
        Some("created") => Sort::Created(Cursor::decode(after)?),
        Some("-created") => Sort::CreatedDown(Cursor::decode(after)?),
        Some(_) => {
            return Err(Error::invalid(
                "sort",
                "Use address, -address, created or -created.",
            ));
        }
    };
    let by_time = matches!(sort, Sort::Created(_) | Sort::CreatedDown(_));
    let (pattern, limit) = (search::pattern(query, searched_text)?, query.fetch()?);
    let wanted = Wanted {
        tenant,
        domain,
        pattern: pattern.as_deref(),
    };
    let rows = store::list(tx, &wanted, sort, limit).await?;
    Listing::new(rows, query, |alias| {
        if by_time {
            json!([alias.created_at, alias.id.0])
        } else {
            json!([alias.address, alias.id.0])
        }
    })
}

/// An alias that is asked for.
#[derive(Debug)]
pub struct Wish {
    /// In which domain.
    pub domain: MailDomainId,
    /// What kind.
    pub kind: AliasKind,
    /// The name before the @; nothing for a catch-all.
    pub local: String,
    /// Where it leads, as it was typed.
    pub targets: String,
    /// What it is for.
    pub description: String,
    /// Whether it leads there.
    pub is_enabled: bool,
}

/// What was read of a wish.
struct Read {
    local: Option<LocalPart>,
    targets: Vec<String>,
    description: String,
}

fn read(wish: &Wish) -> Result<Read, Error> {
    let mut errors = FieldErrors::default();
    let local = match wish.kind {
        AliasKind::CatchAll if wish.local.trim().is_empty() => None,
        AliasKind::CatchAll => errors.check("local_part", Err("A catch-all has no name before the @.")),
        AliasKind::Alias | AliasKind::Group => errors.check("local_part", LocalPart::parse(&wish.local)),
    };
    let targets = errors.check("targets", parse_targets(&wish.targets, wish.kind.most()));
    let description = errors.check("description", parse_description(&wish.description));
    errors.into_result()?;
    match (targets, description) {
        (Some(targets), Some(description)) => Ok(Read {
            local,
            targets,
            description,
        }),
        _ => Err(Error::internal("an input without errors lacks a part")),
    }
}

/// Makes an alias. It leads at once, unless something keeps mail from arriving in its domain, or at anybody: that is told, in a
/// sentence that is empty if nothing does.
pub async fn create(app: &App, scope: &TenantScope, wish: &Wish) -> Result<(Alias, String), Error> {
    let read = read(wish)?;
    let mut tx = scope.begin().await?;
    let domain = domains::place(&mut tx, wish.domain).await?;
    domain.check_takes_addresses()?;
    let address = address_of(read.local.as_ref(), &domain)?;
    let totals = limits::lock(&mut tx, scope.tenant()).await?;
    limits::of_tenant(&mut tx, scope.tenant())
        .await?
        .aliases(&totals, 1)?;
    check_free(&mut tx, (domain.id, &address), wish.kind).await?;
    let new = NewAlias {
        id: MailAliasId::new(&*app.ids, app.now()),
        tenant: scope.tenant(),
        domain: domain.id,
        local: read.local.as_ref().map(LocalPart::as_str).unwrap_or_default(),
        address: &address,
        kind: wish.kind,
        description: &read.description,
        targets: &read.targets,
        is_enabled: wish.is_enabled,
        by: &scope.who.label,
        now: app.now(),
    };
    store::insert(&mut tx, &new).await?;
    let alias = store::find(&mut tx, new.id).await?;
    check_ways(&mut tx, scope, &alias).await?;
    let hindrance = match domain.hindrance() {
        "" => nobody(&mut tx, &alias, scope.tenant()).await?,
        told => told.to_owned(),
    };
    let led = led_to(&[&alias]);
    filters::refresh_all(app, &mut tx, scope.tenant(), &led).await?;
    let change = Change::to("mail_alias.create", shown(&alias));
    tell(app, tx, scope, &alias, change).await?;
    Ok((alias, hindrance))
}

fn address_of(local: Option<&LocalPart>, domain: &Place) -> Result<String, Error> {
    match local {
        Some(local) => {
            let address = local.at(&domain.name);
            let address = address.map_err(|why| Error::invalid("local_part", why))?;
            Ok(address.as_str().to_owned())
        }
        None => Ok(format!("@{}", domain.name)),
    }
}

/// Refuses an address that something has. The tenant's sums are locked, so nothing gets it meanwhile.
async fn check_free(
    tx: &mut TenantTx,
    (domain, address): (MailDomainId, &str),
    kind: AliasKind,
) -> Result<(), Error> {
    let field = if kind == AliasKind::CatchAll {
        "kind"
    } else {
        "local_part"
    };
    match mailboxes::taken_by(tx, domain, address).await? {
        Some(holder) => Err(holder.refuse(field, &shown_address(address))),
        None => Ok(()),
    }
}

/// Refuses circles and too wide a spread, with the chain.
async fn check_ways(tx: &mut TenantTx, scope: &TenantScope, alias: &Alias) -> Result<(), Error> {
    match check::fault(tx, scope.tenant(), &alias.address, alias.node()).await? {
        Some(fault) => Err(Error::invalid("targets", fault.to_string())),
        None => Ok(()),
    }
}

/// Why nobody gets an alias's mail; empty if somebody does, or if that is what is wanted of it.
async fn nobody(tx: &mut impl Scoped, alias: &Alias, tenant: TenantId) -> Result<String, Error> {
    if !alias.is_enabled {
        return Ok(String::new());
    }
    let reach = check::reach(tx, tenant, &alias.address).await?;
    Ok(reach.ok().and_then(|reach| reach.nobody()).unwrap_or_default())
}

/// What somebody changes of an alias; what is absent stays.
#[derive(Debug, Default)]
pub struct ChangeWish {
    /// Another kind: an alias becomes a group, or a group an alias.
    pub kind: Option<AliasKind>,
    /// Where it leads, as it was typed.
    pub targets: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it leads there.
    pub is_enabled: Option<bool>,
}

/// Changes an alias. What is so already is no change. `is_seen` is asked whether the version that is there may be changed. If nobody
/// gets its mail then, that is told as well.
pub async fn change(
    app: &App,
    scope: &TenantScope,
    id: MailAliasId,
    wish: ChangeWish,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<(Alias, String), Error> {
    let mut tx = scope.begin().await?;
    limits::lock(&mut tx, scope.tenant()).await?;
    let before = store::find(&mut tx, id).await?;
    is_seen(before.version)?;
    let after = changed(&before, wish)?;
    if after == before {
        let nowhere = nobody(&mut tx, &before, scope.tenant()).await?;
        return Ok((before, nowhere));
    }
    store::save(&mut tx, &after, app.now()).await?;
    check_ways(&mut tx, scope, &after).await?;
    let alias = store::find(&mut tx, id).await?;
    let nowhere = nobody(&mut tx, &alias, scope.tenant()).await?;
    let led = led_to(&[&before, &alias]);
    filters::refresh_all(app, &mut tx, scope.tenant(), &led).await?;
    let change = Change {
        action: "mail_alias.change",
        before: Some(shown(&before)),
        after: Some(shown(&alias)),
    };
    tell(app, tx, scope, &alias, change).await?;
    Ok((alias, nowhere))
}

fn changed(before: &Alias, wish: ChangeWish) -> Result<Alias, Error> {
    let mut errors = FieldErrors::default();
    let mut after = before.clone();
    if let Some(kind) = wish.kind.filter(|kind| *kind != before.kind) {
        if kind == AliasKind::CatchAll || before.kind == AliasKind::CatchAll {
            errors.add(
                "kind",
                "A catch-all is made and deleted. Nothing else becomes one.",
            );
        }
        after.kind = kind;
    }
    let targets = wish.targets.unwrap_or_else(|| before.targets.join("\n"));
    if let Some(targets) = errors.check("targets", parse_targets(&targets, after.kind.most())) {
        after.targets = targets;
    }
    if let Some(text) = wish.description {
        let read = errors.check("description", parse_description(&text));
        after.description = read.unwrap_or_default();
    }
    after.is_enabled = wish.is_enabled.unwrap_or(before.is_enabled);
    errors.into_result()?;
    Ok(after)
}

/// Deletes an alias. Mail to it is refused from now on, or goes to the catch-all.
pub async fn remove(app: &App, scope: &TenantScope, id: MailAliasId) -> Result<Alias, Error> {
    let mut tx = scope.begin().await?;
    limits::lock(&mut tx, scope.tenant()).await?;
    let alias = store::find(&mut tx, id).await?;
    store::delete(&mut tx, id).await?;
    let led = led_to(&[&alias]);
    filters::refresh_all(app, &mut tx, scope.tenant(), &led).await?;
    let change = Change {
        action: "mail_alias.delete",
        before: Some(shown(&alias)),
        after: None,
    };
    tell(app, tx, scope, &alias, change).await?;
    Ok(alias)
}

/// An alias, and who gets its mail.
pub async fn look(scope: &TenantScope, id: MailAliasId) -> Result<(Alias, Result<Reach, Fault>), Error> {
    let mut tx = scope.begin().await?;
    let alias = store::find(&mut tx, id).await?;
    let reach = check::reach(&mut tx, scope.tenant(), &alias.address).await?;
    Ok((alias, reach))
}

/// Whose automatic replies have to know of a change: those that an alias leads or led to. Groups and catch-alls get none.
fn led_to(aliases: &[&Alias]) -> Vec<String> {
    let plain = aliases.iter().filter(|alias| alias.kind == AliasKind::Alias);
    plain.flat_map(|alias| alias.targets.iter().cloned()).collect()
}

fn shown(alias: &Alias) -> Value {
    json!({
        "kind": alias.kind,
        "targets": alias.targets,
        "description": alias.description,
        "is_enabled": alias.is_enabled,
    })
}

async fn tell(
    app: &App,
    mut tx: TenantTx,
    scope: &TenantScope,
    alias: &Alias,
    change: Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "mail_alias",
        id: Some(alias.id.0),
        label: &alias.address,
        tenant: Some(scope.tenant()),
    };
    events::emit(
        &mut tx,
        Some(scope.tenant()),
        crate::mail::TOPIC,
        Some(alias.id.0),
    )
    .await?;
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await
}
