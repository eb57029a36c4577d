//! Pages to people, their mails, and the links of those.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{CallId, RotaId, TicketId, UserId};
use crate::tickets::model::{Severity, State};

use super::super::model::{Call, Line, Run};

/// Where a page of a list by time begins.
pub type TimeKey = (DateTime<Utc>, Uuid);

struct Row {
    id: CallId,
    ticket_id: TicketId,
    number: i64,
    subject: String,
    severity: String,
    state: String,
    user_id: UserId,
    user_name: String,
    rota_name: Option<String>,
    level: i32,
    is_fallback: bool,
    why: String,
    paged_at: DateTime<Utc>,
    mail: String,
    mail_error: Option<String>,
    mailed_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
}

impl From<Row> for Call {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            ticket: row.ticket_id,
            number: row.number,
            subject: row.subject,
            severity: Severity::read(&row.severity),
            state: State::read(&row.state),
            user: row.user_id,
            user_name: row.user_name,
            rota_name: row.rota_name,
            level: row.level,
            is_fallback: row.is_fallback,
            why: row.why,
            paged_at: row.paged_at,
            mail: row.mail,
            mail_error: row.mail_error,
            mailed_at: row.mailed_at,
            ended_at: row.ended_at,
            ended_by: row.ended_by,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select c.id as "id: CallId", c.ticket_id as "ticket_id: TicketId", t.number, t.subject, t.severity, t.state,
                 c.user_id as "user_id: UserId", u.name as user_name, r.name as "rota_name?", c.level, c.is_fallback, c.why,
                 c.paged_at, c.mail, c.mail_error, c.mailed_at, c.ended_at, e.name as "ended_by?"
               from on_call_call c join ticket t on t.id = c.ticket_id join user_account u on u.id = c.user_id
               left join on_call_rota r on r.id = c.rota_id left join user_account e on e.id = c.ended_by "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes a page. Says whether it is new: each level of a round pages each person once.
pub async fn add_call(
    tx: &mut SystemTx,
    (id, run): (CallId, &Run),
    (user, rota): (UserId, Option<RotaId>),
    (is_fallback, mail): (bool, &str),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let added = sqlx::query!(
        "insert into on_call_call (id, ticket_id, generation, round, level, user_id, rota_id, is_fallback, why, paged_at, mail) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict on constraint on_call_call_once do nothing",
        id.0,
        run.ticket.0,
        run.generation,
        run.next.round,
        run.next.level,
        user.0,
        rota.map(|id| id.0),
        is_fallback,
        run.why,
        now,
        mail
    );
    Ok(added.execute(tx.conn()).await?.rows_affected() > 0)
}

/// One.
pub async fn call(tx: &mut StaffTx, id: CallId) -> Result<Call, Error> {
    let found = select!("where c.id = $1", id.0).fetch_optional(tx.conn()).await?;
    found.map(Call::from).ok_or(Error::NotFound)
}

/// A page of them, the newest first: all, or those that nobody has acknowledged.
pub async fn page_of_calls(
    tx: &mut StaffTx,
    only_open: bool,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Call>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where (not $1::boolean or c.ended_at is null) and ($3::uuid is null or (c.paged_at, c.id) < ($2::timestamptz, $3::uuid)) \
         order by c.paged_at desc, c.id desc limit $4",
        only_open,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Call::from).collect())
}

/// Who has pages that no mail has told of, and may get one.
pub async fn waiting_people(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<Vec<UserId>, Error> {
    let people = sqlx::query_scalar!(
        r#"select distinct c.user_id as "user_id: UserId" from on_call_call c left join on_call_pace p on p.user_id = c.user_id
           where c.mail = 'waiting' and (p.next_at is null or p.next_at <= $1)"#,
        now
    );
    Ok(people.fetch_all(tx.conn()).await?)
}

/// Makes whoever mails somebody wait for each other until the transaction ends. Says whether a mail may go to them now; the next
/// may then go at `next`.
pub async fn hold(
    tx: &mut SystemTx,
    user: UserId,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Error> {
    let held = sqlx::query!(
        "insert into on_call_pace as p (user_id, next_at) values ($1, $3) \
         on conflict (user_id) do update set next_at = $3 where p.next_at <= $2",
        user.0,
        now,
        next
    );
    Ok(held.execute(tx.conn()).await?.rows_affected() > 0)
}

/// The pages of somebody that no mail has told of.
pub async fn lines(tx: &mut SystemTx, user: UserId) -> Result<Vec<Line>, Error> {
    let rows = sqlx::query!(
        r#"select c.id as "id: CallId", c.ticket_id as "ticket_id: TicketId", t.number, t.subject, t.severity, n.name as "tenant?",
             c.why, c.is_fallback
           from on_call_call c join ticket t on t.id = c.ticket_id left join tenant n on n.id = t.tenant_id
           where c.user_id = $1 and c.mail = 'waiting' order by c.paged_at, c.id"#,
        user.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Line {
            id: row.id,
            ticket: row.ticket_id,
            number: row.number,
            subject: row.subject,
            severity: Severity::read(&row.severity),
            tenant: row.tenant,
            why: row.why,
            is_fallback: row.is_fallback,
        })
        .collect())
}

/// Writes the link of a mail about pages.
pub async fn write_link(
    tx: &mut SystemTx,
    hash: &[u8],
    user: UserId,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    calls: &[CallId],
) -> Result<(), Error> {
    sqlx::query!(
        "insert into on_call_link (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)",
        hash,
        user.0,
        now,
        until
    )
    .execute(tx.conn())
    .await?;
    let calls: Vec<Uuid> = calls.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into on_call_link_call (token_hash, call_id) select $1, c from unnest($2::uuid[]) c",
        hash,
        &calls
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what became of a mail about pages.
pub async fn mailed(
    tx: &mut SystemTx,
    hash: &[u8],
    (state, error): (&str, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update on_call_call set mail = $2, mail_error = $3, mailed_at = case when $2 = 'sent' then $4::timestamptz end \
         where mail = 'waiting' and id in (select call_id from on_call_link_call where token_hash = $1)",
        hash,
        state,
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where somebody is mailed, and their name, if they may still sign in.
pub async fn address_of(tx: &mut SystemTx, user: UserId) -> Result<Option<(String, String)>, Error> {
    let row = sqlx::query!(
        "select email, name from user_account where id = $1 and disabled_at is null and staff_role is not null",
        user.0
    );
    Ok(row
        .fetch_optional(tx.conn())
        .await?
        .map(|row| (row.email, row.name)))
}

/// Gives up pages that nobody can be mailed of: their person may not sign in any more.
pub async fn skip_mails(tx: &mut SystemTx, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "update on_call_call set mail = 'skipped' where user_id = $1 and mail = 'waiting'",
        user.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose a link is.
#[derive(Debug, Clone)]
pub struct LinkOwner {
    /// Who.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their role among the staff.
    pub role: String,
    /// Until when it works.
    pub until: DateTime<Utc>,
}

/// Whose a link is that still works, if they may still sign in.
pub async fn link_of(tx: &mut SystemTx, hash: &[u8], now: DateTime<Utc>) -> Result<Option<LinkOwner>, Error> {
    let row = sqlx::query_as!(
        LinkOwner,
        r#"select u.id as "id: UserId", u.email, u.name, u.staff_role as "role!", l.expires_at as until
           from on_call_link l join user_account u on u.id = l.user_id
           where l.token_hash = $1 and l.expires_at > $2 and u.disabled_at is null and u.staff_role is not null"#,
        hash,
        now
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// The pages that a link is about, the worst first, at most `limit`.
pub async fn link_calls(tx: &mut SystemTx, hash: &[u8], limit: i64) -> Result<Vec<Call>, Error> {
    let rows = select!(
        "where c.id in (select call_id from on_call_link_call where token_hash = $1) order by t.severity, t.number, c.id limit $2",
        hash,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Call::from).collect())
}

/// The tickets that a link is about and nobody has acknowledged: the first of them, and how many there are.
pub async fn open_of_link(
    tx: &mut SystemTx,
    hash: &[u8],
    limit: usize,
) -> Result<(Vec<TicketId>, usize), Error> {
    let rows = sqlx::query_scalar!(
        r#"select distinct c.ticket_id as "ticket_id: TicketId" from on_call_call c
           join on_call_link_call l on l.call_id = c.id where l.token_hash = $1 and c.ended_at is null"#,
        hash
    );
    let mut all = rows.fetch_all(tx.conn()).await?;
    let count = all.len();
    all.truncate(limit);
    Ok((all, count))
}

/// Writes that a link was used.
pub async fn use_link(tx: &mut SystemTx, hash: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update on_call_link set used_at = $2 where token_hash = $1 and used_at is null",
        hash,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets links that have ended. Says how many.
pub async fn forget_links(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let gone = sqlx::query!("delete from on_call_link where expires_at <= $1", before);
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}

/// Gives up mails that could not go for so long that nobody waits for them any more. Says how many.
pub async fn give_up_mails(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let ended = sqlx::query!(
        "update on_call_call set mail = 'failed' where mail = 'waiting' and paged_at < $1",
        before
    );
    Ok(ended.execute(tx.conn()).await?.rows_affected())
}
