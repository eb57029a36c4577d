//! What stands on pages: components, what was said against what was seen, and posts.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId, StatusComponentId, StatusPageId, StatusPostId, TenantId};

use super::super::model::{Component, Post, PostState, Said, State, Target};

/// A page's components, in their order.
pub async fn components(
    tx: &mut impl Scoped,
    page: StatusPageId,
    now: DateTime<Utc>,
) -> Result<Vec<Component>, Error> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, c.note, c.target, c.location_id, c.server_id, c.position,
             case c.target when 'panel' then 'The panel' when 'mail' then 'The mail service'
               else coalesce(l.name, s.name) end as "target_name?",
             o.state as "state?", o.ends_at as "ends_at?", o.reason as "reason?", o.set_by as "set_by?"
           from status_component c join status_page p on p.id = c.page_id left join location l on l.id = c.location_id
             left join server s on s.id = c.server_id and s.deleted_at is null and (p.tenant_id is null or s.tenant_id = p.tenant_id)
             left join status_override o on o.component_id = c.id and o.begins_at <= $2 and o.ends_at > $2
           where c.page_id = $1 order by c.position, c.id"#,
        page.0,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Component {
            id: StatusComponentId(row.id),
            name: row.name,
            note: row.note,
            target: match (row.location_id, row.server_id) {
                (Some(id), _) => Target::Location(LocationId(id)),
                (None, Some(id)) => Target::Server(ServerId(id)),
                (None, None) if row.target == "mail" => Target::Mail,
                (None, None) => Target::Panel,
            },
            target_name: row.target_name,
            position: row.position,
            said: match (row.state, row.ends_at, row.reason, row.set_by) {
                (Some(state), Some(until), Some(reason), Some(by)) => Some(Said {
                    state: State::parse(&state).unwrap_or(State::Operational),
                    until,
                    reason,
                    by,
                }),
                _ => None,
            },
        })
        .collect())
}

/// Adds a component.
pub async fn insert_component(
    tx: &mut impl Scoped,
    page: StatusPageId,
    one: &Component,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into status_component (id, page_id, name, note, target, location_id, server_id, position, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        one.id.0,
        page.0,
        one.name,
        one.note,
        one.target.word(),
        one.target.location().map(|id| id.0),
        one.target.server().map(|id| id.0),
        one.position,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Saves what may change of a component: what it stands for stays, and so does its history.
pub async fn save_component(tx: &mut impl Scoped, one: &Component) -> Result<(), Error> {
    sqlx::query!(
        "update status_component set name = $2, note = $3, position = $4 where id = $1",
        one.id.0,
        one.name,
        one.note,
        one.position
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a component away.
pub async fn delete_component(tx: &mut impl Scoped, id: StatusComponentId) -> Result<(), Error> {
    sqlx::query!("delete from status_component where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Says how a component is from now on.
pub async fn set_override(
    tx: &mut impl Scoped,
    id: StatusComponentId,
    said: &Said,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into status_override (component_id, begins_at, ends_at, state, reason, set_by) values ($1, $2, $3, $4, $5, $6) \
         on conflict (component_id, begins_at) do update \
           set ends_at = excluded.ends_at, state = excluded.state, reason = excluded.reason, set_by = excluded.set_by",
        id.0,
        now,
        said.until,
        said.state.word(),
        said.reason,
        said.by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends what was said. Says whether anything was.
pub async fn end_override(
    tx: &mut impl Scoped,
    id: StatusComponentId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update status_override set ends_at = $2 where component_id = $1 and begins_at <= $2 and ends_at > $2",
        id.0,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A page's posts, the newest first.
pub async fn posts(tx: &mut impl Scoped, page: StatusPageId, limit: i64) -> Result<Vec<Post>, Error> {
    let rows = sqlx::query!(
        "select id, title, state, component_ids, began_at from status_post where page_id = $1 order by began_at desc, id desc limit $2",
        page.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Post {
            id: StatusPostId(row.id),
            title: row.title,
            state: PostState::parse(&row.state).unwrap_or(PostState::Investigating),
            components: row.component_ids.into_iter().map(StatusComponentId).collect(),
            began_at: row.began_at,
        })
        .collect())
}

/// Writes a new post; what is said about it comes as its first update.
pub async fn insert_post(tx: &mut impl Scoped, page: StatusPageId, one: &Post) -> Result<(), Error> {
    let components: Vec<Uuid> = one.components.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into status_post (id, page_id, title, state, component_ids, began_at, resolved_at) \
         values ($1, $2, $3, $4, $5, $6, case when $4 = 'resolved' then $6::timestamptz end)",
        one.id.0,
        page.0,
        one.title,
        one.state.word(),
        &components,
        one.began_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Saves how far they are with what a post is about.
pub async fn save_post(
    tx: &mut impl Scoped,
    id: StatusPostId,
    state: PostState,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update status_post set state = $2, resolved_at = case when $2 = 'resolved' then $3::timestamptz end where id = $1",
        id.0,
        state.word(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds what is said.
pub async fn insert_update(
    tx: &mut impl Scoped,
    (id, post): (Uuid, StatusPostId),
    (state, body): (PostState, &str),
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into status_update (id, post_id, at, state, body, written_by) values ($1, $2, $3, $4, $5, $6)",
        id,
        post.0,
        now,
        state.word(),
        body,
        by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a post away with all that was said.
pub async fn delete_post(tx: &mut impl Scoped, id: StatusPostId) -> Result<(), Error> {
    sqlx::query!("delete from status_post where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Servers that a component may stand for, by name: a tenant's.
pub async fn servers(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<(ServerId, String)>, Error> {
    let rows = sqlx::query!(
        "select id, name from server where tenant_id = $1 and deleted_at is null order by lower(name), id limit 500",
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (ServerId(row.id), row.name)).collect())
}

/// Locations, by name.
pub async fn locations(tx: &mut impl Scoped) -> Result<Vec<(LocationId, String)>, Error> {
    let rows = sqlx::query!("select id, name from location order by name, id");
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (LocationId(row.id), row.name)).collect())
}
