drop function reclaim_port, reclaim_port_pair;
drop table server_crash, kept_port;
-- Who was kept is erased: before, deleting meant that. Names are unique among all again.
update server set deleting_at = coalesce(deleting_at, deleted_at), kept_until = null, next_attempt_at = now(),
    name = left(name, 26) || ' ' || id, host_name = id::text
  where deleted_at is not null;
drop index server_name_key, server_host_name_key, server_tenant, server_tenant_created, server_tenant_name, server_tenant_state,
  server_created, server_name, server_state, server_tenant_deleted, server_deleted;
alter table server
  drop constraint server_kept, drop constraint server_erased,
  drop column deleted_at, drop column deleted_by, drop column kept_until, drop column stop_reason,
  add constraint server_name_key unique (tenant_id, name), add constraint server_host_name_key unique (tenant_id, host_name);
create index server_tenant_created on server (tenant_id, created_at desc, id desc);
create index server_tenant_name on server (tenant_id, lower(name), id);
create index server_tenant_state on server (tenant_id, observed_state, id);
create index server_created on server (created_at desc, id desc)
  where tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_name on server (lower(name), id) where tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_state on server (observed_state, id) where tenant_id <> '00000000-0000-0000-0000-000000000000';
