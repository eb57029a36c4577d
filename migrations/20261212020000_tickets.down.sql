drop function ticket_found(text, bigint, int);
drop function ticket_found_by_tenant(text, bigint, int);
drop table ticket_watcher, ticket_event, ticket_post, ticket_about, ticket;
