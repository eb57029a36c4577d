-- Who asks: the question of every request, so it costs one round trip. The login role may call these two outside of any
-- transaction and still sees no table. In plpgsql, whose statements keep their plans for as long as the connection lives;
-- planning anew for each hash would cost more than the answer.
create function token_owner(hash bytea, at timestamptz) returns table (
    id uuid, tenant_id uuid, scopes text[], last_used_at timestamptz, user_id uuid, name text, email text,
    staff_role text, membership json)
  language plpgsql stable security definer set search_path = public set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    select k.id, k.tenant_id, k.scopes, k.last_used_at, u.id, u.name, u.email, u.staff_role,
      (select json_build_object('tenant', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
          'suspended', case when t.status = 'suspended' then t.status_reason end)
       from membership m join tenant t on t.id = m.tenant_id
       where m.user_id = u.id and t.id = k.tenant_id and t.status <> 'closed')
    from api_token k join user_account u on u.id = k.user_id
    where k.token_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > at)
      and u.disabled_at is null;
end $$;
revoke execute on function token_owner from public;
grant execute on function token_owner to berth;

create function session_owner(hash bytea, at timestamptz, idle_since timestamptz) returns table (
    id uuid, last_seen_at timestamptz, user_id uuid, name text, email text, staff_role text, memberships json)
  language plpgsql stable security definer set search_path = public set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    select s.id, s.last_seen_at, u.id, u.name, u.email, u.staff_role,
      (select coalesce(json_agg(json_build_object('tenant', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
          'suspended', case when t.status = 'suspended' then t.status_reason end)
          order by lower(t.name), t.id), '[]')
       from membership m join tenant t on t.id = m.tenant_id
       where m.user_id = u.id and t.status <> 'closed')
    from session s join user_account u on u.id = s.user_id
    where s.token_hash = hash and s.expires_at > at and s.last_seen_at > idle_since and u.disabled_at is null;
end $$;
revoke execute on function session_owner from public;
grant execute on function session_owner to berth;

-- Lists of servers run with plans that are kept for all values (platform::db::tx). Such a plan knows no tenant: while one
-- tenant has nearly all rows it might read a tenant's list through the index of everybody's, which for the next, small
-- tenant is a walk over all rows. So these indexes serve only who says that the question is about everybody.
drop index server_created, server_name, server_state;
create index server_created on server (created_at desc, id desc)
  where tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_name on server (lower(name), id) where tenant_id <> '00000000-0000-0000-0000-000000000000';
create index server_state on server (observed_state, id) where tenant_id <> '00000000-0000-0000-0000-000000000000';
