-- Volumes that tenants make beside those that servers have of their own, and which servers they are attached to. A row of a
-- volume is also the queue of the work on it.
create table volume (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  location_id uuid not null references location,
  name text not null,
  -- What it should be able to hold.
  size_mib bigint not null check (size_mib between 16 and 67108864),
  -- What it can hold, as the pool was told last; null before it was made. A smaller size frees nothing before it holds.
  made_mib bigint check (made_mib > 0),
  -- Its name on the engine, which is its name in the pool; null before it was made.
  engine_name text,
  -- In the node's pool, and not the engine's own.
  is_pooled boolean not null default false,
  -- The kernel refuses what is over its limit.
  is_enforced boolean not null default false check (is_pooled or not is_enforced),
  -- What it holds; nothing before it was measured.
  used_bytes bigint check (used_bytes >= 0),
  measured_at timestamptz check ((used_bytes is null) = (measured_at is null)),
  -- Since when the engine has not had it although it was made; it is never made again by itself.
  missing_since timestamptz,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  -- Set once it is to go; the row goes last.
  deleting_at timestamptz,
  generation bigint not null default 1,
  observed_generation bigint not null default 0,
  last_error text,
  error_count int not null default 0,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  check ((made_mib is null) = (engine_name is null)),
  check ((lease_id is null) = (lease_until is null))
);
create unique index volume_name_key on volume (tenant_id, lower(name)) where deleting_at is null;
create index volume_by_name on volume (tenant_id, lower(name), id);
create index volume_by_size on volume (tenant_id, size_mib, id);
create index volume_location on volume (location_id);
create unique index volume_engine_name on volume (engine_name);
create index volume_due on volume (next_attempt_at) where next_attempt_at is not null;
create index volume_leased on volume (lease_until) where lease_until is not null;

-- Where a volume should be mounted, and whether the container that is there has it. A row that is neither goes.
create table volume_attachment (
  volume_id uuid not null references volume,
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  path text not null,
  is_read_only boolean not null,
  is_wanted boolean not null default true,
  is_in boolean not null default false,
  created_at timestamptz not null,
  primary key (volume_id, server_id)
);
create unique index volume_attachment_path on volume_attachment (server_id, path) where is_wanted;

alter table volume enable row level security;
alter table volume_attachment enable row level security;
create policy web on volume to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on volume for select to berth_staff using (true);
create policy system on volume to berth_system using (true) with check (true);
create policy web on volume_attachment to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on volume_attachment for select to berth_staff using (true);
create policy system on volume_attachment to berth_system using (true) with check (true);
-- A row is inserted without the columns that only the work on it writes.
grant select on volume, volume_attachment to berth_web, berth_staff;
grant insert (id, tenant_id, location_id, name, size_mib, created_by, created_at, next_attempt_at) on volume to berth_web;
grant update (name, size_mib, version, deleting_at, generation, last_error, error_count, next_attempt_at) on volume to berth_web;
grant insert, update on volume_attachment to berth_web;
grant select, insert, update, delete on volume, volume_attachment to berth_system;

-- Volumes are sold until they are gone, with the larger of what they should and what they can hold.
create or replace function location_sold(location uuid, out cpu_millis bigint, out memory_mib bigint, out disk_mib bigint)
  language sql stable security definer set search_path = public as $$
  select coalesce(sum(s.cpu_millis) filter (where s.deleted_at is null), 0)::bigint,
         coalesce(sum(s.memory_mib) filter (where s.deleted_at is null), 0)::bigint,
         coalesce(sum(s.disk_mib), 0)::bigint
           + coalesce((select sum(greatest(v.size_mib, v.made_mib)) from volume v where v.location_id = location), 0)::bigint
    from server s where s.location_id = location
$$;

create or replace function guest_fits(more_cpu_millis bigint, more_memory_mib bigint, more_disk_mib bigint) returns boolean
  language sql stable security definer set search_path = public as $$
  select coalesce(bool_and(
      (more_cpu_millis <= 0 or used.cpu_millis + more_cpu_millis <= p.max_cpu_millis)
      and (more_memory_mib <= 0 or used.memory_mib + more_memory_mib <= p.max_memory_mib)
      and (more_disk_mib <= 0 or overuse.policy in ('allow', 'allow_and_notify')
        or (used.disk_mib + more_disk_mib <= p.max_disk_mib
          and not (overuse.policy in ('block', 'suspend') and total.bytes > 0
            and total.bytes >= p.max_disk_mib * 1048576)))), false)
  from tenant t join plan p on p.id = t.plan_id
    cross join lateral (
      select coalesce((select o.policy from plan_overuse o where o.plan_id = p.id), 'block') as policy) overuse
    cross join lateral (
      select coalesce((select s.bytes from storage_total s where s.tenant_id = t.id), 0) as bytes) total
    cross join lateral (
      select coalesce(sum(s.cpu_millis), 0) as cpu_millis, coalesce(sum(s.memory_mib), 0) as memory_mib,
        coalesce(sum(s.disk_mib), 0)
          + coalesce((select sum(greatest(v.size_mib, v.made_mib)) from volume v where v.tenant_id = t.id), 0) as disk_mib
      from server s where s.tenant_id = t.id and s.deleted_at is null) used
  where t.id = berth_tenant() and berth_server() is not null
$$;
