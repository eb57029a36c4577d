drop index server_created, server_name, server_state;
create index server_created on server (created_at desc, id desc);
create index server_name on server (lower(name), id);
create index server_state on server (observed_state, id);
drop function token_owner, session_owner;
