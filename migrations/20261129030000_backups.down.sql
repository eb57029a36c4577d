drop function backup_repository_secrets(uuid);
drop table backup_restore;
drop table backup;
drop table backup_repository;
drop table backup_target;
