-- What every feature leans on: who asks (session settings), audit, outbox, operations, idempotency keys.
create function berth_tenant() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('berth.tenant_id', true), '')::uuid $$;
create function berth_user() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('berth.user_id', true), '')::uuid $$;

create table audit_event (
  id uuid primary key,
  at timestamptz not null,
  tenant_id uuid,
  actor_kind text not null check (actor_kind in ('user', 'token', 'system')),
  actor_user_id uuid,
  actor_token_id uuid,
  actor_label text not null,
  action text not null,
  target_kind text not null,
  target_id uuid,
  target_label text not null,
  before jsonb,
  after jsonb,
  ip text,
  request_id text
);
create index audit_event_tenant on audit_event (tenant_id, at desc, id desc);
create index audit_event_at on audit_event (at desc, id desc);
create index audit_event_target on audit_event (target_id, at desc, id desc);
alter table audit_event enable row level security;
create policy web_read on audit_event for select to berth_web using (tenant_id = berth_tenant());
create policy web_write on audit_event for insert to berth_web
  with check (tenant_id = berth_tenant() or (tenant_id is null and actor_user_id = berth_user()));
create policy staff on audit_event to berth_staff using (true) with check (true);
create policy system on audit_event to berth_system using (true) with check (true);
-- Append only: nobody holds update or delete.
grant select, insert on audit_event to berth_web, berth_staff, berth_system;

create table outbox (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  tenant_id uuid,
  topic text not null,
  target_id uuid
);
create index outbox_tenant on outbox (tenant_id, id);
create index outbox_at on outbox (at);
alter table outbox enable row level security;
create policy web_read on outbox for select to berth_web using (tenant_id = berth_tenant());
create policy web_write on outbox for insert to berth_web with check (tenant_id = berth_tenant());
create policy staff on outbox to berth_staff using (true) with check (true);
create policy system on outbox to berth_system using (true) with check (true);
grant select, insert on outbox to berth_web, berth_staff;
grant select, insert, delete on outbox to berth_system;

-- The notification carries the whole (small) event, so that listeners need not read it back.
create function outbox_notify() returns trigger language plpgsql as $$
begin
  perform pg_notify('berth_events', json_build_object(
    'id', new.id, 'tenant_id', new.tenant_id, 'topic', new.topic, 'target_id', new.target_id)::text);
  return null;
end $$;
create trigger outbox_notify after insert on outbox for each row execute function outbox_notify();

create table operation (
  id uuid primary key,
  tenant_id uuid,
  kind text not null,
  target_kind text not null,
  target_id uuid,
  target_label text not null,
  generation bigint,
  state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'failed', 'superseded')),
  error text,
  actor_label text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
create index operation_tenant on operation (tenant_id, created_at desc, id desc);
create index operation_target on operation (target_id, created_at desc, id desc);
create index operation_open on operation (target_id, generation) where state in ('queued', 'running');
alter table operation enable row level security;
create policy web on operation to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on operation to berth_staff using (true) with check (true);
create policy system on operation to berth_system using (true) with check (true);
grant select, insert, update on operation to berth_web, berth_staff, berth_system;

create table operation_step (
  operation_id uuid not null references operation on delete cascade,
  position int not null,
  name text not null,
  state text not null check (state in ('running', 'succeeded', 'failed')),
  detail text,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (operation_id, position)
);
alter table operation_step enable row level security;
create policy web on operation_step for select to berth_web
  using (exists (select from operation o where o.id = operation_id));
create policy staff on operation_step to berth_staff using (true) with check (true);
create policy system on operation_step to berth_system using (true) with check (true);
grant select on operation_step to berth_web, berth_staff;
grant select, insert, update, delete on operation_step to berth_system;

-- Answers to POSTs that carried an Idempotency-Key, kept for a day.
create table idempotency_key (
  token_id uuid not null,
  key text not null,
  request_hash bytea not null,
  status int,
  content_type text,
  location text,
  body bytea,
  created_at timestamptz not null,
  primary key (token_id, key)
);
create index idempotency_key_at on idempotency_key (created_at);
alter table idempotency_key enable row level security;
create policy system on idempotency_key to berth_system using (true) with check (true);
grant select, insert, update, delete on idempotency_key to berth_system;

-- Facts about this installation, such as the id in every container's label.
create table instance_setting (
  key text primary key,
  value text not null
);
alter table instance_setting enable row level security;
create policy system on instance_setting to berth_system using (true) with check (true);
grant select, insert, update on instance_setting to berth_system;

-- Jobs are enqueued inside the action's transaction whatever its role; the queue's own tables stay out of reach.
create function enqueue_job(identifier text, payload json, queue text, key text) returns void
  language plpgsql security definer set search_path = public as $$
begin
  perform graphile_worker.add_job(identifier, payload, queue_name => queue, job_key => key);
end $$;
revoke execute on function enqueue_job from public;
grant execute on function enqueue_job to berth_web, berth_staff, berth_system;
-- The queue's tables let only their owner in.
alter function enqueue_job owner to berth_worker;

-- So that a panel without an administrator's rights can tell whether its binary and the schema fit.
create function schema_version() returns bigint language plpgsql stable security definer set search_path = public as $$
begin
  return (select max(version) from _sqlx_migrations where success);
end $$;
