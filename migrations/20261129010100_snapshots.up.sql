-- Snapshots of servers' data. A row is also the queue of the work on it.
create table snapshot (
  id uuid primary key,
  tenant_id uuid not null,
  server_id uuid not null references server on delete cascade,
  name text not null check (char_length(name) between 1 and 80),
  -- Somebody asked for it, or a schedule, or it keeps what a restored server held before.
  reason text not null check (reason in ('manual', 'schedule', 'safety')),
  state text not null check (state in ('making', 'ready', 'restoring', 'removing', 'failed')),
  -- So many of the server's that schedules made are kept when this one is there.
  keep int check (keep between 1 and 100),
  error text,
  created_by text not null,
  created_at timestamptz not null,
  taken_at timestamptz,
  -- The work that is under way, and what it keeps first.
  operation_id uuid,
  safety_id uuid,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  error_count int not null default 0,
  check ((lease_id is null) = (lease_until is null))
);
create index snapshot_list on snapshot (server_id, created_at desc, id desc);
create index snapshot_due on snapshot (next_attempt_at) where next_attempt_at is not null;
create index snapshot_leased on snapshot (lease_until) where lease_until is not null;
-- A server is restored once at a time.
create unique index snapshot_restoring on snapshot (server_id) where state = 'restoring';

-- A server whose data comes from a snapshot of another.
create table snapshot_copy (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  snapshot_id uuid not null
);

alter table snapshot enable row level security;
alter table snapshot_copy enable row level security;
create policy web on snapshot to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on snapshot for select to berth_staff using (true);
create policy system on snapshot to berth_system using (true) with check (true);
create policy guest on snapshot to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update on snapshot to berth_web, berth_guest;
grant select on snapshot to berth_staff;
grant select, insert, update, delete on snapshot to berth_system;
-- Which snapshot a copy was made from is no business of a guest's.
create policy web on snapshot_copy to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on snapshot_copy for select to berth_staff using (true);
create policy system on snapshot_copy to berth_system using (true) with check (true);
grant select, insert, update on snapshot_copy to berth_web;
grant select on snapshot_copy to berth_staff;
grant select, insert, update, delete on snapshot_copy to berth_system;
