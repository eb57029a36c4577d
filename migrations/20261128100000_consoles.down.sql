drop table console_visit;
