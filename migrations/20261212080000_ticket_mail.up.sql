-- Mail of tickets: what goes out, what came in and what became of it.

-- What signs the addresses that people answer to; one row, sealed, made when it is first needed.
create table ticket_mail_key (
  is_only boolean primary key default true check (is_only),
  sealed bytea not null
);

create table ticket_mail_out (
  id uuid primary key,
  ticket_id uuid not null references ticket on delete cascade,
  -- The newest of what it tells of.
  event_id bigint not null references ticket_event on delete cascade,
  recipient text not null,
  subject text not null,
  body text not null,
  -- Where an answer goes; nothing where no inbox was set.
  reply_to text,
  -- The Message-ID of the recipient's last mail in that ticket.
  answers text,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  attempts int not null default 0,
  -- What the server said at the last try.
  error text,
  created_at timestamptz not null,
  sent_at timestamptz,
  -- Whoever is told of something is told once, however often the job runs.
  constraint ticket_mail_out_once unique (event_id, recipient)
);
create index ticket_mail_out_created on ticket_mail_out (created_at desc, id desc);
create index ticket_mail_out_ticket on ticket_mail_out (ticket_id, created_at);

create table ticket_mail_in (
  id uuid primary key,
  -- Which mail of the inbox it is (RFC 9051, 2.3.1.1). Each is taken once.
  uid_validity bigint not null,
  uid bigint not null,
  -- The same mail in another place of the inbox is taken once, too. A hash of it stands here where it has no Message-ID.
  message_id text not null check (char_length(message_id) <= 300),
  sender text not null check (char_length(sender) <= 254),
  subject text not null check (char_length(subject) <= 200),
  at timestamptz not null,
  outcome text not null default 'ignored'
    check (outcome in ('opened', 'replied', 'triage', 'ignored', 'silenced', 'discarded')),
  why text not null default '',
  is_verified boolean not null,
  ticket_id uuid references ticket on delete cascade,
  constraint ticket_mail_in_uid unique (uid_validity, uid),
  constraint ticket_mail_in_message unique (sender, message_id)
);
create index ticket_mail_in_at on ticket_mail_in (at desc, id desc);
create index ticket_mail_in_sender on ticket_mail_in (sender, at);
create index ticket_mail_in_triage on ticket_mail_in (at) where outcome = 'triage';
create index ticket_mail_in_ticket on ticket_mail_in (ticket_id) where ticket_id is not null;

-- How the last look into the inbox went.
create table ticket_inbox (
  is_only boolean primary key default true check (is_only),
  looked_at timestamptz not null,
  error text
);

alter table ticket_mail_key enable row level security;
alter table ticket_mail_out enable row level security;
alter table ticket_mail_in enable row level security;
alter table ticket_inbox enable row level security;

create policy system on ticket_mail_key to berth_system using (true) with check (true);
grant select, insert, update on ticket_mail_key to berth_system;

create policy staff on ticket_mail_out to berth_staff using (true) with check (true);
create policy system on ticket_mail_out to berth_system using (true) with check (true);
grant select, update (state, attempts, error) on ticket_mail_out to berth_staff;
grant select, insert, update, delete on ticket_mail_out to berth_system;

create policy staff on ticket_mail_in to berth_staff using (true) with check (true);
create policy system on ticket_mail_in to berth_system using (true) with check (true);
grant select, update (outcome) on ticket_mail_in to berth_staff;
grant select, insert, update, delete on ticket_mail_in to berth_system;

create policy staff on ticket_inbox for select to berth_staff using (true);
create policy system on ticket_inbox to berth_system using (true) with check (true);
grant select on ticket_inbox to berth_staff;
grant select, insert, update on ticket_inbox to berth_system;
