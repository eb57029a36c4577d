-- Targets are changed by staff: what they are called, and what opens them. Whoever changes a target needs what is sealed of it, and
-- reads it one by one.
alter table backup_target add column version bigint not null default 1;
grant select (version), update (address, sealed, allow_inside, version) on backup_target to berth_staff;
create function backup_target_sealed(target uuid) returns bytea
  language sql stable security definer set search_path = public as $$
  select t.sealed from backup_target t where t.id = $1
$$;
revoke execute on function backup_target_sealed(uuid) from public;
grant execute on function backup_target_sealed(uuid) to berth_staff;
