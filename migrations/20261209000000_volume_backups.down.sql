alter table volume drop column is_filling;

delete from backup_restore where server_id is null;
alter table backup_restore
  drop column volume_id,
  alter column server_id set not null;

-- What is left are backups of something that is gone.
alter table backup
  drop column volume_id,
  drop column is_of_volume;
