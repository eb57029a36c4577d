-- What people did by a runbook about a ticket, and whether it helped. The runbooks themselves are in the binary.
create table runbook_use (
  ticket_id uuid not null references ticket on delete cascade,
  runbook text not null,
  -- The steps that are done, from 0.
  ticked int[] not null,
  helped boolean,
  by_user uuid references user_account on delete set null,
  by_label text not null,
  changed_at timestamptz not null,
  primary key (ticket_id, runbook)
);
create index runbook_use_told on runbook_use (runbook) where helped is not null;
create index runbook_use_by on runbook_use (by_user) where by_user is not null;
alter table runbook_use enable row level security;
create policy staff on runbook_use to berth_staff using (true) with check (true);
create policy system on runbook_use to berth_system using (true) with check (true);
grant select, insert, update on runbook_use to berth_staff;
grant select, insert, update, delete on runbook_use to berth_system;
