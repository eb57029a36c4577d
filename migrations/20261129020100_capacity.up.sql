-- What a location has, what of it may be sold, and whether more may be. A location without a row sells whatever plans allow.
create table location_capacity (
  location_id uuid primary key references location on delete cascade,
  -- What the engine said of its machine; null before it said anything.
  cpu_millis bigint check (cpu_millis >= 0),
  memory_mib bigint check (memory_mib >= 0),
  measured_at timestamptz,
  -- What staff say that there is for volumes; null as long as they say nothing.
  disk_mib bigint check (disk_mib >= 0),
  -- The share of each that may be sold, in percent; more than 100 sells the same thing to several.
  cpu_percent int not null default 400 check (cpu_percent between 1 and 10000),
  memory_percent int not null default 90 check (memory_percent between 1 and 10000),
  disk_percent int not null default 90 check (disk_percent between 1 and 10000),
  -- Whether servers are placed beyond that.
  oversell boolean not null default true,
  version bigint not null default 1
);
alter table location_capacity enable row level security;
create policy staff on location_capacity to berth_staff using (true) with check (true);
create policy system on location_capacity to berth_system using (true) with check (true);
grant select, insert, update on location_capacity to berth_staff, berth_system;

-- What of all servers' sizes a location has sold. The disk of a deleted server is sold until it is erased.
create function location_sold(location uuid, out cpu_millis bigint, out memory_mib bigint, out disk_mib bigint)
  language sql stable security definer set search_path = public as $$
  select coalesce(sum(s.cpu_millis) filter (where s.deleted_at is null), 0)::bigint,
         coalesce(sum(s.memory_mib) filter (where s.deleted_at is null), 0)::bigint,
         coalesce(sum(s.disk_mib), 0)::bigint
    from server s where s.location_id = location
$$;
revoke execute on function location_sold from public;
grant execute on function location_sold to berth_staff, berth_system;

-- What a location lacks for so much more; null if nothing, or if it sells beyond what it has. A tenant learns no more than that.
-- Those that ask at the same time wait for each other, so that of two for the last place one gets it.
create function location_lacks(location uuid, more_cpu bigint, more_memory bigint, more_disk bigint)
  returns text language plpgsql security definer set search_path = public as $$
declare
  has location_capacity;
  sold record;
begin
  select * into has from location_capacity c where c.location_id = location;
  if not found or has.oversell then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(location::text, 28));
  select * into sold from location_sold(location);
  if more_cpu > 0 and sold.cpu_millis + more_cpu > has.cpu_millis * has.cpu_percent / 100 then
    return 'cpu';
  elsif more_memory > 0 and sold.memory_mib + more_memory > has.memory_mib * has.memory_percent / 100 then
    return 'memory';
  elsif more_disk > 0 and sold.disk_mib + more_disk > has.disk_mib * has.disk_percent / 100 then
    return 'disk';
  end if;
  return null;
end $$;
revoke execute on function location_lacks from public;
grant execute on function location_lacks to berth_web, berth_guest, berth_staff, berth_system;
