-- Guests: somebody outside of a tenant for whom one of its servers is opened, with chosen permissions.
create table server_guest (
  server_id uuid not null references server on delete cascade,
  user_id uuid not null references user_account on delete cascade,
  tenant_id uuid not null references tenant on delete cascade,
  -- Names of permissions; those that guests can't have any more give nothing.
  permissions text[] not null,
  expires_at timestamptz,
  version bigint not null default 1,
  invited_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (server_id, user_id)
);
create index server_guest_user on server_guest (user_id);
create index server_guest_tenant on server_guest (tenant_id);

-- An invitation to a server is a link like any other, with what it gives.
alter table one_time_link
  add column server_id uuid references server on delete cascade,
  add column permissions text[],
  add column access_until timestamptz,
  drop constraint one_time_link_purpose_check,
  add constraint one_time_link_purpose_check check (purpose in ('setup', 'invite', 'password', 'guest')),
  add constraint one_time_link_guest_check
    check ((purpose = 'guest') = (server_id is not null) and (purpose = 'guest') = (permissions is not null));
create index one_time_link_server on one_time_link (server_id) where server_id is not null;
drop policy web on one_time_link;
create policy web on one_time_link to berth_web using (tenant_id = berth_tenant() and purpose in ('invite', 'guest'))
  with check (tenant_id = berth_tenant() and purpose in ('invite', 'guest'));

-- A guest's token is for one server. It never becomes the token of a member.
alter table api_token add column server_id uuid references server on delete cascade;
create index api_token_server on api_token (server_id) where server_id is not null;

alter table server_guest enable row level security;
create policy web_read on server_guest for select to berth_web
  using (tenant_id = berth_tenant() or user_id = berth_user());
create policy web_update on server_guest for update to berth_web
  using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy web_delete on server_guest for delete to berth_web using (tenant_id = berth_tenant());
create policy staff on server_guest for select to berth_staff using (true);
create policy system on server_guest to berth_system using (true) with check (true);
grant select, delete on server_guest to berth_web;
grant update (permissions, expires_at, version, updated_at) on server_guest to berth_web;
grant select on server_guest to berth_staff;
grant select, insert, update, delete on server_guest to berth_system;
-- Names of guests, for those who manage them.
create policy web_guests on user_account for select to berth_web using (exists (
  select from server_guest g where g.user_id = user_account.id and g.tenant_id = berth_tenant()));

-- The server that a guest's transaction is bound to: the one that it says, and only while it is shared with who it says.
create function berth_server() returns uuid
  language sql stable security definer set search_path = public as $$
  select g.server_id from server_guest g
   where g.server_id = nullif(current_setting('berth.server_id', true), '')::uuid
     and g.user_id = berth_user() and g.tenant_id = berth_tenant()
$$;
revoke execute on function berth_server from public;
grant execute on function berth_server to berth_guest;

-- A guest's transaction runs in a role of its own, which sees nothing but what is named here. The subqueries make the
-- function run once a statement and not once a row.
grant select on location, size, egg, egg_version to berth_guest;

create policy guest on tenant for select to berth_guest
  using (id = berth_tenant() and (select berth_server()) is not null);
grant select (id, slug, name, status, status_reason) on tenant to berth_guest;

create policy guest on server to berth_guest
  using (tenant_id = berth_tenant() and id = (select berth_server()))
  with check (tenant_id = berth_tenant() and id = (select berth_server()));
grant select, update on server to berth_guest;

create policy guest on server_port for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select on server_port to berth_guest;

create policy guest on server_variable to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update, delete on server_variable to berth_guest;

create policy guest on server_event to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert on server_event to berth_guest;

create policy guest on server_egg to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update on server_egg to berth_guest;

create policy guest on console_visit to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert, update on console_visit to berth_guest;

create policy guest on usage_10s for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
create policy guest on usage_5m for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
create policy guest on usage_1h for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
create policy guest on usage_disk for select to berth_guest
  using (tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select on usage_10s, usage_5m, usage_1h, usage_disk to berth_guest;

create policy guest on operation to berth_guest
  using (tenant_id = berth_tenant() and target_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and target_id = (select berth_server()));
grant select, insert, update on operation to berth_guest;
create policy guest on operation_step for select to berth_guest
  using (exists (select from operation o where o.id = operation_id));
grant select on operation_step to berth_guest;

create policy guest on outbox to berth_guest
  using (tenant_id = berth_tenant() and target_id = (select berth_server()))
  with check (tenant_id = berth_tenant() and target_id = (select berth_server()));
grant select, insert on outbox to berth_guest;

-- They write what they did, in their own name, and read nothing.
create policy guest on audit_event for insert to berth_guest
  with check (tenant_id = berth_tenant() and actor_user_id = berth_user() and (select berth_server()) is not null);
grant insert on audit_event to berth_guest;

create policy guest on api_token to berth_guest
  using (user_id = berth_user() and server_id = (select berth_server()))
  with check (user_id = berth_user() and tenant_id = berth_tenant() and server_id = (select berth_server()));
grant select, insert on api_token to berth_guest;
grant update (revoked_at) on api_token to berth_guest;

grant execute on function idempotency_done to berth_guest;

-- What has to end together, whoever ends it: a guest's tokens with what they stand on.
create function guest_ended() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update api_token set revoked_at = now()
  where user_id = old.user_id and server_id = old.server_id and revoked_at is null;
  return null;
end $$;
revoke execute on function guest_ended from public;
create trigger guest_ended after delete on server_guest for each row execute function guest_ended();

-- A member is nobody's guest at home: what was given to them as one must not come back when their membership ends.
create function membership_began() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from server_guest where user_id = new.user_id and tenant_id = new.tenant_id;
  delete from one_time_link l using user_account u
  where u.id = new.user_id and l.email = u.email and l.tenant_id = new.tenant_id and l.purpose = 'guest'
    and l.used_at is null;
  return null;
end $$;
revoke execute on function membership_began from public;
create trigger membership_began after insert on membership for each row execute function membership_began();

-- Who asks, now with what is shared with them.
drop function token_owner(bytea, timestamptz);
create function token_owner(hash bytea, at timestamptz) returns table (
    id uuid, tenant_id uuid, scopes text[], last_used_at timestamptz, user_id uuid, name text, email text,
    staff_role text, membership json, guest json)
  language plpgsql stable security definer set search_path = public set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    select k.id, k.tenant_id, k.scopes, k.last_used_at, u.id, u.name, u.email, u.staff_role,
      (select json_build_object('tenant', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
          'suspended', case when t.status = 'suspended' then t.status_reason end)
       from membership m join tenant t on t.id = m.tenant_id
       where m.user_id = u.id and t.id = k.tenant_id and t.status <> 'closed' and k.server_id is null),
      (select json_build_object('tenant', t.id, 'slug', t.slug, 'name', t.name,
          'suspended', case when t.status = 'suspended' then t.status_reason end,
          'server', s.id, 'server_name', s.name, 'permissions', g.permissions)
       from server_guest g join server s on s.id = g.server_id join tenant t on t.id = g.tenant_id
       where g.user_id = u.id and g.server_id = k.server_id and t.id = k.tenant_id and t.id = s.tenant_id
         and t.status <> 'closed' and (g.expires_at is null or g.expires_at > at))
    from api_token k join user_account u on u.id = k.user_id
    where k.token_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > at)
      and u.disabled_at is null;
end $$;
revoke execute on function token_owner from public;
grant execute on function token_owner to berth;

drop function session_owner(bytea, timestamptz, timestamptz);
create function session_owner(hash bytea, at timestamptz, idle_since timestamptz) returns table (
    id uuid, last_seen_at timestamptz, user_id uuid, name text, email text, staff_role text, memberships json,
    guests json)
  language plpgsql stable security definer set search_path = public set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    select s.id, s.last_seen_at, u.id, u.name, u.email, u.staff_role,
      (select coalesce(json_agg(json_build_object('tenant', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
          'suspended', case when t.status = 'suspended' then t.status_reason end)
          order by lower(t.name), t.id), '[]')
       from membership m join tenant t on t.id = m.tenant_id
       where m.user_id = u.id and t.status <> 'closed'),
      (select coalesce(json_agg(json_build_object('tenant', t.id, 'slug', t.slug, 'name', t.name,
          'suspended', case when t.status = 'suspended' then t.status_reason end,
          'server', v.id, 'server_name', v.name, 'permissions', g.permissions)
          order by lower(v.name), v.id), '[]')
       from server_guest g join server v on v.id = g.server_id join tenant t on t.id = g.tenant_id
       where g.user_id = u.id and t.id = v.tenant_id and t.status <> 'closed'
         and (g.expires_at is null or g.expires_at > at))
    from session s join user_account u on u.id = s.user_id
    where s.token_hash = hash and s.expires_at > at and s.last_seen_at > idle_since and u.disabled_at is null;
end $$;
revoke execute on function session_owner from public;
grant execute on function session_owner to berth;
