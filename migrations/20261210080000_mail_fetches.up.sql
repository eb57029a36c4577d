-- Mailboxes that move in: what is fetched from another IMAP server into one of ours, and how far it is.

create table mail_fetch (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  mailbox_id uuid not null references mailbox on delete cascade,
  -- The other server: its name, which its certificate has to have. Its addresses are looked up, and judged, at each try.
  host text not null check (length(host) between 1 and 253),
  port int not null check (port between 1 and 65535),
  tls text not null check (tls in ('implicit', 'starttls')),
  remote_user text not null check (length(remote_user) between 1 and 255),
  -- The password there, sealed; it is wiped when the fetch has ended, however it ended.
  sealed bytea,
  folders text not null check (folders in ('all', 'without_junk')),
  -- The SHA-256 of a certificate that is trusted although nobody vouches for it (hex).
  fingerprint text check (fingerprint ~ '^[0-9a-f]{64}$'),
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  -- Somebody does not want it any more.
  is_cancelled boolean not null default false,
  -- Why it failed, or why the last try did: a word for programs, and a sentence.
  reason text,
  error text,
  -- The certificate that was refused (hex), so that somebody may compare and accept it.
  seen_fingerprint text,
  total_folders int not null default 0,
  total_messages bigint not null default 0,
  done_folders int not null default 0,
  done_messages bigint not null default 0,
  done_bytes bigint not null default 0,
  folder text not null default '',
  operation_id uuid not null,
  error_count int not null default 0,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz,
  created_by text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  check (sealed is null or state in ('waiting', 'running')),
  check ((finished_at is not null) = (state in ('done', 'failed', 'cancelled')))
);
create index mail_fetch_created on mail_fetch (tenant_id, created_at desc, id desc);
create index mail_fetch_mailbox on mail_fetch (mailbox_id, created_at desc, id desc);
create index mail_fetch_open on mail_fetch (tenant_id) where state in ('waiting', 'running');
create index mail_fetch_due on mail_fetch (next_attempt_at) where state in ('waiting', 'running');

alter table mail_fetch enable row level security;
create policy web on mail_fetch to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mail_fetch to berth_system using (true) with check (true);
-- Whoever asked for it does not read the password again.
grant select (id, tenant_id, mailbox_id, host, port, tls, remote_user, folders, fingerprint, state, is_cancelled, reason, error,
  seen_fingerprint, total_folders, total_messages, done_folders, done_messages, done_bytes, folder, operation_id, created_by,
  created_at, started_at, finished_at), insert, update (is_cancelled, next_attempt_at) on mail_fetch to berth_web;
grant select, insert, update, delete on mail_fetch to berth_system;
