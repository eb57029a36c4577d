//! Invitations to single servers, and what becomes of them.

use chrono::{DateTime, Utc};

use crate::accounts::model::{GuestInvitation, Offer};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, ServerId, TenantId, UserId};

use super::links::{names, offer};

/// What an invitation's page and its acceptance need to know of the server.
#[derive(Debug)]
pub(crate) struct SharedServer {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) tenant_name: String,
    pub(crate) is_closed: bool,
    pub(crate) is_leaving: bool,
}

/// Makes all who would take a place at a server wait for each other until the transaction ends, so that the last free place
/// is given once.
pub(crate) async fn lock_guests(tx: &mut impl Scoped, server: ServerId) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 6))",
        server.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The server that somebody is invited to.
pub(crate) async fn shared_server(
    tx: &mut SystemTx,
    tenant: TenantId,
    server: ServerId,
) -> Result<Option<SharedServer>, Error> {
    let row = sqlx::query_as!(
        SharedServer,
        r#"select s.name, t.slug, t.name as tenant_name, t.status = 'closed' as "is_closed!",
             s.deleting_at is not null as "is_leaving!"
           from server s join tenant t on t.id = s.tenant_id where s.id = $2 and s.tenant_id = $1"#,
        tenant.0,
        server.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// How many a server is shared with now, and to how many it is offered.
pub(crate) async fn count_guests(
    tx: &mut impl Scoped,
    server: ServerId,
    now: DateTime<Utc>,
) -> Result<(i64, i64), Error> {
    let row = sqlx::query!(
        r#"select (select count(*) from server_guest where server_id = $1) as "guests!",
             (select count(*) from one_time_link
               where purpose = 'guest' and server_id = $1 and used_at is null and expires_at > $2) as "offers!""#,
        server.0,
        now
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok((row.guests, row.offers))
}

/// Whether the server is shared with somebody of this address.
pub(crate) async fn is_guest(tx: &mut impl Scoped, server: ServerId, email: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from server_guest g join user_account u on u.id = g.user_id
                          where g.server_id = $1 and u.email = $2) as "found!""#,
        server.0,
        email
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Makes earlier invitations of this address to the same server worthless.
pub(crate) async fn delete_guest_invitations_of(
    tx: &mut impl Scoped,
    server: ServerId,
    email: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "delete from one_time_link where purpose = 'guest' and server_id = $1 and email = $2 and used_at is null",
        server.0,
        email
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The open invitations to a server, the newest first.
pub(crate) async fn guest_invitations(
    tx: &mut impl Scoped,
    server: ServerId,
    now: DateTime<Utc>,
) -> Result<Vec<GuestInvitation>, Error> {
    let rows = sqlx::query!(
        r#"select id, server_id as "server_id!", coalesce(email, '') as "email!", permissions as "permissions!",
             access_until, created_by, created_at, expires_at
           from one_time_link where purpose = 'guest' and server_id = $1 and used_at is null and expires_at > $2
           order by created_at desc, id desc limit 100"#,
        server.0,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let invitations = rows.map(|row| GuestInvitation {
        id: LinkId(row.id),
        email: row.email,
        offer: offer(row.server_id, &row.permissions, row.access_until),
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
    });
    Ok(invitations.collect())
}

/// Takes an invitation to a server away that nobody has used; whom it was for, and what it offered. One that has ended is
/// found as well: it may be made anew.
pub(crate) async fn delete_guest_invitation(
    tx: &mut impl Scoped,
    server: ServerId,
    id: LinkId,
) -> Result<Option<(String, Offer)>, Error> {
    let row = sqlx::query!(
        r#"delete from one_time_link where id = $1 and purpose = 'guest' and server_id = $2 and used_at is null
           returning coalesce(email, '') as "email!", server_id as "server_id!", permissions as "permissions!",
             access_until"#,
        id.0,
        server.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| {
        (
            row.email,
            offer(row.server_id, &row.permissions, row.access_until),
        )
    }))
}

/// Shares a server with a person. What was given to them before is replaced.
pub(crate) async fn insert_guest(
    tx: &mut SystemTx,
    (tenant, user): (TenantId, UserId),
    offer: &Offer,
    invited_by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_guest (server_id, user_id, tenant_id, permissions, expires_at, invited_by, created_at, \
         updated_at) values ($1, $2, $3, $4, $5, $6, $7, $7) \
         on conflict (server_id, user_id) do update set permissions = $4, expires_at = $5, invited_by = $6, \
         updated_at = $7, version = server_guest.version + 1",
        offer.server.0,
        user.0,
        tenant.0,
        &names(&offer.permissions),
        offer.until,
        invited_by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
