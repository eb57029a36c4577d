-- When staff may see what is a tenant's own, why, and until when. The tenant reads all of it.
create table break_glass (
  id uuid primary key,
  tenant_id uuid not null,
  ticket_id uuid not null,
  staff_id uuid references user_account on delete set null,
  -- Stays when the person goes.
  staff_label text not null,
  parts text[] not null check (cardinality(parts) > 0 and parts <@ array['console', 'files', 'mail']),
  reason text not null check (char_length(reason) between 10 and 500),
  opened_at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  ended_by text check (ended_by in ('staff', 'time')),
  constraint break_glass_time check (until > opened_at and until <= opened_at + interval '8 hours'),
  constraint break_glass_end check ((ended_at is null) = (ended_by is null)),
  constraint break_glass_tenant_key unique (tenant_id, id),
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade
);
create unique index break_glass_one on break_glass (staff_id, tenant_id) where ended_at is null;
create index break_glass_staff on break_glass (staff_id) where staff_id is not null;
create index break_glass_of_tenant on break_glass (tenant_id, opened_at desc, id desc);
create index break_glass_all on break_glass (opened_at desc, id desc);
create index break_glass_due on break_glass (until) where ended_at is null;
create index break_glass_of_ticket on break_glass (ticket_id);
alter table break_glass enable row level security;
create policy web on break_glass for select to berth_web using (tenant_id = berth_tenant());
create policy staff on break_glass to berth_staff using (true) with check (true);
create policy system on break_glass to berth_system using (true) with check (true);
grant select on break_glass to berth_web;
grant select, insert on break_glass to berth_staff;
grant update (ended_at, ended_by) on break_glass to berth_staff;
grant select, insert, update, delete on break_glass to berth_system;

-- Each time that somebody looked.
create table break_glass_use (
  id bigint generated always as identity primary key,
  grant_id uuid not null,
  tenant_id uuid not null,
  at timestamptz not null,
  part text not null check (part in ('console', 'files', 'mail')),
  what text not null,
  foreign key (tenant_id, grant_id) references break_glass (tenant_id, id) on delete cascade
);
create index break_glass_use_of on break_glass_use (grant_id, id);
create index break_glass_use_tenant on break_glass_use (tenant_id);
alter table break_glass_use enable row level security;
create policy web on break_glass_use for select to berth_web using (tenant_id = berth_tenant());
create policy staff on break_glass_use to berth_staff using (true) with check (true);
create policy system on break_glass_use to berth_system using (true) with check (true);
grant select on break_glass_use to berth_web;
grant select, insert on break_glass_use to berth_staff;
grant select, insert, update, delete on break_glass_use to berth_system;
