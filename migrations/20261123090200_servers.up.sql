-- Servers: what people ask for (desired), what the engine says (observed), and how the reconciler gets from one to the other.
create table size (
  id text primary key,
  name text not null,
  summary text not null,
  cpu_millis bigint not null check (cpu_millis > 0),
  memory_mib bigint not null check (memory_mib > 0),
  disk_mib bigint not null check (disk_mib > 0),
  position int not null,
  archived_at timestamptz
);
insert into size (id, name, summary, cpu_millis, memory_mib, disk_mib, position) values
  ('small-box', 'Small box', 'A page, a bot, a test', 250, 256, 2048, 1),
  ('microcomputer', 'Microcomputer', 'A busy site or a small database', 1000, 1024, 10240, 2),
  ('minicomputer', 'Minicomputer', 'A shop or a team''s database', 2000, 4096, 40960, 3),
  ('mainframe', 'Mainframe', 'A whole department', 8000, 32768, 204800, 4);

create table location (
  id uuid primary key,
  slug text not null constraint location_slug_key unique,
  name text not null,
  -- The address that exposed ports are bound to, and the host name that customers are told.
  publish_address text not null,
  public_host text not null,
  port_first int not null check (port_first between 1024 and 65535),
  port_last int not null check (port_last between port_first and 65535),
  -- Each tenant's network gets a /24 of it.
  network_pool cidr not null check (family(network_pool) = 4 and masklen(network_pool) between 8 and 24),
  -- Null while the engine answers; otherwise why it does not.
  engine_error text,
  engine_error_since timestamptz
);

create table server (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  location_id uuid not null references location,
  name text not null check (char_length(name) between 1 and 63),
  host_name text not null,
  template text not null,
  image text not null,
  size_id text not null references size,
  cpu_millis bigint not null,
  memory_mib bigint not null,
  disk_mib bigint not null,
  -- Counts changes of name, size and variables, for ETag and If-Match.
  version bigint not null default 1,
  -- Desired. Every wish about the container raises the generation; a rename does not.
  power text not null check (power in ('running', 'stopped', 'killed')),
  restart_seq bigint not null default 0,
  deleting_at timestamptz,
  generation bigint not null default 1,
  -- Observed.
  observed_generation bigint not null default 0,
  observed_restart_seq bigint not null default 0,
  observed_state text not null default 'absent' check (observed_state in
    ('absent', 'created', 'running', 'paused', 'restarting', 'exited', 'dead', 'unknown')),
  observed_health text not null default 'none' check (observed_health in ('none', 'starting', 'healthy', 'unhealthy')),
  observed_exit_code bigint,
  observed_oom boolean not null default false,
  observed_restarts bigint not null default 0,
  observed_spec text,
  -- The container was made from an older specification; the next start replaces it.
  observed_outdated boolean not null default false,
  observed_at timestamptz,
  running_since timestamptz,
  -- The reconciler's own notes. The row is the queue: it is due from next_attempt_at on. A claim sets next_attempt_at to
  -- null and a lease; a wake during the lease sets next_attempt_at again, and whoever ends the lease leaves that so. A
  -- lease that ran out is due too. Nothing is changed on the engine before retry_at, when the page says the next try is.
  current_step text,
  last_error text,
  error_count int not null default 0,
  retry_at timestamptz,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint server_name_key unique (tenant_id, name),
  constraint server_host_name_key unique (tenant_id, host_name)
);
create index server_tenant_created on server (tenant_id, created_at desc, id desc);
create index server_tenant_name on server (tenant_id, lower(name), id);
create index server_tenant_state on server (tenant_id, observed_state, id);
create index server_created on server (created_at desc, id desc);
create index server_name on server (lower(name), id);
create index server_state on server (observed_state, id);
-- What the reconciler looks for; empty when nothing is to do.
create index server_due on server (next_attempt_at) where next_attempt_at is not null;
create index server_leased on server (lease_until) where lease_until is not null;

-- A tenant's network at a location.
create table tenant_network (
  tenant_id uuid not null references tenant,
  location_id uuid not null references location,
  subnet cidr not null,
  primary key (tenant_id, location_id),
  constraint tenant_network_subnet_key unique (location_id, subnet)
);

-- Ports that something else on the host holds; found out when a container could not get one.
create table blocked_port (
  location_id uuid not null references location,
  host_port int not null,
  blocked_at timestamptz not null,
  primary key (location_id, host_port)
);

-- What carries our label on an engine and has no row here, and since when. Removed only after a grace, because the rows
-- may be what is missing: a restored backup of the database, or the wrong database.
create table engine_orphan (
  kind text not null check (kind in ('container', 'network', 'volume')),
  key text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (kind, key)
);

create table server_port (
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  location_id uuid not null references location,
  name text not null,
  container_port int not null check (container_port between 1 and 65535),
  protocol text not null check (protocol in ('tcp', 'udp')),
  scheme text,
  host_port int not null,
  primary key (server_id, name),
  constraint server_port_host_key unique (location_id, protocol, host_port)
);

-- A variable is either plain or sealed (XChaCha20-Poly1305), never both.
create table server_variable (
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  key text not null,
  value text,
  sealed bytea,
  primary key (server_id, key),
  check ((value is null) <> (sealed is null))
);

create table server_event (
  id uuid primary key,
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  at timestamptz not null,
  kind text not null,
  text text not null
);
create index server_event_server on server_event (server_id, at desc, id desc);

-- How the images of the catalogue came to be; the image's tag names its content.
create table image_build (
  image text primary key,
  template text not null,
  state text not null check (state in ('building', 'built', 'failed')),
  error text,
  log text not null default '',
  started_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz
);
create index image_build_template on image_build (template, started_at desc);

alter table size enable row level security;
alter table location enable row level security;
alter table server enable row level security;
alter table tenant_network enable row level security;
alter table blocked_port enable row level security;
alter table engine_orphan enable row level security;
alter table image_build enable row level security;
alter table server_port enable row level security;
alter table server_variable enable row level security;
alter table server_event enable row level security;

create policy everyone on size for select using (true);
create policy staff on size to berth_staff using (true) with check (true);
grant select on size to berth_web, berth_system;
grant select, insert, update on size to berth_staff;
create policy everyone on location for select using (true);
create policy system on location to berth_system using (true) with check (true);
grant select on location to berth_web, berth_staff;
grant select, insert, update on location to berth_system;

create policy web on server to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on server to berth_staff using (true) with check (true);
create policy system on server to berth_system using (true) with check (true);
grant select, insert, update on server to berth_web, berth_staff;
grant select, insert, update, delete on server to berth_system;

create policy web on server_port to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on server_port for select to berth_staff using (true);
create policy system on server_port to berth_system using (true) with check (true);
grant select, insert on server_port to berth_web;
grant select on server_port to berth_staff;
grant select, insert, update, delete on server_port to berth_system;

create policy web on server_variable to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on server_variable to berth_system using (true) with check (true);
grant select, insert, update, delete on server_variable to berth_web;
grant select, insert, update, delete on server_variable to berth_system;

create policy web on server_event to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on server_event to berth_staff using (true) with check (true);
create policy system on server_event to berth_system using (true) with check (true);
grant select, insert on server_event to berth_web, berth_staff;
grant select, insert, delete on server_event to berth_system;

create policy system on tenant_network to berth_system using (true) with check (true);
grant select, insert, update, delete on tenant_network to berth_system;
create policy system on blocked_port to berth_system using (true) with check (true);
grant select, insert, update, delete on blocked_port to berth_system;
create policy system on engine_orphan to berth_system using (true) with check (true);
grant select, insert, update, delete on engine_orphan to berth_system;
create policy staff on image_build for select to berth_staff using (true);
create policy system on image_build to berth_system using (true) with check (true);
grant select on image_build to berth_staff;
grant select, insert, update, delete on image_build to berth_system;

-- The lowest free port of a location. A tenant cannot see the others' ports, so the owner looks for it;
-- the lock lasts until the caller's transaction ends, so two callers never get the same one.
create function allocate_port(wanted_location uuid, wanted_protocol text) returns int
  language plpgsql security definer set search_path = public as $$
declare found int;
begin
  perform pg_advisory_xact_lock(hashtextextended(wanted_location::text, 1));
  select p into found
    from location l, generate_series(l.port_first, l.port_last) p
   where l.id = wanted_location
     and not exists (select from server_port s
                      where s.location_id = wanted_location and s.protocol = wanted_protocol and s.host_port = p)
     and not exists (select from blocked_port b
                      where b.location_id = wanted_location and b.host_port = p)
   order by p limit 1;
  return found;
end $$;
revoke execute on function allocate_port from public;
grant execute on function allocate_port to berth_web, berth_system;
