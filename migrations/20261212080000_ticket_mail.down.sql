drop table ticket_inbox;
drop table ticket_mail_in;
drop table ticket_mail_out;
drop table ticket_mail_key;
