-- Copies of servers and moves to another tenant.

-- The copy that a server has to hold still for: while it is set, the server is stopped, whatever was wished for. It ends with
-- the copy, so nothing can keep a server stopped for a copy that is gone.
alter table server add column still_for uuid references server on delete set null;
create index server_still on server (still_for) where still_for is not null;

-- A server that was made as a copy of another: where its data comes from, and how far that is. Until it is done nothing starts
-- on the data.
create table server_copy (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  -- No reference: what it was copied from stays to be read when that is gone.
  source_id uuid not null,
  source_name text not null,
  state text not null check (state in ('open', 'done', 'failed')),
  -- The source goes on running meanwhile.
  is_live boolean not null,
  bytes_total bigint,
  bytes_done bigint not null default 0,
  error text check ((state = 'failed') = (error is not null)),
  created_at timestamptz not null,
  ended_at timestamptz check ((state = 'open') = (ended_at is null))
);
-- A source is copied once at a time.
create unique index server_copy_open on server_copy (source_id) where state = 'open';

-- A server that has another tenant now and whose container may still be in the network of the one before.
create table server_move (
  server_id uuid primary key references server on delete cascade,
  tenant_id uuid not null,
  from_tenant_id uuid not null,
  moved_at timestamptz not null
);

alter table server_copy enable row level security;
alter table server_move enable row level security;

create policy web on server_copy to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on server_copy for select to berth_staff using (true);
create policy system on server_copy to berth_system using (true) with check (true);
create policy guest on server_copy for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update on server_copy to berth_web;
grant select on server_copy to berth_staff, berth_guest;
grant select, insert, update, delete on server_copy to berth_system;

-- Whose it was is nobody's business but the provider's.
create policy staff on server_move for select to berth_staff using (true);
create policy system on server_move to berth_system using (true) with check (true);
grant select on server_move to berth_staff;
grant select, insert, update, delete on server_move to berth_system;

-- Gives a server with all that is its own to another tenant, whatever tables there are: what has a tenant and a server has
-- the new tenant afterwards. What ends instead: guests and their invitations (and, by a trigger, guests' tokens, which stay
-- as they are to be read), the tenant's own networks, and whoever works on it under a lease. Visits at its console stay: their
-- end is told to the tenant whose people they were.
create function move_server(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public as $$
declare
  origin uuid;
  place text;
begin
  select tenant_id into strict origin from server where id = wanted for update;
  delete from server_guest where server_id = wanted;
  delete from one_time_link where server_id = wanted;
  delete from network_member where server_id = wanted;
  delete from common_member where server_id = wanted;
  update schedule_run r set state = 'interrupted', finished_at = at, wake_at = null, lease_id = null, lease_until = null,
    reason = 'The server was moved to another organisation.'
    from schedule s where s.id = r.schedule_id and s.server_id = wanted and r.state = 'running';
  update schedule_run_step t set tenant_id = target,
    state = case when t.state = 'running' then 'interrupted' else t.state end,
    finished_at = case when t.state = 'running' then at else t.finished_at end
    from schedule_run r join schedule s on s.id = r.schedule_id where r.id = t.run_id and s.server_id = wanted;
  update schedule_run r set tenant_id = target from schedule s where s.id = r.schedule_id and s.server_id = wanted;
  update schedule set is_paused = true, next_run = null, version = version + 1, updated_at = at where server_id = wanted;
  update operation set tenant_id = target where target_id = wanted and tenant_id = origin;
  insert into server_move (server_id, tenant_id, from_tenant_id, moved_at) values (wanted, target, origin, at)
    on conflict (server_id) do update set moved_at = at;
  for place in
    select c.relname from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname not in ('api_token', 'console_visit')
        and (select count(*) from pg_attribute a
              where a.attrelid = c.oid and a.attname in ('tenant_id', 'server_id') and not a.attisdropped) = 2
  loop
    execute format('update %I set tenant_id = $1 where server_id = $2', place) using target, wanted;
  end loop;
  -- Last, so that whoever was kept out by the row finds all of it at its new place.
  update server set tenant_id = target, name = new_name, host_name = new_host_name, version = version + 1,
    generation = generation + 1, next_attempt_at = at, updated_at = at, retry_at = null, last_error = null, error_count = 0,
    lease_id = null, lease_until = null, current_step = null where id = wanted;
end $$;
revoke execute on function move_server from public;
grant execute on function move_server to berth_staff;

-- Staff restore deleted servers, too.
create policy staff on kept_port to berth_staff using (true) with check (true);
grant select, delete on kept_port to berth_staff;
create policy staff_insert on server_port for insert to berth_staff with check (true);
grant insert on server_port to berth_staff;
grant execute on function reclaim_port, reclaim_port_pair to berth_staff;
