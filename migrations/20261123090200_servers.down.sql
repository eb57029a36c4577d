drop function allocate_port;
drop table image_build, engine_orphan, blocked_port, tenant_network, server_event, server_variable, server_port, server, location,
  size cascade;
