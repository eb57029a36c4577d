drop table mailbox_webmail_pass;
drop trigger mailbox_webmail_end on mailbox;
drop function mailbox_webmail_end;
drop trigger mailbox_webmail_trim on mailbox_app_password;
drop function mailbox_webmail_trim;
-- As anybody's programs they would stand in lists.
delete from mailbox_app_password where is_webmail;
drop policy programs on mailbox_app_password;
revoke select (expires_at) on mailbox_app_password from berth_mailbox;
alter table mailbox_app_password drop column is_webmail;
