-- Nearly every page asks what stands on top. A function in the language SQL is planned anew at each call; this one's plan is kept.
create or replace function storage_warning(out level smallint, out bytes bigint, out allowed bigint, out full_since timestamptz,
    out policy text, out grace_days int)
  returns setof record language plpgsql stable security definer set search_path = public as $$
#variable_conflict use_column
begin
  if nullif(current_setting('berth.server_id', true), '') is not null then
    return;
  end if;
  return query
    select t.level, t.bytes, p.max_disk_mib * 1048576, t.full_since, coalesce(o.policy, 'block'), coalesce(o.grace_days, 7)
      from storage_total t join tenant n on n.id = t.tenant_id join plan p on p.id = n.plan_id
      left join plan_overuse o on o.plan_id = p.id
     where t.tenant_id = berth_tenant() and t.level > 0;
end $$;

-- Pages call it only where something stands. They ask the same of everybody; guests have no policy here, and so no row.
grant select (tenant_id, level) on storage_total to berth_guest;
