//! Certificates, the keys that sign them, and what is counted for the next ones.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{CertificateId, ServerId, SigningKeyId, TenantId, VolumeId};

use super::model::{Document, Figures};

/// Begins to count what is erased of a tenant that is closed.
pub async fn begin(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (at, by): (DateTime<Utc>, &str),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant_ending (tenant_id, closed_at, closed_by) values ($1, $2, $3) \
         on conflict (tenant_id) do update set closed_at = $2, closed_by = $3, servers = 0, volumes = 0, snapshots = 0, bytes = 0, \
           mailboxes = 0, mail_bytes = 0",
        tenant.0,
        at,
        by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what was counted: the tenant is open again.
pub async fn forget(tx: &mut impl Scoped, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!("delete from tenant_ending where tenant_id = $1", tenant.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Counts a volume of a tenant's own whose row is about to go, if its tenant is closed.
pub async fn count_volume(tx: &mut SystemTx, volume: VolumeId) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant_ending as e (tenant_id, closed_at, servers, volumes, snapshots, bytes) \
         select v.tenant_id, t.status_at, 0, 1, 0, coalesce(v.used_bytes, 0) \
           from volume v join tenant t on t.id = v.tenant_id where v.id = $1 and t.status = 'closed' \
         on conflict (tenant_id) do update set volumes = e.volumes + 1, bytes = e.bytes + excluded.bytes",
        volume.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts mailboxes whose rows go, if their tenant is closed, and what they held.
pub async fn count_mail(
    tx: &mut SystemTx,
    tenant: TenantId,
    (mailboxes, bytes): (i64, i64),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant_ending as e (tenant_id, closed_at, mailboxes, mail_bytes) \
         select t.id, t.status_at, $2, $3 from tenant t where t.id = $1 and t.status = 'closed' \
         on conflict (tenant_id) do update set mailboxes = e.mailboxes + $2, mail_bytes = e.mail_bytes + $3",
        tenant.0,
        mailboxes,
        bytes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a server whose row is about to go, if its tenant is closed.
pub async fn count_server(tx: &mut SystemTx, server: ServerId) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant_ending as e (tenant_id, closed_at, servers, volumes, snapshots, bytes) \
         select s.tenant_id, t.status_at, 1, v.volumes, (select count(*) from snapshot p where p.server_id = s.id), \
           greatest(v.bytes, (select d.bytes from usage_disk d where d.server_id = s.id)) \
           from server s join tenant t on t.id = s.tenant_id, \
           lateral (select count(*) as volumes, coalesce(sum(used_bytes), 0)::bigint as bytes from server_volume \
             where server_id = s.id) v \
          where s.id = $1 and t.status = 'closed' \
         on conflict (tenant_id) do update set servers = e.servers + 1, volumes = e.volumes + excluded.volumes, \
           snapshots = e.snapshots + excluded.snapshots, bytes = e.bytes + excluded.bytes",
        server.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When and by whom a tenant was closed.
#[derive(Debug)]
pub struct Ending {
    /// When.
    pub closed_at: DateTime<Utc>,
    /// By whom.
    pub closed_by: Option<String>,
}

/// When and by whom a tenant was closed; `since` if that was not noted.
pub async fn ending(tx: &mut SystemTx, tenant: TenantId, since: DateTime<Utc>) -> Result<Ending, Error> {
    let found = sqlx::query_as!(
        Ending,
        "insert into tenant_ending as e (tenant_id, closed_at) values ($1, $2) \
         on conflict (tenant_id) do update set closed_at = e.closed_at returning closed_at, closed_by",
        tenant.0,
        since
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// What was erased, and what is about to be; people aside.
pub async fn figures(tx: &mut SystemTx, tenant: TenantId) -> Result<Figures, Error> {
    let found = sqlx::query!(
        r#"select e.servers, e.volumes, e.snapshots, e.bytes, e.mailboxes, e.mail_bytes, b.count as "backups!", b.bytes as "backup_bytes!",
             (select count(*) from backup_repository where tenant_id = $1) as "backup_keys!",
             (select count(*) from membership where tenant_id = $1) as "memberships!",
             (select count(*) from api_token where tenant_id = $1) as "tokens!",
             (select count(*) from one_time_link where tenant_id = $1 and purpose = 'invite' and used_at is null) as "invitations!"
           from tenant_ending e,
             (select count(*) as count, coalesce(sum(added_bytes), 0)::bigint as bytes from backup where tenant_id = $1) b
           where e.tenant_id = $1"#,
        tenant.0
    );
    let found = found.fetch_one(tx.conn()).await?;
    Ok(Figures {
        servers: found.servers,
        volumes: found.volumes,
        bytes: found.bytes,
        snapshots: found.snapshots,
        backups: found.backups,
        backup_bytes: found.backup_bytes,
        backup_keys: found.backup_keys,
        memberships: found.memberships,
        people: 0,
        tokens: found.tokens,
        invitations: found.invitations,
        mailboxes: found.mailboxes,
        mail_bytes: found.mail_bytes,
    })
}

/// The people of a tenant who are nobody else's: not staff, in no other organisation, guests and invited nowhere.
pub async fn alone(tx: &mut SystemTx, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<Uuid>, Error> {
    let people = sqlx::query_scalar!(
        "select u.id from user_account u join membership m on m.user_id = u.id and m.tenant_id = $1 \
          where u.staff_role is null \
            and not exists (select from membership o where o.user_id = u.id and o.tenant_id <> $1) \
            and not exists (select from server_guest g where g.user_id = u.id and g.tenant_id <> $1) \
            and not exists (select from one_time_link l where l.purpose = 'invite' and lower(l.email) = u.email \
              and l.tenant_id is distinct from $1 and l.used_at is null and l.expires_at > $2) \
          for update of u",
        tenant.0,
        now
    );
    Ok(people.fetch_all(tx.conn()).await?)
}

/// Erases accounts with their sessions, tokens and memberships.
pub async fn erase_people(tx: &mut SystemTx, people: &[Uuid]) -> Result<(), Error> {
    sqlx::query!("delete from user_account where id = any($1)", people)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A key, sealed.
#[derive(Debug)]
pub struct KeyRow {
    /// Its id.
    pub id: SigningKeyId,
    /// Its seed.
    pub sealed: Vec<u8>,
}

/// The key that signs, if there is one.
pub async fn newest_key(tx: &mut SystemTx) -> Result<Option<KeyRow>, Error> {
    let row = sqlx::query!("select id, sealed from signing_key order by created_at desc, id desc limit 1");
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| KeyRow {
        id: SigningKeyId(row.id),
        sealed: row.sealed,
    }))
}

/// Keeps a new key.
pub async fn add_key(
    tx: &mut SystemTx,
    id: SigningKeyId,
    (public_key, sealed): (&[u8], &[u8]),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into signing_key (id, public_key, sealed, created_at) values ($1, $2, $3, $4)",
        id.0,
        public_key,
        sealed,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keys that are sealed with an older key than the newest.
pub async fn outdated_keys(tx: &mut SystemTx, newest: &[u8]) -> Result<Vec<KeyRow>, Error> {
    let rows = sqlx::query!(
        "select id, sealed from signing_key where substring(sealed from 1 for length($1::bytea)) <> $1::bytea for update",
        newest
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| KeyRow {
        id: SigningKeyId(row.id),
        sealed: row.sealed,
    });
    Ok(rows.collect())
}

/// Keeps a key as it is sealed now.
pub async fn save_key(tx: &mut SystemTx, id: SigningKeyId, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update signing_key set sealed = $2 where id = $1", id.0, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The public half of a key of ours.
pub async fn public_key(tx: &mut SystemTx, id: SigningKeyId) -> Result<Option<Vec<u8>>, Error> {
    let found = sqlx::query_scalar!("select public_key from signing_key where id = $1", id.0);
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Keeps a certificate.
pub async fn add(
    tx: &mut SystemTx,
    document: &Document,
    text: &str,
    (key, signature): (SigningKeyId, &[u8]),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into deletion_certificate (id, tenant_id, purged_at, servers, bytes, document, signing_key_id, signature) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        document.certificate.0,
        document.tenant.0,
        document.purged_at,
        document.erased.servers,
        document.erased.bytes,
        text,
        key.0,
        signature
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A certificate as it is kept.
#[derive(Debug)]
pub struct Kept {
    /// What was signed.
    pub document: String,
    /// The key.
    pub key: SigningKeyId,
    /// Its public half.
    pub public_key: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// One.
pub async fn find(tx: &mut StaffTx, id: CertificateId) -> Result<Kept, Error> {
    let row = sqlx::query!(
        "select c.document, c.signing_key_id, k.public_key, c.signature from deletion_certificate c \
         join signing_key k on k.id = c.signing_key_id where c.id = $1",
        id.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(Kept {
        document: row.document,
        key: SigningKeyId(row.signing_key_id),
        public_key: row.public_key,
        signature: row.signature,
    })
}

/// A certificate in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: CertificateId,
    /// Whose deletion it certifies.
    pub tenant: TenantId,
    /// When that was done.
    pub purged_at: DateTime<Utc>,
    /// Servers that were erased.
    pub servers: i64,
    /// What their volumes held.
    pub bytes: i64,
}

/// A page of them, the newest first, or those of one tenant.
pub async fn list(
    tx: &mut StaffTx,
    tenant: Option<TenantId>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let (at, id) = before.unzip();
    let rows = sqlx::query!(
        "select id, tenant_id, purged_at, servers, bytes from deletion_certificate \
         where ($1::uuid is null or tenant_id = $1) and ($2::timestamptz is null or (purged_at, id) < ($2, $3::uuid)) \
         order by purged_at desc, id desc limit $4",
        tenant.map(|id| id.0),
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Listed {
        id: CertificateId(row.id),
        tenant: TenantId(row.tenant_id),
        purged_at: row.purged_at,
        servers: row.servers,
        bytes: row.bytes,
    });
    Ok(rows.collect())
}
