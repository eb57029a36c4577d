-- Stacks: servers that were made together from a blueprint, and that live and go together.
create table stack (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  -- Their own network. It goes when the last of them is gone.
  network_id uuid references network on delete set null,
  name text not null,
  -- What stands behind the parts' names inside: chosen once, because a rename must not cut them off from each other.
  host_label text not null,
  blueprint text not null,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  deleted_by text,
  kept_until timestamptz,
  constraint stack_kept check ((kept_until is null) or (deleted_at is not null))
);
create unique index stack_name_key on stack (tenant_id, lower(name)) where deleted_at is null;
create unique index stack_host_label_key on stack (tenant_id, host_label);
create unique index stack_network_key on stack (network_id) where network_id is not null;
create index stack_tenant_created on stack (tenant_id, created_at desc, id desc) where deleted_at is null;
create index stack_tenant_name on stack (tenant_id, lower(name), id) where deleted_at is null;
create index stack_tenant_deleted on stack (tenant_id, deleted_at desc, id desc) where deleted_at is not null;
create index stack_created on stack (created_at desc, id desc);

-- A server's place in one. On the server's own row, because whatever is done to a server has to know of it.
alter table server
  add column stack_id uuid references stack,
  add column stack_blueprint text,
  add column stack_part text,
  add column stack_replica int,
  -- Whose volumes it has: replicas have those of the first of them.
  add column volumes_of uuid references server on delete set null,
  add constraint server_stack check (num_nonnulls(stack_id, stack_blueprint, stack_part, stack_replica) in (0, 4));
create unique index server_stack_key on server (stack_id, stack_part, stack_replica) where stack_id is not null;
create index server_volumes_of on server (volumes_of) where volumes_of is not null;

-- A name that a network's servers know one of them by besides its own; several may share it.
alter table network_member add column alias text;

alter table stack enable row level security;
create policy web on stack to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on stack for select to berth_staff using (true);
create policy system on stack to berth_system using (true) with check (true);
grant select, insert, update on stack to berth_web;
grant select on stack to berth_staff;
grant select, insert, update, delete on stack to berth_system;
