create or replace function move_server(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public as $$
begin
  perform from server where id = wanted for update;
  update backup set server_id = null where server_id = wanted;
  delete from backup_restore where server_id = wanted;
  delete from backup_alert where server_id = wanted;
  perform move_server_rows(wanted, target, new_name, new_host_name, at);
end $$;
