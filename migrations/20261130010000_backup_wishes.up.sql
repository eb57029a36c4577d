-- Who wanted a backup, what it reports to, and what is kept of those that one schedule made.
alter table backup
  add column reason text not null default 'manual' check (reason in ('manual', 'schedule', 'stack', 'safety')),
  add column operation_id uuid references operation on delete set null,
  -- No reference: what a schedule made outlives it.
  add column schedule_id uuid,
  add column retention jsonb;
create index backup_operation on backup (operation_id) where operation_id is not null;
create index backup_schedule on backup (schedule_id, server_id, created_at desc) where schedule_id is not null;
create index backup_tenant on backup (tenant_id, created_at desc, id desc);
