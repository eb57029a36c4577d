-- What people do with a server through its life: tags and a note, a new container on request, suspension of just this one.
alter table server
  add column tags text[] not null default '{}' constraint server_tags_few check (cardinality(tags) <= 10),
  -- Counts asked-for rebuilds; part of the specification, so that each makes another container.
  add column rebuild_seq bigint not null default 0,
  add column suspended_at timestamptz,
  add column suspended_reason text,
  add constraint server_suspension check ((suspended_at is null) = (suspended_reason is null));

-- Beside the server's row, which lists read: a note may have 10,000 characters.
create table server_note (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  text text not null check (char_length(text) between 1 and 10000),
  updated_by text not null,
  updated_at timestamptz not null
);

alter table server_note enable row level security;
create policy web on server_note to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on server_note to berth_system using (true) with check (true);
grant select, insert, update, delete on server_note to berth_web;
grant select, insert, update, delete on server_note to berth_system;
