-- Maintenance comes again every day, too.
alter table maintenance
  drop constraint maintenance_repeat_check,
  add constraint maintenance_repeat_check check (repeat in ('once', 'daily', 'weekly', 'monthly'));
