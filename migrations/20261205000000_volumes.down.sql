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

create or replace function location_sold(location uuid, out cpu_millis bigint, out memory_mib bigint, out disk_mib bigint)
  language sql stable security definer set search_path = public as $$
  select coalesce(sum(s.cpu_millis) filter (where s.deleted_at is null), 0)::bigint,
         coalesce(sum(s.memory_mib) filter (where s.deleted_at is null), 0)::bigint,
         coalesce(sum(s.disk_mib), 0)::bigint
    from server s where s.location_id = location
$$;

drop table volume_attachment;
drop table volume;
