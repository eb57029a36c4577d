drop function backup_target_sealed(uuid);
revoke update (address, sealed, allow_inside) on backup_target from berth_staff;
alter table backup_target drop column version;
