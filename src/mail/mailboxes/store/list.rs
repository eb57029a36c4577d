//! Lists of mailboxes, by key. Those that are deleted have a list of their own.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

use super::super::model::Mailbox;
use super::lookup::{Row, select};

type TextKey = (String, Uuid);
type TimeKey = (DateTime<Utc>, Uuid);
type SizeKey = (i64, Uuid);

/// How a domain's mailboxes are sorted, and from where the list goes on.
#[derive(Debug, Clone)]
pub enum Sort {
    /// By address.
    Address(Option<TextKey>),
    /// By address from the end.
    AddressDown(Option<TextKey>),
    /// Oldest first.
    Created(Option<TimeKey>),
    /// Newest first.
    CreatedDown(Option<TimeKey>),
    /// Those that hold the least first.
    Used(Option<SizeKey>),
    /// Those that hold the most first.
    UsedDown(Option<SizeKey>),
}

/// Before and after every mailbox there can be, so that the first page asks the same question as the others.
const BEGINNING: TimeKey = (DateTime::UNIX_EPOCH, Uuid::nil());
const END_OF_TIME: TimeKey = (
    match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(at) => at,
        None => DateTime::UNIX_EPOCH,
    },
    Uuid::max(),
);
/// There is no last text, so the first page from the end has a question of its own.
const NO_KEY: (Option<String>, Option<Uuid>) = (None, None);

/// One text for each order, so that its index fits.
macro_rules! page {
    ($tx:ident, $whose:literal, $id:expr, $pattern:ident, $limit:ident, $key:expr, $bound:literal, $order:literal) => {{
        let (value, id) = $key;
        select!(
            "where "
                + $whose
                + " and m.deleted_at is null and ($2::text is null or m.address ilike $2 or m.name ilike $2) and "
                + $bound
                + " order by "
                + $order
                + " limit $5",
            $id,
            $pattern,
            value,
            id,
            $limit
        )
        .fetch_all($tx.conn())
        .await?
    }};
}

/// A page of a domain's mailboxes.
pub async fn list(
    tx: &mut impl Scoped,
    domain: MailDomainId,
    pattern: Option<&str>,
    sort: Sort,
    limit: i64,
) -> Result<Vec<Mailbox>, Error> {
    let rows = match sort {
        Sort::Address(key) => by_address(tx, domain, pattern, key.unwrap_or_default(), limit).await?,
        Sort::AddressDown(key) => by_address_down(tx, domain, pattern, key, limit).await?,
        Sort::Created(key) => page!(
            tx,
            "m.domain_id = $1",
            domain.0,
            pattern,
            limit,
            key.unwrap_or(BEGINNING),
            "(m.created_at, m.id) > ($3::timestamptz, $4::uuid)",
            "m.created_at, m.id"
        ),
        Sort::CreatedDown(key) => page!(
            tx,
            "m.domain_id = $1",
            domain.0,
            pattern,
            limit,
            key.unwrap_or(END_OF_TIME),
            "(m.created_at, m.id) < ($3::timestamptz, $4::uuid)",
            "m.created_at desc, m.id desc"
        ),
        Sort::Used(key) => page!(
            tx,
            "m.domain_id = $1",
            domain.0,
            pattern,
            limit,
            key.unwrap_or((-1, Uuid::nil())),
            "(m.used_bytes, m.id) > ($3::bigint, $4::uuid)",
            "m.used_bytes, m.id"
        ),
        Sort::UsedDown(key) => page!(
            tx,
            "m.domain_id = $1",
            domain.0,
            pattern,
            limit,
            key.unwrap_or((i64::MAX, Uuid::max())),
            "(m.used_bytes, m.id) < ($3::bigint, $4::uuid)",
            "m.used_bytes desc, m.id desc"
        ),
    };
    Ok(rows.into_iter().map(Mailbox::from).collect())
}

async fn by_address(
    tx: &mut impl Scoped,
    domain: MailDomainId,
    pattern: Option<&str>,
    key: TextKey,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(page!(
        tx,
        "m.domain_id = $1",
        domain.0,
        pattern,
        limit,
        key,
        "(m.address, m.id) > ($3::text, $4::uuid)",
        "m.address, m.id"
    ))
}

async fn by_address_down(
    tx: &mut impl Scoped,
    domain: MailDomainId,
    pattern: Option<&str>,
    key: Option<TextKey>,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(match key {
        Some(key) => page!(
            tx,
            "m.domain_id = $1",
            domain.0,
            pattern,
            limit,
            key,
            "(m.address, m.id) < ($3::text, $4::uuid)",
            "m.address desc, m.id desc"
        ),
        None => page!(
            tx,
            "m.domain_id = $1",
            domain.0,
            pattern,
            limit,
            NO_KEY,
            "($3::text is null and $4::uuid is null)",
            "m.address desc, m.id desc"
        ),
    })
}

/// A page of all mailboxes of a tenant, by address.
pub async fn of_tenant(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    after: Option<TextKey>,
    limit: i64,
) -> Result<Vec<Mailbox>, Error> {
    let rows = page!(
        tx,
        "m.tenant_id = $1",
        tenant.0,
        pattern,
        limit,
        after.unwrap_or_default(),
        "(m.address, m.id) > ($3::text, $4::uuid)",
        "m.address, m.id"
    );
    Ok(rows.into_iter().map(Mailbox::from).collect())
}

/// A page of a tenant's deleted mailboxes whose time is not over, those first that were deleted last.
pub async fn deleted(
    tx: &mut impl Scoped,
    tenant: TenantId,
    pattern: Option<&str>,
    after: Option<TimeKey>,
    (now, limit): (DateTime<Utc>, i64),
) -> Result<Vec<Mailbox>, Error> {
    let (at, id) = after.unwrap_or(END_OF_TIME);
    let rows = select!(
        "where m.tenant_id = $1 and m.deleted_at is not null and m.purge_after > $6 and ($2::text is null or m.address ilike $2 or m.name ilike $2) \
         and (m.deleted_at, m.id) < ($3, $4::uuid) order by m.deleted_at desc, m.id desc limit $5",
        tenant.0,
        pattern,
        at,
        id,
        limit,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Mailbox::from).collect())
}
