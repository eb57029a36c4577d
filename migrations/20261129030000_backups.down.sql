drop function move_server(uuid, uuid, text, text, timestamptz);
alter function move_server_rows(uuid, uuid, text, text, timestamptz) rename to move_server;
grant execute on function move_server to berth_staff;
drop function backup_repository_secrets(uuid);
drop table backup_restore;
drop table backup;
drop table backup_repository;
drop table backup_target;
