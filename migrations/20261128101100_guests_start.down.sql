revoke select, insert, update, delete on server_note from berth_guest;
drop policy guest on server_note;
revoke select, delete on server_crash from berth_guest;
drop policy guest on server_crash;
