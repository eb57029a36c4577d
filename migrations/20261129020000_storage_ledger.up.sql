-- The ledger: what each thing of a tenant holds now, what all of them hold together, and how that came to be. A row of the
-- history is a step in which something changed, with what it was before: so nothing is written while nothing changes, and what
-- was at any moment is known from the next change after it.
create table storage_use (
  tenant_id uuid not null references tenant on delete cascade,
  kind text not null check (kind in ('server', 'volume', 'snapshot', 'backup', 'mail')),
  -- The thing: a server's id, a volume's, …
  subject uuid not null,
  bytes bigint not null check (bytes >= 0),
  changed_at timestamptz not null,
  primary key (tenant_id, kind, subject)
);
create index storage_use_size on storage_use (tenant_id, bytes desc, kind, subject);

-- One row a tenant: what counts against its plan, and how that was judged last.
create table storage_total (
  tenant_id uuid primary key references tenant on delete cascade,
  bytes bigint not null default 0 check (bytes >= 0),
  changed_at timestamptz not null,
  -- The warning that stands, in percent.
  level smallint not null default 0 check (level in (0, 80, 90, 100)),
  full_since timestamptz,
  -- When it was suspended for its use; null if it was not, or no longer is.
  suspended_at timestamptz,
  -- What the last verdict was about. What differs from it is judged anew.
  judged text not null default '',
  look_at timestamptz
);

-- What was told, and from when until when it held. `mailed_at` is for whoever will send mail.
create table storage_notice (
  id uuid primary key,
  tenant_id uuid not null references tenant on delete cascade,
  level smallint not null check (level in (80, 90, 100)),
  bytes bigint not null,
  allowed bigint not null,
  at timestamptz not null,
  ended_at timestamptz,
  mailed_at timestamptz
);
create index storage_notice_at on storage_notice (tenant_id, at desc, id desc);

-- What happens when a tenant of a plan is over its disk. A plan without a row blocks.
create table plan_overuse (
  plan_id uuid primary key references plan on delete cascade,
  policy text not null check (policy in ('block', 'notify', 'suspend', 'allow', 'allow_and_notify')),
  grace_days int not null check (grace_days between 1 and 90),
  version bigint not null default 1,
  updated_at timestamptz not null
);

-- The history, an hour a row for a month and a day a row for two years. The kind 'all' is what counts against the plan, with
-- the tenant as subject. `before` is null where nothing was known.
create table storage_hour (
  tenant_id uuid not null,
  kind text not null check (kind in ('server', 'volume', 'snapshot', 'backup', 'mail', 'all')),
  subject uuid not null,
  at timestamptz not null,
  before bigint,
  bytes bigint not null,
  peak bigint not null,
  primary key (tenant_id, kind, subject, at)
) partition by range (at);
create table storage_day (like storage_hour including all) partition by range (at);

alter table storage_use enable row level security;
alter table storage_total enable row level security;
alter table storage_notice enable row level security;
alter table plan_overuse enable row level security;
alter table storage_hour enable row level security;
alter table storage_day enable row level security;

create policy web on storage_use for select to berth_web using (tenant_id = berth_tenant());
create policy staff on storage_use for select to berth_staff using (true);
create policy system on storage_use to berth_system using (true) with check (true);
create policy web on storage_total for select to berth_web using (tenant_id = berth_tenant());
create policy staff on storage_total for select to berth_staff using (true);
create policy system on storage_total to berth_system using (true) with check (true);
create policy web on storage_notice for select to berth_web using (tenant_id = berth_tenant());
create policy staff on storage_notice for select to berth_staff using (true);
create policy system on storage_notice to berth_system using (true) with check (true);
create policy web on plan_overuse for select to berth_web using (true);
create policy staff on plan_overuse to berth_staff using (true) with check (true);
create policy system on plan_overuse to berth_system using (true) with check (true);
create policy web on storage_hour for select to berth_web using (tenant_id = berth_tenant());
create policy staff on storage_hour for select to berth_staff using (true);
create policy system on storage_hour to berth_system using (true) with check (true);
create policy web on storage_day for select to berth_web using (tenant_id = berth_tenant());
create policy staff on storage_day for select to berth_staff using (true);
create policy system on storage_day to berth_system using (true) with check (true);
grant select on storage_use, storage_total, storage_notice, plan_overuse, storage_hour, storage_day to berth_web, berth_staff;
grant insert, update on plan_overuse to berth_staff;
grant select, insert, update, delete on storage_use, storage_total, storage_notice, storage_hour, storage_day to berth_system;
grant select on plan_overuse to berth_system;

-- The warning that stands for the tenant of this transaction. Guests, whose role may not read the tables, get none.
create function storage_warning(out level smallint, out bytes bigint, out allowed bigint, out full_since timestamptz,
    out policy text, out grace_days int)
  returns setof record language sql stable security definer set search_path = public as $$
  select t.level, t.bytes, p.max_disk_mib * 1048576, t.full_since, coalesce(o.policy, 'block'), coalesce(o.grace_days, 7)
    from storage_total t join tenant n on n.id = t.tenant_id join plan p on p.id = n.plan_id
    left join plan_overuse o on o.plan_id = p.id
   where t.tenant_id = berth_tenant() and t.level > 0
     and nullif(current_setting('berth.server_id', true), '') is null
$$;
revoke execute on function storage_warning from public;
grant execute on function storage_warning to berth_web, berth_guest, berth_staff;

-- The same as before, for the ledger's tables, too.
create or replace function usage_parts(parent text, step text, from_at timestamptz, to_at timestamptz, forget_before timestamptz)
  returns int language plpgsql security definer set search_path = public set timezone = 'UTC' set lock_timeout = '5s' as $$
declare
  begins timestamptz := date_trunc(step, from_at);
  ends timestamptz;
  part text;
  changed int := 0;
begin
  if parent not in ('usage_10s', 'usage_5m', 'usage_1h', 'storage_hour', 'storage_day') then
    raise exception 'no such table of usage: %', parent;
  end if;
  -- Two panels that start at once wait for each other here.
  perform pg_advisory_xact_lock(hashtextextended(parent, 3));
  while begins < to_at loop
    ends := begins + ('1 ' || step)::interval;
    part := parent || '_p' || to_char(begins, 'YYYYMMDDHH24');
    if to_regclass(part) is null then
      execute format('create table %I (like %I including defaults including constraints)', part, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, begins, ends);
      execute format('alter table %I enable row level security', part);
      changed := changed + 1;
    end if;
    begins := ends;
  end loop;
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = parent::regclass
       and to_timestamp(right(c.relname, 10), 'YYYYMMDDHH24') + ('1 ' || step)::interval <= forget_before
  loop
    execute format('drop table %I', part);
    changed := changed + 1;
  end loop;
  return changed;
end $$;

-- Sees that a moment can be written, whoever comes first. What is usual is only looked up.
create function storage_room(moment timestamptz) returns void
  language plpgsql security definer set search_path = public set timezone = 'UTC' as $$
begin
  if to_regclass('storage_hour_p' || to_char(date_trunc('day', moment), 'YYYYMMDDHH24')) is null
    or to_regclass('storage_day_p' || to_char(date_trunc('month', moment), 'YYYYMMDDHH24')) is null then
    perform usage_parts('storage_hour', 'day', moment, moment + interval '1 second', '-infinity');
    perform usage_parts('storage_day', 'month', moment, moment + interval '1 second', '-infinity');
  end if;
end $$;
revoke execute on function storage_room from public;
grant execute on function storage_room to berth_system;
