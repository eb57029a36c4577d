//! Writing what the log says. A batch is one transaction with the place up to which the log was read, so that a reader who dies
//! reads it again; a line that is read twice has the same id and is one step.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::{Flow, Kept, Noted, Seen};

/// Rows that are deleted by one statement, so that none holds many locks for long.
const BATCH: i64 = 10_000;

/// A line that says something of a mail.
#[derive(Debug, Clone)]
pub struct Read {
    /// Made of the line.
    pub id: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What it says.
    pub noted: Noted,
}

/// Takes the log for `lease` until then, if nobody else has it. Says up to where it was read.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Option<DateTime<Utc>>>, Error> {
    let row = sqlx::query!(
        "update mail_log_reader set lease_id = $1, lease_until = $3 \
         where lease_until is null or lease_until <= $2 or lease_id = $1 returning read_until",
        lease,
        now,
        until
    );
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| row.read_until))
}

/// Leaves the log to others.
pub async fn release(tx: &mut SystemTx, lease: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "update mail_log_reader set lease_id = null, lease_until = null where lease_id = $1",
        lease
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes up to where the log was read, and holds the lease on. Says whether it still was ours.
pub async fn advance(
    tx: &mut SystemTx,
    lease: Uuid,
    read: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update mail_log_reader set read_until = greatest(read_until, $2), lease_until = $3 where lease_id = $1",
        lease,
        read,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Which tenant has which of these domains.
pub async fn owners(tx: &mut impl Scoped, domains: &[String]) -> Result<HashMap<String, TenantId>, Error> {
    let rows = sqlx::query!(
        "select name, tenant_id from mail_domain where verified_at is not null and name = any($1)",
        domains
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.name, TenantId(row.tenant_id))).collect())
}

/// What lines say of a message besides its steps.
#[derive(Debug, Default)]
struct Facts {
    at: Option<(DateTime<Utc>, DateTime<Utc>)>,
    message_id: Option<String>,
    sender: Option<String>,
    bytes: Option<i64>,
}

/// Adds what lines say. Gives the messages that they are about.
pub async fn add(tx: &mut SystemTx, lines: &[Read]) -> Result<Vec<String>, Error> {
    let mut facts: BTreeMap<&str, Facts> = BTreeMap::new();
    for line in lines {
        let Some(queue_id) = &line.noted.queue_id else {
            continue;
        };
        let known = facts.entry(queue_id).or_default();
        let (first, last) = known.at.unwrap_or((line.at, line.at));
        known.at = Some((first.min(line.at), last.max(line.at)));
        known.message_id = known.message_id.take().or_else(|| line.noted.message_id.clone());
        known.sender = known.sender.take().or_else(|| line.noted.sender.clone());
        known.bytes = known.bytes.or(line.noted.bytes);
    }
    add_facts(tx, &facts).await?;
    add_steps(tx, lines).await?;
    let mut touched: BTreeSet<String> = facts.into_keys().map(str::to_owned).collect();
    touched.extend(join_sessions(tx, lines).await?);
    Ok(touched.into_iter().collect())
}

async fn add_facts(tx: &mut SystemTx, facts: &BTreeMap<&str, Facts>) -> Result<(), Error> {
    let ids: Vec<String> = facts.keys().map(|id| (*id).to_owned()).collect();
    let times = facts.values().filter_map(|known| known.at);
    let (first, last): (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) = times.unzip();
    let message_ids: Vec<Option<String>> = facts.values().map(|known| known.message_id.clone()).collect();
    let senders: Vec<Option<String>> = facts.values().map(|known| known.sender.clone()).collect();
    let sizes: Vec<Option<i64>> = facts.values().map(|known| known.bytes).collect();
    sqlx::query!(
        "insert into mail_flow (queue_id, first_at, last_at, message_id, sender, bytes) \
         select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[]) \
         on conflict (queue_id) do update set last_at = greatest(mail_flow.last_at, excluded.last_at), \
           message_id = coalesce(mail_flow.message_id, excluded.message_id), \
           sender = coalesce(mail_flow.sender, excluded.sender), bytes = coalesce(mail_flow.bytes, excluded.bytes)",
        &ids,
        &first,
        &last,
        &message_ids as &[Option<String>],
        &senders as &[Option<String>],
        &sizes as &[Option<i64>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn add_steps(tx: &mut SystemTx, lines: &[Read]) -> Result<(), Error> {
    let steps = lines
        .iter()
        .filter_map(|line| Some((line, line.noted.step.as_ref()?)));
    let (steps, whats): (Vec<&Read>, Vec<_>) = steps.unzip();
    let ids: Vec<Uuid> = steps.iter().map(|line| line.id).collect();
    let ats: Vec<DateTime<Utc>> = steps.iter().map(|line| line.at).collect();
    let text = |of: fn(&Noted) -> Option<&str>| -> Vec<Option<String>> {
        steps
            .iter()
            .map(|line| of(&line.noted).map(str::to_owned))
            .collect()
    };
    let senders: Vec<bool> = whats.iter().map(|step| step.is_senders()).collect();
    let recipients: Vec<bool> = whats.iter().map(|step| step.is_recipients()).collect();
    let whats: Vec<String> = whats
        .into_iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()
        .map_err(Error::internal)?;
    sqlx::query!(
        "insert into mail_step (id, queue_id, session, at, recipient, original, domains, is_senders, is_recipients, what) \
         select u.id, u.queue_id, u.session, u.at, u.recipient, u.original, \
           array(select distinct substring(a from '@([^@]+)$') from unnest(array[u.recipient, u.original]) a where a like '%@_%'), \
           u.is_senders, u.is_recipients, u.what::jsonb \
         from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::bool[], $8::bool[], \
           $9::text[]) as u(id, queue_id, session, at, recipient, original, is_senders, is_recipients, what) \
         on conflict (id) do nothing",
        &ids,
        &text(|noted| noted.queue_id.as_deref()) as &[Option<String>],
        &text(|noted| noted.session.as_deref()) as &[Option<String>],
        &ats,
        &text(|noted| noted.recipient.as_deref()) as &[Option<String>],
        &text(|noted| noted.original.as_deref()) as &[Option<String>],
        &senders,
        &recipients,
        &whats
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives what mailboxes did to the messages whose deliveries they were. Says which.
async fn join_sessions(tx: &mut SystemTx, lines: &[Read]) -> Result<Vec<String>, Error> {
    let sessions: Vec<String> = lines
        .iter()
        .filter_map(|line| line.noted.session.clone())
        .collect();
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_scalar!(
        r#"update mail_step s set queue_id = d.queue_id from mail_step d
           where s.queue_id is null and d.queue_id is not null and d.session = s.session and s.session = any($1)
           returning s.queue_id as "queue_id!""#,
        &sessions
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// All that is known of some messages.
pub async fn flows(tx: &mut SystemTx, ids: &[String]) -> Result<Vec<Flow>, Error> {
    let rows = sqlx::query!(
        "select queue_id, first_at, last_at, message_id, sender, bytes from mail_flow where queue_id = any($1) order by queue_id",
        ids
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let mut steps = steps_of(tx, ids).await?;
    let flows = rows.into_iter().map(|row| Flow {
        steps: steps.remove(&row.queue_id).unwrap_or_default(),
        queue_id: row.queue_id,
        first_at: row.first_at,
        last_at: row.last_at,
        message_id: row.message_id,
        sender: row.sender,
        bytes: row.bytes,
    });
    Ok(flows.collect())
}

async fn steps_of(tx: &mut SystemTx, ids: &[String]) -> Result<HashMap<String, Vec<Kept>>, Error> {
    let rows = sqlx::query!(
        r#"select queue_id as "queue_id!", at, recipient, original, what from mail_step where queue_id = any($1)
           order by queue_id, at, id"#,
        ids
    );
    let mut steps: HashMap<String, Vec<Kept>> = HashMap::new();
    for row in rows.fetch_all(tx.conn()).await? {
        steps.entry(row.queue_id).or_default().push(Kept {
            at: row.at,
            recipient: row.recipient,
            original: row.original,
            step: serde_json::from_value(row.what).map_err(Error::internal)?,
        });
    }
    Ok(steps)
}

/// Writes what a tenant sees of a message.
pub async fn save_seen(tx: &mut SystemTx, flow: &Flow, seen: &Seen) -> Result<(), Error> {
    sqlx::query!(
        "insert into mail_message (tenant_id, queue_id, at, last_at, message_id, sender, bytes, recipients, domains, sees_all, outcome) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (tenant_id, queue_id) do update set \
           last_at = excluded.last_at, message_id = excluded.message_id, sender = excluded.sender, bytes = excluded.bytes, \
           recipients = excluded.recipients, domains = excluded.domains, sees_all = excluded.sees_all, outcome = excluded.outcome",
        seen.tenant.0,
        flow.queue_id,
        flow.first_at,
        flow.last_at,
        flow.message_id,
        flow.sender,
        flow.bytes,
        &seen.recipients,
        &seen.domains,
        seen.sees_all,
        seen.outcome.word()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets some of what is older, and says how much. Nothing is left once it says none.
pub async fn forget(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let steps = sqlx::query!(
        "delete from mail_step where id in (select id from mail_step where at < $1 limit $2)",
        before,
        BATCH
    );
    let steps = steps.execute(tx.conn()).await?.rows_affected();
    let messages = sqlx::query!(
        "delete from mail_message where (tenant_id, queue_id) in \
           (select tenant_id, queue_id from mail_message where last_at < $1 limit $2)",
        before,
        BATCH
    );
    let messages = messages.execute(tx.conn()).await?.rows_affected();
    let flows = sqlx::query!(
        "delete from mail_flow where queue_id in (select queue_id from mail_flow where last_at < $1 limit $2)",
        before,
        BATCH
    );
    Ok(steps + messages + flows.execute(tx.conn()).await?.rows_affected())
}
