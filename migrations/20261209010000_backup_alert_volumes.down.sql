delete from backup_alert where volume_id is not null;
alter table backup_alert
  drop constraint backup_alert_of_one,
  drop constraint backup_alert_server_key,
  drop column volume_id;
alter table backup_alert alter column server_id set not null;
alter table backup_alert add primary key (server_id);
