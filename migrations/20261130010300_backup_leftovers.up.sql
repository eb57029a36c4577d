-- Volumes of repositories that are gone with their tenants: somebody has to remove them from the engine. No references: what
-- they name is gone.
create table backup_leftover (
  id uuid primary key default gen_random_uuid(),
  former_tenant uuid not null,
  target_id uuid not null
);
alter table backup_leftover enable row level security;
create policy system on backup_leftover to berth_system using (true) with check (true);
grant select, insert, delete on backup_leftover to berth_system;

create function note_backup_leftover() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  insert into backup_leftover (former_tenant, target_id)
    select old.tenant_id, t.id from backup_target t where t.id = old.target_id and t.kind = 'volume';
  return null;
end $$;
revoke execute on function note_backup_leftover() from public;
create trigger backup_leftover after delete on backup_repository for each row execute function note_backup_leftover();
