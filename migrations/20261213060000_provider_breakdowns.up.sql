-- Which ticket tells of an incident that is the provider's own and touches no tenant. Staff see the ticket; the row is for the panel alone.
create table provider_breakdown (
  incident_id uuid primary key references incident on delete cascade,
  -- The newest, if staff gave an earlier one away.
  ticket_id uuid not null references ticket on delete cascade,
  recovered_at timestamptz
);
create index provider_breakdown_ticket on provider_breakdown (ticket_id);
alter table provider_breakdown enable row level security;
create policy system on provider_breakdown to berth_system using (true) with check (true);
grant select, insert, update, delete on provider_breakdown to berth_system;
