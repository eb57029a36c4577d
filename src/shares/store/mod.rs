//! The queries of shares. Row-level security keeps each tenant to its own.

mod links;
mod queue;
mod uses;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, ShareId, SharePersonId, TenantId};

use super::model::{Listed, Member, Share, ShareAccess, ShareProtocol, Told};

pub use links::{Found, delete_link, insert_link, link_of, links, use_link};
pub use queue::{Claimed, claim, put_off, settle, wish};
pub use uses::{add_by_link, add_seen, dropped, lock_seen, purge_uses, uses};

struct Row {
    id: Uuid,
    name: String,
    folder: String,
    protocols: Vec<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Row> for Share {
    fn from(row: Row) -> Self {
        Self {
            id: ShareId(row.id),
            name: row.name,
            folder: row.folder,
            protocols: protocols(&row.protocols),
            created_by: row.created_by,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            members: Vec::new(),
        }
    }
}

/// All of a server's with who has them, by name. There is a limit to how many.
pub async fn list(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Share>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, folder, protocols, created_by, created_at, last_used_at from share where server_id = $1 order by name",
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let mut shares: Vec<Share> = rows.into_iter().map(Share::from).collect();
    let members = sqlx::query!(
        "select m.share_id, m.may_write, m.last_used_at, p.id, p.login, p.until from share_member m join share_person p on p.id = m.person_id \
         where m.server_id = $1 order by p.login",
        server.0
    );
    for row in members.fetch_all(tx.conn()).await? {
        if let Some(share) = shares.iter_mut().find(|share| share.id.0 == row.share_id) {
            share.members.push(Member {
                person: SharePersonId(row.id),
                login: row.login,
                access: ShareAccess::of(row.may_write),
                until: row.until,
                last_used_at: row.last_used_at,
            });
        }
    }
    Ok(shares)
}

/// A page of all shares of a tenant whose servers are not deleted, by name, those after the key.
pub async fn all(
    tx: &mut impl Scoped,
    (tenant, pattern): (TenantId, Option<&str>),
    now: DateTime<Utc>,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let (name, id) = after.unwrap_or_default();
    let rows = sqlx::query!(
        r#"select h.id, h.name, h.folder, h.protocols, h.last_used_at, h.server_id, s.name as server_name,
             (select count(*) from share_member m where m.share_id = h.id) as "people!",
             (select count(*) from share_link l where l.share_id = h.id and l.expires_at > $5) as "links!"
           from share h join server s on s.id = h.server_id
           where h.tenant_id = $1 and s.deleted_at is null and (h.name, h.id) > ($2, $3)
             and ($4::text is null or h.name ilike $4 or h.folder ilike $4 or s.name ilike $4)
           order by h.name, h.id limit $6"#,
        tenant.0,
        name,
        id,
        pattern,
        now,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Listed {
            id: ShareId(row.id),
            name: row.name,
            folder: row.folder,
            protocols: protocols(&row.protocols),
            server: (ServerId(row.server_id), row.server_name),
            people: row.people,
            links: row.links,
            last_used_at: row.last_used_at,
        })
        .collect())
}

fn protocols(words: &[String]) -> Vec<ShareProtocol> {
    words
        .iter()
        .filter_map(|word| ShareProtocol::read(word))
        .collect()
}

/// What a server was told last.
pub async fn told(tx: &mut impl Scoped, server: ServerId) -> Result<Told, Error> {
    let row = sqlx::query!(
        "select generation, observed_generation, last_error from share_state where server_id = $1",
        server.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row
        .map(|row| Told {
            is_in_force: row.generation == row.observed_generation,
            error: row.last_error,
        })
        .unwrap_or_default())
}

/// The sealed hashes of all people of a server.
pub async fn sealed(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<(SharePersonId, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        "select id, sealed from share_person where server_id = $1",
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (SharePersonId(row.id), row.sealed)).collect())
}

/// Adds a share.
pub async fn insert(
    tx: &mut impl Scoped,
    (tenant, server): (TenantId, ServerId),
    new: &Share,
) -> Result<(), Error> {
    let protocols: Vec<String> = new.protocols.iter().map(|one| one.word().to_owned()).collect();
    let done = sqlx::query!(
        "insert into share (id, tenant_id, server_id, name, folder, protocols, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id.0,
        tenant.0,
        server.0,
        new.name,
        new.folder,
        &protocols,
        new.created_by,
        new.created_at
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(|error| {
        if violates(&error, "share_name_key") {
            Error::invalid(
                "name",
                "Another share of this server has this name. Choose another one.",
            )
        } else {
            error.into()
        }
    })
}

/// Removes a share, and whoever is in no other one.
pub async fn delete(tx: &mut impl Scoped, server: ServerId, id: ShareId) -> Result<(), Error> {
    sqlx::query!(
        "delete from share where id = $1 and server_id = $2",
        id.0,
        server.0
    )
    .execute(tx.conn())
    .await?;
    forget_idle(tx, server).await
}

async fn forget_idle(tx: &mut impl Scoped, server: ServerId) -> Result<(), Error> {
    sqlx::query!(
        "delete from share_person p where server_id = $1 and not exists (select from share_member m where m.person_id = p.id)",
        server.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person of a server by login.
pub async fn person(
    tx: &mut impl Scoped,
    server: ServerId,
    login: &str,
) -> Result<Option<SharePersonId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from share_person where server_id = $1 and login = $2",
        server.0,
        login
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(SharePersonId))
}

/// How many people a server's shares have.
pub async fn count_people(tx: &mut impl Scoped, server: ServerId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from share_person where server_id = $1"#,
        server.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Adds a person, who is in no share yet.
pub async fn insert_person(
    tx: &mut impl Scoped,
    (tenant, server): (TenantId, ServerId),
    (id, login): (SharePersonId, &str),
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into share_person (id, tenant_id, server_id, login, sealed, created_at) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        tenant.0,
        server.0,
        login,
        sealed,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes a person's other password.
pub async fn save_sealed(tx: &mut impl Scoped, id: SharePersonId, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update share_person set sealed = $2 where id = $1", id.0, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes until when a person may come in.
pub async fn save_until(
    tx: &mut impl Scoped,
    id: SharePersonId,
    until: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!("update share_person set until = $2 where id = $1", id.0, until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Puts a person into a share, or changes what they may do there.
pub async fn save_member(
    tx: &mut impl Scoped,
    (tenant, server): (TenantId, ServerId),
    (share, person): (ShareId, SharePersonId),
    access: ShareAccess,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into share_member (share_id, person_id, tenant_id, server_id, may_write) values ($1, $2, $3, $4, $5) \
         on conflict (share_id, person_id) do update set may_write = excluded.may_write",
        share.0,
        person.0,
        tenant.0,
        server.0,
        access == ShareAccess::Write
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a person out of a share; out of the last one, the person goes.
pub async fn delete_member(
    tx: &mut impl Scoped,
    server: ServerId,
    (share, person): (ShareId, SharePersonId),
) -> Result<(), Error> {
    sqlx::query!(
        "delete from share_member where share_id = $1 and person_id = $2",
        share.0,
        person.0
    )
    .execute(tx.conn())
    .await?;
    forget_idle(tx, server).await
}

/// What is sealed with another key than the newest.
pub async fn outdated(tx: &mut SystemTx, newest: &[u8]) -> Result<Vec<(SharePersonId, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        "select id, sealed from share_person where substring(sealed from 1 for length($1::bytea)) <> $1::bytea for update",
        newest
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (SharePersonId(row.id), row.sealed)).collect())
}
