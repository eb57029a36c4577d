drop function snapshot_is_reported(uuid);
drop index snapshot_operation;
update snapshot set reason = 'manual' where reason = 'stack';
alter table snapshot
  drop column schedule_id,
  drop constraint snapshot_reason_check,
  add constraint snapshot_reason_check check (reason in ('manual', 'schedule', 'safety'));
drop function server_shares_volumes(uuid);
