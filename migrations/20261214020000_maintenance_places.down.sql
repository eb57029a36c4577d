-- Without its rack or site it would be maintenance of everything.
delete from maintenance where site is not null;
create or replace function status_read(which uuid, moment timestamptz) returns json
  language sql stable set search_path = public, pg_temp as $$
  with page as (
    select * from status_page where id = which
  ), shown as (
    -- A server that is gone or somebody else's now is left out; on a public page of the provider there are none.
    select c.id, c.name, c.note, c.position, c.target, c.server_id, p.tenant_id, coalesce(c.location_id, s.location_id) as location_id,
      case when c.target = 'server' then greatest(s.created_at, (select v.moved_at from server_move v where v.server_id = s.id))
        else c.created_at end as since
    from status_component c join page p on p.id = c.page_id
      left join server s on s.id = c.server_id and s.deleted_at is null and (p.tenant_id is null or s.tenant_id = p.tenant_id)
    where c.target <> 'server' or (s.id is not null and (p.tenant_id is not null or p.visibility = 'staff'))
  ), span as (
    select c.id, case when i.signature in ('unhealthy', 'disk_full', 'cpu', 'memory', 'certificate') then 'degraded' else 'outage' end
        as state, false as is_override, x.began_at, x.ended_at
      from shown c join incident i on i.server_id = c.server_id and (c.tenant_id is null or i.tenant_id = c.tenant_id)
        join incident_span x on x.incident_id = i.id
      where c.target = 'server'
    union all
    -- What the provider has there: an engine that is away, servers that failed together. One tenant's own trouble is none of it.
    select c.id, 'outage', false, x.began_at, x.ended_at
      from shown c join incident i on i.server_id is null and i.tenant_id is null and (i.location_id = c.location_id
          or (i.location_id is null and exists (select from incident k where k.parent_id = i.id and k.location_id = c.location_id)))
        join incident_span x on x.incident_id = i.id
      where c.target = 'location'
    union all
    select c.id, 'outage', false, x.began_at, x.ended_at
      from shown c join incident i on i.cause = 'mail:service' join incident_span x on x.incident_id = i.id
      where c.target = 'mail'
    union all
    select c.id, 'outage', false, g.began_at, g.ended_at from shown c cross join panel_gap g where c.target = 'panel'
    union all
    select c.id, 'maintenance', false, r.begins_at, r.ends_at
      from maintenance_run r join maintenance m on m.id = r.maintenance_id
        join shown c on m.server_id = c.server_id or m.location_id = c.location_id or (m.server_id is null and m.location_id is null)
      where r.cancelled_at is null
    union all
    select c.id, o.state, true, o.begins_at, o.ends_at from shown c join status_override o on o.component_id = c.id
  ), spans as (
    select id, json_agg(json_build_object('state', state, 'is_override', is_override, 'began', began_at, 'ended', ended_at)) as all_of_it
      from span
      where began_at <= moment and (ended_at is null or ended_at > moment - interval '90 days')
      group by id
  ), post as (
    select o.id, o.began_at, json_build_object('id', o.id, 'title', o.title, 'state', o.state, 'began', o.began_at,
        'resolved', o.resolved_at,
        'components', (select coalesce(json_agg(c.id order by c.position, c.id), '[]') from shown c where c.id = any(o.component_ids)),
        'updates', (select coalesce(json_agg(json_build_object('at', u.at, 'state', u.state, 'body', u.body)
          order by u.at desc, u.id desc), '[]') from status_update u where u.post_id = o.id)) as all_of_it
      from status_post o
      where o.page_id = which and (o.resolved_at is null or o.resolved_at > moment - interval '90 days')
      order by o.began_at desc, o.id desc limit 50
  ), announced as (
    -- A tenant's readers are told when; what the provider wrote to the tenant is the tenant's.
    select r.begins_at, m.id, json_build_object('begins', r.begins_at, 'ends', r.ends_at,
        'announced', r.begins_at - make_interval(hours => m.lead_hours),
        'title', case when p.tenant_id is null then m.title end, 'body', case when p.tenant_id is null then m.body end,
        'components', json_agg(c.id order by c.position, c.id)) as all_of_it
      from page p cross join maintenance_run r join maintenance m on m.id = r.maintenance_id
        join shown c on m.server_id = c.server_id or m.location_id = c.location_id or (m.server_id is null and m.location_id is null)
      where r.cancelled_at is null and r.ends_at > moment and r.begins_at <= moment + make_interval(hours => m.lead_hours)
      group by p.tenant_id, r.begins_at, r.ends_at, m.id
      order by r.begins_at, m.id limit 50
  )
  select json_build_object('id', p.id, 'slug', p.slug, 'title', p.title, 'intro', p.intro,
    'components', (select coalesce(json_agg(json_build_object('id', c.id, 'name', c.name, 'note', c.note, 'since', c.since,
      'spans', coalesce(s.all_of_it, '[]')) order by c.position, c.id), '[]') from shown c left join spans s on s.id = c.id),
    'posts', (select coalesce(json_agg(all_of_it order by began_at desc, id desc), '[]') from post),
    'windows', (select coalesce(json_agg(all_of_it order by begins_at, id), '[]') from announced))
  from page p
$$;
create or replace function maintenance_periods(wanted uuid[], begins timestamptz, ends timestamptz)
  returns table (server uuid, begins_at timestamptz, ends_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select distinct h.server, r.begins_at, r.ends_at
    from server_past h
      join maintenance m on m.server_id = h.server or m.location_id = h.location_id or (m.server_id is null and m.location_id is null)
      join maintenance_run r on r.maintenance_id = m.id
   where h.server = any(wanted) and (berth_tenant() is null or h.tenant_id = berth_tenant())
     and r.cancelled_at is null and r.begins_at < ends and r.ends_at > begins
$$;
alter policy web on maintenance_run using (exists (select from maintenance m where m.id = maintenance_id));
alter policy web on maintenance
  using ((location_id is null and server_id is null) or exists (select from server s
    where s.tenant_id = berth_tenant() and s.deleted_at is null
      and (s.id = maintenance.server_id or s.location_id = maintenance.location_id)));
drop function maintenance_reaches;
drop view maintenance_stood;
drop table location_stood;
alter table maintenance drop constraint maintenance_place, drop column rack, drop column room, drop column site;
