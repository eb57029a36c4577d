drop function server_shares_volumes(uuid);
