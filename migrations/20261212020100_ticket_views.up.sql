-- What staff keep about the queue: filters under a name, and who is typing on a ticket right now.
create table ticket_view (
  id uuid primary key,
  owner_id uuid not null references user_account on delete cascade,
  name text not null,
  -- Whether all staff have it in their queue.
  shared boolean not null default false,
  -- The query of the queue's address, as the queue itself writes it: no question mark, and no page.
  query text not null check (length(query) <= 2000),
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint ticket_view_name unique (owner_id, name)
);
create index ticket_view_shared on ticket_view (name, id) where shared;

-- Rows last for half a minute after the last key; older ones mean nothing and are swept by the next.
create table ticket_presence (
  ticket_id uuid not null references ticket on delete cascade,
  user_id uuid not null references user_account on delete cascade,
  what text not null check (what in ('reply', 'note')),
  until timestamptz not null,
  primary key (ticket_id, user_id)
);
create index ticket_presence_until on ticket_presence (until);
create index ticket_presence_user on ticket_presence (user_id);

alter table ticket_view enable row level security;
create policy staff on ticket_view to berth_staff using (shared or owner_id = berth_user())
  with check (shared or owner_id = berth_user());
create policy system on ticket_view to berth_system using (true) with check (true);
grant select, insert, delete on ticket_view to berth_staff;
grant update (name, shared, query, version, updated_at) on ticket_view to berth_staff;
grant select, insert, update, delete on ticket_view to berth_system;

alter table ticket_presence enable row level security;
create policy staff on ticket_presence to berth_staff using (true) with check (true);
create policy system on ticket_presence to berth_system using (true) with check (true);
grant select, insert, delete on ticket_presence to berth_staff;
grant update (what, until) on ticket_presence to berth_staff;
grant select, insert, update, delete on ticket_presence to berth_system;
