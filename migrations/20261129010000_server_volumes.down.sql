drop table server_volume;
