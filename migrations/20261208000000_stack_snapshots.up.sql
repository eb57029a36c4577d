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
