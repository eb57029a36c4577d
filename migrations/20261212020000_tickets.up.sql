-- Tickets, and the two logs of each: what was written and what happened. They only grow: no role may delete any of it, and it goes
-- with its tenant alone. What hangs on a ticket has the ticket's tenant, which is null while it is in triage.
create table ticket (
  id uuid primary key,
  -- What people call it by, one row of numbers for the whole installation.
  number bigint not null generated always as identity constraint ticket_number_key unique,
  tenant_id uuid references tenant on delete cascade,
  subject text not null check (char_length(subject) between 1 and 200),
  severity text not null check (severity in ('p1', 'p2', 'p3', 'p4')),
  state text not null default 'new' check (state in
    ('new', 'acknowledged', 'in_progress', 'waiting_customer', 'waiting_provider', 'resolved', 'closed', 'reopened')),
  is_open boolean not null generated always as (state not in ('resolved', 'closed')) stored,
  source text not null check (source in ('customer', 'staff', 'breakdown', 'mail')),
  -- People go, in the end of their last organisation before its tickets do; what they were called stays in the logs.
  assignee_id uuid references user_account on delete set null,
  team text,
  tags text[] not null default '{}',
  opened_by uuid references user_account on delete set null,
  opened_at timestamptz not null,
  -- When something happened in it last.
  changed_at timestamptz not null,
  resolved_at timestamptz,
  closed_at timestamptz,
  -- What was promised and is due next, as the SLA's clocks say.
  due_at timestamptz,
  due_what text,
  -- One of the triage may go on in one of a tenant, which goes with that.
  merged_into uuid references ticket on delete set null,
  -- Counts what people change, for ETag and If-Match.
  version bigint not null default 1,
  -- Punctuation parts words, as it does in what is looked for (tickets::model::search).
  words tsvector not null generated always as
    (to_tsvector('simple'::regconfig, translate(subject, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)))) stored,
  constraint ticket_tenant_key unique (tenant_id, id),
  check ((due_at is null) = (due_what is null)),
  check (merged_into <> id)
);
-- Pages are by key, so each order has an index that gives it: of a tenant, of all, and of those that are open. There are few of the
-- last, whatever was closed in the years before.
create index ticket_tenant_changed on ticket (tenant_id, changed_at desc, id desc);
create index ticket_tenant_opened on ticket (tenant_id, opened_at desc, id desc);
create index ticket_changed on ticket (changed_at desc, id desc);
create index ticket_opened on ticket (opened_at desc, id desc);
create index ticket_open_changed on ticket (changed_at desc, id desc) where is_open;
create index ticket_open_opened on ticket (opened_at desc, id desc) where is_open;
create index ticket_open_due on ticket ((coalesce(due_at, '9999-12-31 23:59:59+00'::timestamptz)), id) where is_open;
create index ticket_open_severity on ticket (severity, opened_at, id) where is_open;
create index ticket_open_assignee on ticket (assignee_id, changed_at desc, id desc) where is_open and assignee_id is not null;
create index ticket_open_team on ticket (team, changed_at desc, id desc) where is_open and team is not null;
create index ticket_assignee on ticket (assignee_id) where assignee_id is not null;
create index ticket_opened_by on ticket (opened_by) where opened_by is not null;
create index ticket_resolved on ticket (resolved_at) where state = 'resolved';
create index ticket_triage on ticket (changed_at desc, id desc) where tenant_id is null;
create index ticket_tags on ticket using gin (tags) with (fastupdate = off);
create index ticket_words on ticket using gin (words) with (fastupdate = off);

-- What a ticket is about. The thing may go; what it was called stays.
create table ticket_about (
  ticket_id uuid not null references ticket on delete cascade,
  position int not null,
  tenant_id uuid,
  server_id uuid references server on delete set null,
  mailbox_id uuid references mailbox on delete set null,
  domain_id uuid references mail_domain on delete set null,
  label text not null,
  primary key (ticket_id, position),
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade,
  check (num_nonnulls(server_id, mailbox_id, domain_id) <= 1)
);
create index ticket_about_server on ticket_about (server_id) where server_id is not null;
create index ticket_about_mailbox on ticket_about (mailbox_id) where mailbox_id is not null;
create index ticket_about_domain on ticket_about (domain_id) where domain_id is not null;

-- What was written.
create table ticket_post (
  id uuid primary key,
  -- In which order: several are written at one time.
  place bigint not null generated always as identity,
  ticket_id uuid not null references ticket on delete cascade,
  tenant_id uuid,
  kind text not null check (kind in ('reply', 'note', 'system', 'evidence')),
  -- Whether the tenant reads it. Notes and evidence it never does, whatever code says.
  is_public boolean not null check (not is_public or kind in ('reply', 'system')),
  body text not null check (char_length(body) between 1 and 65536),
  side text not null check (side in ('customer', 'staff', 'system')),
  author_id uuid references user_account on delete set null,
  author_name text not null,
  -- Where it came from, if it came by mail.
  address text,
  created_at timestamptz not null,
  words tsvector not null generated always as
    (to_tsvector('simple'::regconfig, translate(body, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)))) stored,
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade
);
create index ticket_post_ticket on ticket_post (ticket_id, place);
create index ticket_post_author on ticket_post (author_id) where author_id is not null;
create index ticket_post_words on ticket_post using gin (words) with (fastupdate = off);

-- What happened.
create table ticket_event (
  id bigint primary key generated always as identity,
  ticket_id uuid not null references ticket on delete cascade,
  tenant_id uuid,
  at timestamptz not null,
  kind text not null,
  data jsonb,
  actor_id uuid references user_account on delete set null,
  actor_name text not null,
  is_public boolean not null,
  -- Whether the other parts were told (tickets::follow).
  followed boolean not null default false,
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade
);
create index ticket_event_ticket on ticket_event (ticket_id, id);
create index ticket_event_actor on ticket_event (actor_id) where actor_id is not null;
create index ticket_event_new on ticket_event (ticket_id) where not followed;

-- Who is told what happens, besides whoever opened it.
create table ticket_watcher (
  ticket_id uuid not null references ticket on delete cascade,
  tenant_id uuid,
  address text not null check (address = lower(address) and char_length(address) <= 254),
  user_id uuid references user_account on delete cascade,
  -- They are told of what is internal, too, and the tenant does not see them.
  is_staff boolean not null,
  added_at timestamptz not null,
  primary key (ticket_id, address),
  foreign key (tenant_id, ticket_id) references ticket (tenant_id, id) on delete cascade
);

create index ticket_watcher_user on ticket_watcher (user_id) where user_id is not null;

alter table ticket enable row level security;
alter table ticket_about enable row level security;
alter table ticket_post enable row level security;
alter table ticket_event enable row level security;
alter table ticket_watcher enable row level security;

create policy web on ticket to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on ticket to berth_staff using (true) with check (true);
create policy system on ticket to berth_system using (true) with check (true);
-- A person of a tenant opens, answers, resolves and reopens. What else there is of a ticket is staff's.
grant select on ticket to berth_web;
grant insert (id, tenant_id, subject, severity, source, opened_by, opened_at, changed_at) on ticket to berth_web;
grant update (state, changed_at, resolved_at, closed_at, version) on ticket to berth_web;
grant select, insert, update on ticket to berth_staff, berth_system;

create policy web on ticket_about to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on ticket_about to berth_staff using (true) with check (true);
create policy system on ticket_about to berth_system using (true) with check (true);
grant select, insert on ticket_about to berth_web, berth_staff, berth_system;
grant update (tenant_id) on ticket_about to berth_staff, berth_system;

create policy web on ticket_post to berth_web using (tenant_id = berth_tenant() and is_public)
  with check (tenant_id = berth_tenant() and is_public and kind = 'reply' and side = 'customer' and author_id = berth_user());
create policy staff on ticket_post to berth_staff using (true) with check (true);
create policy system on ticket_post to berth_system using (true) with check (true);
grant select, insert on ticket_post to berth_web, berth_staff, berth_system;
-- What was said stays as it was said; only whose it is is found out later, in triage.
grant update (tenant_id) on ticket_post to berth_staff, berth_system;

create policy web on ticket_event to berth_web using (tenant_id = berth_tenant() and is_public)
  with check (tenant_id = berth_tenant() and is_public and actor_id = berth_user());
create policy staff on ticket_event to berth_staff using (true) with check (true);
create policy system on ticket_event to berth_system using (true) with check (true);
grant select, insert on ticket_event to berth_web, berth_staff, berth_system;
grant update (tenant_id) on ticket_event to berth_staff;
grant update (tenant_id, followed) on ticket_event to berth_system;

create policy web on ticket_watcher to berth_web using (tenant_id = berth_tenant() and not is_staff)
  with check (tenant_id = berth_tenant() and not is_staff);
create policy staff on ticket_watcher to berth_staff using (true) with check (true);
create policy system on ticket_watcher to berth_system using (true) with check (true);
-- Who watches is no part of what was said, so watchers may go.
grant select, insert, delete on ticket_watcher to berth_web, berth_staff, berth_system;
grant update (tenant_id) on ticket_watcher to berth_staff, berth_system;

-- What is looked for by its words. A policy of a tenant would keep the index from being used, since the operator is not leakproof, so
-- a tenant asks by a function that is bound to it instead. At most so many of each kind; where there are as many, null: whoever asks
-- for words that are everywhere walks along the list instead (tickets::store::search).
create function ticket_found(said text, wanted bigint, most int) returns uuid[]
  language plpgsql stable security definer set enable_seqscan = off set search_path = public, pg_temp as $$
declare
  sought tsquery := to_tsquery('simple', said);
  by_subject uuid[];
  by_post uuid[];
begin
  select array_agg(s.id) into by_subject from (select t.id from ticket t where t.words @@ sought limit most) s;
  select array_agg(s.ticket_id) into by_post
    from (select p.ticket_id from ticket_post p where p.words @@ sought limit most) s;
  if cardinality(by_subject) >= most or cardinality(by_post) >= most then
    return null;
  end if;
  return array(select t.id from ticket t where t.number = wanted union select unnest(by_subject) union select unnest(by_post));
end $$;
revoke execute on function ticket_found from public;
grant execute on function ticket_found to berth_staff, berth_system;

create function ticket_found_by_tenant(said text, wanted bigint, most int) returns uuid[]
  language plpgsql stable security definer set enable_seqscan = off set search_path = public, pg_temp as $$
declare
  sought tsquery := to_tsquery('simple', said);
  whose uuid := berth_tenant();
  by_subject uuid[];
  by_post uuid[];
begin
  select array_agg(s.id) into by_subject
    from (select t.id from ticket t where t.tenant_id = whose and t.words @@ sought limit most) s;
  select array_agg(s.ticket_id) into by_post
    from (select p.ticket_id from ticket_post p where p.tenant_id = whose and p.is_public and p.words @@ sought limit most) s;
  if cardinality(by_subject) >= most or cardinality(by_post) >= most then
    return null;
  end if;
  return array(select t.id from ticket t where t.number = wanted and t.tenant_id = whose
    union select unnest(by_subject) union select unnest(by_post));
end $$;
revoke execute on function ticket_found_by_tenant from public;
grant execute on function ticket_found_by_tenant to berth_web;
