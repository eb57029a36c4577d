revoke execute on function reclaim_port, reclaim_port_pair from berth_staff;
revoke insert on server_port from berth_staff;
drop policy staff_insert on server_port;
revoke select, delete on kept_port from berth_staff;
drop policy staff on kept_port;
drop function move_server;
drop table server_move;
drop table server_copy;
alter table server drop column still_for;
