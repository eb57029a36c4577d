-- Restore drills: a backup is restored beside everything, started, asked whether it works, and thrown away. A row is written
-- before anything is made on the engine and ends after everything is removed, so it is also the queue.
create table restore_drill (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  server_id uuid references server on delete set null,
  server_name text not null,
  backup_id uuid references backup on delete set null,
  -- From when the backup is.
  backup_at timestamptz not null,
  state text not null check (state in ('waiting', 'running', 'proven', 'failed')),
  -- Who asked; null for the night's.
  asked_by text,
  -- What is being done.
  step text,
  error text,
  bytes bigint not null default 0,
  attempts int not null default 0,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  check ((state in ('waiting', 'running')) = (ended_at is null))
);
create unique index restore_drill_open on restore_drill (server_id) where ended_at is null;
create index restore_drill_queue on restore_drill (created_at) where ended_at is null;
create index restore_drill_server on restore_drill (server_id, created_at desc, id desc);
create index restore_drill_tenant on restore_drill (tenant_id, created_at desc, id desc);

-- What is known of a server's backups: when one was proven last, and since when none can be. The latter is the alert.
create table restore_proof (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  proven_at timestamptz,
  proven_backup_at timestamptz,
  failed_since timestamptz,
  reason text,
  looked_at timestamptz not null,
  check ((failed_since is null) = (reason is null))
);
create index restore_proof_tenant on restore_proof (tenant_id);
create index restore_proof_failed on restore_proof (failed_since) where failed_since is not null;

-- When drills are; one row. The hour is that of a time zone.
create table drill_setting (
  is_only boolean primary key default true check (is_only),
  is_on boolean not null default true,
  hour int not null default 3 check (hour between 0 and 23),
  zone text not null default 'UTC',
  version bigint not null default 1,
  updated_at timestamptz not null
);
insert into drill_setting (updated_at) values (now());

-- Tenants that want none.
create table tenant_without_drills (
  tenant_id uuid primary key references tenant on delete cascade,
  at timestamptz not null
);

alter table restore_drill enable row level security;
alter table restore_proof enable row level security;
alter table drill_setting enable row level security;
alter table tenant_without_drills enable row level security;

create policy web on restore_drill to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on restore_drill to berth_staff using (true) with check (true);
create policy system on restore_drill to berth_system using (true) with check (true);
grant select, insert on restore_drill to berth_web, berth_staff;
grant select, insert, update, delete on restore_drill to berth_system;

create policy web on restore_proof for select to berth_web using (tenant_id = berth_tenant());
create policy staff on restore_proof for select to berth_staff using (true);
create policy system on restore_proof to berth_system using (true) with check (true);
grant select on restore_proof to berth_web, berth_staff;
grant select, insert, update, delete on restore_proof to berth_system;

create policy web on drill_setting for select to berth_web using (true);
create policy staff on drill_setting to berth_staff using (true) with check (true);
create policy system on drill_setting for select to berth_system using (true);
grant select on drill_setting to berth_web, berth_staff, berth_system;
grant update on drill_setting to berth_staff;

create policy web on tenant_without_drills to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on tenant_without_drills to berth_staff using (true) with check (true);
create policy system on tenant_without_drills to berth_system using (true) with check (true);
grant select, insert, delete on tenant_without_drills to berth_web, berth_staff;
grant select, insert, delete on tenant_without_drills to berth_system;
