//! Pages.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, violates};
use crate::platform::error::Error;
use crate::platform::ids::{StatusPageId, TenantId};

use super::super::model::{StatusPage, Visibility};

struct Row {
    id: Uuid,
    tenant_id: Option<Uuid>,
    tenant_name: Option<String>,
    slug: String,
    title: String,
    intro: String,
    visibility: String,
    version: i64,
    created_at: DateTime<Utc>,
}

impl From<Row> for StatusPage {
    fn from(row: Row) -> Self {
        let narrow = if row.tenant_id.is_some() {
            Visibility::Members
        } else {
            Visibility::Staff
        };
        Self {
            id: StatusPageId(row.id),
            tenant: row.tenant_id.map(TenantId),
            tenant_name: row.tenant_name,
            slug: row.slug,
            title: row.title,
            intro: row.intro,
            // The constraint lets nothing else in.
            visibility: Visibility::parse(&row.visibility).unwrap_or(narrow),
            version: row.version,
            created_at: row.created_at,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select p.id, p.tenant_id, t.name as "tenant_name?", p.slug, p.title, p.intro, p.visibility, p.version, p.created_at
               from status_page p left join tenant t on t.id = p.tenant_id "# + $rest
            $(, $argument)*
        )
    };
}

/// A page, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: StatusPageId) -> Result<StatusPage, Error> {
    let row = select!("where p.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(StatusPage::from).ok_or(Error::NotFound)
}

/// A page of the tenant, or of the provider if nobody is named, locked until the transaction ends.
pub async fn lock(
    tx: &mut impl Scoped,
    id: StatusPageId,
    tenant: Option<TenantId>,
) -> Result<StatusPage, Error> {
    let row = select!(
        "where p.id = $1 and p.tenant_id is not distinct from $2 for update of p",
        id.0,
        tenant.map(|id| id.0)
    );
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(StatusPage::from).ok_or(Error::NotFound)
}

/// A tenant's page, if it has one.
pub async fn own(tx: &mut impl Scoped, tenant: TenantId) -> Result<Option<StatusPage>, Error> {
    let row = select!("where p.tenant_id = $1", tenant.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(StatusPage::from))
}

/// A page of all, the newest first.
pub async fn list(
    tx: &mut impl Scoped,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<StatusPage>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where $2::uuid is null or (p.created_at, p.id) < ($1::timestamptz, $2::uuid) \
         order by p.created_at desc, p.id desc limit $3",
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(StatusPage::from).collect())
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "status_page_slug_key") {
        Error::invalid("slug", "This address is taken. Choose another one.")
    } else if violates(&error, "status_page_tenant_key") {
        Error::conflict(
            "status-page-exists",
            "There is a status page already. Change that one.",
        )
    } else {
        error.into()
    }
}

/// Writes a new one.
pub async fn insert_page(tx: &mut impl Scoped, new: &StatusPage) -> Result<(), Error> {
    sqlx::query!(
        "insert into status_page (id, tenant_id, slug, title, intro, visibility, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.id.0,
        new.tenant.map(|id| id.0),
        new.slug,
        new.title,
        new.intro,
        new.visibility.word(),
        new.created_at
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Saves what may change.
pub async fn save_page(tx: &mut impl Scoped, page: &StatusPage, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update status_page set slug = $2, title = $3, intro = $4, visibility = $5, updated_at = $6, version = version + 1 where id = $1",
        page.id.0,
        page.slug,
        page.title,
        page.intro,
        page.visibility.word(),
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Takes one away with all that is on it.
pub async fn delete_page(tx: &mut impl Scoped, id: StatusPageId) -> Result<(), Error> {
    sqlx::query!("delete from status_page where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
