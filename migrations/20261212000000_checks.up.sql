-- Checks: how we know from outside that a server works. The row is definition, queue and memory in one, so that a look costs one
-- update: who claims it sets a lease (which no index knows of, so that the row stays on its page), and who looked writes what was
-- found and the next point of the check's own grid.
create table monitor_check (
  id uuid primary key,
  tenant_id uuid not null,
  server_id uuid not null references server on delete cascade,
  name text not null check (char_length(name) between 1 and 63),
  -- What is looked at, by its kind. Read and written as a whole.
  spec jsonb not null check (spec ? 'kind'),
  interval_seconds int not null check (interval_seconds between 30 and 3600),
  -- So many of the last so many looks have to fail.
  failures int not null check (failures between 1 and of_last),
  of_last int not null check (of_last between 1 and 10),
  -- Its own failure is not told while the engine says that the server or itself is unwell, or while another check fails.
  needs_engine boolean not null,
  depends_on uuid check (depends_on <> id),
  is_paused boolean not null default false,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- The row goes as soon as its incident has been told to be over.
  deleted_at timestamptz,
  -- The queue. Null while it is paused or deleted.
  next_at timestamptz,
  -- Somebody waits for the next look.
  is_asked boolean not null default false,
  lease_id uuid,
  lease_until timestamptz,
  -- The memory: the newest look is the lowest bit of recent, set where it failed; run_at is when the looks began to say what they say.
  state text not null default 'pending' check (state in ('pending', 'good', 'bad', 'held')),
  state_at timestamptz not null,
  recent int not null default 0,
  run_at timestamptz,
  flaps int not null default 0,
  flap_at timestamptz,
  is_certificate boolean not null default false,
  -- Whether it was told to be failing, and not yet to be well again.
  told_bad boolean not null default false,
  last_at timestamptz,
  took_ms int,
  message text not null default '',
  -- The hour that is being counted; those before are in check_hour.
  hour timestamptz,
  hour_good int not null default 0,
  hour_bad int not null default 0,
  hour_ms bigint not null default 0,
  constraint monitor_check_tenant_key unique (tenant_id, id),
  foreign key (tenant_id, depends_on) references monitor_check (tenant_id, id) on delete set null (depends_on)
) with (fillfactor = 70);
create unique index monitor_check_name_key on monitor_check (server_id, name) where deleted_at is null;
create index monitor_check_server on monitor_check (server_id);
create index monitor_check_due on monitor_check (next_at) where next_at is not null;
create index monitor_check_untold on monitor_check (state_at) where told_bad <> (state = 'bad');
create index monitor_check_gone on monitor_check (id) where deleted_at is not null;
create index monitor_check_depends on monitor_check (tenant_id, depends_on) where depends_on is not null;
create index monitor_check_tenant_name on monitor_check (tenant_id, lower(name), id);
create index monitor_check_all_name on monitor_check (lower(name), id);

-- How often it was well in an hour, and how long the looks took together.
create table check_hour (
  check_id uuid not null references monitor_check on delete cascade,
  tenant_id uuid not null,
  at timestamptz not null,
  good int not null,
  bad int not null,
  took_ms bigint not null,
  primary key (check_id, at)
);
create index check_hour_at on check_hour using brin (at);

-- When it changed, and what was found.
create table check_change (
  id bigint primary key generated always as identity,
  check_id uuid not null references monitor_check on delete cascade,
  tenant_id uuid not null,
  at timestamptz not null,
  state text not null,
  message text not null
);
create index check_change_newest on check_change (check_id, at desc, id desc);
create index check_change_at on check_change using brin (at);

-- Every server is given the checks of its template once. What its tenant deletes does not come again.
alter table server add column has_checks boolean not null default false;
create index server_unchecked on server (id) where not has_checks;

-- Whoever gets a server gets checks of their own; the former tenant's end.
create function checks_leave() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update monitor_check set deleted_at = new.updated_at, next_at = null, lease_id = null, lease_until = null, state = 'pending'
   where server_id = new.id and deleted_at is null;
  new.has_checks := false;
  return new;
end $$;
revoke execute on function checks_leave from public;
create trigger checks_leave before update of tenant_id on server
  for each row when (old.tenant_id <> new.tenant_id) execute function checks_leave();

alter table monitor_check enable row level security;
alter table check_hour enable row level security;
alter table check_change enable row level security;

create policy web on monitor_check to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on monitor_check to berth_staff using (true) with check (true);
create policy system on monitor_check to berth_system using (true) with check (true);
grant select, insert, delete on monitor_check to berth_web;
grant update (name, spec, interval_seconds, failures, of_last, needs_engine, depends_on, is_paused, version, updated_at, deleted_at,
  next_at, is_asked, lease_id, lease_until, state, state_at, recent, run_at, flaps, message) on monitor_check to berth_web;
grant select, update (is_paused, version, updated_at, next_at, lease_id, lease_until, state, state_at, recent, run_at)
  on monitor_check to berth_staff;
grant select, insert, update, delete on monitor_check to berth_system;

create policy web on check_hour for select to berth_web using (tenant_id = berth_tenant());
create policy staff on check_hour for select to berth_staff using (true);
create policy system on check_hour to berth_system using (true) with check (true);
create policy web on check_change for select to berth_web using (tenant_id = berth_tenant());
create policy staff on check_change for select to berth_staff using (true);
create policy system on check_change to berth_system using (true) with check (true);
grant select on check_hour, check_change to berth_web, berth_staff;
grant select, insert, update, delete on check_hour, check_change to berth_system;
