-- Who looks at a console, and who did a moment ago. Its process says once a minute that it is still so. A row that is not
-- spoken for is over, and goes when nothing of its shell is left; where nobody wrote its end, its process died.
create table console_visit (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  server_id uuid not null references server on delete cascade,
  -- The mark of everything that runs in the session's shell.
  shell text not null,
  way text not null check (way in ('shell', 'attach')),
  may_type boolean not null,
  actor_kind text not null,
  actor_user_id uuid,
  actor_token_id uuid,
  actor_label text not null,
  ip text,
  request_id text,
  opened_at timestamptz not null,
  seen_at timestamptz not null,
  closed_at timestamptz
);
create index console_visit_seen on console_visit (seen_at);
create index console_visit_shell on console_visit (shell);

alter table console_visit enable row level security;
create policy web on console_visit to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on console_visit to berth_staff using (true) with check (true);
create policy system on console_visit to berth_system using (true) with check (true);
grant select, insert, update, delete on console_visit to berth_web, berth_staff, berth_system;
