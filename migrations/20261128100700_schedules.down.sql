drop table schedule_run_step;
drop table schedule_run;
drop table schedule;
drop table tenant_time_zone;
