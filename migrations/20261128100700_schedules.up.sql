-- Scheduled tasks of servers and their runs, and the time zone that a tenant's schedules are read in.
create table tenant_time_zone (
  tenant_id uuid primary key references tenant on delete cascade,
  zone text not null,
  updated_at timestamptz not null
);

create table schedule (
  id uuid primary key,
  tenant_id uuid not null,
  server_id uuid not null references server on delete cascade,
  name text not null check (char_length(name) between 1 and 63),
  cron text not null,
  is_paused boolean not null default false,
  -- What is done, in order. Read and written as a whole; each has its kind, so that there is room for more kinds.
  steps jsonb not null check (jsonb_typeof(steps) = 'array'),
  -- When it falls due next: what is due is found by this alone. Null while it is paused.
  next_run timestamptz check (not is_paused or next_run is null),
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint schedule_name_key unique (server_id, name)
);
create index schedule_due on schedule (next_run);

create table schedule_run (
  id uuid primary key,
  tenant_id uuid not null,
  schedule_id uuid not null references schedule on delete cascade,
  state text not null check (state in ('running', 'succeeded', 'failed', 'skipped', 'interrupted')),
  -- Who asked for it; null where the time had come.
  asked_by text,
  due_at timestamptz not null,
  started_at timestamptz not null,
  finished_at timestamptz check ((state = 'running') = (finished_at is null)),
  -- Why it ended as it did, where that needs words.
  reason text,
  -- Runs that were skipped one after the other for the same reason are one row.
  times int not null default 1,
  -- The schedule's steps as they were when it began.
  steps jsonb not null check (jsonb_typeof(steps) = 'array'),
  -- The step that is next, or under way.
  position int not null default 0,
  -- The row is the queue: somebody has to look at it from here on. Null while somebody does, under a lease.
  wake_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  check (state <> 'running' or (wake_at is null) <> (lease_until is null))
);
-- No schedule runs twice at once, whoever tries.
create unique index schedule_run_open on schedule_run (schedule_id) where state = 'running';
create index schedule_run_newest on schedule_run (schedule_id, started_at desc, id desc);
create index schedule_run_wake on schedule_run (wake_at) where wake_at is not null;
create index schedule_run_lease on schedule_run (lease_until) where lease_until is not null;

create table schedule_run_step (
  run_id uuid not null references schedule_run on delete cascade,
  tenant_id uuid not null,
  position int not null,
  state text not null check (state in ('running', 'succeeded', 'failed', 'interrupted')),
  started_at timestamptz not null,
  finished_at timestamptz,
  -- The work that a power step asked for.
  operation_id uuid,
  exit_code bigint,
  output text not null default '' check (octet_length(output) <= 16384),
  is_cut boolean not null default false,
  note text,
  primary key (run_id, position)
);

alter table tenant_time_zone enable row level security;
alter table schedule enable row level security;
alter table schedule_run enable row level security;
alter table schedule_run_step enable row level security;

create policy web on tenant_time_zone to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on tenant_time_zone to berth_staff using (true) with check (true);
create policy system on tenant_time_zone to berth_system using (true) with check (true);
grant select, insert, update on tenant_time_zone to berth_web, berth_staff;
grant select, insert, update, delete on tenant_time_zone to berth_system;

create policy web on schedule to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on schedule to berth_staff using (true) with check (true);
create policy system on schedule to berth_system using (true) with check (true);
grant select, insert, update, delete on schedule to berth_web;
-- A change of the time zone moves what is next, also when it is one of the staff who changes it.
grant select, update (next_run) on schedule to berth_staff;
grant select, insert, update, delete on schedule to berth_system;

create policy web on schedule_run to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on schedule_run for select to berth_staff using (true);
create policy system on schedule_run to berth_system using (true) with check (true);
grant select, insert on schedule_run to berth_web;
grant select on schedule_run to berth_staff;
grant select, insert, update, delete on schedule_run to berth_system;

create policy web on schedule_run_step for select to berth_web using (tenant_id = berth_tenant());
create policy staff on schedule_run_step for select to berth_staff using (true);
create policy system on schedule_run_step to berth_system using (true) with check (true);
grant select on schedule_run_step to berth_web, berth_staff;
grant select, insert, update, delete on schedule_run_step to berth_system;
