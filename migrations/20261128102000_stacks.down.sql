alter table network_member drop column alias;
drop index server_volumes_of;
drop index server_stack_key;
alter table server
  drop constraint server_stack,
  drop column volumes_of,
  drop column stack_replica,
  drop column stack_part,
  drop column stack_blueprint,
  drop column stack_id;
drop table stack;
