drop table tenant_without_drills;
drop table drill_setting;
drop table restore_proof;
drop table restore_drill;
