drop function allocate_port_pair;
drop table server_egg, egg_version, egg;
