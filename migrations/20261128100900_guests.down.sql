drop function session_owner(bytea, timestamptz, timestamptz);
drop function token_owner(bytea, timestamptz);
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

drop trigger membership_began on membership;
drop function membership_began;
drop trigger guest_ended on server_guest;
drop function guest_ended;
revoke execute on function idempotency_done from berth_guest;
drop policy guest on tenant;
drop policy guest on server;
drop policy guest on server_port;
drop policy guest on server_variable;
drop policy guest on server_event;
drop policy guest on server_egg;
drop policy guest on console_visit;
drop policy guest on usage_10s;
drop policy guest on usage_5m;
drop policy guest on usage_1h;
drop policy guest on usage_disk;
drop policy guest on operation;
drop policy guest on operation_step;
drop policy guest on outbox;
drop policy guest on audit_event;
drop policy guest on api_token;
revoke all on location, size, egg, egg_version, tenant, server, server_port, server_variable, server_event, server_egg, console_visit, usage_10s, usage_5m, usage_1h, usage_disk, operation, operation_step, outbox, audit_event, api_token from berth_guest;
revoke all (id, slug, name, status, status_reason) on tenant from berth_guest;
revoke all (revoked_at) on api_token from berth_guest;
drop function berth_server;
drop policy web_guests on user_account;
drop table server_guest;
delete from api_token where server_id is not null;
alter table api_token drop column server_id;
delete from one_time_link where purpose = 'guest';
drop policy web on one_time_link;
create policy web on one_time_link to berth_web using (tenant_id = berth_tenant() and purpose = 'invite')
  with check (tenant_id = berth_tenant() and purpose = 'invite');
alter table one_time_link
  drop constraint one_time_link_guest_check,
  drop constraint one_time_link_purpose_check,
  add constraint one_time_link_purpose_check check (purpose in ('setup', 'invite', 'password')),
  drop column access_until,
  drop column permissions,
  drop column server_id;
