drop trigger backup_leftover on backup_repository;
drop function note_backup_leftover();
drop table backup_leftover;
