drop table mail_import_line;
drop table mail_import;
