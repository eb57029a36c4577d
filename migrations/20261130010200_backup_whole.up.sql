-- What was saved: the server's template, size and volumes, so that it can be looked into and got back without the server.
alter table backup add column about jsonb;
-- Whole servers are got back too: into the empty volumes of a new one, once those are there, or over what a server has.
alter table backup_restore
  add column kind text not null default 'beside' check (kind in ('beside', 'fill', 'over')),
  add column is_ready boolean not null default true,
  add column operation_id uuid references operation on delete set null,
  -- What keeps what was there before, where something was.
  add column safety_id uuid references backup on delete set null;
create unique index backup_restore_whole on backup_restore (server_id)
  where kind <> 'beside' and state in ('waiting', 'running');
create index backup_restore_safety on backup_restore (safety_id) where safety_id is not null;
create index backup_restore_operation on backup_restore (operation_id) where operation_id is not null;

-- A server whose data comes from a backup, also when that is gone.
create table backup_copy (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null references tenant on delete cascade,
  backup_id uuid not null
);
alter table backup_copy enable row level security;
create policy web on backup_copy to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on backup_copy for select to berth_staff using (true);
create policy system on backup_copy to berth_system using (true) with check (true);
grant select, insert on backup_copy to berth_web;
grant select on backup_copy to berth_staff;
grant select, insert, update, delete on backup_copy to berth_system;
