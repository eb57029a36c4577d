-- Whether other servers have the volumes of this one, or it has another's. Whoever replaces what is in them has to know, guests too, who
-- see no other server.
create function server_shares_volumes(wanted uuid) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from server where volumes_of = wanted or (id = wanted and volumes_of is not null))
$$;
revoke execute on function server_shares_volumes(uuid) from public;
grant execute on function server_shares_volumes(uuid) to berth_web, berth_guest, berth_staff;

-- Snapshots of a whole stack are asked for together and report to one operation.
alter table snapshot
  drop constraint snapshot_reason_check,
  add constraint snapshot_reason_check check (reason in ('manual', 'schedule', 'stack', 'safety')),
  -- Which schedule took it. No reference: what a schedule took outlives it.
  add column schedule_id uuid;
create index snapshot_operation on snapshot (operation_id) where operation_id is not null;

-- Whether others that report to the same operation as a snapshot are still being taken: without one that failed it would succeed.
-- They may be of servers that a guest does not see.
create function snapshot_is_reported(wanted uuid) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from snapshot s join snapshot o on o.operation_id = s.operation_id where s.id = wanted and o.state = 'making')
$$;
revoke execute on function snapshot_is_reported(uuid) from public;
grant execute on function snapshot_is_reported(uuid) to berth_web, berth_guest, berth_staff, berth_system;
