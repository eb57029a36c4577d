//! The rows of files and of their pieces.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, TenantId, TicketId, TicketPostId, UserId};

use super::model::{Attachment, Kind, PIECE};

struct Row {
    id: Uuid,
    ticket_id: Uuid,
    post_id: Option<Uuid>,
    is_public: bool,
    name: String,
    kind: String,
    size: i64,
    sha256: Vec<u8>,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Attachment {
    fn from(row: Row) -> Self {
        Self {
            id: AttachmentId(row.id),
            ticket: TicketId(row.ticket_id),
            post: row.post_id.map(TicketPostId),
            is_public: row.is_public,
            name: row.name,
            kind: Kind::read(&row.kind),
            size: row.size,
            sha256: row.sha256,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, ticket_id, post_id, is_public, name, kind, size, sha256, created_by, created_at from ticket_attachment "
                + $rest
            $(, $argument)*
        )
    };
}

/// Makes all that add files to one tenant's tickets wait for each other until the transaction ends, and says how many bytes there
/// are: of what the customer sees, or of the rest.
pub(super) async fn lock_used(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    is_public: bool,
) -> Result<i64, Error> {
    let whose = tenant.map_or_else(|| "triage".to_owned(), |tenant| tenant.to_string());
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 12))",
        format!("files of tickets of {whose}")
    )
    .execute(tx.conn())
    .await?;
    let used = match tenant {
        Some(tenant) => {
            sqlx::query_scalar!(
                r#"select coalesce(sum(a.size), 0)::bigint as "used!" from ticket_attachment a join ticket t on t.id = a.ticket_id
                   where t.tenant_id = $1 and a.is_public = $2"#,
                tenant.0,
                is_public
            )
            .fetch_one(tx.conn())
            .await?
        }
        None => {
            sqlx::query_scalar!(
                r#"select coalesce(sum(a.size), 0)::bigint as "used!" from ticket_attachment a join ticket t on t.id = a.ticket_id
                   where t.tenant_id is null and a.is_public = $1"#,
                is_public
            )
            .fetch_one(tx.conn())
            .await?
        }
    };
    Ok(used)
}

/// Writes a file: its row, and its bytes in pieces.
pub(super) async fn insert(
    tx: &mut impl Scoped,
    new: &Attachment,
    by: Option<UserId>,
    bytes: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_attachment (id, ticket_id, post_id, is_public, name, kind, size, sha256, user_id, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id.0,
        new.ticket.0,
        new.post.map(|post| post.0),
        new.is_public,
        new.name,
        new.kind.word(),
        new.size,
        new.sha256,
        by.map(|user| user.0),
        new.created_by,
        new.created_at
    )
    .execute(tx.conn())
    .await?;
    for (place, piece) in (0_i32..).zip(bytes.chunks(PIECE)) {
        sqlx::query!(
            "insert into ticket_attachment_piece (attachment_id, place, bytes) values ($1, $2, $3)",
            new.id.0,
            place,
            piece
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// A ticket's files as the scope sees them, the oldest first.
pub async fn list(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Attachment>, Error> {
    let rows = select!("where ticket_id = $1 order by created_at, id", ticket.0);
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Attachment::from).collect())
}

/// One of a ticket's files, if the scope may see it.
pub(super) async fn find(
    tx: &mut impl Scoped,
    (ticket, id): (TicketId, AttachmentId),
) -> Result<Attachment, Error> {
    let row = select!("where id = $1 and ticket_id = $2", id.0, ticket.0);
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(Attachment::from).ok_or(Error::NotFound)
}

/// A piece of a file.
pub(super) async fn piece(tx: &mut impl Scoped, id: AttachmentId, place: i32) -> Result<Vec<u8>, Error> {
    let piece = sqlx::query_scalar!(
        "select bytes from ticket_attachment_piece where attachment_id = $1 and place = $2",
        id.0,
        place
    );
    piece.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// How many files a post has, and whether the customer sees it; if it is a person's own, on that ticket.
pub(super) async fn own_post(
    tx: &mut impl Scoped,
    (ticket, post): (TicketId, TicketPostId),
    author: Option<UserId>,
) -> Result<(i64, bool), Error> {
    let row = sqlx::query!(
        r#"select is_public, (select count(*) from ticket_attachment a where a.post_id = p.id) as "files!"
           from ticket_post p where id = $1 and ticket_id = $2 and author_id = $3"#,
        post.0,
        ticket.0,
        author.map(|user| user.0)
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((row.files, row.is_public))
}

/// How many files of a ticket the scope sees.
pub(super) async fn count(tx: &mut impl Scoped, ticket: TicketId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticket_attachment where ticket_id = $1"#,
        ticket.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Deletes all files of a ticket.
pub async fn forget(tx: &mut SystemTx, ticket: TicketId) -> Result<(), Error> {
    sqlx::query!("delete from ticket_attachment where ticket_id = $1", ticket.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
