drop policy web on sla_policy;
drop policy web on sla_policy_version;
drop table sla_report;
drop table ticket_clock;
drop table ticket_sla;
drop table plan_sla;
drop table sla_policy_version;
drop table sla_policy;
drop table sla_calendar;
