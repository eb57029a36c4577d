-- A restore in place says that it has begun to replace what was there: from then on a failure means that the safety backup has to
-- be put back.
alter table backup_restore add column is_begun boolean not null default false;
-- Helpers that were cut off in the middle count by themselves: a server that takes its time to stop is nothing of the kind.
alter table backup_repository add column cut_offs integer not null default 0;

-- Whether a server is being restored in place, or waits for it. Whoever changes a server has to know, guests too, who see no more of
-- what is kept of it elsewhere.
create function server_is_restored(wanted uuid) returns boolean
  language sql stable security definer set search_path = public as $$
  select exists (select from backup_restore where server_id = wanted and kind = 'over' and state in ('waiting', 'running'))
$$;
revoke execute on function server_is_restored(uuid) from public;
grant execute on function server_is_restored(uuid) to berth_web, berth_guest, berth_staff, berth_system;
