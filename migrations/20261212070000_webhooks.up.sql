-- Webhooks: addresses that are told what happens. A tenant has its own; those without a tenant are the provider's.

create table webhook (
  id uuid primary key,
  tenant_id uuid references tenant on delete cascade,
  url text not null check (length(url) between 1 and 2000),
  description text not null check (length(description) <= 200),
  events text[] not null check (cardinality(events) > 0),
  is_paused boolean not null default false,
  -- Since when nothing arrives, how often in a row, and until when nothing is tried.
  failing_since timestamptz,
  failures int not null default 0,
  hold_until timestamptz,
  -- Nothing arrived for days, so nothing is sent any more.
  disabled_at timestamptz,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (tenant_id, id)
);
create index webhook_tenant on webhook (tenant_id, created_at desc, id desc);
create index webhook_list on webhook (created_at desc, id desc);

-- What its messages are signed with, sealed. One has no end; the one before it has.
create table webhook_secret (
  id uuid primary key,
  tenant_id uuid references tenant on delete cascade,
  webhook_id uuid not null references webhook on delete cascade,
  sealed bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  foreign key (tenant_id, webhook_id) references webhook (tenant_id, id) on delete cascade
);
create unique index webhook_secret_newest on webhook_secret (webhook_id) where expires_at is null;

-- One thing told to one webhook.
create table webhook_delivery (
  id uuid primary key,
  tenant_id uuid references tenant on delete cascade,
  webhook_id uuid not null references webhook on delete cascade,
  event text not null,
  -- What it tells of; nothing is told twice of it.
  about text not null,
  -- The message, to the byte that is signed.
  body text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts int not null default 0,
  -- From here on it is tried for a day.
  due_at timestamptz not null,
  status int,
  took_ms int,
  answer text,
  error text,
  tried_at timestamptz,
  created_at timestamptz not null,
  constraint webhook_delivery_once unique (webhook_id, about),
  foreign key (tenant_id, webhook_id) references webhook (tenant_id, id) on delete cascade
);
create index webhook_delivery_list on webhook_delivery (webhook_id, created_at desc, id desc);
create index webhook_delivery_tenant on webhook_delivery (tenant_id) where tenant_id is not null;
create index webhook_delivery_end on webhook_delivery (created_at) where state <> 'waiting';

alter table webhook enable row level security;
alter table webhook_secret enable row level security;
alter table webhook_delivery enable row level security;

create policy web on webhook to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy web on webhook_secret to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy web on webhook_delivery to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
-- Staff see all of them and change the provider's.
create policy staff_reads on webhook for select to berth_staff using (true);
create policy staff_reads on webhook_delivery for select to berth_staff using (true);
create policy staff on webhook to berth_staff using (tenant_id is null) with check (tenant_id is null);
create policy staff on webhook_secret to berth_staff using (tenant_id is null) with check (tenant_id is null);
create policy staff on webhook_delivery to berth_staff using (tenant_id is null) with check (tenant_id is null);
create policy system on webhook to berth_system using (true) with check (true);
create policy system on webhook_secret to berth_system using (true) with check (true);
create policy system on webhook_delivery to berth_system using (true) with check (true);

grant select, insert, update, delete on webhook to berth_web, berth_staff;
-- Whoever made a secret does not read it again.
grant select (id, tenant_id, webhook_id, created_at, expires_at), insert, update (expires_at), delete on webhook_secret to berth_web, berth_staff;
grant select, insert, update (state, attempts, due_at, error) on webhook_delivery to berth_web, berth_staff;
grant select, insert, update, delete on webhook, webhook_secret, webhook_delivery to berth_system;
