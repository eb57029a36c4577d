-- Whether the disk limit of a server holds, beside the server: its volumes say it, and lists would ask them row by row.
-- Nothing before it has volumes. Servers that use another one's volumes have what that one has.
alter table server add column is_disk_enforced boolean;
update server s set is_disk_enforced =
  (select bool_and(v.is_enforced) from server_volume v where v.server_id = coalesce(s.volumes_of, s.id));
