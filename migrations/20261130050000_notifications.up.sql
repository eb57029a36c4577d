-- Mail to people: what is to be sent, and what became of it. Tenants see what they were told on their own pages.
create table notification (
  id uuid primary key,
  tenant_id uuid references tenant on delete cascade,
  recipient text not null,
  subject text not null,
  body text not null,
  -- What it tells of, for whoever wants to know that it was told.
  about uuid,
  state text not null check (state in ('waiting', 'sent', 'failed')),
  attempts int not null default 0,
  error text,
  created_at timestamptz not null,
  sent_at timestamptz
);
create index notification_created on notification (created_at desc, id desc);
create index notification_tenant on notification (tenant_id);
alter table notification enable row level security;
create policy staff on notification to berth_staff using (true) with check (true);
create policy system on notification to berth_system using (true) with check (true);
grant select, insert on notification to berth_staff;
grant update (state, attempts, error) on notification to berth_staff;
grant select, insert, update, delete on notification to berth_system;
