create or replace function move_server(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from server where id = wanted for update;
  update backup set server_id = null where server_id = wanted;
  update restore_drill set server_id = null where server_id = wanted;
  delete from restore_proof where server_id = wanted;
  delete from backup_restore where server_id = wanted;
  delete from backup_alert where server_id = wanted;
  perform move_server_rows(wanted, target, new_name, new_host_name, at);
end $$;

create or replace function move_server_rows(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
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
