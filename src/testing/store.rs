//! The queries that set a test's scene.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{
    BackupId, BackupRepositoryId, BreakGlassId, CannedReplyId, CheckId, ChecklistId, LinkId, LocationId,
    MailDomainId, MailKeyId, NetworkId, NotificationId, PlanId, SavedViewId, ScheduleId, ScheduleRunId,
    ServerId, SessionId, ShareId, SharePersonId, SnapshotId, StackId, StatusComponentId, StatusPageId,
    StatusPostId, TenantId, TicketId, TimeEntryId, TokenId, UserId, VolumeId,
};

pub(super) async fn person(
    tx: &mut SystemTx,
    id: UserId,
    (email, name): (&str, &str),
    staff: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into user_account (id, email, name, staff_role, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        id.0,
        email,
        name,
        staff,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn plan(
    tx: &mut SystemTx,
    id: PlanId,
    name: &str,
    servers: i32,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into plan (id, name, max_servers, max_cpu_millis, max_memory_mib, max_disk_mib, max_members, \
         created_at, updated_at) values ($1, $2, $3, 1000000, 1000000, 100000000, 100, $4, $4)",
        id.0,
        name,
        servers,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn tenant(
    tx: &mut SystemTx,
    id: TenantId,
    slug: &str,
    plan: PlanId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant (id, slug, name, plan_id, status_at, created_at, updated_at) \
         values ($1, $2, initcap($2), $3, $4, $4, $4)",
        id.0,
        slug,
        plan.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn member(
    tx: &mut SystemTx,
    (tenant, user): (TenantId, UserId),
    role: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into membership (tenant_id, user_id, role, created_at) values ($1, $2, $3, $4)",
        tenant.0,
        user.0,
        role,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn suspend(tx: &mut SystemTx, tenant: TenantId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update tenant set status = 'suspended', status_reason = 'bill unpaid', status_at = $2 where id = $1",
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn session(
    tx: &mut SystemTx,
    (id, user): (SessionId, UserId),
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into session (id, token_hash, user_id, created_at, last_seen_at, expires_at, ip, user_agent) \
         values ($1, $2, $3, $4, $4, $5, '127.0.0.1', 'test')",
        id.0,
        hash,
        user.0,
        now,
        now + TimeDelta::days(1)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn token(
    tx: &mut SystemTx,
    (id, user, tenant): (TokenId, UserId, Option<TenantId>),
    (hash, expires): (&[u8], DateTime<Utc>),
    scopes: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into api_token (id, user_id, tenant_id, name, prefix, token_hash, scopes, expires_at, created_at) \
         values ($1, $2, $3, 'test', 'test', $4, $5, $6, $7)",
        id.0,
        user.0,
        tenant.map(|id| id.0),
        hash,
        scopes,
        expires,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A server that is shared with somebody.
pub(super) async fn guest(
    tx: &mut SystemTx,
    (tenant, server, user): (TenantId, ServerId, UserId),
    permissions: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_guest (server_id, user_id, tenant_id, permissions, invited_by, created_at, updated_at) \
         values ($1, $2, $3, $4, 'test', $5, $5)",
        server.0,
        user.0,
        tenant.0,
        permissions,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes a token one of a guest of a server.
pub(super) async fn bind_token(tx: &mut SystemTx, hash: &[u8], server: ServerId) -> Result<(), Error> {
    sqlx::query!(
        "update api_token set server_id = $2 where token_hash = $1",
        hash,
        server.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Where seeded servers are; the first one made stays.
pub(super) async fn location(tx: &mut SystemTx, id: LocationId) -> Result<(), Error> {
    sqlx::query!(
        "insert into location (id, slug, name, publish_address, public_host, port_first, port_last, network_pool) \
         values ($1, 'test', 'Test', '127.0.0.1', '127.0.0.1', 20000, 20999, '10.240.0.0/16') on conflict (slug) do nothing",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn server(
    tx: &mut SystemTx,
    (id, tenant): (ServerId, TenantId),
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into server (id, tenant_id, location_id, name, host_name, template, image, size_id, cpu_millis, memory_mib, \
         disk_mib, power, observed_generation, observed_state, created_by, created_at, updated_at) \
         select $1, $2, l.id, $3, lower($3), 'static-site', 'berth/static-site:test', s.id, s.cpu_millis, s.memory_mib, s.disk_mib, \
         'stopped', 1, 'exited', 'test', $4, $4 from location l, size s where l.slug = 'test' and s.id = 'small-box'",
        id.0,
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn schedule(
    tx: &mut SystemTx,
    (schedule, run): (ScheduleId, ScheduleRunId),
    (tenant, server): (TenantId, ServerId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"insert into schedule (id, tenant_id, server_id, name, cron, is_paused, steps, created_by, created_at, updated_at)
           values ($1, $2, $3, 'Nightly', '0 4 * * *', true, '[{"kind": "power", "power": "restart"}]', 'test', $4, $4)"#,
        schedule.0,
        tenant.0,
        server.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into schedule_run (id, tenant_id, schedule_id, state, due_at, started_at, finished_at, steps) \
         values ($1, $2, $3, 'succeeded', $4, $4, $4, '[]')",
        run.0,
        tenant.0,
        schedule.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn check(
    tx: &mut SystemTx,
    id: CheckId,
    (tenant, server): (TenantId, ServerId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"insert into monitor_check (id, tenant_id, server_id, name, spec, interval_seconds, failures, of_last, needs_engine, is_paused,
             created_by, created_at, updated_at, state_at)
           values ($1, $2, $3, 'Echo', '{"kind": "ping"}', 60, 2, 3, true, true, 'test', $4, $4, $4)"#,
        id.0,
        tenant.0,
        server.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn saved_view(
    tx: &mut SystemTx,
    (id, owner): (SavedViewId, UserId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_view (id, owner_id, name, shared, query, created_at, updated_at) \
         values ($1, $2, 'Mine', true, 'assignee=me', $3, $3)",
        id.0,
        owner.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A network of a tenant at the tests' location.
pub(super) async fn network(
    tx: &mut SystemTx,
    (id, tenant): (NetworkId, TenantId),
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into network (id, tenant_id, location_id, name, created_at) \
         select $1, $2, l.id, $3, $4 from location l where l.slug = 'test'",
        id.0,
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn notification(
    tx: &mut SystemTx,
    id: NotificationId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into notification (id, recipient, subject, body, state, error, created_at) \
         values ($1, 'ada@example.com', 'It is full', 'Very full.', 'failed', 'refused: 550', $2)",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn stack(
    tx: &mut SystemTx,
    (id, tenant): (StackId, TenantId),
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into stack (id, tenant_id, name, host_label, blueprint, created_by, created_at, updated_at) \
         values ($1, $2, $3, $3, 'web-cluster', 'ada', $4, $4)",
        id.0,
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn snapshot(
    tx: &mut SystemTx,
    (id, tenant, server): (SnapshotId, TenantId, ServerId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into snapshot (id, tenant_id, server_id, name, reason, state, created_by, created_at, taken_at) \
         values ($1, $2, $3, 'before', 'manual', 'ready', 'ada', $4, $4)",
        id.0,
        tenant.0,
        server.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn volume(
    tx: &mut SystemTx,
    (id, tenant): (VolumeId, TenantId),
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into volume (id, tenant_id, location_id, name, size_mib, created_by, created_at) \
         select $1, $2, id, $3, 64, 'ada', $4 from location order by id limit 1",
        id.0,
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A share that one person has, with hashes that nobody can open.
pub(super) async fn share(
    tx: &mut SystemTx,
    (id, person): (ShareId, SharePersonId),
    (tenant, server): (TenantId, ServerId),
    (name, login): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "with made as (insert into share (id, tenant_id, server_id, name, folder, protocols, created_by, created_at) \
           values ($1, $2, $3, $4, $4, '{sftp}', 'ada', $7)), \
         known as (insert into share_person (id, tenant_id, server_id, login, sealed, created_at) values ($5, $2, $3, $6, '', $7)) \
         insert into share_member (share_id, person_id, tenant_id, server_id, may_write) values ($1, $5, $2, $3, true)",
        id.0,
        tenant.0,
        server.0,
        name,
        person.0,
        login,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn egg(tx: &mut SystemTx, name: &str, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "insert into egg (name, title, category, created_at, updated_at) values ($1, $1, 'game', $2, $2)",
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into egg_version (egg, number, source, images, created_by, created_at)
           values ($1, 1, '{"name": "Egg", "image": "registry.invalid/egg:1", "startup": "true"}', '{}', 'test', $2)"#,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn invitation(
    tx: &mut SystemTx,
    (id, tenant): (LinkId, TenantId),
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into one_time_link (id, purpose, token_hash, tenant_id, email, role, created_by, created_at, expires_at) \
         values ($1, 'invite', $3, $2, 'guest@example.com', 'viewer', 'test', $4, $5)",
        id.0,
        tenant.0,
        hash,
        now,
        now + TimeDelta::days(7)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn is_server_due(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<bool, Error> {
    let due = sqlx::query_scalar!(
        r#"select exists (select from server where next_attempt_at <= $1 and lease_until is null) as "due!""#,
        now
    );
    Ok(due.fetch_one(tx.conn()).await?)
}

pub(super) async fn is_network_due(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<bool, Error> {
    let due = sqlx::query_scalar!(
        r#"select exists (select from network where next_attempt_at <= $1 and lease_until is null) as "due!""#,
        now
    );
    Ok(due.fetch_one(tx.conn()).await?)
}

pub(super) async fn backup(
    tx: &mut SystemTx,
    (backup, repository): (BackupId, BackupRepositoryId),
    (tenant, server): (TenantId, ServerId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_repository (id, tenant_id, target_id, sealed_key, created_at) \
         select $1, $2, id, 'x', $3 from backup_target where is_default",
        repository.0,
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into backup (id, tenant_id, repository_id, server_id, server_name, state, asked_by, created_at, finished_at, \
         error) values ($1, $2, $3, $4, 'web-1', 'failed', 'test', $5, $5, 'the disk is full')",
        backup.0,
        tenant.0,
        repository.0,
        server.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn volume_backup(
    tx: &mut SystemTx,
    backup: BackupId,
    (tenant, volume): (TenantId, VolumeId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup (id, tenant_id, repository_id, volume_id, is_of_volume, server_name, state, asked_by, created_at, \
         finished_at, error) select $1, tenant_id, id, $3, true, 'media', 'failed', 'test', $4, $4, 'the disk is full' \
         from backup_repository where tenant_id = $2 limit 1",
        backup.0,
        tenant.0,
        volume.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn ticket_extras(
    tx: &mut SystemTx,
    (canned, checklist, entry): (CannedReplyId, ChecklistId, TimeEntryId),
    ticket: TicketId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "with c as (insert into canned_reply (id, name, body, created_by, created_at, updated_at) \
             values ($1, 'Greeting', 'Hello {customer}', 'test', $5, $5)), \
           l as (insert into checklist_template (id, name, items, created_by, created_at, updated_at) \
             values ($2, 'Disk full', array['Look', 'Clean up'], 'test', $5, $5)) \
         insert into ticket_time (id, ticket_id, minutes, what, is_billable, at, created_by, created_at) \
         values ($3, $4, 25, 'Looked', true, $5, 'test', $5)",
        canned.0,
        checklist.0,
        entry.0,
        ticket.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn mail_domain(
    tx: &mut SystemTx,
    (id, key): (MailDomainId, MailKeyId),
    (tenant, name): (TenantId, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
         values ($1, $2, $3, 'proof', $4, 'Somebody', $4, $4)",
        id.0,
        tenant.0,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into mail_key (id, tenant_id, domain_id, selector, private_key, public_key, state, created_at, activated_at) \
         values ($1, $2, $3, 'berth-2026a', 'none', 'MIIB', 'active', $4, $4)",
        key.0,
        tenant.0,
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An hour in which staff may see a tenant's consoles, because of a ticket.
pub(super) async fn break_glass(
    tx: &mut SystemTx,
    id: BreakGlassId,
    (tenant, ticket): (TenantId, TicketId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into break_glass (id, tenant_id, ticket_id, staff_label, parts, reason, opened_at, until) \
         values ($1, $2, $3, 'Eve (eve@example.com)', '{console}', 'It does not start any more', $4, $5)",
        id.0,
        tenant.0,
        ticket.0,
        now,
        now + TimeDelta::hours(1)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A public page whose address is its id, with a component that stands for a server or for the panel, and a post.
pub(super) async fn status_page(
    tx: &mut SystemTx,
    (page, component, post): (StatusPageId, StatusComponentId, StatusPostId),
    of: Option<(TenantId, ServerId)>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (tenant, server) = of.unzip();
    sqlx::query!(
        "insert into status_page (id, tenant_id, slug, title, intro, visibility, created_at, updated_at) \
         values ($1, $2, $1::uuid::text, 'Ours', '', 'public', $3, $3)",
        page.0,
        tenant.map(|id| id.0),
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into status_component (id, page_id, name, note, target, server_id, position, created_at) \
         values ($1, $2, 'Front', '', case when $3::uuid is null then 'panel' else 'server' end, $3, 0, $4)",
        component.0,
        page.0,
        server.map(|id| id.0),
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into status_post (id, page_id, title, state, component_ids, began_at) values ($1, $2, 'Slow', 'investigating', '{}', $3)",
        post.0,
        page.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
