-- What a ticket has besides what people write: files, checklists, time, links to other tickets, and what the customer said at its end.
-- A row belongs to whom its ticket belongs to, and says nothing of it itself: a ticket of the triage gets its tenant later.

-- What was said stays as it was said, but staff may split it off into a ticket of its own. A post that moves takes its files along.
create unique index ticket_post_place on ticket_post (id, ticket_id);
grant update (ticket_id) on ticket_post to berth_staff;

create table ticket_attachment (
  id uuid primary key,
  ticket_id uuid not null references ticket on delete cascade,
  -- None: added to the ticket by itself.
  post_id uuid,
  -- As its post is.
  is_public boolean not null,
  name text not null check (length(name) between 1 and 120),
  kind text not null check (kind in ('png', 'jpeg', 'gif', 'webp', 'pdf', 'zip', 'gz', 'json', 'csv', 'txt', 'log')),
  size bigint not null check (size between 1 and 10485760),
  sha256 bytea not null check (length(sha256) = 32),
  user_id uuid references user_account on delete set null,
  created_by text not null,
  created_at timestamptz not null,
  constraint ticket_attachment_post foreign key (post_id, ticket_id) references ticket_post (id, ticket_id)
    on update cascade on delete cascade
);
create index ticket_attachment_ticket on ticket_attachment (ticket_id, created_at, id);
create index ticket_attachment_post_id on ticket_attachment (post_id);
create index ticket_attachment_user on ticket_attachment (user_id) where user_id is not null;

-- Its bytes, in pieces of 1 MiB, so that nobody holds more of a file than that to send it.
create table ticket_attachment_piece (
  attachment_id uuid not null references ticket_attachment on delete cascade,
  place int not null check (place between 0 and 9),
  bytes bytea not null check (length(bytes) between 1 and 1048576),
  primary key (attachment_id, place)
);
-- Pictures and archives are compressed already.
alter table ticket_attachment_piece alter column bytes set storage external;

create table canned_reply (
  id uuid primary key,
  name text not null constraint canned_reply_name_key unique,
  body text not null check (length(body) between 1 and 20000),
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table checklist_template (
  id uuid primary key,
  name text not null constraint checklist_template_name_key unique,
  items text[] not null check (cardinality(items) between 1 and 50),
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- A ticket's checklists are copies: what is ticked stays what it was, however its template changes.
create table ticket_checklist (
  id uuid primary key,
  ticket_id uuid not null references ticket on delete cascade,
  name text not null,
  created_by text not null,
  created_at timestamptz not null
);
create index ticket_checklist_ticket on ticket_checklist (ticket_id, created_at, id);

create table ticket_checklist_item (
  checklist_id uuid not null references ticket_checklist on delete cascade,
  place int not null,
  words text not null,
  done_by text,
  done_at timestamptz,
  primary key (checklist_id, place),
  check ((done_by is null) = (done_at is null))
);

-- How much of staff's time a month a plan includes. A plan without a row includes none.
create table plan_support (
  plan_id uuid primary key references plan on delete cascade,
  included_minutes int not null check (included_minutes between 0 and 1000000),
  version bigint not null default 1,
  updated_at timestamptz not null
);

-- Time is added and never changed: a correction is an entry of its own, in the month of what it corrects.
create table ticket_time (
  id uuid primary key,
  ticket_id uuid not null references ticket on delete cascade,
  minutes int not null check (minutes <> 0 and abs(minutes) <= 6000),
  what text not null check (length(what) between 1 and 500),
  is_billable boolean not null,
  corrects uuid references ticket_time on delete cascade,
  at timestamptz not null,
  user_id uuid references user_account on delete set null,
  created_by text not null,
  created_at timestamptz not null,
  check (minutes > 0 or corrects is not null)
);
create index ticket_time_ticket on ticket_time (ticket_id, created_at, id);
create index ticket_time_at on ticket_time (at);
create index ticket_time_user on ticket_time (user_id) where user_id is not null;
create index ticket_time_corrects on ticket_time (corrects) where corrects is not null;

create table ticket_link (
  from_id uuid not null references ticket on delete cascade,
  to_id uuid not null references ticket on delete cascade,
  kind text not null check (kind in ('relates', 'duplicates', 'caused_by')),
  created_by text not null,
  created_at timestamptz not null,
  primary key (from_id, to_id),
  check (from_id <> to_id)
);
-- Two tickets have one link at most, whichever way it points.
create unique index ticket_link_pair on ticket_link (least(from_id, to_id), greatest(from_id, to_id));
create index ticket_link_to on ticket_link (to_id);
-- Which tickets one goes on with.
create index ticket_merged on ticket (merged_into) where merged_into is not null;

create table ticket_satisfaction (
  ticket_id uuid primary key references ticket on delete cascade,
  is_good boolean not null,
  words text not null check (length(words) <= 2000),
  created_by text not null,
  answered_at timestamptz not null,
  changed_at timestamptz not null
);
create index ticket_satisfaction_answered on ticket_satisfaction (answered_at desc, ticket_id desc);

alter table ticket_attachment enable row level security;
alter table ticket_attachment_piece enable row level security;
alter table canned_reply enable row level security;
alter table checklist_template enable row level security;
alter table ticket_checklist enable row level security;
alter table ticket_checklist_item enable row level security;
alter table plan_support enable row level security;
alter table ticket_time enable row level security;
alter table ticket_link enable row level security;
alter table ticket_satisfaction enable row level security;

create policy web on ticket_attachment to berth_web
  using (is_public and exists (select from ticket t where t.id = ticket_attachment.ticket_id and t.tenant_id = berth_tenant()))
  with check (is_public and exists (select from ticket t where t.id = ticket_attachment.ticket_id and t.tenant_id = berth_tenant()));
create policy staff on ticket_attachment to berth_staff using (true) with check (true);
create policy system on ticket_attachment to berth_system using (true) with check (true);
grant select, insert, update (ticket_id, post_id, is_public) on ticket_attachment to berth_web, berth_staff;
grant select, insert, update, delete on ticket_attachment to berth_system;

-- The rules of the files hold for their pieces.
create policy web on ticket_attachment_piece to berth_web
  using (exists (select from ticket_attachment a where a.id = attachment_id))
  with check (exists (select from ticket_attachment a where a.id = attachment_id));
create policy staff on ticket_attachment_piece to berth_staff using (true) with check (true);
create policy system on ticket_attachment_piece to berth_system using (true) with check (true);
grant select, insert on ticket_attachment_piece to berth_web, berth_staff;
grant select, insert, delete on ticket_attachment_piece to berth_system;

create policy staff on canned_reply to berth_staff using (true) with check (true);
create policy system on canned_reply to berth_system using (true) with check (true);
grant select, insert, delete, update (name, body, version, updated_at) on canned_reply to berth_staff;
grant select, insert, update, delete on canned_reply to berth_system;

create policy staff on checklist_template to berth_staff using (true) with check (true);
create policy system on checklist_template to berth_system using (true) with check (true);
grant select, insert, delete, update (name, items, version, updated_at) on checklist_template to berth_staff;
grant select, insert, update, delete on checklist_template to berth_system;

create policy staff on ticket_checklist to berth_staff using (true) with check (true);
create policy system on ticket_checklist to berth_system using (true) with check (true);
grant select, insert, delete on ticket_checklist to berth_staff, berth_system;

create policy staff on ticket_checklist_item to berth_staff using (true) with check (true);
create policy system on ticket_checklist_item to berth_system using (true) with check (true);
grant select, insert, update (done_by, done_at) on ticket_checklist_item to berth_staff;
grant select, insert, update, delete on ticket_checklist_item to berth_system;

create policy web_read on plan_support for select to berth_web
  using (exists (select from tenant t where t.id = berth_tenant() and t.plan_id = plan_support.plan_id));
create policy staff on plan_support to berth_staff using (true) with check (true);
create policy system on plan_support to berth_system using (true) with check (true);
grant select on plan_support to berth_web;
grant select, insert, update on plan_support to berth_staff, berth_system;

-- A customer sees how much time was spent, and not what staff wrote about it.
create policy web_read on ticket_time for select to berth_web
  using (exists (select from ticket t where t.id = ticket_time.ticket_id and t.tenant_id = berth_tenant()));
create policy staff on ticket_time to berth_staff using (true) with check (true);
create policy system on ticket_time to berth_system using (true) with check (true);
grant select (id, ticket_id, minutes, is_billable, at) on ticket_time to berth_web;
grant select, insert on ticket_time to berth_staff;
grant select, insert, delete on ticket_time to berth_system;

create policy web_read on ticket_link for select to berth_web
  using (exists (select from ticket t where t.id = ticket_link.from_id and t.tenant_id = berth_tenant())
    and exists (select from ticket t where t.id = ticket_link.to_id and t.tenant_id = berth_tenant()));
create policy staff on ticket_link to berth_staff using (true) with check (true);
create policy system on ticket_link to berth_system using (true) with check (true);
grant select on ticket_link to berth_web;
grant select, insert, delete on ticket_link to berth_staff, berth_system;

create policy web on ticket_satisfaction to berth_web
  using (exists (select from ticket t where t.id = ticket_satisfaction.ticket_id and t.tenant_id = berth_tenant()))
  with check (exists (select from ticket t where t.id = ticket_satisfaction.ticket_id and t.tenant_id = berth_tenant()));
create policy staff on ticket_satisfaction for select to berth_staff using (true);
create policy system on ticket_satisfaction to berth_system using (true) with check (true);
grant select, insert, update (is_good, words, created_by, changed_at) on ticket_satisfaction to berth_web;
grant select on ticket_satisfaction to berth_staff;
grant select, insert, update, delete on ticket_satisfaction to berth_system;
