-- Guests of a server may be given its schedules.
create policy guest on schedule to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update, delete on schedule to berth_guest;

-- Runs and their steps are those of schedules that the transaction sees.
create policy guest on schedule_run to berth_guest
  using (tenant_id = berth_tenant() and exists (select from schedule s where s.id = schedule_id))
  with check (tenant_id = berth_tenant() and exists (select from schedule s where s.id = schedule_id));
grant select, insert on schedule_run to berth_guest;
create policy guest on schedule_run_step for select to berth_guest
  using (tenant_id = berth_tenant() and exists (select from schedule_run r where r.id = run_id));
grant select on schedule_run_step to berth_guest;

-- The zone that the server's schedules are read in.
create policy guest on tenant_time_zone for select to berth_guest
  using (tenant_id = berth_tenant() and (select berth_server()) is not null);
grant select on tenant_time_zone to berth_guest;

-- Events about a schedule name the schedule.
drop policy guest on outbox;
create policy guest on outbox to berth_guest
  using (tenant_id = berth_tenant() and (target_id = (select berth_server())
    or topic = 'schedule' and exists (select from schedule s where s.id = target_id)))
  with check (tenant_id = berth_tenant() and (target_id = (select berth_server())
    or topic = 'schedule' and exists (select from schedule s where s.id = target_id)));

-- Whether the plan of the tenant has room for a server that takes so much more. Guests see neither the plan nor what is used.
create function guest_fits(more_cpu_millis bigint, more_memory_mib bigint, more_disk_mib bigint) returns boolean
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
revoke execute on function guest_fits from public;
grant execute on function guest_fits to berth_guest;

-- A guest gives up their own access, and nobody else's. Says whether there was any.
create function guest_leaves() returns boolean
  language plpgsql security definer set search_path = public as $$
begin
  delete from server_guest where server_id = berth_server() and user_id = berth_user();
  return found;
end $$;
revoke execute on function guest_leaves from public;
grant execute on function guest_leaves to berth_guest;

-- Those whose time was over long ago are forgotten.
create index server_guest_expires on server_guest (expires_at) where expires_at is not null;
