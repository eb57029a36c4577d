drop function staff_status, members_status, public_status, status_read;
drop table panel_gap;
drop table panel_beat;
drop table status_update;
drop table status_post;
drop table status_override;
drop table status_component;
drop table status_page;
