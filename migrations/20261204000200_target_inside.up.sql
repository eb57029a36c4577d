-- Whether a target's address may lead to the panel's own machine is asked at each use, so it is kept. What staff had said of those that
-- are there is not known: they stay as they were.
alter table backup_target add column allow_inside boolean not null default true;
alter table backup_target alter column allow_inside set default false;
grant select (allow_inside) on backup_target to berth_staff;
drop function backup_repository_secrets(uuid);
create function backup_repository_secrets(repository uuid)
  returns table (target_id uuid, tenant_id uuid, sealed_key bytea, sealed bytea, allow_inside boolean)
  language sql stable security definer set search_path = public as $$
  select r.target_id, r.tenant_id, r.sealed_key, t.sealed, t.allow_inside from backup_repository r
    join backup_target t on t.id = r.target_id where r.id = $1 and r.tenant_id = berth_tenant()
$$;
revoke execute on function backup_repository_secrets(uuid) from public;
grant execute on function backup_repository_secrets(uuid) to berth_web;
