-- The volumes that servers have, as far as a panel made or met them: what keeps them, and what they may hold and hold.
create table server_volume (
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  -- Its name on the engine, which is its name in the pool.
  name text not null,
  -- In the node's pool, and not the engine's own.
  is_pooled boolean not null,
  -- The kernel refuses what is over its limit.
  is_enforced boolean not null check (is_pooled or not is_enforced),
  -- Its limit, as the pool was told last.
  size_bytes bigint not null check (size_bytes > 0),
  -- What it holds, snapshots included; nothing before it was measured. Only of those in a pool.
  used_bytes bigint check (used_bytes >= 0),
  measured_at timestamptz check ((used_bytes is null) = (measured_at is null)),
  primary key (server_id, name)
);
create index server_volume_name on server_volume (name);

alter table server_volume enable row level security;
create policy web on server_volume for select to berth_web using (tenant_id = berth_tenant());
create policy staff on server_volume for select to berth_staff using (true);
create policy system on server_volume to berth_system using (true) with check (true);
create policy guest on server_volume for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select on server_volume to berth_web, berth_staff, berth_guest;
grant select, insert, update, delete on server_volume to berth_system;
