-- Which ticket tells of which incident: one for each tenant that an incident touches, however often it flaps.
create table breakdown (
  incident_id uuid not null references incident on delete cascade,
  ticket_id uuid not null,
  tenant_id uuid not null,
  -- The incident's: the next incident of the same cause goes on in the same ticket for a while.
  cause text not null,
  opened_at timestamptz not null,
  recovered_at timestamptz,
  -- The ticket that goes on with the incident, since this one was over for too long.
  replaced_by uuid,
  primary key (incident_id, ticket_id),
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade,
  foreign key (tenant_id, replaced_by) references ticket (tenant_id, id) on delete cascade
);
create unique index breakdown_one on breakdown (incident_id, tenant_id) where replaced_by is null;
create index breakdown_of_ticket on breakdown (ticket_id, opened_at desc);
create index breakdown_of_cause on breakdown (tenant_id, cause, opened_at desc);
create index breakdown_replaced on breakdown (replaced_by) where replaced_by is not null;
alter table breakdown enable row level security;
create policy web on breakdown for select to berth_web using (tenant_id = berth_tenant());
create policy staff on breakdown for select to berth_staff using (true);
create policy system on breakdown to berth_system using (true) with check (true);
grant select on breakdown to berth_web, berth_staff;
grant select, insert, update, delete on breakdown to berth_system;

-- What was there to be seen when it broke, once for each incident and ticket. For staff: customers read a redacted post.
create table breakdown_evidence (
  incident_id uuid not null,
  ticket_id uuid not null,
  tenant_id uuid not null references tenant on delete cascade,
  -- Stays when the server goes.
  server_id uuid,
  gathered_at timestamptz not null,
  exit_code bigint,
  out_of_memory boolean not null,
  -- A quarter of an hour of metrics, drawn by us, and the same in words.
  picture text check (length(picture) <= 65536),
  picture_text text not null,
  primary key (incident_id, ticket_id),
  foreign key (incident_id, ticket_id) references breakdown on delete cascade
);
create index breakdown_evidence_of_ticket on breakdown_evidence (ticket_id, gathered_at desc);
create index breakdown_evidence_tenant on breakdown_evidence (tenant_id);
alter table breakdown_evidence enable row level security;
create policy staff on breakdown_evidence for select to berth_staff using (true);
create policy system on breakdown_evidence to berth_system using (true) with check (true);
grant select on breakdown_evidence to berth_staff;
grant select, insert, update, delete on breakdown_evidence to berth_system;

-- What an engineer had done from a ticket, and what became of it.
create table ticket_act (
  id uuid primary key,
  ticket_id uuid not null,
  tenant_id uuid not null,
  -- They stay when the server and its operation go.
  server_id uuid not null,
  server_name text not null,
  operation_id uuid not null,
  verb text not null check (verb in ('start', 'stop', 'restart', 'kill', 'suspend', 'resume', 'resize', 'restore')),
  runbook text,
  by_user uuid references user_account on delete set null,
  by_label text not null,
  asked_at timestamptz not null,
  outcome text check (outcome in ('succeeded', 'failed', 'superseded')),
  error text,
  ended_at timestamptz,
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade
);
create index ticket_act_of_ticket on ticket_act (ticket_id, asked_at desc, id desc);
create index ticket_act_open on ticket_act (operation_id) where outcome is null;
create index ticket_act_tenant on ticket_act (tenant_id);
create index ticket_act_by on ticket_act (by_user) where by_user is not null;
alter table ticket_act enable row level security;
create policy staff on ticket_act to berth_staff using (true) with check (true);
create policy system on ticket_act to berth_system using (true) with check (true);
grant select, insert on ticket_act to berth_staff;
grant select, insert, update, delete on ticket_act to berth_system;
