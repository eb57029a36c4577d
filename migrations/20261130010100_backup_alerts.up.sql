-- Servers whose backups need somebody: the last one failed, or a schedule made none at its last time. A backup that is whole ends
-- it, and so does the end of what it is about.
create table backup_alert (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null references tenant on delete cascade,
  backup_id uuid references backup on delete cascade,
  schedule_id uuid references schedule on delete cascade,
  reason text not null,
  since timestamptz not null
);
create index backup_alert_tenant on backup_alert (tenant_id, since desc);
create index backup_alert_backup on backup_alert (backup_id) where backup_id is not null;
create index backup_alert_schedule on backup_alert (schedule_id) where schedule_id is not null;

alter table backup_alert enable row level security;
create policy web on backup_alert for select to berth_web using (tenant_id = berth_tenant());
create policy staff on backup_alert for select to berth_staff using (true);
create policy system on backup_alert to berth_system using (true) with check (true);
grant select on backup_alert to berth_web, berth_staff;
grant select, insert, update, delete on backup_alert to berth_system;

-- When the key of a repository was shown, and to whom: it is shown once.
alter table backup_repository
  add column key_shown_at timestamptz,
  add column key_shown_by text;
grant select (key_shown_at, key_shown_by), update (key_shown_at, key_shown_by) on backup_repository to berth_web;
grant select (key_shown_at, key_shown_by) on backup_repository to berth_staff;

-- Nor does a server that moves take along what its former backups need.
create or replace function move_server(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public as $$
begin
  perform from server where id = wanted for update;
  update backup set server_id = null where server_id = wanted;
  delete from backup_restore where server_id = wanted;
  delete from backup_alert where server_id = wanted;
  perform move_server_rows(wanted, target, new_name, new_host_name, at);
end $$;
