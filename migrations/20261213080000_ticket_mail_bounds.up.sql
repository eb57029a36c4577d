-- Mail of tickets that waits, can't be taken, or is of strangers: none of it waits for ever.

alter table ticket_mail_out
  -- Since when it is tried: when it was written, or staff had it sent again. What waits now is tried from now on.
  add column due_at timestamptz not null default now(),
  -- When a try was begun or asked for last.
  add column begun_at timestamptz not null default now();
alter table ticket_mail_out
  alter column due_at drop default,
  alter column begun_at drop default;
create index ticket_mail_out_waiting on ticket_mail_out (begun_at) where state = 'waiting';
grant update (due_at, begun_at) on ticket_mail_out to berth_staff;

alter table ticket_mail_in
  drop constraint ticket_mail_in_outcome_check,
  add constraint ticket_mail_in_outcome_check check (outcome in
    ('opened', 'replied', 'triage', 'ignored', 'silenced', 'discarded', 'expired', 'aside'));

-- Mails of the inbox that could not be taken, and how often that was tried.
create table ticket_mail_bad (
  uid_validity bigint not null,
  uid bigint not null,
  tries int not null,
  at timestamptz not null,
  primary key (uid_validity, uid)
);
alter table ticket_mail_bad enable row level security;
create policy system on ticket_mail_bad to berth_system using (true) with check (true);
grant select, insert, update, delete on ticket_mail_bad to berth_system;
