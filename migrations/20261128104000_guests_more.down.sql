drop index server_guest_expires;
drop function guest_leaves;
drop function guest_fits(bigint, bigint, bigint);
drop policy guest on outbox;
create policy guest on outbox to berth_guest
  using (tenant_id = berth_tenant() and target_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and target_id = (select berth_server()));
revoke select on tenant_time_zone from berth_guest;
drop policy guest on tenant_time_zone;
revoke select on schedule_run_step from berth_guest;
drop policy guest on schedule_run_step;
revoke select, insert on schedule_run from berth_guest;
drop policy guest on schedule_run;
revoke select, insert, update, delete on schedule from berth_guest;
drop policy guest on schedule;
