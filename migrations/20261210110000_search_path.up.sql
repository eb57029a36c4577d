-- A temporary table comes before all others in a search path that does not name pg_temp, so a function that runs with its owner's
-- rights could be made to use a caller's table, triggers and all. pg_temp stands last in each.
do $$
declare
  one record;
begin
  for one in
    select p.oid::regprocedure as name, coalesce(substring(setting.path from '^search_path=(.*)$'), 'public') as path
      from pg_proc p
      left join lateral (select c as path from unnest(p.proconfig) c where c like 'search\_path=%') setting on true
     where p.prosecdef and p.pronamespace in ('public'::regnamespace, 'mail_api'::regnamespace)
       and coalesce(setting.path, '') !~ ', *"?pg_temp"?$'
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('alter function %s set search_path = %s, pg_temp', one.name, one.path);
  end loop;
end $$;
