//! What belongs together, and who decides one at a time.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, LocationId, ServerId};

use super::super::group::{Failing, Group, Place};
use super::super::model::{Kept, Kind, Signal, Signature, location_cause, server_cause};
use super::rows::select;

/// So many failures at one place are looked at: more say no more.
const LOOKED_AT: i64 = 64;

/// Makes whoever opens, changes or closes incidents wait for each other until the transaction ends. Two that find the same cause
/// broken would otherwise open two groups, and two batches lock each other out.
pub async fn serialize(tx: &mut impl Scoped) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('incidents', 61))")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The open incident of a cause.
pub async fn open_by_cause(tx: &mut impl Scoped, cause: &str) -> Result<Option<Kept>, Error> {
    let row = select!("where i.cause = $1 and i.state = 'open'", cause);
    Ok(row.fetch_optional(tx.conn()).await?.map(Kept::from))
}

/// Where a server is.
pub async fn location_of(tx: &mut SystemTx, server: ServerId) -> Result<Option<LocationId>, Error> {
    let found = sqlx::query_scalar!("select location_id from server where id = $1", server.0);
    Ok(found.fetch_optional(tx.conn()).await?.map(LocationId))
}

/// What explains that something fails: its location's engine is away, or its server does not run.
pub async fn parent(
    tx: &mut SystemTx,
    cause: &str,
    location: Option<LocationId>,
    server: Option<ServerId>,
) -> Result<Option<IncidentId>, Error> {
    let reasons: Vec<String> = location
        .map(location_cause)
        .into_iter()
        .chain(server.map(server_cause))
        .filter(|reason| reason != cause)
        .collect();
    let found = sqlx::query_scalar!(
        "select id from incident where cause = any($1) and state = 'open' order by cause limit 1",
        &reasons
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(IncidentId))
}

/// Servers of the same site, or else of the same location, that began to fail alike after `since`, outside of maintenance and for
/// no larger reason than a group of what fails so; the newest first.
pub async fn fresh(
    tx: &mut SystemTx,
    place: &Place,
    kind: Kind,
    since: DateTime<Utc>,
) -> Result<Vec<Failing>, Error> {
    let alike = Signature::ALL.iter().filter(|one| one.kind() == Some(kind));
    let alike: Vec<String> = alike.map(|one| one.word().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select i.id, i.server_id as "server_id!", l.id as location_id, l.name, coalesce(v.site, '') as "site!",
             coalesce(v.room, '') as "room!", coalesce(v.rack, '') as "rack!",
             case when p.state = 'open' then i.parent_id end as parent_id
           from location l left join location_inventory v on v.location_id = l.id
             join incident i on i.location_id = l.id
             left join incident p on p.id = i.parent_id
           where (l.id = $1 or (v.site = $2 and $2 <> '') or (v.site = $2 and v.room = $3 and v.rack = $4 and $4 <> ''))
             and i.state = 'open' and i.failing_since > $5 and i.server_id is not null and i.maintenance_id is null
             and (p.id is null or (p.cause like 'group:%'
               and (p.state = 'closed' or (p.cause like 'group:silent:%') = $8)))
             and i.signature = any($7)
           order by i.failing_since desc limit $6"#,
        place.location.0,
        place.site,
        place.room,
        place.rack,
        since,
        LOOKED_AT,
        &alike,
        kind == Kind::Silent
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Failing {
            incident: IncidentId(row.id),
            server: ServerId(row.server_id),
            place: Place {
                location: LocationId(row.location_id),
                name: row.name,
                site: row.site,
                room: row.room,
                rack: row.rack,
            },
            group: row.parent_id.map(IncidentId),
        })
        .collect())
}

/// Makes incidents parts of a group. That it grew has to be told.
pub async fn join(
    tx: &mut SystemTx,
    parent: IncidentId,
    members: &[IncidentId],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = members
        .iter()
        .map(|id| id.0)
        .filter(|id| *id != parent.0)
        .collect();
    sqlx::query!(
        "update incident set parent_id = $2 where id = any($1)",
        &ids,
        parent.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update incident set changed_at = $2, owes_news = true where id = $1",
        parent.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a group become a wider one.
pub async fn widen(
    tx: &mut SystemTx,
    id: IncidentId,
    (group, signal): (&Group, &Signal),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update incident set cause = $2, location_id = $3, summary = $4, detail = $5, changed_at = $6 where id = $1",
        id.0,
        group.cause,
        signal.location.map(|id| id.0),
        signal.summary,
        signal.detail,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes what began to fail at a location lately a part of the incident that its engine is away.
pub async fn adopt(
    tx: &mut SystemTx,
    parent: IncidentId,
    location: LocationId,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update incident set parent_id = $1 where location_id = $2 and state = 'open' and failing_since > $3 and id <> $1 \
         and parent_id is null and server_id is not null",
        parent.0,
        location.0,
        since
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether something is left of a group.
pub async fn has_open_children(tx: &mut SystemTx, parent: IncidentId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from incident where parent_id = $1 and state = 'open') as "found!""#,
        parent.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// How many servers are down with a group.
pub async fn servers_of(tx: &mut SystemTx, parent: IncidentId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(distinct server_id) as "count!" from incident where parent_id = $1 and state = 'open'"#,
        parent.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// The groups that are open.
pub async fn open_groups(tx: &mut SystemTx) -> Result<Vec<Kept>, Error> {
    let rows = select!(
        "where i.state = 'open' and i.cause like $1 and i.signature = 'node_down' order by i.id",
        "group:%"
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Kept::from)
        .collect())
}
