-- What has to end together, whoever ends it.

-- A token stands on its owner's membership. When that ends so does the token: joining again does not bring it back.
create function membership_ended() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update api_token set revoked_at = now()
  where user_id = old.user_id and tenant_id = old.tenant_id and revoked_at is null;
  return null;
end $$;
revoke execute on function membership_ended from public;
create trigger membership_ended after delete on membership for each row execute function membership_ended();

-- Addresses that a network kept which something on the host still used. They must not keep a tenant from being erased.
alter table tenant_network drop constraint tenant_network_tenant_id_fkey;
alter table tenant_network add constraint tenant_network_tenant_id_fkey
  foreign key (tenant_id) references tenant on delete cascade;

-- Whether a request with a key has changed something: written by the very transaction that changes it, so that the
-- request is not done again when its answer was lost.
alter table idempotency_key add column is_done boolean not null default false;

-- Says whether the claim is still the caller's. The table itself stays closed to people's roles.
create function idempotency_done(token uuid, name text, claimed timestamptz) returns boolean
  language plpgsql security definer set search_path = public as $$
begin
  update idempotency_key k set is_done = true where k.token_id = token and k.key = name and k.created_at = claimed;
  return found;
end $$;
revoke execute on function idempotency_done from public;
grant execute on function idempotency_done to berth_web, berth_staff, berth_system;
