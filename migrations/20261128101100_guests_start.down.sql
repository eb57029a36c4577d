revoke select, delete on server_crash from berth_guest;
drop policy guest on server_crash;
