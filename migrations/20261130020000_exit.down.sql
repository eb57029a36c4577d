revoke update (sealed) on backup_target from berth_system;
revoke delete on user_account from berth_system;
drop table deletion_certificate;
drop table signing_key;
drop table tenant_ending;
drop table exit_archive;
