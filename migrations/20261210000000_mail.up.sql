-- Mail: domains, their keys, mailboxes, addresses that lead elsewhere, and what all of them hold. Postfix, Dovecot and rspamd
-- read it live by the views of the schema mail_api, which is made in a migration of its own.

-- What mail a plan allows. A plan without a row allows what these columns have by default; mail_limits says the same.
create table plan_mail (
  plan_id uuid primary key references plan on delete cascade,
  max_domains int not null default 5 check (max_domains between 0 and 10000),
  max_mailboxes int not null default 50 check (max_mailboxes between 0 and 10000000),
  max_aliases int not null default 500 check (max_aliases between 0 and 10000000),
  -- What all mailboxes of a tenant may hold together.
  max_mail_mib bigint not null default 10240 check (max_mail_mib between 0 and 1073741824),
  -- Recipients that all mailboxes of a tenant may send to in an hour.
  hourly_limit int not null default 2000 check (hourly_limit between 0 and 10000000),
  -- Whether mail to a suspended tenant is taken in or refused for now (4xx).
  when_suspended text not null default 'accept' check (when_suspended in ('accept', 'refuse')),
  version bigint not null default 1,
  updated_at timestamptz not null
);

-- One row a tenant that has had any mail: its sums, kept by the triggers below, so that no limit has to count.
create table mail_total (
  tenant_id uuid primary key references tenant on delete cascade,
  domains int not null default 0,
  mailboxes int not null default 0,
  aliases int not null default 0,
  used_bytes bigint not null default 0 check (used_bytes >= 0)
);

create table mail_domain (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  -- As DNS has it: lower case, A-labels (RFC 5890, 2.3.2.1).
  name text not null check (name = lower(name) and length(name) between 3 and 253),
  -- What proves the ownership: a TXT record has it.
  proof text not null,
  -- No mail goes in or out before. Of all tenants that name a domain one can prove it.
  verified_at timestamptz,
  -- Everything to this domain is meant for the same names at the other.
  alias_of uuid references mail_domain,
  is_enabled boolean not null default true,
  -- What its mailboxes may hold together; no limit of its own if null.
  quota_mib bigint check (quota_mib >= 0),
  -- Recipients that its mailboxes may send to in an hour; no limit of its own if null.
  hourly_limit int check (hourly_limit >= 0),
  used_bytes bigint not null default 0 check (used_bytes >= 0),
  mailboxes int not null default 0,
  aliases int not null default 0,
  -- What the live check of its records saw last, and when.
  checked_at timestamptz,
  checks jsonb,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint mail_domain_name_key unique (tenant_id, name),
  check (alias_of is null or alias_of <> id)
);
create unique index mail_domain_verified_key on mail_domain (name) where verified_at is not null;
create index mail_domain_created on mail_domain (tenant_id, created_at desc, id desc);
-- Domains of all tenants by name, for the provider's list.
create index mail_domain_by_name on mail_domain (name, id);
create index mail_domain_alias_of on mail_domain (alias_of) where alias_of is not null;

-- DKIM keys (RFC 6376). The next one is published before it signs; the one before stays published while mail is under way.
create table mail_key (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  domain_id uuid not null references mail_domain on delete cascade,
  selector text not null,
  -- PKCS#8 PEM. rspamd needs it in the clear, so row-level security and grants are what keeps it: no role of a person may read it.
  private_key text not null,
  -- The value of p= in the record.
  public_key text not null,
  state text not null check (state in ('next', 'active', 'retired')),
  created_at timestamptz not null,
  activated_at timestamptz,
  retired_at timestamptz,
  constraint mail_key_selector_key unique (domain_id, selector)
);
create unique index mail_key_active on mail_key (domain_id) where state = 'active';

create table mailbox (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  domain_id uuid not null references mail_domain,
  local_part text not null check (local_part = lower(local_part) and length(local_part) between 1 and 64),
  address text not null check (length(address) <= 254),
  -- The person's name.
  name text not null default '',
  -- With Dovecot's scheme before it: {ARGON2ID}$argon2id$…; null until its person chose one.
  password_hash text,
  -- The link by which its person chooses a password.
  setup_hash bytea constraint mailbox_setup_key unique,
  setup_until timestamptz,
  is_enabled boolean not null default true,
  -- What it may hold; null for no limit of its own, and with 0 it takes nothing in.
  quota_mib bigint check (quota_mib between 0 and 16777216),
  -- Recipients an hour; null for no limit of its own, and with 0 it sends nothing.
  hourly_limit int check (hourly_limit >= 0),
  -- Where mail goes as well, or instead.
  forward_to text[] not null default '{}',
  keeps_copy boolean not null default true,
  -- How many aliases its person may make.
  max_own_aliases int not null default 0 check (max_own_aliases between 0 and 1000),
  -- As Dovecot said last.
  used_bytes bigint not null default 0 check (used_bytes >= 0),
  used_messages bigint not null default 0 check (used_messages >= 0),
  -- The warning that its person was sent, in percent.
  warned_level smallint not null default 0 check (warned_level in (0, 80, 90, 100)),
  last_imap_at timestamptz,
  last_pop3_at timestamptz,
  last_smtp_at timestamptz,
  last_sieve_at timestamptz,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- Deleted ones are kept until `purge_after`; their address is free at once.
  deleted_at timestamptz,
  purge_after timestamptz,
  check (address = local_part || '@' || split_part(address, '@', 2)),
  check ((deleted_at is null) = (purge_after is null))
);
create unique index mailbox_address_key on mailbox (address, domain_id) where deleted_at is null;
create index mailbox_by_address on mailbox (domain_id, address, id);
create index mailbox_created on mailbox (domain_id, created_at desc, id desc);
create index mailbox_by_used on mailbox (domain_id, used_bytes desc, id desc);
create index mailbox_tenant on mailbox (tenant_id, address, id);
create index mailbox_purge on mailbox (purge_after) where purge_after is not null;
create index mailbox_deleted on mailbox (tenant_id, deleted_at desc, id desc) where deleted_at is not null;
-- Few mailboxes forward, and a check of circles asks for all that do.
create index mailbox_forwards on mailbox (tenant_id, address) where forward_to <> '{}';

-- Passwords for one program each: 160 random bits, so that a plain SHA-256 (hex) of them is enough and can be looked up.
create table mailbox_app_password (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  mailbox_id uuid not null references mailbox on delete cascade,
  name text not null,
  digest text not null constraint mailbox_app_password_digest_key unique,
  protocols text[] not null check (cardinality(protocols) > 0 and protocols <@ '{imap,pop3,smtp,sieve}'),
  created_at timestamptz not null,
  last_used_at timestamptz,
  -- From then on it is no password any more; null for one that goes on until it is taken away.
  expires_at timestamptz,
  constraint mailbox_app_password_name_key unique (mailbox_id, name)
);
create index mailbox_app_password_end on mailbox_app_password (expires_at) where expires_at is not null;

-- The addresses besides its own and its aliases' that a mailbox may send as.
create table mailbox_send_as (
  mailbox_id uuid not null references mailbox on delete cascade,
  tenant_id uuid not null references tenant,
  domain_id uuid not null references mail_domain on delete cascade,
  address text not null,
  primary key (mailbox_id, address)
);
create index mailbox_send_as_address on mailbox_send_as (address);

-- What happens to a mailbox's mail as it comes in: the parts that people fill in, and the one Sieve script (RFC 5228) made of them.
create table mailbox_filter (
  mailbox_id uuid primary key references mailbox on delete cascade,
  tenant_id uuid not null references tenant,
  -- From which score of rspamd's on mail is spam for this person.
  spam_score numeric(4, 1) not null default 6 check (spam_score between 0 and 100),
  allowed text[] not null default '{}',
  blocked text[] not null default '{}',
  reply_is_on boolean not null default false,
  reply_subject text not null default '',
  reply_text text not null default '',
  reply_from date,
  reply_until date,
  rules jsonb not null default '[]',
  -- A script of the person's own, which runs after the rules.
  raw text not null default '',
  script text not null default '',
  revision bigint not null default 1,
  updated_at timestamptz not null
);

-- Addresses that lead elsewhere. The catch-all of a domain has an empty local part.
create table mail_alias (
  id uuid primary key,
  tenant_id uuid not null references tenant,
  domain_id uuid not null references mail_domain,
  local_part text not null check (local_part = lower(local_part) and length(local_part) <= 64),
  address text not null check (length(address) <= 254),
  kind text not null check (kind in ('alias', 'group', 'catch_all')),
  description text not null default '',
  targets text[] not null check (cardinality(targets) between 1 and 1000),
  is_enabled boolean not null default true,
  -- The mailbox whose person made it.
  owner_id uuid references mailbox on delete cascade,
  version bigint not null default 1,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (address = local_part || '@' || split_part(address, '@', 2)),
  check ((kind = 'catch_all') = (local_part = ''))
);
create index mail_alias_by_address on mail_alias (domain_id, address, id);
create index mail_alias_created on mail_alias (domain_id, created_at desc, id desc);
create index mail_alias_tenant on mail_alias (tenant_id, address, id);
create index mail_alias_targets on mail_alias using gin (targets);
create index mail_alias_owner on mail_alias (owner_id) where owner_id is not null;

-- Every address that is taken, so that a mailbox and an alias can't have the same one. Kept by triggers.
--
-- It is taken within its domain's row. Anybody may name a domain, and only one can prove it: were an address taken for everybody,
-- whoever names the domain first could keep its owner from their own addresses, and a refusal would tell one tenant what another
-- has. A tenant names a domain once, and of all that name it one is verified, so an address that mail goes to is there once all
-- the same.
create table mail_address (
  address text not null,
  tenant_id uuid not null,
  domain_id uuid not null,
  kind text not null check (kind in ('mailbox', 'alias')),
  subject uuid not null,
  primary key (address, domain_id)
);

-- What is to be removed from the mail service's disk.
create table mail_erasure (
  mailbox_id uuid primary key,
  tenant_id uuid not null,
  bytes bigint not null,
  asked_at timestamptz not null,
  last_error text,
  error_count int not null default 0,
  next_attempt_at timestamptz not null,
  lease_id uuid,
  lease_until timestamptz
);
create index mail_erasure_due on mail_erasure (next_attempt_at);
create index mail_erasure_tenant on mail_erasure (tenant_id);

-- Keeps who has an address. The name of the constraint is what a clash is told by.
create function mail_take_address() returns trigger language plpgsql security definer set search_path = public as $$
declare
  what text := case tg_table_name when 'mailbox' then 'mailbox' else 'alias' end;
  was boolean := false;
  will boolean := false;
begin
  if tg_op <> 'INSERT' then
    was := what = 'alias' or (to_jsonb(old) ->> 'deleted_at') is null;
  end if;
  if tg_op <> 'DELETE' then
    will := what = 'alias' or (to_jsonb(new) ->> 'deleted_at') is null;
  end if;
  if was and will and old.address = new.address and old.domain_id = new.domain_id then
    return null;
  end if;
  if was then
    delete from mail_address where address = old.address and domain_id = old.domain_id;
    perform mail_count(what, old.tenant_id, old.domain_id, -1);
  end if;
  if will then
    insert into mail_address (address, tenant_id, domain_id, kind, subject)
      values (new.address, new.tenant_id, new.domain_id, what, new.id);
    perform mail_count(what, new.tenant_id, new.domain_id, 1);
  end if;
  return null;
end $$;

-- The order of locks is the same for everybody, or two would wait for each other: mailbox, then the tenant's sums, then the
-- domain's. Whoever makes something has locked the tenant's sums before the domain is counted.
create function mail_count(what text, tenant uuid, domain uuid, by_how_many int) returns void
  language plpgsql security definer set search_path = public as $$
begin
  if what = 'mailbox' then
    update mail_total set mailboxes = mailboxes + by_how_many where tenant_id = tenant;
    update mail_domain set mailboxes = mailboxes + by_how_many where id = domain;
  else
    update mail_total set aliases = aliases + by_how_many where tenant_id = tenant;
    update mail_domain set aliases = aliases + by_how_many where id = domain;
  end if;
end $$;

create trigger mail_take_address after insert or delete or update of address, deleted_at on mailbox
  for each row execute function mail_take_address();
create trigger mail_take_address after insert or delete or update of address on mail_alias
  for each row execute function mail_take_address();

create function mail_count_domain() returns trigger language plpgsql security definer set search_path = public as $$
begin
  if tg_op = 'INSERT' then
    insert into mail_total (tenant_id, domains) values (new.tenant_id, 1)
      on conflict (tenant_id) do update set domains = mail_total.domains + 1;
  else
    update mail_total set domains = domains - 1 where tenant_id = old.tenant_id;
  end if;
  return null;
end $$;
create trigger mail_count_domain after insert or delete on mail_domain for each row execute function mail_count_domain();

-- What mailboxes hold, deleted ones too, flows into the sums of their domain and tenant.
create function mail_sum_used() returns trigger language plpgsql security definer set search_path = public as $$
declare
  more bigint := case tg_op when 'DELETE' then -old.used_bytes when 'INSERT' then new.used_bytes
                 else new.used_bytes - old.used_bytes end;
  tenant uuid := case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end;
  domain uuid := case tg_op when 'DELETE' then old.domain_id else new.domain_id end;
begin
  if more <> 0 then
    update mail_total set used_bytes = greatest(used_bytes + more, 0) where tenant_id = tenant;
    update mail_domain set used_bytes = greatest(used_bytes + more, 0) where id = domain;
  end if;
  return null;
end $$;
create trigger mail_sum_used after insert or delete or update of used_bytes on mailbox
  for each row execute function mail_sum_used();
revoke execute on function mail_take_address, mail_count, mail_count_domain, mail_sum_used from public;

-- What a tenant's plan allows of mail. Whoever asks for a tenant asks here, so that what is usual holds for all of them alike: the
-- panel, and the mail service at each recipient (plpgsql keeps its plan).
create function mail_limits(tenant uuid) returns plan_mail
  language plpgsql stable security definer set search_path = public as $$
declare
  allowed plan_mail;
begin
  if berth_tenant() is not null and tenant is distinct from berth_tenant() then
    raise exception 'not this tenant''s plan' using errcode = 'insufficient_privilege';
  end if;
  select m.* into allowed from tenant t join plan_mail m on m.plan_id = t.plan_id where t.id = tenant;
  if not found then
    allowed.max_domains := 5;
    allowed.max_mailboxes := 50;
    allowed.max_aliases := 500;
    allowed.max_mail_mib := 10240;
    allowed.hourly_limit := 2000;
    allowed.when_suspended := 'accept';
  end if;
  return allowed;
end $$;
revoke execute on function mail_limits from public;
grant execute on function mail_limits to berth_web, berth_staff, berth_system, mail_reader;

-- A tenant's sums, locked until the transaction ends, and made where there are none. A person's role may not write them.
create function mail_lock_total(tenant uuid) returns mail_total
  language plpgsql security definer set search_path = public as $$
declare
  sums mail_total;
begin
  if berth_tenant() is not null and tenant is distinct from berth_tenant() then
    raise exception 'not this tenant''s mail' using errcode = 'insufficient_privilege';
  end if;
  select * into sums from mail_total m where m.tenant_id = tenant for update;
  if not found then
    insert into mail_total (tenant_id) values (tenant) on conflict do nothing;
    select * into sums from mail_total m where m.tenant_id = tenant for update;
  end if;
  return sums;
end $$;
revoke execute on function mail_lock_total from public;
grant execute on function mail_lock_total to berth_web, berth_system;

-- A domain goes with those of its mailboxes that were deleted and are kept. A tenant may not delete rows of mailboxes, because
-- their mail would stay on the disk; here it is written down for removal in the same breath.
create function mail_erase_kept(domain uuid, asked timestamptz) returns bigint
  language plpgsql security definer set search_path = public as $$
declare
  gone bigint;
begin
  insert into mail_erasure (mailbox_id, tenant_id, bytes, asked_at, next_attempt_at)
    select id, tenant_id, used_bytes, asked, asked from mailbox
      where domain_id = domain and tenant_id = berth_tenant() and deleted_at is not null
    on conflict (mailbox_id) do nothing;
  delete from mailbox where domain_id = domain and tenant_id = berth_tenant() and deleted_at is not null;
  get diagnostics gone = row_count;
  return gone;
end $$;
revoke execute on function mail_erase_kept from public;
grant execute on function mail_erase_kept to berth_web;

alter table plan_mail enable row level security;
alter table mail_total enable row level security;
alter table mail_domain enable row level security;
alter table mail_key enable row level security;
alter table mailbox enable row level security;
alter table mailbox_app_password enable row level security;
alter table mailbox_send_as enable row level security;
alter table mailbox_filter enable row level security;
alter table mail_alias enable row level security;
alter table mail_address enable row level security;
alter table mail_erasure enable row level security;

create policy web on plan_mail for select to berth_web using (true);
create policy staff on plan_mail to berth_staff using (true) with check (true);
create policy system on plan_mail to berth_system using (true) with check (true);
grant select on plan_mail to berth_web, berth_system;
grant select, insert, update on plan_mail to berth_staff;

create policy web on mail_total to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on mail_total for select to berth_staff using (true);
create policy system on mail_total to berth_system using (true) with check (true);
-- Whoever adds something locks the tenant's row, by mail_lock_total or by `for update`, which takes the right to update some column.
grant select, update (tenant_id) on mail_total to berth_web;
grant select on mail_total to berth_staff;
grant select, insert, update, delete on mail_total to berth_system;

create policy web on mail_domain to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on mail_domain for select to berth_staff using (true);
create policy system on mail_domain to berth_system using (true) with check (true);
grant select, insert, delete on mail_domain to berth_web;
grant update (verified_at, alias_of, is_enabled, quota_mib, hourly_limit, checked_at, checks, version, updated_at)
  on mail_domain to berth_web;
grant select on mail_domain to berth_staff;
grant select, insert, update, delete on mail_domain to berth_system;

create policy web on mail_key to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mail_key to berth_system using (true) with check (true);
grant select (id, tenant_id, domain_id, selector, public_key, state, created_at, activated_at, retired_at), insert,
  update (state, activated_at, retired_at), delete on mail_key to berth_web;
grant select, insert, update, delete on mail_key to berth_system;

create policy web on mailbox to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on mailbox for select to berth_staff using (true);
create policy system on mailbox to berth_system using (true) with check (true);
grant select, insert, update on mailbox to berth_web;
grant select (id, tenant_id, domain_id, address, name, is_enabled, quota_mib, used_bytes, used_messages, last_imap_at, last_pop3_at,
  last_smtp_at, last_sieve_at, created_at, deleted_at, purge_after) on mailbox to berth_staff;
grant select, insert, update, delete on mailbox to berth_system;

create policy web on mailbox_app_password to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mailbox_app_password to berth_system using (true) with check (true);
grant select (id, tenant_id, mailbox_id, name, protocols, created_at, last_used_at, expires_at), insert, delete
  on mailbox_app_password to berth_web;
grant select, insert, update, delete on mailbox_app_password to berth_system;

create policy web on mailbox_send_as to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mailbox_send_as to berth_system using (true) with check (true);
grant select, insert, delete on mailbox_send_as to berth_web;
grant select, insert, update, delete on mailbox_send_as to berth_system;

create policy web on mailbox_filter to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mailbox_filter to berth_system using (true) with check (true);
grant select, insert, update on mailbox_filter to berth_web;
grant select, insert, update, delete on mailbox_filter to berth_system;

create policy web on mail_alias to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy staff on mail_alias for select to berth_staff using (true);
create policy system on mail_alias to berth_system using (true) with check (true);
grant select, insert, update, delete on mail_alias to berth_web;
grant select on mail_alias to berth_staff;
grant select, insert, update, delete on mail_alias to berth_system;

create policy web on mail_address for select to berth_web using (tenant_id = berth_tenant());
create policy system on mail_address to berth_system using (true) with check (true);
grant select on mail_address to berth_web;
grant select, insert, update, delete on mail_address to berth_system;

create policy web on mail_erasure to berth_web using (tenant_id = berth_tenant()) with check (tenant_id = berth_tenant());
create policy system on mail_erasure to berth_system using (true) with check (true);
grant insert on mail_erasure to berth_web;
grant select, insert, update, delete on mail_erasure to berth_system;
