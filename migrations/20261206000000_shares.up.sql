-- Shares: folders of a file-share server, for people of their own.
create table share (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  server_id uuid not null references server on delete cascade,
  name text not null,
  -- Below the server's own folder of files.
  folder text not null,
  protocols text[] not null check (cardinality(protocols) > 0 and protocols <@ '{webdav,sftp,smb}'),
  created_by text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  constraint share_name_key unique (server_id, name)
);
-- The list of all of a tenant's shares.
create index share_tenant on share (tenant_id, name, id);

-- Who signs in there. One person may be in several shares of a server, with one password.
create table share_person (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  server_id uuid not null references server on delete cascade,
  login text not null,
  -- The hashes that the server's programs need, never the password.
  sealed bytea not null,
  until timestamptz,
  created_at timestamptz not null,
  constraint share_person_login_key unique (server_id, login)
);

create table share_member (
  share_id uuid not null references share on delete cascade,
  person_id uuid not null references share_person on delete cascade,
  tenant_id uuid not null references tenant,
  server_id uuid not null references server on delete cascade,
  may_write boolean not null,
  last_used_at timestamptz,
  primary key (share_id, person_id)
);
create index share_member_person on share_member (person_id);

-- Links for people without a login: to fetch what is at a place, or to bring files there. Of a link's secret only the hash is kept.
create table share_link (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  server_id uuid not null references server on delete cascade,
  share_id uuid not null references share on delete cascade,
  kind text not null check (kind in ('download', 'drop-off')),
  -- Below the share's folder; empty for that folder.
  path text not null,
  token_hash bytea not null,
  expires_at timestamptz not null,
  uses bigint not null default 0,
  last_used_at timestamptz,
  created_by text not null,
  created_at timestamptz not null,
  constraint share_link_token_key unique (token_hash)
);
create index share_link_share on share_link (share_id, created_at desc, id desc);

-- What a server was told of all this, and the queue of telling it. It is told again from time to time, because the volume
-- may have been brought back to what it held before.
create table share_state (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null references tenant,
  generation bigint not null default 1,
  observed_generation bigint not null default 0,
  last_error text,
  error_count int not null default 0,
  next_attempt_at timestamptz,
  -- The number of the newest use that was collected from its files.
  uses_seen bigint not null default 0,
  -- How many its server dropped because nobody had collected them, and when it said so last.
  uses_dropped bigint not null default 0,
  uses_dropped_at timestamptz,
  lease_id uuid,
  lease_until timestamptz
);
create index share_state_due on share_state (next_attempt_at) where next_attempt_at is not null;
create index share_state_leased on share_state (lease_until) where lease_until is not null;

-- Who used what, as the server wrote it down or as the panel served it by a link. Kept for 90 days, also when the share or person is gone.
create table share_use (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  server_id uuid not null references server on delete cascade,
  share_id uuid references share on delete set null,
  share_name text not null,
  -- Nobody's for a link.
  login text,
  way text not null check (way in ('webdav', 'sftp', 'smb', 'link')),
  verb text not null check (verb in ('list', 'read', 'write', 'delete', 'rename', 'make-folder')),
  -- Below the share's folder.
  path text not null,
  ip text,
  at timestamptz not null
);
create index share_use_newest on share_use (server_id, at desc, id desc);
create index share_use_share on share_use (share_id, at desc, id desc);
create index share_use_old on share_use (at);

-- Whatever a new server's volume was filled with, a copy of another's or a backup: it is told its own list, which is empty.
create function tell_shares() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into share_state (server_id, tenant_id, next_attempt_at) values (new.id, new.tenant_id, new.created_at);
  return null;
end $$;
revoke execute on function tell_shares from public;
create trigger tell_shares after insert on server for each row when (new.template = 'file-share') execute function tell_shares();

alter table share enable row level security;
alter table share_person enable row level security;
alter table share_member enable row level security;
alter table share_link enable row level security;
alter table share_state enable row level security;
alter table share_use enable row level security;

create policy web on share to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on share to berth_system using (true) with check (true);
grant select, insert, update, delete on share to berth_web, berth_system;

create policy web on share_person to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on share_person to berth_system using (true) with check (true);
grant select, insert, update, delete on share_person to berth_web, berth_system;

create policy web on share_member to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on share_member to berth_system using (true) with check (true);
grant select, insert, update, delete on share_member to berth_web, berth_system;

create policy web on share_link to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on share_link to berth_system using (true) with check (true);
grant select, insert, update, delete on share_link to berth_web, berth_system;

create policy web on share_state to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on share_state to berth_system using (true) with check (true);
grant select, insert, update on share_state to berth_web;
grant select, insert, update, delete on share_state to berth_system;

create policy web on share_use for select to berth_web using (tenant_id = berth_tenant());
create policy system on share_use to berth_system using (true) with check (true);
grant select on share_use to berth_web;
grant select, insert, update, delete on share_use to berth_system;
