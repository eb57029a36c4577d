-- Downloads of all that a tenant has. A row says that one is under way, for as long as whoever sends it says so again, and
-- afterwards how it ended.
create table exit_archive (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  state text not null check (state in ('running', 'whole', 'broken')),
  asked_by text not null,
  has_secrets boolean not null,
  files bigint not null default 0,
  bytes bigint not null default 0,
  error text,
  started_at timestamptz not null,
  -- Who sends it was alive then.
  seen_at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'running') = (ended_at is null))
);
create unique index exit_archive_running on exit_archive (tenant_id) where state = 'running';
create index exit_archive_list on exit_archive (tenant_id, started_at desc, id desc);

-- What was erased of a closed tenant so far: counted in the transactions that erase it, and the draft of its certificate.
create table tenant_ending (
  tenant_id uuid primary key references tenant on delete cascade,
  closed_at timestamptz not null,
  -- Who asked, as an id: no name is kept.
  closed_by text,
  servers bigint not null default 0,
  volumes bigint not null default 0,
  snapshots bigint not null default 0,
  bytes bigint not null default 0
);
insert into tenant_ending (tenant_id, closed_at) select id, status_at from tenant where status = 'closed';

-- The keys that certificates are signed with, the newest first. The public half is for whoever checks one.
create table signing_key (
  id uuid primary key,
  public_key bytea not null,
  sealed bytea not null,
  created_at timestamptz not null
);

-- Certificates of deletion, which stay when all else of a tenant is gone.
create table deletion_certificate (
  id uuid primary key,
  tenant_id uuid not null constraint deletion_certificate_tenant_key unique,
  purged_at timestamptz not null,
  servers bigint not null,
  bytes bigint not null,
  -- What was signed, to the byte.
  document text not null,
  signing_key_id uuid not null references signing_key,
  signature bytea not null
);
create index deletion_certificate_list on deletion_certificate (purged_at desc, id desc);

alter table exit_archive enable row level security;
alter table tenant_ending enable row level security;
alter table signing_key enable row level security;
alter table deletion_certificate enable row level security;

create policy web on exit_archive to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on exit_archive for select to berth_staff using (true);
create policy system on exit_archive to berth_system using (true) with check (true);
grant select, insert, update on exit_archive to berth_web;
grant select on exit_archive to berth_staff;
grant select, insert, update, delete on exit_archive to berth_system;

create policy staff on tenant_ending to berth_staff using (true) with check (true);
create policy system on tenant_ending to berth_system using (true) with check (true);
grant select, insert, update, delete on tenant_ending to berth_staff, berth_system;

create policy staff on signing_key for select to berth_staff using (true);
create policy system on signing_key to berth_system using (true) with check (true);
grant select (id, public_key, created_at) on signing_key to berth_staff;
grant select, insert, update (sealed) on signing_key to berth_system;

create policy staff on deletion_certificate for select to berth_staff using (true);
create policy system on deletion_certificate to berth_system using (true) with check (true);
grant select on deletion_certificate to berth_staff;
grant select, insert on deletion_certificate to berth_system;

-- People who were in the erased organisation only go with it.
grant delete on user_account to berth_system;
-- Everything that is sealed is sealed again when the key changes.
grant update (sealed) on backup_target to berth_system;
