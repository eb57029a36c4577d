create or replace function guest_fits(more_cpu_millis bigint, more_memory_mib bigint, more_disk_mib bigint) returns boolean
  language sql stable security definer set search_path = public as $$
  select coalesce(bool_and(
      (more_cpu_millis <= 0 or used.cpu_millis + more_cpu_millis <= p.max_cpu_millis)
      and (more_memory_mib <= 0 or used.memory_mib + more_memory_mib <= p.max_memory_mib)
      and (more_disk_mib <= 0 or used.disk_mib + more_disk_mib <= p.max_disk_mib)), false)
  from tenant t join plan p on p.id = t.plan_id
    cross join lateral (
      select coalesce(sum(s.cpu_millis), 0) as cpu_millis, coalesce(sum(s.memory_mib), 0) as memory_mib,
        coalesce(sum(s.disk_mib), 0) as disk_mib
      from server s where s.tenant_id = t.id and s.deleted_at is null) used
  where t.id = berth_tenant() and berth_server() is not null
$$;

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
  elsif more_disk > 0 and sold.disk_mib + more_disk > has.disk_mib * has.disk_percent / 100 then
    return 'disk';
  end if;
  return null;
end $$;

alter table location_capacity drop column pool_mib;
