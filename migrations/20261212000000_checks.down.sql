drop trigger checks_leave on server;
drop function checks_leave;
drop table check_change;
drop table check_hour;
drop table monitor_check;
alter table server drop column has_checks;
