-- What backups need somebody of may be a volume of the tenant's own as well.
alter table backup_alert drop constraint backup_alert_pkey;
alter table backup_alert alter column server_id drop not null;
alter table backup_alert
  add column volume_id uuid references volume on delete cascade,
  add constraint backup_alert_server_key unique (server_id),
  add constraint backup_alert_volume_key unique (volume_id),
  add constraint backup_alert_of_one check ((server_id is null) <> (volume_id is null));
