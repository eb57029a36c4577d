-- People, what proves who they are, and the organisations they belong to.
create table user_account (
  id uuid primary key,
  email text not null constraint user_account_email_key unique check (email = lower(email)),
  name text not null,
  password_hash text,
  staff_role text check (staff_role in ('owner', 'admin', 'engineer', 'support', 'auditor')),
  disabled_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table plan (
  id uuid primary key,
  name text not null constraint plan_name_key unique,
  description text not null default '',
  max_servers int not null check (max_servers >= 0),
  max_cpu_millis bigint not null check (max_cpu_millis >= 0),
  max_memory_mib bigint not null check (max_memory_mib >= 0),
  max_disk_mib bigint not null check (max_disk_mib >= 0),
  max_members int not null check (max_members >= 1),
  archived_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table tenant (
  id uuid primary key,
  slug text not null constraint tenant_slug_key unique,
  name text not null,
  plan_id uuid not null references plan,
  status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
  status_reason text,
  status_at timestamptz not null,
  purge_after timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (status = 'active' or status_reason is not null),
  check ((status = 'closed') = (purge_after is not null))
);
create index tenant_created on tenant (created_at desc, id desc);
create index tenant_name on tenant (lower(name), id);
create index tenant_plan on tenant (plan_id);
create index tenant_status on tenant (status);
create index tenant_purge on tenant (purge_after) where purge_after is not null;

create table membership (
  tenant_id uuid not null references tenant on delete cascade,
  user_id uuid not null references user_account on delete cascade,
  role text not null check (role in ('owner', 'manager', 'operator', 'viewer')),
  created_at timestamptz not null,
  primary key (tenant_id, user_id)
);
create index membership_user on membership (user_id);

create table session (
  id uuid primary key,
  token_hash bytea not null constraint session_token_key unique,
  user_id uuid not null references user_account on delete cascade,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  ip text not null,
  user_agent text not null
);
create index session_by_user on session (user_id, last_seen_at desc);
create index session_expiry on session (expires_at);

create table api_token (
  id uuid primary key,
  user_id uuid not null references user_account on delete cascade,
  -- Null means a token of the provider's staff.
  tenant_id uuid references tenant on delete cascade,
  name text not null,
  prefix text not null,
  token_hash bytea not null constraint api_token_hash_key unique,
  scopes text[] not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null
);
create index api_token_user on api_token (user_id, created_at desc, id desc);
create index api_token_tenant on api_token (tenant_id) where tenant_id is not null;

create table one_time_link (
  id uuid primary key,
  purpose text not null check (purpose in ('setup', 'invite', 'password')),
  token_hash bytea not null constraint one_time_link_token_key unique,
  user_id uuid references user_account on delete cascade,
  tenant_id uuid references tenant on delete cascade,
  email text,
  role text,
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index one_time_link_tenant on one_time_link (tenant_id, created_at desc);
create index one_time_link_user on one_time_link (user_id) where user_id is not null;

-- Failed sign-ins per account and per address, so that lockout holds across processes and restarts.
create table sign_in_throttle (
  key text primary key,
  failures int not null,
  last_failure_at timestamptz not null,
  locked_until timestamptz not null
);

alter table user_account enable row level security;
alter table plan enable row level security;
alter table tenant enable row level security;
alter table membership enable row level security;
alter table session enable row level security;
alter table api_token enable row level security;
alter table one_time_link enable row level security;
alter table sign_in_throttle enable row level security;

create policy web_self on user_account to berth_web using (id = berth_user()) with check (id = berth_user());
create policy web_colleagues on user_account for select to berth_web using (exists (
  select from membership m where m.user_id = user_account.id and m.tenant_id = berth_tenant()));
create policy staff on user_account to berth_staff using (true) with check (true);
create policy system on user_account to berth_system using (true) with check (true);
-- Not the password's hash: colleagues are visible here.
grant select (id, email, name, staff_role, disabled_at, created_at, updated_at) on user_account to berth_web;
grant update (name, updated_at) on user_account to berth_web;
grant select (id, email, name, staff_role, disabled_at, created_at, updated_at) on user_account to berth_staff;
grant update (name, staff_role, disabled_at, updated_at) on user_account to berth_staff;
grant select, insert, update on user_account to berth_system;

create policy web_read on plan for select to berth_web using (true);
create policy staff on plan to berth_staff using (true) with check (true);
create policy system on plan to berth_system using (true) with check (true);
grant select on plan to berth_web;
grant select, insert, update on plan to berth_staff, berth_system;

create policy web_read on tenant for select to berth_web using (id = berth_tenant()
  or exists (select from membership m where m.tenant_id = tenant.id and m.user_id = berth_user()));
create policy staff on tenant to berth_staff using (true) with check (true);
create policy system on tenant to berth_system using (true) with check (true);
grant select on tenant to berth_web;
grant select, insert, update on tenant to berth_staff;
grant select, insert, update, delete on tenant to berth_system;

create policy web_read on membership for select to berth_web
  using (tenant_id = berth_tenant() or user_id = berth_user());
create policy web_insert on membership for insert to berth_web with check (tenant_id = berth_tenant());
create policy web_update on membership for update to berth_web using (tenant_id = berth_tenant());
create policy web_delete on membership for delete to berth_web using (tenant_id = berth_tenant());
create policy staff on membership to berth_staff using (true) with check (true);
create policy system on membership to berth_system using (true) with check (true);
grant select, insert, update, delete on membership to berth_web, berth_staff, berth_system;

create policy web on session to berth_web using (user_id = berth_user()) with check (user_id = berth_user());
create policy staff on session to berth_staff using (true);
create policy system on session to berth_system using (true) with check (true);
grant select, delete on session to berth_web;
grant delete on session to berth_staff;
grant select (id, user_id, last_seen_at) on session to berth_staff;
grant select, insert, update, delete on session to berth_system;

create policy web on api_token to berth_web using (user_id = berth_user()) with check (user_id = berth_user());
create policy system on api_token to berth_system using (true) with check (true);
grant select, insert on api_token to berth_web;
grant update (revoked_at) on api_token to berth_web;
grant select, insert, update, delete on api_token to berth_system;

create policy web on one_time_link to berth_web using (tenant_id = berth_tenant() and purpose = 'invite')
  with check (tenant_id = berth_tenant() and purpose = 'invite');
create policy staff on one_time_link to berth_staff using (true) with check (true);
create policy system on one_time_link to berth_system using (true) with check (true);
grant select, insert, delete on one_time_link to berth_web, berth_staff;
grant select, insert, update, delete on one_time_link to berth_system;

create policy system on sign_in_throttle to berth_system using (true) with check (true);
grant select, insert, update, delete on sign_in_throttle to berth_system;
