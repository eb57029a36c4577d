drop function storage_room;
drop function storage_warning;
drop table storage_day, storage_hour, plan_overuse, storage_notice, storage_total, storage_use;
create or replace function usage_parts(parent text, step text, from_at timestamptz, to_at timestamptz, forget_before timestamptz)
  returns int language plpgsql security definer set search_path = public set timezone = 'UTC' set lock_timeout = '5s' as $$
declare
  begins timestamptz := date_trunc(step, from_at);
  ends timestamptz;
  part text;
  changed int := 0;
begin
  if parent not in ('usage_10s', 'usage_5m', 'usage_1h') then
    raise exception 'no such table of usage: %', parent;
  end if;
  -- Two panels that start at once wait for each other here.
  perform pg_advisory_xact_lock(hashtextextended(parent, 3));
  while begins < to_at loop
    ends := begins + ('1 ' || step)::interval;
    part := parent || '_p' || to_char(begins, 'YYYYMMDDHH24');
    if to_regclass(part) is null then
      execute format('create table %I (like %I including defaults including constraints)', part, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, begins, ends);
      execute format('alter table %I enable row level security', part);
      changed := changed + 1;
    end if;
    begins := ends;
  end loop;
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = parent::regclass
       and to_timestamp(right(c.relname, 10), 'YYYYMMDDHH24') + ('1 ' || step)::interval <= forget_before
  loop
    execute format('drop table %I', part);
    changed := changed + 1;
  end loop;
  return changed;
end $$;
