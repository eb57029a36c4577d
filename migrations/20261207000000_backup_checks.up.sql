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

-- Repositories are checked once a week. Nothing is due before something whole is in one.
alter table backup_repository
  -- When the next check is due.
  add column check_at timestamptz,
  -- When one passed last.
  add column checked_at timestamptz,
  -- Since when none passes, and why: the alert.
  add column check_failed_at timestamptz,
  add column check_error text,
  -- The work of whoever asked for one.
  add column check_operation_id uuid references operation on delete set null,
  -- How often a check's helper was cut off since one ended. What else is done in the repository has a count of its own.
  add column check_cut_offs int not null default 0,
  add constraint backup_repository_check check ((check_failed_at is null) = (check_error is null));
create index backup_repository_check_due on backup_repository (check_at) where check_at is not null;
create index backup_repository_check_failed on backup_repository (check_failed_at desc) where check_failed_at is not null;
create index backup_repository_check_operation on backup_repository (check_operation_id) where check_operation_id is not null;
-- Those that there are already come one after the other in the first week.
update backup_repository r set check_at = now() + random() * interval '7 days'
  where exists (select from backup b where b.repository_id = r.id and b.state = 'done');
create policy staff_asks on backup_repository for update to berth_staff using (true) with check (true);
grant select (checked_at, check_failed_at, check_error) on backup_repository to berth_web;
grant select (next_attempt_at, check_at, checked_at, check_failed_at, check_error, check_operation_id),
  update (next_attempt_at, check_operation_id) on backup_repository to berth_staff;

-- Staff restore a server in place on its tenant's behalf: they write the wish and hold the backup until it is written.
create policy staff_adds on backup_restore for insert to berth_staff with check (true);
grant insert on backup_restore to berth_staff;
create policy staff_holds on backup for update to berth_staff using (true) with check (true);
grant update (state) on backup to berth_staff;
