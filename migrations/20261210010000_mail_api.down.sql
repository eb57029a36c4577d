drop schema mail_api cascade;
drop table mail_sent;
