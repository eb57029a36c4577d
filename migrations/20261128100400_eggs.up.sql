-- Imported templates: eggs, in versions that never change. A server keeps the version that it was made from by its key in
-- server.template, name@number.
create table egg (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{1,39}$'),
  title text not null,
  category text not null,
  is_enabled boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table egg_version (
  egg text not null references egg on delete cascade,
  number int not null check (number > 0),
  -- The file as it was imported.
  source text not null,
  -- Images to use instead of those that it names, by those.
  images jsonb not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (egg, number)
);

-- What only servers of imported templates have: how their folder is filled, and when they said that they are up.
create table server_egg (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  install text not null constraint server_egg_install_check check (install in ('needed', 'running', 'done', 'failed')),
  install_log text not null default '',
  install_error text,
  installed_at timestamptz,
  -- The start (server.running_since) for which it said that it is up.
  ready_since timestamptz
);

alter table egg enable row level security;
alter table egg_version enable row level security;
alter table server_egg enable row level security;

create policy everyone on egg for select using (true);
create policy staff on egg to berth_staff using (true) with check (true);
create policy system on egg to berth_system using (true) with check (true);
grant select on egg to berth_web;
grant select, insert, update, delete on egg to berth_staff, berth_system;
create policy everyone on egg_version for select using (true);
create policy staff on egg_version to berth_staff using (true) with check (true);
create policy system on egg_version to berth_system using (true) with check (true);
grant select on egg_version to berth_web;
grant select, insert, delete on egg_version to berth_staff, berth_system;

create policy web on server_egg to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on server_egg for select to berth_staff using (true);
create policy system on server_egg to berth_system using (true) with check (true);
grant select, insert, update on server_egg to berth_web;
grant select on server_egg to berth_staff;
grant select, insert, update, delete on server_egg to berth_system;

-- The lowest number that is free for both protocols: other panels give a server one number for all, and servers that
-- announce themselves tell the number that they listen on.
create function allocate_port_pair(wanted_location uuid) returns int
  language plpgsql security definer set search_path = public as $$
declare found int;
begin
  perform pg_advisory_xact_lock(hashtextextended(wanted_location::text, 1));
  select p into found
    from location l, generate_series(l.port_first, l.port_last) p
   where l.id = wanted_location
     and not exists (select from server_port s where s.location_id = wanted_location and s.host_port = p)
     and not exists (select from blocked_port b where b.location_id = wanted_location and b.host_port = p)
   order by p limit 1;
  return found;
end $$;
revoke execute on function allocate_port_pair from public;
grant execute on function allocate_port_pair to berth_web, berth_system;
