-- Who starts a server forgets its crashes; a guest may, for the one server.
create policy guest on server_crash to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, delete on server_crash to berth_guest;

-- A server's note is its own.
create policy guest on server_note to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update, delete on server_note to berth_guest;
