-- What a location's pool holds. Where staff say nothing of the disk, that is what there is.
alter table location_capacity add column pool_mib bigint check (pool_mib >= 0);

create or replace function location_lacks(location uuid, more_cpu bigint, more_memory bigint, more_disk bigint)
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
  elsif more_disk > 0
      and sold.disk_mib + more_disk > coalesce(has.disk_mib, has.pool_mib) * has.disk_percent / 100 then
    return 'disk';
  end if;
  return null;
end $$;

-- What a plan does about overuse holds for guests as for members: beyond the plan's disk where it lets tenants go there, and
-- not at all while the disk is full where it says so.
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
        coalesce(sum(s.disk_mib), 0) as disk_mib
      from server s where s.tenant_id = t.id and s.deleted_at is null) used
  where t.id = berth_tenant() and berth_server() is not null
$$;
