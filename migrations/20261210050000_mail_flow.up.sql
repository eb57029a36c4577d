-- What the mail service's log says of each message, for 30 days, and how far it was read.

create table mail_log_reader (
  is_only boolean primary key default true check (is_only),
  -- Lines from before were read. Those of that very moment are known again by their digest.
  read_until timestamptz,
  -- The process that reads.
  lease_id uuid,
  lease_until timestamptz
);
insert into mail_log_reader default values;

-- A message of the queue, whosever it is.
create table mail_flow (
  queue_id text primary key,
  first_at timestamptz not null,
  last_at timestamptz not null,
  message_id text,
  sender text,
  bytes bigint
);
create index mail_flow_last on mail_flow (last_at);

create table mail_step (
  -- Made of the line, so that a line that is read twice is one step.
  id uuid primary key,
  -- Null until the delivery is known that a mailbox's step belongs to.
  queue_id text,
  session text,
  at timestamptz not null,
  recipient text,
  original text,
  -- Those of the two.
  domains text[] not null,
  -- Tells what only the sender may know.
  is_senders boolean not null,
  -- Tells what a mailbox did with it, which only those whose mailbox it is may know.
  is_recipients boolean not null,
  what jsonb not null
);
create index mail_step_of_message on mail_step (queue_id, at, id);
create index mail_step_by_session on mail_step (session) where session is not null;
create index mail_step_at on mail_step (at);

-- What a tenant sees of a message.
create table mail_message (
  tenant_id uuid not null references tenant on delete cascade,
  queue_id text not null,
  at timestamptz not null,
  last_at timestamptz not null,
  message_id text,
  sender text,
  bytes bigint,
  recipients text[] not null,
  domains text[] not null,
  sees_all boolean not null,
  outcome text not null check (outcome in ('waiting', 'delivered', 'deferred', 'failed', 'refused', 'held', 'deleted')),
  primary key (tenant_id, queue_id)
);
create index mail_message_list on mail_message (tenant_id, at desc, queue_id desc);
create index mail_message_by_id on mail_message (tenant_id, message_id);
create index mail_message_last on mail_message (last_at);

alter table mail_log_reader enable row level security;
alter table mail_flow enable row level security;
alter table mail_step enable row level security;
alter table mail_message enable row level security;

create policy system on mail_log_reader to berth_system using (true) with check (true);
create policy system on mail_flow to berth_system using (true) with check (true);
create policy system on mail_step to berth_system using (true) with check (true);
create policy system on mail_message to berth_system using (true) with check (true);
create policy web on mail_message for select to berth_web using (tenant_id = berth_tenant());
create policy web on mail_step for select to berth_web using (exists (
  select from mail_message m where m.tenant_id = berth_tenant() and m.queue_id = mail_step.queue_id
    and (m.sees_all or (not mail_step.is_senders and (mail_step.recipient is null or mail_step.domains && m.domains)))
    and (not mail_step.is_recipients or mail_step.domains && m.domains)));
grant select on mail_message, mail_step to berth_web;
grant select, insert, update, delete on mail_log_reader, mail_flow, mail_step, mail_message to berth_system;
