drop function allocate_port;
drop table server_event, server_variable, server_port, server, location, size cascade;
