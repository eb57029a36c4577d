drop table sign_in_throttle, one_time_link, api_token, session, membership, tenant, plan, user_account cascade;
