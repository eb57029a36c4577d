//! Mail that came in.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::drivers::inbox::MailKey;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{InboundMailId, TenantId, TicketId};

use super::super::model::{Incoming, Logged, Outcome, Proof, Waiting};

/// A mail is taken: its row is written before anything else, and whoever comes second waits for the first, and then leaves it alone.
/// Says whether it is new.
pub async fn enter(
    tx: &mut SystemTx,
    id: InboundMailId,
    key: MailKey,
    mail: &Incoming,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into ticket_mail_in (id, uid_validity, uid, message_id, sender, subject, at, is_verified) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        id.0,
        i64::from(key.validity),
        i64::from(key.uid),
        mail.message_id,
        mail.sender.as_deref().unwrap_or_default(),
        mail.subject,
        now,
        mail.proof == Proof::Verified
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Writes what became of one.
pub async fn became(
    tx: &mut SystemTx,
    id: InboundMailId,
    (outcome, why, ticket): (Outcome, &str, Option<TicketId>),
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket_mail_in set outcome = $2, why = $3, ticket_id = $4 where id = $1",
        id.0,
        outcome.word(),
        why,
        ticket.map(|ticket| ticket.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many mails of a mail's sender made something since a time. What others write in somebody's name does not count against what
/// is proven to be theirs.
pub async fn of_sender(tx: &mut SystemTx, mail: &Incoming, since: DateTime<Utc>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticket_mail_in
           where sender = $1 and at > $2 and (is_verified or not $3::boolean) and outcome not in ('ignored', 'silenced', 'aside')"#,
        mail.sender.as_deref().unwrap_or_default(),
        since,
        mail.proof == Proof::Verified
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// How many went to triage since a time.
pub async fn of_strangers(tx: &mut SystemTx, since: DateTime<Utc>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ticket_mail_in where outcome = 'triage' and at > $1"#,
        since
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// How much waits in triage.
pub async fn waiting(tx: &mut SystemTx, sender: &str) -> Result<Waiting, Error> {
    let domain = format!("@{}", sender.rsplit_once('@').map_or("", |(_, host)| host));
    let row = sqlx::query_as!(
        Waiting,
        r#"select count(*) filter (where i.sender = $1) as "of_sender!",
             count(*) filter (where right(i.sender, char_length($2::text)) = $2::text) as "of_domain!", count(*) as "in_all!"
           from ticket_mail_in i join ticket t on t.id = i.ticket_id
           where i.outcome = 'triage' and t.tenant_id is null and t.is_open"#,
        sender,
        domain
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// Tickets of strangers in triage in which nothing has happened since a time, the oldest first.
pub async fn unseen(tx: &mut SystemTx, before: DateTime<Utc>, limit: i64) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        "select t.id from ticket t where t.tenant_id is null and t.state = 'new' and t.assignee_id is null and t.changed_at < $1 \
           and exists (select from ticket_mail_in i where i.ticket_id = t.id and i.outcome = 'triage' \
             and not exists (select from user_account u where u.email = i.sender)) \
         order by t.changed_at, t.id limit $2",
        before,
        limit
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// The `Message-ID` of the last mail that somebody wrote into a ticket.
pub async fn last_mail(tx: &mut SystemTx, ticket: TicketId, sender: &str) -> Result<Option<String>, Error> {
    let id = sqlx::query_scalar!(
        "select message_id from ticket_mail_in where ticket_id = $1 and sender = $2 and message_id like '%@%' \
         order by at desc, id desc limit 1",
        ticket.0,
        sender
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}

struct Row {
    id: Uuid,
    sender: String,
    subject: String,
    at: DateTime<Utc>,
    outcome: String,
    why: String,
    is_verified: bool,
    ticket_id: Option<Uuid>,
    number: Option<i64>,
    tenant_ids: Vec<Uuid>,
    tenant_names: Vec<String>,
}

impl From<Row> for Logged {
    fn from(row: Row) -> Self {
        let tenants = row.tenant_ids.into_iter().map(TenantId).zip(row.tenant_names);
        Self {
            id: InboundMailId(row.id),
            sender: row.sender,
            subject: row.subject,
            at: row.at,
            outcome: Outcome::read(&row.outcome),
            why: row.why,
            is_verified: row.is_verified,
            ticket: row.ticket_id.map(TicketId).zip(row.number),
            tenants: tenants.collect(),
        }
    }
}

/// A page of all, the newest first.
pub async fn list(
    tx: &mut impl Scoped,
    pattern: Option<&str>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Logged>, Error> {
    let (at, id) = before.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select i.id, i.sender, i.subject, i.at, i.outcome, i.why, i.is_verified, i.ticket_id, t.number as "number?",
             array[]::uuid[] as "tenant_ids!", array[]::text[] as "tenant_names!"
           from ticket_mail_in i left join ticket t on t.id = i.ticket_id
           where ($1::text is null or i.sender ilike $1 or i.subject ilike $1)
             and ($3::uuid is null or (i.at, i.id) < ($2::timestamptz, $3::uuid))
           order by i.at desc, i.id desc limit $4"#,
        pattern,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// A page of those whose tickets nobody has said yet whose they are, the oldest first, with the tenants of people with such an
/// address.
pub async fn triage(
    tx: &mut impl Scoped,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Logged>, Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select i.id, i.sender, i.subject, i.at, i.outcome, i.why, i.is_verified, i.ticket_id, t.number as "number?",
             array(select n.id from user_account u join membership m on m.user_id = u.id join tenant n on n.id = m.tenant_id
               where u.email = i.sender order by n.name, n.id limit 20) as "tenant_ids!",
             array(select n.name from user_account u join membership m on m.user_id = u.id join tenant n on n.id = m.tenant_id
               where u.email = i.sender order by n.name, n.id limit 20) as "tenant_names!"
           from ticket_mail_in i join ticket t on t.id = i.ticket_id
           where i.outcome = 'triage' and t.tenant_id is null and t.is_open
             and ($2::uuid is null or (i.at, i.id) > ($1::timestamptz, $2::uuid))
           order by i.at, i.id limit $3"#,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// Those that opened a ticket of triage went with it: they were thrown away, or nobody looked at them.
pub async fn discard(tx: &mut impl Scoped, ticket: TicketId, outcome: Outcome) -> Result<(), Error> {
    sqlx::query!(
        "update ticket_mail_in set outcome = $2 where ticket_id = $1 and outcome = 'triage'",
        ticket.0,
        outcome.word()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One could not be taken, once more. Says how often that is.
pub async fn failed(tx: &mut SystemTx, key: MailKey, now: DateTime<Utc>) -> Result<i32, Error> {
    let tries = sqlx::query_scalar!(
        "insert into ticket_mail_bad (uid_validity, uid, tries, at) values ($1, $2, 1, $3) \
         on conflict (uid_validity, uid) do update set tries = ticket_mail_bad.tries + 1, at = excluded.at returning tries",
        i64::from(key.validity),
        i64::from(key.uid),
        now
    );
    Ok(tries.fetch_one(tx.conn()).await?)
}

/// Forgets what came before a time. Says how many.
pub async fn forget_in(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    sqlx::query!("delete from ticket_mail_bad where at < $1", before)
        .execute(tx.conn())
        .await?;
    let gone = sqlx::query!("delete from ticket_mail_in where at < $1", before);
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}
