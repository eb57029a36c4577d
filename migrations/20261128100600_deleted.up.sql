-- Deleted servers are kept for a while: without container, network and ports, with their data and settings. deleted_at says
-- since when a server is not among the tenant's servers any more, kept_until when it is erased by itself. deleting_at, as
-- before, says that it is being erased; then nothing keeps it.
alter table server
  add column deleted_at timestamptz,
  add column deleted_by text,
  add column kept_until timestamptz,
  -- Why Berth itself stopped it, until somebody asks for another power state.
  add column stop_reason text;
update server set deleted_at = deleting_at where deleting_at is not null;
alter table server
  add constraint server_erased check (deleting_at is null or deleted_at is not null),
  add constraint server_kept check ((kept_until is not null) = (deleted_at is not null and deleting_at is null));

-- A deleted server keeps no name from others; restored, it takes another if its own is taken.
alter table server drop constraint server_name_key, drop constraint server_host_name_key;
create unique index server_name_key on server (tenant_id, name) where deleted_at is null;
create unique index server_host_name_key on server (tenant_id, host_name) where deleted_at is null;

-- Lists are of those that live, or of those that do not, and say so in their own text: a plan that is kept for all values
-- can use these.
create index server_tenant on server (tenant_id);
drop index server_tenant_created, server_tenant_name, server_tenant_state, server_created, server_name, server_state;
create index server_tenant_created on server (tenant_id, created_at desc, id desc) where deleted_at is null;
create index server_tenant_name on server (tenant_id, lower(name), id) where deleted_at is null;
create index server_tenant_state on server (tenant_id, observed_state, id) where deleted_at is null;
create index server_created on server (created_at desc, id desc)
  where deleted_at is null and tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_name on server (lower(name), id)
  where deleted_at is null and tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_state on server (observed_state, id)
  where deleted_at is null and tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_tenant_deleted on server (tenant_id, deleted_at desc, id desc) where deleted_at is not null;
create index server_deleted on server (deleted_at desc, id desc)
  where deleted_at is not null and tenant_id <> '00000000-0000-0000-0000-000000000000';

-- The ports that a deleted server had. Others may get them meanwhile.
create table kept_port (
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  location_id uuid not null references location,
  name text not null,
  container_port int not null,
  protocol text not null check (protocol in ('tcp', 'udp')),
  scheme text,
  host_port int not null,
  primary key (server_id, name)
);

-- When a server ended by itself lately, and how it ended last. One row for each that did, until somebody starts it.
create table server_crash (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  crashed_at timestamptz[] not null default '{}',
  exit_code bigint,
  exited_at timestamptz,
  oom_at timestamptz
);

alter table kept_port enable row level security;
alter table server_crash enable row level security;

create policy web on kept_port to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on kept_port to berth_system using (true) with check (true);
grant select, delete on kept_port to berth_web;
grant select, insert, update, delete on kept_port to berth_system;

create policy web on server_crash to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on server_crash to berth_staff using (true) with check (true);
create policy system on server_crash to berth_system using (true) with check (true);
grant select, delete on server_crash to berth_web, berth_staff;
grant select, insert, update, delete on server_crash to berth_system;

-- The port that a server had, if it is free, and otherwise the lowest that is; under the lock that allocate_port takes.
create function reclaim_port(wanted_location uuid, wanted_protocol text, wanted int) returns int
  language plpgsql security definer set search_path = public as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(wanted_location::text, 1));
  perform from location l
    where l.id = wanted_location and wanted between l.port_first and l.port_last
      and not exists (select from server_port s
                       where s.location_id = wanted_location and s.protocol = wanted_protocol and s.host_port = wanted)
      and not exists (select from blocked_port b where b.location_id = wanted_location and b.host_port = wanted);
  if found then return wanted; end if;
  return allocate_port(wanted_location, wanted_protocol);
end $$;

-- The same for a number that is to be free for both protocols.
create function reclaim_port_pair(wanted_location uuid, wanted int) returns int
  language plpgsql security definer set search_path = public as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(wanted_location::text, 1));
  perform from location l
    where l.id = wanted_location and wanted between l.port_first and l.port_last
      and not exists (select from server_port s where s.location_id = wanted_location and s.host_port = wanted)
      and not exists (select from blocked_port b where b.location_id = wanted_location and b.host_port = wanted);
  if found then return wanted; end if;
  return allocate_port_pair(wanted_location);
end $$;
revoke execute on function reclaim_port, reclaim_port_pair from public;
grant execute on function reclaim_port, reclaim_port_pair to berth_web, berth_system;
