-- What held when, so that each moment is judged by what held then and not by what holds now: which policy a plan had, which plan and
-- status a tenant had, and whose a server was and whether it should have run. A row holds until the next one; none is changed later.
create table plan_sla_past (
  plan_id uuid not null references plan on delete cascade,
  since timestamptz not null,
  -- Null: nothing was promised.
  policy_id uuid references sla_policy,
  primary key (plan_id, since)
);
create index plan_sla_past_policy on plan_sla_past (policy_id);

create table tenant_past (
  tenant_id uuid not null references tenant on delete cascade,
  since timestamptz not null,
  plan_id uuid not null references plan,
  status text not null,
  primary key (tenant_id, since)
);
create index tenant_past_plan on tenant_past (plan_id);

-- The server's column has no name by which its rows would go along when it moves: they say whose it was. It stays when the server is gone.
create table server_past (
  tenant_id uuid not null references tenant on delete cascade,
  server uuid not null,
  since timestamptz not null,
  location_id uuid not null,
  name text not null,
  -- Whether it should run: it is there, not suspended, and wished to, or stopped by Berth because it ended too often.
  is_wanted boolean not null,
  primary key (tenant_id, server, since)
);
create index server_past_server on server_past (server);

alter table plan_sla_past enable row level security;
alter table tenant_past enable row level security;
alter table server_past enable row level security;
create policy staff on plan_sla_past to berth_staff using (true) with check (true);
create policy system on plan_sla_past for select to berth_system using (true);
create policy web on tenant_past for select to berth_web using (tenant_id = berth_tenant());
create policy staff on tenant_past for select to berth_staff using (true);
create policy system on tenant_past for select to berth_system using (true);
create policy web on server_past for select to berth_web using (tenant_id = berth_tenant());
create policy staff on server_past for select to berth_staff using (true);
create policy system on server_past for select to berth_system using (true);
-- Updated only where two changes are made at one moment. The others are written by triggers.
grant select, insert, update on plan_sla_past to berth_staff;
grant select on plan_sla_past to berth_system;
grant select on tenant_past, server_past to berth_web, berth_staff, berth_system;

-- What is known: what is now, and since when where that is written.
insert into plan_sla_past (plan_id, since, policy_id) select plan_id, since, policy_id from plan_sla;
insert into tenant_past (tenant_id, since, plan_id, status) select id, created_at, plan_id, 'active' from tenant;
insert into tenant_past (tenant_id, since, plan_id, status)
  select id, greatest(status_at, created_at), plan_id, status from tenant where status <> 'active'
  on conflict (tenant_id, since) do update set status = excluded.status;
insert into server_past (tenant_id, server, since, location_id, name, is_wanted)
  select t.id, s.id, s.created_at, s.location_id, s.name, true
    from server s join server_move m on m.server_id = s.id join tenant t on t.id = m.from_tenant_id
   where m.moved_at > s.created_at and m.from_tenant_id <> s.tenant_id;
insert into server_past (tenant_id, server, since, location_id, name, is_wanted)
  select t.id, s.id, m.moved_at, s.location_id, s.name, false
    from server s join server_move m on m.server_id = s.id join tenant t on t.id = m.from_tenant_id
   where m.moved_at > s.created_at and m.from_tenant_id <> s.tenant_id;
insert into server_past (tenant_id, server, since, location_id, name, is_wanted)
  select s.tenant_id, s.id, greatest(s.created_at, m.moved_at), s.location_id, s.name, true
    from server s left join server_move m on m.server_id = s.id;
insert into server_past (tenant_id, server, since, location_id, name, is_wanted)
  select s.tenant_id, s.id, greatest(s.created_at, m.moved_at, coalesce(s.deleted_at, s.suspended_at, now())), s.location_id, s.name, false
    from server s left join server_move m on m.server_id = s.id
   where s.deleted_at is not null or s.suspended_at is not null or (s.power <> 'running' and s.stop_reason is null)
  on conflict (tenant_id, server, since) do update set is_wanted = excluded.is_wanted;

-- A tenant's plan and status from now on. Where it is closed or is back, somebody has to look at its clocks, which stand still in between.
create function tenant_past_keep() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into tenant_past (tenant_id, since, plan_id, status)
    values (new.id, greatest(new.updated_at, new.status_at), new.plan_id, new.status)
    on conflict (tenant_id, since) do update set plan_id = excluded.plan_id, status = excluded.status;
  if tg_op = 'UPDATE' and (old.status = 'closed') <> (new.status = 'closed') then
    update ticket_clock set next_at = new.updated_at where tenant_id = new.id and met_at is null;
  end if;
  return null;
end $$;
revoke execute on function tenant_past_keep from public;
create trigger tenant_past_begin after insert on tenant for each row execute function tenant_past_keep();
create trigger tenant_past_change after update of plan_id, status on tenant for each row
  when ((old.plan_id, old.status) is distinct from (new.plan_id, new.status)) execute function tenant_past_keep();

create function server_past_add(which uuid, of_tenant uuid, place uuid, called text, wanted boolean, at timestamptz) returns void
  language plpgsql set search_path = public, pg_temp as $$
declare
  newest server_past;
begin
  select * into newest from server_past p where p.tenant_id = of_tenant and p.server = which order by p.since desc limit 1;
  if found and newest.name = called and newest.is_wanted = wanted then
    return;
  end if;
  insert into server_past (tenant_id, server, since, location_id, name, is_wanted)
    values (of_tenant, which, greatest(at, newest.since), place, called, wanted)
    on conflict (tenant_id, server, since)
      do update set location_id = excluded.location_id, name = excluded.name, is_wanted = excluded.is_wanted;
end $$;

create function server_past_keep() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform server_past_add(old.id, old.tenant_id, old.location_id, old.name, false, coalesce(old.deleted_at, old.updated_at));
    return null;
  end if;
  if tg_op = 'UPDATE' then
    if old.tenant_id <> new.tenant_id then
      perform server_past_add(old.id, old.tenant_id, old.location_id, old.name, false, new.updated_at);
    end if;
  end if;
  perform server_past_add(new.id, new.tenant_id, new.location_id, new.name,
    new.deleted_at is null and new.suspended_at is null and (new.power = 'running' or new.stop_reason is not null),
    greatest(new.updated_at, new.suspended_at, new.deleted_at));
  return null;
end $$;
revoke execute on function server_past_add, server_past_keep from public;
create trigger server_past_ends after insert or delete on server for each row execute function server_past_keep();
create trigger server_past_change after update of tenant_id, name, power, stop_reason, suspended_at, deleted_at on server for each row
  when ((old.tenant_id, old.name, old.power, old.stop_reason, old.suspended_at, old.deleted_at)
    is distinct from (new.tenant_id, new.name, new.power, new.stop_reason, new.suspended_at, new.deleted_at))
  execute function server_past_keep();

-- What was promised to a tenant in a time: each policy's version as long as it held, in order. Nothing while it was closed. Of another
-- tenant than its own nobody is told anything.
create function sla_held(whose uuid, begins timestamptz, ends timestamptz)
  returns table (began_at timestamptz, ended_at timestamptz, policy_id uuid, version bigint, terms jsonb)
  language sql stable security definer set search_path = public, pg_temp as $$
  with tenancy as (
    select h.plan_id, h.status, h.since, lead(h.since, 1, 'infinity'::timestamptz) over (order by h.since) as until
      from tenant_past h where h.tenant_id = whose
  ), chosen as (
    select h.plan_id, h.policy_id, h.since,
        lead(h.since, 1, 'infinity'::timestamptz) over (partition by h.plan_id order by h.since) as until
      from plan_sla_past h where h.plan_id in (select t.plan_id from tenancy t)
  ), said as (
    -- The first version says what a policy says from its beginning.
    select v.policy_id, v.version, v.terms,
        case when v.version = 1 then '-infinity'::timestamptz else v.created_at end as since,
        lead(v.created_at, 1, 'infinity'::timestamptz) over (partition by v.policy_id order by v.version) as until
      from sla_policy_version v where v.policy_id in (select c.policy_id from chosen c)
  )
  select greatest(t.since, c.since, v.since, begins), least(t.until, c.until, v.until, ends), v.policy_id, v.version, v.terms
    from tenancy t join chosen c on c.plan_id = t.plan_id join said v on v.policy_id = c.policy_id
   where t.status <> 'closed' and (berth_tenant() is null or berth_tenant() = whose)
     and greatest(t.since, c.since, v.since, begins) < least(t.until, c.until, v.until, ends)
   order by 1
$$;

-- When there was maintenance of servers, also of those that are elsewhere or gone by now: row security knows only where a tenant's
-- servers are at present, so customers would be shown other figures than staff.
create function maintenance_periods(wanted uuid[], begins timestamptz, ends timestamptz)
  returns table (server uuid, begins_at timestamptz, ends_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select distinct h.server, r.begins_at, r.ends_at
    from server_past h
      join maintenance m on m.server_id = h.server or m.location_id = h.location_id or (m.server_id is null and m.location_id is null)
      join maintenance_run r on r.maintenance_id = m.id
   where h.server = any(wanted) and (berth_tenant() is null or h.tenant_id = berth_tenant())
     and r.cancelled_at is null and r.begins_at < ends and r.ends_at > begins
$$;
revoke execute on function sla_held, maintenance_periods from public;
grant execute on function sla_held, maintenance_periods to berth_web, berth_staff, berth_system;
