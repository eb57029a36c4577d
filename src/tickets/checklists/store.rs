//! The rows of checklists.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{ChecklistId, TicketId};

use super::model::{Checklist, Item, Template, Wish};

struct Row {
    id: Uuid,
    name: String,
    items: Vec<String>,
    version: i64,
}

impl From<Row> for Template {
    fn from(row: Row) -> Self {
        Self {
            id: ChecklistId(row.id),
            name: row.name,
            items: row.items,
            version: row.version,
        }
    }
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "checklist_template_name_key") {
        Error::invalid("name", "Another checklist has this name.")
    } else {
        error.into()
    }
}

/// All templates, by name.
pub(super) async fn list(tx: &mut StaffTx) -> Result<Vec<Template>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, items, version from checklist_template order by lower(name), id"
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Template::from)
        .collect())
}

/// What there is to choose from, by name.
pub async fn template_names(tx: &mut impl Scoped) -> Result<Vec<(ChecklistId, String)>, Error> {
    let rows = sqlx::query!("select id, name from checklist_template order by lower(name), id");
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (ChecklistId(row.id), row.name)).collect())
}

/// One template.
pub(super) async fn find(tx: &mut StaffTx, id: ChecklistId) -> Result<Template, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, items, version from checklist_template where id = $1",
        id.0
    );
    Ok(row.fetch_one(tx.conn()).await?.into())
}

/// One template, locked until the transaction ends.
pub(super) async fn lock(tx: &mut StaffTx, id: ChecklistId) -> Result<Template, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, items, version from checklist_template where id = $1 for update",
        id.0
    );
    Ok(row.fetch_one(tx.conn()).await?.into())
}

/// Adds a template.
pub(super) async fn insert(
    tx: &mut StaffTx,
    id: ChecklistId,
    wish: &Wish,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into checklist_template (id, name, items, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        id.0,
        wish.name,
        &wish.items,
        by,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Changes a template.
pub(super) async fn save(
    tx: &mut StaffTx,
    id: ChecklistId,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update checklist_template set name = $2, items = $3, version = version + 1, updated_at = $4 where id = $1",
        id.0,
        wish.name,
        &wish.items,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Takes a template away.
pub(super) async fn delete(tx: &mut StaffTx, id: ChecklistId) -> Result<(), Error> {
    sqlx::query!("delete from checklist_template where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A ticket's checklists, the oldest first. None but staff has any.
pub async fn of_ticket(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Checklist>, Error> {
    let rows = sqlx::query!(
        "select c.id, c.name, i.place, i.words, i.done_by, i.done_at from ticket_checklist c \
         join ticket_checklist_item i on i.checklist_id = c.id where c.ticket_id = $1 order by c.created_at, c.id, i.place",
        ticket.0
    );
    let mut all: Vec<Checklist> = Vec::new();
    for row in rows.fetch_all(tx.conn()).await? {
        let item = Item {
            place: row.place,
            words: row.words,
            done: row.done_by.zip(row.done_at),
        };
        match all.last_mut() {
            Some(last) if last.id.0 == row.id => last.items.push(item),
            _ => all.push(Checklist {
                id: ChecklistId(row.id),
                name: row.name,
                items: vec![item],
            }),
        }
    }
    Ok(all)
}

/// Copies a template to a ticket.
pub(super) async fn add(
    tx: &mut StaffTx,
    (ticket, id): (TicketId, ChecklistId),
    template: &Template,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_checklist (id, ticket_id, name, created_by, created_at) values ($1, $2, $3, $4, $5)",
        id.0,
        ticket.0,
        template.name,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into ticket_checklist_item (checklist_id, place, words) \
         select $1, (u.place - 1)::int, u.words from unnest($2::text[]) with ordinality u (words, place)",
        id.0,
        &template.items
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says that an item is done, or not. Nothing changes about one that is so already; whether it did.
pub(super) async fn tick(
    tx: &mut StaffTx,
    (checklist, place): (ChecklistId, i32),
    done: Option<(&str, DateTime<Utc>)>,
) -> Result<bool, Error> {
    let (by, at) = done.unzip();
    let changed = sqlx::query!(
        "update ticket_checklist_item set done_by = $3, done_at = $4 \
         where checklist_id = $1 and place = $2 and (done_at is null) <> ($4::timestamptz is null)",
        checklist.0,
        place,
        by,
        at
    );
    Ok(changed.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Takes a checklist off a ticket.
pub(super) async fn take_off(tx: &mut StaffTx, id: ChecklistId) -> Result<(), Error> {
    sqlx::query!("delete from ticket_checklist where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
