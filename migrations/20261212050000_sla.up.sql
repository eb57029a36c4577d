-- What is promised: calendars in which time counts, policies with their terms, which plan has which, and what came of it.
create table sla_calendar (
  id uuid primary key,
  name text not null constraint sla_calendar_name_key unique,
  -- As sla::model::Hours writes it.
  hours jsonb not null,
  archived_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table sla_policy (
  id uuid primary key,
  name text not null constraint sla_policy_name_key unique,
  calendar_id uuid not null references sla_calendar,
  archived_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index sla_policy_calendar on sla_policy (calendar_id);

-- What a policy said, and says, with the hours of its calendar: a ticket keeps the terms that it was opened under.
create table sla_policy_version (
  policy_id uuid not null references sla_policy,
  version bigint not null,
  terms jsonb not null,
  created_at timestamptz not null,
  primary key (policy_id, version)
);

create table plan_sla (
  plan_id uuid primary key references plan,
  policy_id uuid not null references sla_policy,
  -- Since when it has any: months before have no report.
  since timestamptz not null
);
create index plan_sla_policy on plan_sla (policy_id);

-- The terms of a ticket; without a policy nothing was promised when it was opened.
create table ticket_sla (
  ticket_id uuid primary key references ticket on delete cascade,
  tenant_id uuid not null references tenant on delete cascade,
  policy_id uuid,
  policy_version bigint,
  foreign key (policy_id, policy_version) references sla_policy_version,
  check ((policy_id is null) = (policy_version is null))
);
create index ticket_sla_tenant on ticket_sla (tenant_id);
create index ticket_sla_policy on ticket_sla (policy_id, policy_version);

-- What the ticket's log comes to, as it was computed last. Only what was told is nowhere else.
create table ticket_clock (
  ticket_id uuid not null references ticket on delete cascade,
  what text not null check (what in ('first_answer', 'update', 'restore')),
  tenant_id uuid not null references tenant on delete cascade,
  began_at timestamptz not null,
  due_at timestamptz not null,
  is_paused boolean not null,
  met_at timestamptz,
  is_breached boolean not null,
  -- How many of its warnings and its breach were told.
  told smallint not null default 0,
  -- When somebody has to look; nothing once all is told, or while it stands still.
  next_at timestamptz,
  primary key (ticket_id, what)
);
create index ticket_clock_next on ticket_clock (next_at) where next_at is not null;
create index ticket_clock_tenant on ticket_clock (tenant_id);

-- A month as it was when it was over.
create table sla_report (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  month date not null check (month = date_trunc('month', month)),
  report jsonb not null,
  is_missed boolean not null,
  -- Percent of the month's price, proposed by the terms.
  credit smallint not null check (credit between 0 and 100),
  frozen_at timestamptz not null,
  decision text check (decision in ('approved', 'refused')),
  reason text,
  decided_by text,
  decided_at timestamptz,
  constraint sla_report_key unique (tenant_id, month),
  check ((decision is null) = (reason is null) and (decision is null) = (decided_by is null) and (decision is null) = (decided_at is null))
);
create index sla_report_month on sla_report (month, tenant_id);

alter table sla_calendar enable row level security;
alter table sla_policy enable row level security;
alter table sla_policy_version enable row level security;
alter table plan_sla enable row level security;
alter table ticket_sla enable row level security;
alter table ticket_clock enable row level security;
alter table sla_report enable row level security;

-- A tenant sees which policy its plan has and the terms of that, and those that its tickets were opened under.
create policy web on plan_sla for select to berth_web
  using (plan_id in (select t.plan_id from tenant t where t.id = berth_tenant()));
create policy web on ticket_sla for select to berth_web using (tenant_id = berth_tenant());
create policy web on ticket_clock for select to berth_web using (tenant_id = berth_tenant());
create policy web on sla_report for select to berth_web using (tenant_id = berth_tenant());
create policy web on sla_policy for select to berth_web using (id in (select p.policy_id from plan_sla p));
create policy web on sla_policy_version for select to berth_web
  using (policy_id in (select p.policy_id from plan_sla p)
    or exists (select from ticket_sla s where s.policy_id = sla_policy_version.policy_id and s.policy_version = version));

create policy staff on sla_calendar to berth_staff using (true) with check (true);
create policy staff on sla_policy to berth_staff using (true) with check (true);
create policy staff on sla_policy_version to berth_staff using (true) with check (true);
create policy staff on plan_sla to berth_staff using (true) with check (true);
create policy staff on ticket_sla for select to berth_staff using (true);
create policy staff on ticket_clock for select to berth_staff using (true);
create policy staff on sla_report to berth_staff using (true) with check (true);

create policy system on sla_calendar to berth_system using (true) with check (true);
create policy system on sla_policy to berth_system using (true) with check (true);
create policy system on sla_policy_version to berth_system using (true) with check (true);
create policy system on plan_sla to berth_system using (true) with check (true);
create policy system on ticket_sla to berth_system using (true) with check (true);
create policy system on ticket_clock to berth_system using (true) with check (true);
create policy system on sla_report to berth_system using (true) with check (true);

grant select on sla_policy, sla_policy_version, plan_sla, ticket_sla, ticket_clock, sla_report to berth_web;
grant select, insert, update on sla_calendar, sla_policy to berth_staff;
grant select, insert on sla_policy_version to berth_staff;
grant select, insert, update, delete on plan_sla to berth_staff;
grant select on ticket_sla, ticket_clock, sla_report to berth_staff;
grant update (decision, reason, decided_by, decided_at) on sla_report to berth_staff;
grant select, insert, update, delete on sla_calendar, sla_policy, sla_policy_version, plan_sla, ticket_sla, ticket_clock, sla_report
  to berth_system;

-- Something to begin with. No plan has it until somebody says so: it is the provider who promises.
insert into sla_calendar (id, name, hours, created_at, updated_at)
  values ('01937000-0000-7000-8000-00000000ca01', 'Around the clock', '{"kind": "always"}', now(), now());
insert into sla_policy (id, name, calendar_id, created_at, updated_at)
  values ('01937000-0000-7000-8000-000000005a01', 'Standard', '01937000-0000-7000-8000-00000000ca01', now(), now());
insert into sla_policy_version (policy_id, version, terms, created_at) values ('01937000-0000-7000-8000-000000005a01', 1, '{
  "name": "Standard",
  "hours": {"kind": "always"},
  "targets": [
    {"first_answer": 30, "update": 60, "restore": 240},
    {"first_answer": 60, "update": 240, "restore": 480},
    {"first_answer": 480, "update": 1440, "restore": 4320},
    {"first_answer": 1440, "update": null, "restore": null}
  ],
  "availability": "99.9",
  "credits": [{"below": "99.9", "credit": 5}, {"below": "99", "credit": 10}, {"below": "95", "credit": 25}]
}', now());
