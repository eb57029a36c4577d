drop index backup_tenant;
alter table backup drop column retention, drop column schedule_id, drop column operation_id, drop column reason;
