-- Networks that tenants make beside their common one (tenant_network), and which servers are in which.
alter table plan add column max_networks int not null default 5 check (max_networks between 0 and 1000);

create table network (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  location_id uuid not null references location,
  name text not null,
  -- Drawn when its first server joins.
  subnet cidr,
  version bigint not null default 1,
  created_at timestamptz not null,
  -- Set once it is to go; the row goes last.
  deleting_at timestamptz,
  last_error text,
  error_count int not null default 0,
  -- The reconciler's queue: only networks that are to go are ever due.
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  constraint network_subnet_key unique (location_id, subnet)
);
create unique index network_name_key on network (tenant_id, lower(name));
create index network_created on network (tenant_id, created_at desc, id desc);
create index network_due on network (next_attempt_at) where next_attempt_at is not null;
create index network_leased on network (lease_until) where lease_until is not null;

-- Who should be in it, and who is, as far as the engine said. A row that is neither goes.
create table network_member (
  network_id uuid not null references network on delete cascade,
  server_id uuid not null references server on delete cascade,
  tenant_id uuid not null,
  is_wanted boolean not null default true,
  is_in boolean not null default false,
  created_at timestamptz not null,
  primary key (network_id, server_id)
);
create index network_member_server on network_member (server_id);

-- The same about the tenant's common network, in which every server is that has no row here.
create table common_member (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  is_wanted boolean not null,
  is_in boolean not null
);

alter table network enable row level security;
alter table network_member enable row level security;
alter table common_member enable row level security;

create policy web on network to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on network for select to berth_staff using (true);
create policy system on network to berth_system using (true) with check (true);
grant select, insert, update on network to berth_web;
grant select on network to berth_staff;
grant select, insert, update, delete on network to berth_system;

create policy web on network_member to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on network_member for select to berth_staff using (true);
create policy system on network_member to berth_system using (true) with check (true);
grant select, insert, update on network_member to berth_web;
grant select on network_member to berth_staff;
grant select, insert, update, delete on network_member to berth_system;

create policy web on common_member to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on common_member for select to berth_staff using (true);
create policy system on common_member to berth_system using (true) with check (true);
grant select, insert, update on common_member to berth_web;
grant select on common_member to berth_staff;
grant select, insert, update, delete on common_member to berth_system;
