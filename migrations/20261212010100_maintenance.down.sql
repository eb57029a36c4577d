drop table maintenance_run;
drop table maintenance;
