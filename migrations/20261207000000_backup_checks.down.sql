revoke update (state) on backup from berth_staff;
drop policy staff_holds on backup;
revoke insert on backup_restore from berth_staff;
drop policy staff_adds on backup_restore;
revoke select (next_attempt_at), update (next_attempt_at) on backup_repository from berth_staff;
drop policy staff_asks on backup_repository;
alter table backup_repository
  drop column check_cut_offs, drop column check_operation_id, drop column check_error, drop column check_failed_at, drop column checked_at, drop column check_at;
drop function backup_target_sealed(uuid);
revoke update (address, sealed, allow_inside) on backup_target from berth_staff;
alter table backup_target drop column version;
