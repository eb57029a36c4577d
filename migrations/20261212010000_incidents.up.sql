-- Incidents: times in which something did not work. One is open for a cause at a time, however many looks find it broken.
create table incident (
  id uuid primary key,
  -- Whose; null for what is the provider's: an engine, a group.
  tenant_id uuid references tenant on delete cascade,
  location_id uuid references location,
  -- No references: an incident stays to be read when its server or its check is gone.
  server_id uuid,
  server_name text,
  check_id uuid,
  -- That of a group has the site, the room and the rack in it, of 100 characters each.
  cause text not null check (char_length(cause) between 1 and 400),
  signature text not null,
  summary text not null,
  detail jsonb not null default '{}',
  state text not null check (state in ('open', 'closed')),
  began_at timestamptz not null,
  opened_at timestamptz not null,
  -- When it opened last: later than opened_at if it came back, or had to wait for a parent or a maintenance window to end.
  failing_since timestamptz not null,
  ended_at timestamptz,
  flaps int not null default 0,
  -- What it is a part of: an engine that is away, a rack without power, the server that does not run.
  parent_id uuid references incident on delete set null,
  -- The window in whose course it opened.
  maintenance_id uuid,
  -- The summary that was last told as a breakdown; null if nothing was.
  told_summary text,
  -- Closed by somebody although it was not over: nothing opens it again before it was good once.
  is_dismissed boolean not null default false,
  closed_by text,
  close_reason text,
  -- Something has to be told yet: that a group grew, or the end of what somebody closed.
  owes_news boolean not null default false,
  changed_at timestamptz not null,
  check ((state = 'closed') = (ended_at is not null))
);
create unique index incident_open on incident (cause) where state = 'open';
create index incident_cause on incident (cause, opened_at desc, id desc);
create index incident_tenant on incident (tenant_id, opened_at desc, id desc);
create index incident_all on incident (opened_at desc, id desc);
create index incident_server on incident (server_id, opened_at desc, id desc);
-- What is forgotten one day.
create index incident_ended on incident (ended_at) where state = 'closed';
create index incident_parent on incident (parent_id) where parent_id is not null;
-- What is looked through twice a minute; empty as long as all is well.
create index incident_dismissed on incident (cause) where is_dismissed;
create index incident_untold on incident (failing_since) where state = 'open' and told_summary is null;
create index incident_fresh on incident (location_id, failing_since) where state = 'open';
create index incident_owing on incident (id) where owes_news;

-- When an incident's cause did not work: one row, and one more for each time that it came back.
create table incident_span (
  incident_id uuid not null references incident on delete cascade,
  began_at timestamptz not null,
  ended_at timestamptz check (ended_at >= began_at),
  primary key (incident_id, began_at)
);
create unique index incident_span_open on incident_span (incident_id) where ended_at is null;

-- Where a location stands. What stands in one rack, or at one site, fails together.
create table location_inventory (
  location_id uuid primary key references location on delete cascade,
  site text not null default '',
  room text not null default '',
  rack text not null default '',
  unit text not null default '',
  asset text not null default '',
  version bigint not null default 1
);
create index location_inventory_rack on location_inventory (site, room, rack);

alter table incident enable row level security;
alter table incident_span enable row level security;
alter table location_inventory enable row level security;

create policy web on incident for select to berth_web using (tenant_id = berth_tenant());
create policy staff on incident to berth_staff using (true) with check (true);
create policy system on incident to berth_system using (true) with check (true);
grant select on incident to berth_web, berth_staff;
grant update (state, ended_at, is_dismissed, closed_by, close_reason, owes_news, changed_at) on incident to berth_staff;
grant select, insert, update, delete on incident to berth_system;

create policy web on incident_span for select to berth_web
  using (exists (select from incident i where i.id = incident_id and i.tenant_id = berth_tenant()));
create policy staff on incident_span to berth_staff using (true) with check (true);
create policy system on incident_span to berth_system using (true) with check (true);
grant select on incident_span to berth_web, berth_staff;
grant update (ended_at) on incident_span to berth_staff;
grant select, insert, update, delete on incident_span to berth_system;

create policy staff on location_inventory to berth_staff using (true) with check (true);
create policy system on location_inventory for select to berth_system using (true);
grant select, insert, update on location_inventory to berth_staff;
grant select on location_inventory to berth_system;
