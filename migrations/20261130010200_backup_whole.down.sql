drop table backup_copy;
alter table backup_restore drop column safety_id, drop column operation_id, drop column is_ready, drop column kind;
alter table backup drop column about;
