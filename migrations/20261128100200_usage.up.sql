-- What servers use: a row each ten seconds for a day, each five minutes for a month, each hour for two years. Each table is
-- cut by time, so that forgetting is dropping a table; nothing is ever updated but the last roll-up.
create table usage_10s (
  server_id uuid not null,
  tenant_id uuid not null,
  -- The beginning of the ten seconds.
  at timestamptz not null,
  -- Processors in use: 1 is a whole one. Null where only one reading was there, so no rate is known.
  cpu real,
  -- Bytes, without the file cache that the kernel can take back.
  memory bigint not null,
  -- Bytes a second: received, sent, read from disks, written to disks.
  rx real,
  tx real,
  read real,
  write real,
  primary key (server_id, at)
) partition by range (at);

create table usage_5m (
  server_id uuid not null,
  tenant_id uuid not null,
  at timestamptz not null,
  -- How many readings it is made of: an hour is the average of its readings, not of its averages.
  samples int not null,
  cpu real,
  cpu_max real,
  memory bigint not null,
  memory_max bigint not null,
  rx real,
  rx_max real,
  tx real,
  tx_max real,
  read real,
  read_max real,
  write real,
  write_max real,
  primary key (server_id, at)
) partition by range (at);
create table usage_1h (like usage_5m including all) partition by range (at);

-- Rows come in the order of time, so these cost next to nothing and find what one moment holds.
create index usage_10s_at on usage_10s using brin (at);
create index usage_5m_at on usage_5m using brin (at);

-- From when on a table's roll-up has to be computed.
create table usage_rollup (
  resolution text primary key check (resolution in ('5m', '1h')),
  done_until timestamptz not null
);

-- What a server's volumes hold; measured far less often.
create table usage_disk (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  bytes bigint not null check (bytes >= 0),
  at timestamptz not null
);

alter table usage_10s enable row level security;
alter table usage_5m enable row level security;
alter table usage_1h enable row level security;
alter table usage_rollup enable row level security;
alter table usage_disk enable row level security;

-- Policies and grants of the parents hold for what is read through them. Nobody holds a grant on a part.
create policy web on usage_10s for select to berth_web using (tenant_id = berth_tenant());
create policy staff on usage_10s for select to berth_staff using (true);
create policy system on usage_10s to berth_system using (true) with check (true);
create policy web on usage_5m for select to berth_web using (tenant_id = berth_tenant());
create policy staff on usage_5m for select to berth_staff using (true);
create policy system on usage_5m to berth_system using (true) with check (true);
create policy web on usage_1h for select to berth_web using (tenant_id = berth_tenant());
create policy staff on usage_1h for select to berth_staff using (true);
create policy system on usage_1h to berth_system using (true) with check (true);
create policy web on usage_disk for select to berth_web using (tenant_id = berth_tenant());
create policy staff on usage_disk for select to berth_staff using (true);
create policy system on usage_disk to berth_system using (true) with check (true);
create policy system on usage_rollup to berth_system using (true) with check (true);
grant select on usage_10s, usage_5m, usage_1h, usage_disk to berth_web, berth_staff;
grant select, insert, update, delete on usage_10s, usage_5m, usage_1h, usage_disk, usage_rollup to berth_system;

-- Makes the parts of a table that begin in [from_at, to_at) and drops those that end before forget_before. Attaching takes a
-- weaker lock than making a part in place, so readers are not held up.
create function usage_parts(parent text, step text, from_at timestamptz, to_at timestamptz, forget_before timestamptz)
  returns int language plpgsql security definer set search_path = public set timezone = 'UTC' set lock_timeout = '5s' as $$
declare
  begins timestamptz := date_trunc(step, from_at);
  ends timestamptz;
  part text;
  changed int := 0;
begin
  if parent not in ('usage_10s', 'usage_5m', 'usage_1h') then
    raise exception 'no such table of usage: %', parent;
  end if;
  -- Two panels that start at once wait for each other here.
  perform pg_advisory_xact_lock(hashtextextended(parent, 3));
  while begins < to_at loop
    ends := begins + ('1 ' || step)::interval;
    part := parent || '_p' || to_char(begins, 'YYYYMMDDHH24');
    if to_regclass(part) is null then
      execute format('create table %I (like %I including defaults including constraints)', part, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, begins, ends);
      execute format('alter table %I enable row level security', part);
      changed := changed + 1;
    end if;
    begins := ends;
  end loop;
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = parent::regclass
       and to_timestamp(right(c.relname, 10), 'YYYYMMDDHH24') + ('1 ' || step)::interval <= forget_before
  loop
    execute format('drop table %I', part);
    changed := changed + 1;
  end loop;
  return changed;
end $$;
revoke execute on function usage_parts from public;
grant execute on function usage_parts to berth_system;
