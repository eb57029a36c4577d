drop table mail_fetch;
