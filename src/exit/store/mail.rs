//! A tenant's mail, as it stands in an archive. Passwords and what opens them are not in it, and neither are the private halves of
//! keys, which no role of a person may read.

use serde_json::Value;
use uuid::Uuid;

use crate::platform::db::{Scoped as _, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailAliasId, MailDomainId, MailboxId, TenantId};

/// Where the next page begins.
pub type After = Option<(String, Uuid)>;

/// The domains with the public halves of their keys.
pub async fn mail_domains(tx: &mut TenantTx, tenant: TenantId) -> Result<Vec<Value>, Error> {
    let rows = sqlx::query!(
        r#"select d.id, to_jsonb(x) as "row!" from mail_domain d,
             lateral (select d.name, d.verified_at, (select o.name from mail_domain o where o.id = d.alias_of) as alias_of, d.is_enabled,
               d.quota_mib, d.hourly_limit, d.used_bytes, d.mailboxes, d.aliases, d.created_by, d.created_at,
               (select coalesce(jsonb_agg(jsonb_build_object('selector', k.selector, 'public_key', k.public_key, 'state', k.state)
                  order by k.selector), '[]') from mail_key k where k.domain_id = d.id) as keys) x
           where d.tenant_id = $1 order by d.name"#,
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| with_id(&MailDomainId(row.id).to_string(), row.row))
        .collect())
}

fn with_id(id: &str, mut row: Value) -> Value {
    row["id"] = id.into();
    row
}

/// A page of its mailboxes, deleted ones too, in the order of addresses, and where the next one begins.
pub async fn mailboxes(
    tx: &mut TenantTx,
    tenant: TenantId,
    after: After,
    limit: i64,
) -> Result<(Vec<Value>, After), Error> {
    let (address, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select m.id, m.address, to_jsonb(x) as "row!" from mailbox m left join mailbox_filter f on f.mailbox_id = m.id,
             lateral (select m.address, m.name, m.is_enabled, m.quota_mib, m.hourly_limit, m.forward_to, m.keeps_copy, m.max_own_aliases,
               m.used_bytes, m.used_messages, m.last_imap_at, m.last_pop3_at, m.last_smtp_at, m.last_sieve_at, m.created_by,
               m.created_at, m.deleted_at, m.purge_after,
               (select coalesce(jsonb_agg(a.name order by a.name), '[]') from mailbox_app_password a where a.mailbox_id = m.id)
                 as app_passwords,
               (select coalesce(jsonb_agg(s.address order by s.address), '[]') from mailbox_send_as s where s.mailbox_id = m.id)
                 as send_as,
               case when f.mailbox_id is not null then jsonb_build_object('spam_score', f.spam_score, 'allowed', f.allowed,
                 'blocked', f.blocked, 'reply_is_on', f.reply_is_on, 'reply_subject', f.reply_subject, 'reply_text', f.reply_text,
                 'reply_from', f.reply_from, 'reply_until', f.reply_until, 'rules', f.rules, 'raw', f.raw, 'script', f.script) end
                 as filter) x
           where m.tenant_id = $1 and ($2::text is null or (m.address, m.id) > ($2, $3::uuid))
           order by m.address, m.id limit $4"#,
        tenant.0,
        address,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let last = rows.last().map(|row| (row.address.clone(), row.id));
    let told = rows
        .into_iter()
        .map(|row| with_id(&MailboxId(row.id).to_string(), row.row));
    Ok((told.collect(), last))
}

/// A page of its aliases, groups and catch-alls, in the order of addresses, and where the next one begins.
pub async fn mail_aliases(
    tx: &mut TenantTx,
    tenant: TenantId,
    after: After,
    limit: i64,
) -> Result<(Vec<Value>, After), Error> {
    let (address, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select a.id, a.address, to_jsonb(x) as "row!" from mail_alias a,
             lateral (select a.address, a.kind, a.description, a.targets, a.is_enabled,
               (select m.address from mailbox m where m.id = a.owner_id) as owner, a.created_by, a.created_at) x
           where a.tenant_id = $1 and ($2::text is null or (a.address, a.id) > ($2, $3::uuid))
           order by a.address, a.id limit $4"#,
        tenant.0,
        address,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let last = rows.last().map(|row| (row.address.clone(), row.id));
    let told = rows
        .into_iter()
        .map(|row| with_id(&MailAliasId(row.id).to_string(), row.row));
    Ok((told.collect(), last))
}
