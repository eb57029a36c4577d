drop trigger tell_shares on server;
drop function tell_shares;
drop table share_state;
drop table share_use;
drop table share_link;
drop table share_member;
drop table share_person;
drop table share;
