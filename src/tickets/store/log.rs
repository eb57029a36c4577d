//! The two logs of a ticket: what was written and what happened. Nothing in them is ever changed or deleted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TicketId, TicketPostId, UserId};

use super::super::model::{EventKind, LoggedEvent, Post, PostKind, Side, TicketEvent};

/// Writes what was said. Whose it is comes from the ticket.
pub async fn add_post(tx: &mut impl Scoped, post: &Post) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into ticket_post (id, ticket_id, tenant_id, kind, is_public, body, side, author_id, author_name, address, created_at) \
         select $1, t.id, t.tenant_id, $3, $4, $5, $6, $7, $8, $9, $10 from ticket t where t.id = $2",
        post.id.0,
        post.ticket.0,
        post.kind.word(),
        post.public,
        post.body,
        post.side.word(),
        post.author.map(|user| user.0),
        post.author_name,
        post.address,
        post.at
    );
    match done.execute(tx.conn()).await?.rows_affected() {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

struct PostRow {
    id: Uuid,
    ticket_id: Uuid,
    kind: String,
    is_public: bool,
    body: String,
    side: String,
    author_id: Option<Uuid>,
    author_name: String,
    address: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<PostRow> for Post {
    fn from(row: PostRow) -> Self {
        Self {
            id: TicketPostId(row.id),
            ticket: TicketId(row.ticket_id),
            kind: PostKind::read(&row.kind),
            public: row.is_public,
            body: row.body,
            side: Side::read(&row.side),
            author: row.author_id.map(UserId),
            author_name: row.author_name,
            address: row.address,
            at: row.created_at,
        }
    }
}

/// What was written into a ticket and the scope may see, the oldest first, after another post.
pub async fn posts_of(
    tx: &mut impl Scoped,
    id: TicketId,
    after: Option<TicketPostId>,
    limit: i64,
) -> Result<Vec<Post>, Error> {
    let rows = sqlx::query_as!(
        PostRow,
        "select id, ticket_id, kind, is_public, body, side, author_id, author_name, address, created_at from ticket_post \
         where ticket_id = $1 and ($2::uuid is null or place > (select a.place from ticket_post a where a.id = $2)) \
         order by place limit $3",
        id.0,
        after.map(|after| after.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Post::from).collect())
}

/// What was written into a ticket and the scope may see, the newest first, up to a post.
pub async fn newest_posts(
    tx: &mut impl Scoped,
    id: TicketId,
    until: Option<TicketPostId>,
    limit: i64,
) -> Result<Vec<Post>, Error> {
    let rows = sqlx::query_as!(
        PostRow,
        "select id, ticket_id, kind, is_public, body, side, author_id, author_name, address, created_at from ticket_post \
         where ticket_id = $1 and ($2::uuid is null or place <= (select a.place from ticket_post a where a.id = $2)) \
         order by place desc limit $3",
        id.0,
        until.map(|until| until.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Post::from).collect())
}

/// The post that stands in a ticket after another one, so many further on, and when it was written.
pub async fn post_past(
    tx: &mut impl Scoped,
    (id, after): (TicketId, TicketPostId),
    further: i64,
) -> Result<Option<(TicketPostId, DateTime<Utc>)>, Error> {
    let row = sqlx::query!(
        "select id, created_at from ticket_post \
         where ticket_id = $1 and place > (select a.place from ticket_post a where a.id = $2) order by place limit 1 offset $3",
        id.0,
        after.0,
        further
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (TicketPostId(row.id), row.created_at)))
}

/// The first posts of each of several tickets, as far as the scope sees them, the oldest first.
pub async fn posts_of_all(
    tx: &mut impl Scoped,
    ids: &[TicketId],
    limit: i64,
) -> Result<HashMap<TicketId, Vec<Post>>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        PostRow,
        r#"select p.id as "id!", p.ticket_id as "ticket_id!", p.kind as "kind!", p.is_public as "is_public!", p.body as "body!",
             p.side as "side!", p.author_id as "author_id?", p.author_name as "author_name!", p.address as "address?",
             p.created_at as "created_at!"
           from unnest($1::uuid[]) as w (id)
             cross join lateral (select * from ticket_post where ticket_id = w.id order by place limit $2) p
           order by p.place"#,
        &ids,
        limit
    );
    let mut posts: HashMap<TicketId, Vec<Post>> = HashMap::new();
    for post in rows.fetch_all(tx.conn()).await?.into_iter().map(Post::from) {
        posts.entry(post.ticket).or_default().push(post);
    }
    Ok(posts)
}

/// One post, if the scope may see it.
pub async fn post(tx: &mut impl Scoped, id: TicketPostId) -> Result<Post, Error> {
    let row = sqlx::query_as!(
        PostRow,
        "select id, ticket_id, kind, is_public, body, side, author_id, author_name, address, created_at from ticket_post \
         where id = $1",
        id.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .map(Post::from)
        .ok_or(Error::NotFound)
}

/// Writes what happened.
pub async fn add_event(
    tx: &mut impl Scoped,
    ticket: TicketId,
    (kind, data, public): (&str, Option<Value>, bool),
    (actor, actor_name): (Option<UserId>, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_event (ticket_id, tenant_id, at, kind, data, actor_id, actor_name, is_public) \
         select t.id, t.tenant_id, $2, $3, $4, $5, $6, $7 from ticket t where t.id = $1",
        ticket.0,
        now,
        kind,
        data,
        actor.map(|user| user.0),
        actor_name,
        public
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) struct EventRow {
    pub(super) id: i64,
    pub(super) ticket_id: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: String,
    pub(super) data: Option<Value>,
    pub(super) actor_id: Option<Uuid>,
    pub(super) actor_name: String,
    pub(super) is_public: bool,
}

impl EventRow {
    pub(super) fn read(self) -> Result<LoggedEvent, Error> {
        let why = self.data.as_ref().and_then(|data| data["why"].as_str());
        Ok(LoggedEvent {
            why: why.map(str::to_owned),
            event: TicketEvent {
                id: self.id,
                ticket: TicketId(self.ticket_id),
                at: self.at,
                kind: EventKind::from_parts(&self.kind, self.data.as_ref())?,
                actor: self.actor_id.map(UserId),
                public: self.is_public,
            },
            actor_name: self.actor_name,
        })
    }
}

/// What happened in a ticket and the scope may see, with the names of whoever did it, the oldest first.
pub async fn log_of(tx: &mut impl Scoped, id: TicketId) -> Result<Vec<LoggedEvent>, Error> {
    let rows = sqlx::query_as!(
        EventRow,
        "select id, ticket_id, at, kind, data, actor_id, actor_name, is_public from ticket_event where ticket_id = $1 order by id",
        id.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(EventRow::read).collect()
}

/// The same of a span of time; of more than `limit` entries the newest.
pub async fn log_between(
    tx: &mut impl Scoped,
    id: TicketId,
    (from, until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    limit: i64,
) -> Result<Vec<LoggedEvent>, Error> {
    let rows = sqlx::query_as!(
        EventRow,
        "select id, ticket_id, at, kind, data, actor_id, actor_name, is_public from ticket_event where ticket_id = $1 \
         and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at < $3) order by id desc limit $4",
        id.0,
        from,
        until,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().rev().map(EventRow::read).collect()
}

/// The same after an entry, at most `limit`.
pub async fn log_after(
    tx: &mut impl Scoped,
    id: TicketId,
    after: i64,
    limit: i64,
) -> Result<Vec<LoggedEvent>, Error> {
    let rows = sqlx::query_as!(
        EventRow,
        "select id, ticket_id, at, kind, data, actor_id, actor_name, is_public from ticket_event \
         where ticket_id = $1 and id > $2 order by id limit $3",
        id.0,
        after,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(EventRow::read).collect()
}

/// The last entry of a ticket's log that the scope may see; 0 if there is none.
pub async fn newest_event(tx: &mut impl Scoped, id: TicketId) -> Result<i64, Error> {
    let newest = sqlx::query_scalar!(
        r#"select coalesce(max(id), 0) as "newest!" from ticket_event where ticket_id = $1"#,
        id.0
    );
    Ok(newest.fetch_one(tx.conn()).await?)
}

/// What happened in a ticket and the scope may see, the oldest first.
pub async fn events_of(tx: &mut impl Scoped, id: TicketId) -> Result<Vec<TicketEvent>, Error> {
    let log = log_of(tx, id).await?;
    Ok(log.into_iter().map(|logged| logged.event).collect())
}

/// The same of several tickets at once.
pub async fn events_of_all(
    tx: &mut impl Scoped,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, Vec<TicketEvent>>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        EventRow,
        "select id, ticket_id, at, kind, data, actor_id, actor_name, is_public from ticket_event \
         where ticket_id = any($1) order by id",
        &ids
    );
    let mut all: HashMap<TicketId, Vec<TicketEvent>> = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let event = row.read()?.event;
        all.entry(event.ticket).or_default().push(event);
    }
    Ok(all)
}
