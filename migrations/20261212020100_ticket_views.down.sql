drop table ticket_presence;
drop table ticket_view;
