-- Times that have rows stay; others do not come.
update maintenance set repeat = 'once' where repeat = 'daily';
alter table maintenance
  drop constraint maintenance_repeat_check,
  add constraint maintenance_repeat_check check (repeat in ('once', 'weekly', 'monthly'));
