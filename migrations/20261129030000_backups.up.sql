-- Where backups can go. The provider says so; tenants only learn the name of it.
create table backup_target (
  id uuid primary key,
  name text not null,
  kind text not null check (kind in ('volume', 'sftp', 's3')),
  -- What is no secret, as words for people.
  address text not null,
  -- Address and credentials, for whoever gets there; absent for volumes, which need none.
  sealed bytea,
  is_default boolean not null default false,
  created_at timestamptz not null,
  constraint backup_target_sealed check ((kind = 'volume') = (sealed is null))
);
create unique index backup_target_name_key on backup_target (lower(name));
create unique index backup_target_default_key on backup_target (is_default) where is_default;
-- There is somewhere to go from the first day on.
insert into backup_target (id, name, kind, address, is_default, created_at)
  values ('01930000-0000-7000-8000-000000000001', 'This machine', 'volume', 'a volume of the engine', true, now());

-- A tenant's repository at a target, and the queue: whoever has its lease is alone with it.
create table backup_repository (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  target_id uuid not null references backup_target,
  -- Without it nobody reads the repository again.
  sealed_key bytea not null,
  created_at timestamptz not null,
  next_attempt_at timestamptz,
  error_count int not null default 0,
  lease_id uuid,
  lease_until timestamptz,
  constraint backup_repository_key unique (tenant_id, target_id)
);
create index backup_repository_due on backup_repository (next_attempt_at) where next_attempt_at is not null;
create index backup_repository_leased on backup_repository (lease_until) where lease_until is not null;

create table backup (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  repository_id uuid not null references backup_repository on delete cascade,
  -- A backup outlives its server.
  server_id uuid references server on delete set null,
  server_name text not null,
  state text not null check (state in ('waiting', 'running', 'done', 'failed', 'deleting')),
  asked_by text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  done_bytes bigint not null default 0,
  total_bytes bigint not null default 0,
  added_bytes bigint not null default 0,
  snapshot text,
  error text
);
create index backup_server on backup (server_id, created_at desc, id desc);
create index backup_work on backup (repository_id, created_at);
create unique index backup_under_way on backup (server_id) where state in ('waiting', 'running');

create table backup_restore (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  backup_id uuid not null references backup on delete cascade,
  server_id uuid not null references server on delete cascade,
  volume text not null,
  path text not null,
  -- What it is called in the volume's root.
  name text not null,
  state text not null check (state in ('waiting', 'running', 'done', 'failed')),
  asked_by text not null,
  created_at timestamptz not null,
  finished_at timestamptz,
  error text
);
create index backup_restore_backup on backup_restore (backup_id, created_at desc, id desc);
create index backup_restore_server on backup_restore (server_id);

alter table backup_target enable row level security;
alter table backup_repository enable row level security;
alter table backup enable row level security;
alter table backup_restore enable row level security;

create policy web on backup_target for select to berth_web using (true);
create policy staff on backup_target to berth_staff using (true) with check (true);
create policy system on backup_target to berth_system using (true) with check (true);
grant select (id, name, is_default) on backup_target to berth_web;
grant select (id, name, kind, address, is_default, created_at), insert, update (name, is_default), delete on backup_target to berth_staff;
grant select on backup_target to berth_system;

create policy web on backup_repository to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on backup_repository for select to berth_staff using (true);
create policy system on backup_repository to berth_system using (true) with check (true);
grant select (id, tenant_id, target_id), insert, update (next_attempt_at) on backup_repository to berth_web;
grant select (id, tenant_id, target_id) on backup_repository to berth_staff;
grant select, insert, update, delete on backup_repository to berth_system;

create policy web on backup to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on backup for select to berth_staff using (true);
create policy system on backup to berth_system using (true) with check (true);
grant select, insert, update (state, error) on backup to berth_web;
grant select on backup to berth_staff;
grant select, insert, update, delete on backup to berth_system;

create policy web on backup_restore to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on backup_restore for select to berth_staff using (true);
create policy system on backup_restore to berth_system using (true) with check (true);
grant select, insert on backup_restore to berth_web;
grant select on backup_restore to berth_staff;
grant select, insert, update, delete on backup_restore to berth_system;

-- Whoever looks into a backup needs what opens its repository, and no other.
create function backup_repository_secrets(repository uuid)
  returns table (target_id uuid, tenant_id uuid, sealed_key bytea, sealed bytea)
  language sql stable security definer set search_path = public as $$
  select r.target_id, r.tenant_id, r.sealed_key, t.sealed from backup_repository r
    join backup_target t on t.id = r.target_id where r.id = $1 and r.tenant_id = berth_tenant()
$$;
revoke execute on function backup_repository_secrets(uuid) from public;
grant execute on function backup_repository_secrets(uuid) to berth_web;

-- What was backed up lies under a key of the tenant whose it was, and stays theirs: a server that moves leaves its backups behind, as one
-- that is erased does, and nothing more is got back from them into it.
alter function move_server(uuid, uuid, text, text, timestamptz) rename to move_server_rows;
revoke execute on function move_server_rows from berth_staff;
create function move_server(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public as $$
begin
  perform from server where id = wanted for update;
  update backup set server_id = null where server_id = wanted;
  delete from backup_restore where server_id = wanted;
  perform move_server_rows(wanted, target, new_name, new_host_name, at);
end $$;
revoke execute on function move_server from public;
grant execute on function move_server to berth_staff;
