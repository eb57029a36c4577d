-- What limits mail: sessions that are to be ended, what the ledger of storage is told, and warnings of full mailboxes.

-- Addresses whose sessions the mail service is to end, until it has, twice. What is asked for again meanwhile has a higher generation.
create table mail_kick (
  address text primary key,
  tenant_id uuid not null,
  generation bigint not null default 1,
  -- Whether it was done once: a sign-in that was let in just before the commit may become a session just after that.
  is_second boolean not null default false,
  asked_at timestamptz not null,
  error_count int not null default 0,
  last_error text,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz
);
create index mail_kick_due on mail_kick (next_attempt_at) where next_attempt_at is not null;
create index mail_kick_lease on mail_kick (lease_until) where lease_until is not null;

-- An address may have been another tenant's, whose wish a person's role can't see, so asking is done here. Sessions are those of
-- the tenant that has verified the domain: whoever else named it ends nobody's.
create function mail_ask_kick(tenant uuid, addresses text[], at timestamptz) returns void
  language plpgsql security definer set search_path = public as $$
declare
  own uuid := nullif(current_setting('berth.mailbox_id', true), '')::uuid;
begin
  if berth_tenant() is not null and tenant is distinct from berth_tenant() then
    raise exception 'not this tenant''s mail' using errcode = 'insufficient_privilege';
  end if;
  -- A mailbox's own person asks for their own.
  if own is not null and not addresses <@ array(select m.address from mailbox m where m.id = own and m.tenant_id = tenant) then
    raise exception 'not this mailbox' using errcode = 'insufficient_privilege';
  end if;
  -- In order, so that two who ask do not wait for each other in a ring.
  insert into mail_kick as k (address, tenant_id, asked_at, next_attempt_at)
    select distinct a, tenant, at, at from unnest(addresses) a
      join mail_domain d on d.name = split_part(a, '@', 2) and d.tenant_id = tenant and d.verified_at is not null
     order by a
    on conflict (address) do update set tenant_id = excluded.tenant_id, generation = k.generation + 1, asked_at = excluded.asked_at,
      next_attempt_at = excluded.next_attempt_at, is_second = false, error_count = 0, last_error = null;
end $$;

-- All of a tenant's addresses that somebody signed in to since a time.
create function mail_ask_kick_all(tenant uuid, since timestamptz, at timestamptz) returns void
  language sql security definer set search_path = public as $$
  select mail_ask_kick(tenant, coalesce(array_agg(m.address), '{}'), at) from mailbox m
   where m.tenant_id = tenant and greatest(m.last_imap_at, m.last_pop3_at, m.last_smtp_at, m.last_sieve_at) >= since
$$;
revoke execute on function mail_ask_kick, mail_ask_kick_all from public;
grant execute on function mail_ask_kick to berth_web, berth_staff, berth_system;
grant execute on function mail_ask_kick_all to berth_staff, berth_system;

-- Domains whose sum differs from what the ledger of storage says, or that are gone.
create table mail_use_due (
  domain_id uuid primary key,
  tenant_id uuid not null
);

create function mail_note_use() returns trigger language plpgsql security definer set search_path = public as $$
begin
  insert into mail_use_due (domain_id, tenant_id) values (old.id, old.tenant_id)
    -- Waits for whoever takes the row out just now, who may have read the sum before this change.
    on conflict (domain_id) do update set tenant_id = excluded.tenant_id;
  return null;
end $$;
create trigger mail_note_use after update of used_bytes on mail_domain
  for each row when (old.used_bytes <> new.used_bytes) execute function mail_note_use();
create trigger mail_note_gone after delete on mail_domain for each row execute function mail_note_use();

-- Mailboxes that crossed 80, 90 or 100 % of what they may hold, up or down, until their person was told or need not be.
create table mail_warning_due (
  mailbox_id uuid primary key references mailbox on delete cascade,
  tenant_id uuid not null,
  generation bigint not null default 1,
  error_count int not null default 0,
  last_error text,
  next_attempt_at timestamptz,
  lease_id uuid,
  lease_until timestamptz
);
create index mail_warning_due_next on mail_warning_due (next_attempt_at) where next_attempt_at is not null;
create index mail_warning_due_lease on mail_warning_due (lease_until) where lease_until is not null;

-- Most changes cross nothing, and cost no more than this comparison. With a quota of 0 nothing comes in, and nobody is warned.
create function mail_note_fullness() returns trigger language plpgsql security definer set search_path = public as $$
declare
  share numeric := case when new.quota_mib > 0 then new.used_bytes * 100.0 / (new.quota_mib * 1048576) else 0 end;
  level int := case when share >= 100 then 100 when share >= 90 then 90 when share >= 80 then 80 else 0 end;
begin
  if level <> new.warned_level then
    insert into mail_warning_due as d (mailbox_id, tenant_id, next_attempt_at) values (new.id, new.tenant_id, 'epoch')
      on conflict (mailbox_id) do update set generation = d.generation + 1, next_attempt_at = excluded.next_attempt_at;
    insert into outbox (tenant_id, topic, target_id) values (new.tenant_id, 'mail_warning', new.id);
  end if;
  return null;
end $$;
create trigger mail_note_fullness after update of used_bytes, quota_mib on mailbox
  for each row when (new.deleted_at is null) execute function mail_note_fullness();
revoke execute on function mail_note_use, mail_note_fullness from public;

alter table mail_kick enable row level security;
alter table mail_use_due enable row level security;
alter table mail_warning_due enable row level security;
create policy system on mail_kick to berth_system using (true) with check (true);
create policy system on mail_use_due to berth_system using (true) with check (true);
create policy system on mail_warning_due to berth_system using (true) with check (true);
grant select, insert, update, delete on mail_kick, mail_use_due, mail_warning_due to berth_system;

-- What certificates of deletion say of mail.
alter table tenant_ending
  add column mailboxes bigint not null default 0,
  add column mail_bytes bigint not null default 0;
