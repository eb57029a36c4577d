drop function backup_repository_secrets(uuid);
alter table backup_target drop column allow_inside;
create function backup_repository_secrets(repository uuid)
  returns table (target_id uuid, tenant_id uuid, sealed_key bytea, sealed bytea)
  language sql stable security definer set search_path = public as $$
  select r.target_id, r.tenant_id, r.sealed_key, t.sealed from backup_repository r
    join backup_target t on t.id = r.target_id where r.id = $1 and r.tenant_id = berth_tenant()
$$;
revoke execute on function backup_repository_secrets(uuid) from public;
grant execute on function backup_repository_secrets(uuid) to berth_web;
