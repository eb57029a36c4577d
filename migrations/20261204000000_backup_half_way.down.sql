drop function server_is_restored(uuid);
alter table backup_repository drop column cut_offs;
alter table backup_restore drop column is_begun;
