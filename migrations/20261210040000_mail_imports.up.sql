-- Mailboxes and aliases from a list: what was uploaded, line by line, what is wrong with it, and how far the work is.
create table mail_import (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  file_name text not null,
  -- Looked at, worked on, at its end, given up.
  state text not null check (state in ('preview', 'running', 'done', 'cancelled')),
  -- How many lines there are, and what became of them.
  lines int not null,
  bad int not null,
  done int not null default 0,
  failed int not null default 0,
  created_by text not null,
  created_at timestamptz not null,
  started_by text,
  started_at timestamptz,
  finished_at timestamptz,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  error_count int not null default 0
);
create index mail_import_created on mail_import (tenant_id, created_at desc, id desc);
create index mail_import_due on mail_import (next_attempt_at) where state = 'running';

create table mail_import_line (
  import_id uuid not null references mail_import on delete cascade,
  tenant_id uuid not null references tenant on delete cascade,
  -- Where it stands in the file.
  line int not null,
  kind text not null check (kind in ('mailbox', 'alias', 'group', 'catch_all')),
  -- As it was read, or as it was typed if that was no address.
  address text not null,
  name text not null default '',
  -- A hash that was given; or the password, sealed. Both are wiped as soon as the line is done with.
  password_hash text,
  sealed bytea,
  quota_mib bigint,
  targets text[] not null default '{}',
  keeps_copy boolean not null default true,
  is_enabled boolean not null default true,
  description text not null default '',
  state text not null check (state in ('bad', 'waiting', 'done', 'failed', 'skipped')),
  -- What is wrong with it.
  reason text,
  primary key (import_id, line),
  check (state = 'waiting' or (password_hash is null and sealed is null))
);
create index mail_import_line_state on mail_import_line (import_id, state, line);

alter table mail_import enable row level security;
alter table mail_import_line enable row level security;
create policy web on mail_import to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mail_import to berth_system using (true) with check (true);
grant select, insert on mail_import to berth_web;
grant update (state, started_by, started_at, finished_at, next_attempt_at, lease_id, lease_until) on mail_import to berth_web;
grant select, insert, update, delete on mail_import to berth_system;
create policy web on mail_import_line to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mail_import_line to berth_system using (true) with check (true);
-- Nobody's role reads what a mailbox is to be opened with.
grant select (import_id, tenant_id, line, kind, address, state, reason), insert, update (state, password_hash, sealed)
  on mail_import_line to berth_web;
grant select, insert, update, delete on mail_import_line to berth_system;
