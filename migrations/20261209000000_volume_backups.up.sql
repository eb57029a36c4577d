-- A backup is of a server or of a volume of the tenant's own, and outlives either: `server_name` is what that was called.
alter table backup
  add column volume_id uuid references volume on delete set null,
  -- Also when the volume is gone.
  add column is_of_volume boolean not null default false,
  add constraint backup_of_one check (case when is_of_volume then server_id is null else volume_id is null end);
create index backup_volume on backup (volume_id, created_at desc, id desc) where volume_id is not null;
create unique index backup_volume_under_way on backup (volume_id) where state in ('waiting', 'running');

-- What is got back goes to a server or to a volume. What came of it is still told when the volume is gone.
alter table backup_restore
  alter column server_id drop not null,
  add column volume_id uuid references volume on delete set null,
  add constraint backup_restore_of_one check (server_id is null or volume_id is null);
create index backup_restore_volume on backup_restore (volume_id) where volume_id is not null;

-- A volume that is made from a backup is attached to nothing before it is whole.
alter table volume add column is_filling boolean not null default false;
grant insert (is_filling) on volume to berth_web;
