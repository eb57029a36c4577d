-- Maintenance: times that were announced, in which what does not work is no breakdown.
create table maintenance (
  id uuid primary key,
  title text not null,
  -- What customers read.
  body text not null,
  -- Where: one location, one server, or everything. A server needs no row for the window to be read.
  location_id uuid references location,
  server_id uuid,
  -- When: the wall clock's time in the zone, so that a weekly window stays at its hour when clocks are set.
  first_at timestamp not null,
  minutes int not null check (minutes between 1 and 2880),
  repeat text not null check (repeat in ('once', 'weekly', 'monthly')),
  zone text not null,
  until_on date,
  -- How long before customers are told.
  lead_hours int not null check (lead_hours between 0 and 720),
  -- So far there is a row for each time.
  planned_until timestamptz not null,
  cancelled_at timestamptz,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (location_id is null or server_id is null)
);
create index maintenance_created on maintenance (created_at desc, id desc);
create index maintenance_planned on maintenance (planned_until) where cancelled_at is null and repeat <> 'once';

-- Each time of a window, and what was told about it.
create table maintenance_run (
  maintenance_id uuid not null references maintenance on delete cascade,
  begins_at timestamptz not null,
  ends_at timestamptz not null check (ends_at >= begins_at),
  cancelled_at timestamptz,
  told_at timestamptz,
  reminded_at timestamptz,
  -- Nothing is left to be told.
  closed_at timestamptz,
  primary key (maintenance_id, begins_at)
);
create index maintenance_run_times on maintenance_run (ends_at, begins_at) where cancelled_at is null;
create index maintenance_run_untold on maintenance_run (begins_at) where closed_at is null;

alter table maintenance enable row level security;
alter table maintenance_run enable row level security;

create policy web on maintenance for select to berth_web
  using ((location_id is null and server_id is null) or exists (select from server s
    where s.tenant_id = berth_tenant() and s.deleted_at is null
      and (s.id = maintenance.server_id or s.location_id = maintenance.location_id)));
create policy staff on maintenance to berth_staff using (true) with check (true);
create policy system on maintenance to berth_system using (true) with check (true);
grant select on maintenance to berth_web;
grant select, insert, update on maintenance to berth_staff;
grant select, update on maintenance to berth_system;

create policy web on maintenance_run for select to berth_web
  using (exists (select from maintenance m where m.id = maintenance_id));
create policy staff on maintenance_run to berth_staff using (true) with check (true);
create policy system on maintenance_run to berth_system using (true) with check (true);
grant select on maintenance_run to berth_web;
grant select, insert, update, delete on maintenance_run to berth_staff;
grant select, insert, update on maintenance_run to berth_system;
