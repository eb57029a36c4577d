-- On call: who is on duty when, whom to page one after another, and what for. All of it is the provider's own.

create table on_call_rota (
  id uuid primary key,
  name text not null constraint on_call_rota_name_key unique check (length(name) between 1 and 100),
  zone text not null,
  turn text not null check (turn in ('daily', 'weekly')),
  -- When one turn ends and the next begins, in the zone: at this time and, if weekly, on this day (1 is Monday).
  handover time not null,
  weekday smallint not null check (weekday between 1 and 7),
  -- The day on which a turn of the first person began.
  starts_on date not null,
  -- Only in these hours somebody is on duty; they end on the next day if the end is not after the beginning.
  hours_from time,
  hours_to time,
  skips_holidays boolean not null,
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check ((hours_from is null) = (hours_to is null))
);

create table on_call_person (
  rota_id uuid not null references on_call_rota on delete cascade,
  position int not null,
  user_id uuid not null references user_account on delete cascade,
  primary key (rota_id, position),
  unique (rota_id, user_id)
);

-- Somebody else is on duty from one moment to another. Of several, the newest holds.
create table on_call_override (
  id uuid primary key,
  rota_id uuid not null references on_call_rota on delete cascade,
  user_id uuid not null references user_account on delete cascade,
  from_at timestamptz not null,
  to_at timestamptz not null check (to_at > from_at),
  created_by text not null,
  created_at timestamptz not null
);
create index on_call_override_rota on on_call_override (rota_id, to_at);

-- Days on which somebody is away, the last one included.
create table on_call_holiday (
  id uuid primary key,
  user_id uuid not null references user_account on delete cascade,
  first_on date not null,
  last_on date not null check (last_on >= first_on),
  created_by text not null,
  created_at timestamptz not null
);
create index on_call_holiday_end on on_call_holiday (last_on);

-- Whom to page one after another until somebody acknowledges.
create table on_call_chain (
  id uuid primary key,
  name text not null constraint on_call_chain_name_key unique check (length(name) between 1 and 100),
  is_default boolean not null default false,
  -- How often it begins again after its last level.
  repeats int not null check (repeats between 0 and 9),
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index on_call_chain_default on on_call_chain (is_default) where is_default;

create table on_call_level (
  chain_id uuid not null references on_call_chain on delete cascade,
  position int not null,
  rota_id uuid references on_call_rota,
  user_id uuid references user_account on delete cascade,
  wait_minutes int not null check (wait_minutes between 1 and 1440),
  primary key (chain_id, position),
  check (num_nonnulls(rota_id, user_id) = 1)
);

-- Where the paging for a ticket is. One row a ticket; each time that it begins anew is a generation.
create table on_call_run (
  ticket_id uuid primary key references ticket on delete cascade,
  chain_id uuid references on_call_chain on delete set null,
  generation int not null,
  -- Asked for although the ticket may be acknowledged: only an answer or an end stops it.
  is_escalated boolean not null,
  why text not null,
  state text not null check (state in ('running', 'stopped', 'ended')),
  -- What is paged next.
  round int not null,
  level int not null,
  next_at timestamptz not null,
  -- The ticket's event that it began with, so that a job that runs twice begins it once.
  event_id bigint not null,
  started_at timestamptz not null,
  lease_id uuid,
  lease_until timestamptz
);
create index on_call_run_due on on_call_run (next_at) where state = 'running';

-- A page to a person.
create table on_call_call (
  id uuid primary key,
  ticket_id uuid not null references ticket on delete cascade,
  generation int not null,
  round int not null,
  level int not null,
  user_id uuid not null references user_account on delete cascade,
  rota_id uuid references on_call_rota on delete set null,
  -- Nobody was on duty, so owners and admins were paged.
  is_fallback boolean not null,
  why text not null,
  paged_at timestamptz not null,
  -- The mail: 'off' without a mail server, 'skipped' if it was over before a mail went.
  mail text not null check (mail in ('waiting', 'sent', 'failed', 'skipped', 'off')),
  mail_error text,
  mailed_at timestamptz,
  ended_at timestamptz,
  -- Who acknowledged; nobody if the ticket ended otherwise.
  ended_by uuid references user_account on delete set null,
  constraint on_call_call_once unique (ticket_id, generation, round, level, user_id)
);
create index on_call_call_user on on_call_call (user_id);
create index on_call_call_rota on on_call_call (rota_id) where rota_id is not null;
create index on_call_call_ended_by on on_call_call (ended_by) where ended_by is not null;
create index on_call_call_list on on_call_call (paged_at desc, id desc);
create index on_call_call_waiting on on_call_call (user_id, paged_at) where mail = 'waiting';
create index on_call_call_open on on_call_call (ticket_id) where ended_at is null;

-- When the next mail of pages may go to a person.
create table on_call_pace (
  user_id uuid primary key references user_account on delete cascade,
  next_at timestamptz not null
);

-- The links of those mails: what acknowledges without a sign-in. Only the hash of each is kept.
create table on_call_link (
  token_hash bytea primary key,
  user_id uuid not null references user_account on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index on_call_link_end on on_call_link (expires_at);
create table on_call_link_call (
  token_hash bytea not null references on_call_link on delete cascade,
  call_id uuid not null references on_call_call on delete cascade,
  primary key (token_hash, call_id)
);
create index on_call_link_call_call on on_call_link_call (call_id);

-- What who leaves tells who comes.
create table on_call_handover (
  id uuid primary key,
  rota_id uuid not null references on_call_rota on delete cascade,
  written_by uuid references user_account on delete set null,
  writer text not null,
  body text not null check (length(body) between 1 and 20000),
  created_at timestamptz not null,
  seen_by text,
  seen_at timestamptz,
  check ((seen_by is null) = (seen_at is null))
);
create index on_call_handover_rota on on_call_handover (rota_id);
create index on_call_handover_writer on on_call_handover (written_by) where written_by is not null;
create index on_call_handover_list on on_call_handover (created_at desc, id desc);

alter table on_call_rota enable row level security;
alter table on_call_person enable row level security;
alter table on_call_override enable row level security;
alter table on_call_holiday enable row level security;
alter table on_call_chain enable row level security;
alter table on_call_level enable row level security;
alter table on_call_run enable row level security;
alter table on_call_call enable row level security;
alter table on_call_pace enable row level security;
alter table on_call_link enable row level security;
alter table on_call_link_call enable row level security;
alter table on_call_handover enable row level security;

create policy staff on on_call_rota to berth_staff using (true) with check (true);
create policy staff on on_call_person to berth_staff using (true) with check (true);
create policy staff on on_call_override to berth_staff using (true) with check (true);
create policy staff on on_call_holiday to berth_staff using (true) with check (true);
create policy staff on on_call_chain to berth_staff using (true) with check (true);
create policy staff on on_call_level to berth_staff using (true) with check (true);
create policy staff on on_call_run to berth_staff using (true) with check (true);
create policy staff on on_call_call to berth_staff using (true) with check (true);
create policy staff on on_call_handover to berth_staff using (true) with check (true);
create policy system on on_call_rota to berth_system using (true) with check (true);
create policy system on on_call_person to berth_system using (true) with check (true);
create policy system on on_call_override to berth_system using (true) with check (true);
create policy system on on_call_holiday to berth_system using (true) with check (true);
create policy system on on_call_chain to berth_system using (true) with check (true);
create policy system on on_call_level to berth_system using (true) with check (true);
create policy system on on_call_run to berth_system using (true) with check (true);
create policy system on on_call_call to berth_system using (true) with check (true);
create policy system on on_call_pace to berth_system using (true) with check (true);
create policy system on on_call_link to berth_system using (true) with check (true);
create policy system on on_call_link_call to berth_system using (true) with check (true);
create policy system on on_call_handover to berth_system using (true) with check (true);

grant select, insert, update, delete on on_call_rota, on_call_person, on_call_override, on_call_holiday, on_call_chain,
  on_call_level to berth_staff;
grant select, update on on_call_run, on_call_call to berth_staff;
grant select, insert, update (seen_by, seen_at) on on_call_handover to berth_staff;
grant select on on_call_rota, on_call_person, on_call_override, on_call_holiday, on_call_chain, on_call_level,
  on_call_handover to berth_system;
grant select, insert, update, delete on on_call_run, on_call_call, on_call_pace, on_call_link, on_call_link_call to berth_system;
