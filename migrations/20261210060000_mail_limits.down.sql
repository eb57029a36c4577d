drop trigger mail_note_fullness on mailbox;
drop trigger mail_note_use on mail_domain;
drop trigger mail_note_gone on mail_domain;
drop function mail_note_fullness, mail_note_use, mail_ask_kick_all, mail_ask_kick;
drop table mail_warning_due, mail_use_due, mail_kick;
alter table tenant_ending drop column mailboxes, drop column mail_bytes;
