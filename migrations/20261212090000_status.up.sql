-- Status pages: what people may know of how services are, without signing in or as members. States are never kept: they follow from
-- incidents, maintenance and overrides, each of which has its times.
create table status_page (
  id uuid primary key,
  -- Whose; null for the provider's.
  tenant_id uuid constraint status_page_tenant_key unique references tenant on delete cascade,
  slug text not null constraint status_page_slug_key unique check (slug ~ '^[a-z0-9][a-z0-9-]{2,62}$'),
  title text not null check (char_length(title) between 1 and 80),
  intro text not null check (char_length(intro) <= 500),
  visibility text not null,
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (visibility = 'public' or visibility = case when tenant_id is null then 'staff' else 'members' end)
);
create index status_page_created on status_page (created_at desc, id desc);

create table status_component (
  id uuid primary key,
  page_id uuid not null references status_page on delete cascade,
  -- What readers call it: nothing else of what it stands for is told.
  name text not null check (char_length(name) between 1 and 60),
  note text not null check (char_length(note) <= 200),
  target text not null check (target in ('panel', 'mail', 'location', 'server')),
  location_id uuid references location on delete cascade,
  server_id uuid references server on delete cascade,
  position int not null check (position between 0 and 999),
  created_at timestamptz not null,
  check ((target = 'location') = (location_id is not null)),
  check ((target = 'server') = (server_id is not null))
);
create index status_component_page on status_component (page_id, position, id);
create index status_component_server on status_component (server_id) where server_id is not null;
create index status_component_location on status_component (location_id) where location_id is not null;

-- What somebody says against what was seen, until a time.
create table status_override (
  component_id uuid not null references status_component on delete cascade,
  begins_at timestamptz not null,
  ends_at timestamptz not null check (ends_at >= begins_at),
  state text not null check (state in ('operational', 'maintenance', 'degraded', 'outage')),
  reason text not null check (char_length(reason) between 1 and 200),
  set_by text not null,
  primary key (component_id, begins_at)
);

create table status_post (
  id uuid primary key,
  page_id uuid not null references status_page on delete cascade,
  title text not null check (char_length(title) between 1 and 120),
  state text not null check (state in ('investigating', 'identified', 'monitoring', 'resolved')),
  component_ids uuid[] not null,
  began_at timestamptz not null,
  resolved_at timestamptz,
  check ((state = 'resolved') = (resolved_at is not null))
);
create index status_post_page on status_post (page_id, began_at desc, id desc);

create table status_update (
  id uuid primary key,
  post_id uuid not null references status_post on delete cascade,
  at timestamptz not null,
  state text not null,
  body text not null check (char_length(body) between 1 and 4000),
  written_by text not null
);
create index status_update_post on status_update (post_id, at desc, id desc);

-- When a panel was last known to live, and when none did: nobody else could say so.
create table panel_beat (
  is_one boolean primary key default true check (is_one),
  at timestamptz not null
);
create table panel_gap (
  began_at timestamptz primary key,
  ended_at timestamptz not null check (ended_at > began_at)
);

alter table status_page enable row level security;
alter table status_component enable row level security;
alter table status_override enable row level security;
alter table status_post enable row level security;
alter table status_update enable row level security;
alter table panel_beat enable row level security;
alter table panel_gap enable row level security;

-- Staff see all of them and change the provider's. What hangs on a page is whoever's the page is: the inner question is bound, too.
create policy web on status_page to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy web on status_component to berth_web
  using (exists (select from status_page p where p.id = page_id and p.tenant_id = berth_tenant()))
  with check (exists (select from status_page p where p.id = page_id and p.tenant_id = berth_tenant()));
create policy web on status_override to berth_web using (exists (select from status_component c where c.id = component_id))
  with check (exists (select from status_component c where c.id = component_id));
create policy web on status_post to berth_web
  using (exists (select from status_page p where p.id = page_id and p.tenant_id = berth_tenant()))
  with check (exists (select from status_page p where p.id = page_id and p.tenant_id = berth_tenant()));
create policy web on status_update to berth_web using (exists (select from status_post o where o.id = post_id))
  with check (exists (select from status_post o where o.id = post_id));
create policy staff on status_page to berth_staff using (true) with check (tenant_id is null);
create policy staff on status_component to berth_staff using (true)
  with check (exists (select from status_page p where p.id = page_id and p.tenant_id is null));
create policy staff on status_override to berth_staff using (true)
  with check (exists (select from status_component c join status_page p on p.id = c.page_id
    where c.id = component_id and p.tenant_id is null));
create policy staff on status_post to berth_staff using (true)
  with check (exists (select from status_page p where p.id = page_id and p.tenant_id is null));
create policy staff on status_update to berth_staff using (true)
  with check (exists (select from status_post o join status_page p on p.id = o.page_id where o.id = post_id and p.tenant_id is null));
create policy system on status_page to berth_system using (true) with check (true);
create policy system on status_component to berth_system using (true) with check (true);
create policy system on status_override to berth_system using (true) with check (true);
create policy system on status_post to berth_system using (true) with check (true);
create policy system on status_update to berth_system using (true) with check (true);
create policy system on panel_beat to berth_system using (true) with check (true);
create policy system on panel_gap to berth_system using (true) with check (true);
grant select, insert, update, delete on status_page, status_component, status_override, status_post
  to berth_web, berth_staff, berth_system;
grant select, insert on status_update to berth_web, berth_staff;
grant select, insert, update, delete on status_update, panel_beat, panel_gap to berth_system;

-- All that a page tells at a moment, and nothing else of what it rests on: no cause, no summary, no id but those of its own parts.
-- Called by the three functions below only, each of which says which page its caller may read.
create function status_read(which uuid, moment timestamptz) returns json
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

-- What the world may read.
create function public_status(name text, moment timestamptz) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select status_read(p.id, $2) from status_page p left join tenant t on t.id = p.tenant_id
   where p.slug = $1 and p.visibility = 'public' and (p.tenant_id is null or t.status <> 'closed')
$$;

-- What members may read: their own.
create function members_status(moment timestamptz) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select status_read(p.id, $1) from status_page p where p.tenant_id = berth_tenant()
$$;

-- What staff and the export may read.
create function staff_status(which uuid, moment timestamptz) returns json
  language sql stable security definer set search_path = public, pg_temp as $$
  select status_read(p.id, $2) from status_page p where p.id = $1
$$;

revoke execute on function status_read, public_status, members_status, staff_status from public;
grant execute on function public_status to berth;
grant execute on function members_status to berth_web;
grant execute on function staff_status to berth_staff, berth_system;
