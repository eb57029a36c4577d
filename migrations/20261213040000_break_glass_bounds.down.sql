drop function session_owner(bytea, timestamptz, timestamptz);
create function session_owner(hash bytea, at timestamptz, idle_since timestamptz) returns table (
    id uuid, last_seen_at timestamptz, user_id uuid, name text, email text, staff_role text, memberships json,
    guests json)
  language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
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

delete from break_glass_use where part = 'archive';
delete from break_glass where parts = array['archive'];
alter table break_glass_use
  drop constraint break_glass_use_part_check,
  add constraint break_glass_use_part_check check (part in ('console', 'files', 'mail'));
update break_glass set parts = array_remove(parts, 'archive') where 'archive' = any(parts);
update break_glass set ended_by = 'staff' where ended_by = 'left';
alter table break_glass
  drop column session_id,
  drop constraint break_glass_ended_by_check,
  add constraint break_glass_ended_by_check check (ended_by in ('staff', 'time')),
  drop constraint break_glass_parts_check,
  add constraint break_glass_parts_check check (cardinality(parts) > 0 and parts <@ array['console', 'files', 'mail']);
