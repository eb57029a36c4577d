-- Walls behind the walls of mail: what one statement that is wrong could write, so that no address, key or sender of another tenant
-- comes of it; when DNS showed last that a domain is still its tenant's; and how many set-up links are mailed.

-- What belongs to a domain or a mailbox belongs to the same tenant. Row-level security sees a row's own tenant only.
alter table mail_domain add constraint mail_domain_id_tenant_key unique (id, tenant_id);
alter table mail_domain drop constraint mail_domain_alias_of_fkey,
  add constraint mail_domain_alias_of_fkey foreign key (alias_of, tenant_id) references mail_domain (id, tenant_id);
alter table mail_key drop constraint mail_key_domain_id_fkey,
  add constraint mail_key_domain_id_fkey foreign key (domain_id, tenant_id) references mail_domain (id, tenant_id) on delete cascade;
alter table mailbox drop constraint mailbox_domain_id_fkey,
  add constraint mailbox_domain_id_fkey foreign key (domain_id, tenant_id) references mail_domain (id, tenant_id);
alter table mail_alias drop constraint mail_alias_domain_id_fkey,
  add constraint mail_alias_domain_id_fkey foreign key (domain_id, tenant_id) references mail_domain (id, tenant_id);
alter table mailbox_send_as drop constraint mailbox_send_as_domain_id_fkey,
  add constraint mailbox_send_as_domain_id_fkey foreign key (domain_id, tenant_id) references mail_domain (id, tenant_id)
    on delete cascade;

-- Of mailboxes a policy says it, not a key: a second index of theirs would be written at each delivery. The rows of these tables are
-- made by persons.
create policy of_own on mailbox_app_password as restrictive for insert to berth_web
  with check (tenant_id = berth_tenant() and exists (select from mailbox m where m.id = mailbox_id and m.tenant_id = berth_tenant()));
create policy of_own on mailbox_send_as as restrictive for insert to berth_web
  with check (tenant_id = berth_tenant() and exists (select from mailbox m where m.id = mailbox_id and m.tenant_id = berth_tenant()));
create policy of_own on mailbox_filter as restrictive for insert to berth_web
  with check (tenant_id = berth_tenant() and exists (select from mailbox m where m.id = mailbox_id and m.tenant_id = berth_tenant()));
create policy of_own on mail_fetch as restrictive for insert to berth_web
  with check (tenant_id = berth_tenant() and exists (select from mailbox m where m.id = mailbox_id and m.tenant_id = berth_tenant()));

-- An address is in its row's domain, or a mailbox of one domain had the mail of another. Somebody may send as an address, or as all
-- of a domain's ('@example.com').
create function mail_check_place() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not exists (select from mail_domain d where d.id = new.domain_id and d.name = split_part(new.address, '@', 2)) then
    raise exception 'this address is not in its domain' using errcode = 'check_violation', constraint = 'mail_address_place';
  end if;
  return null;
end $$;
revoke execute on function mail_check_place from public;
create trigger mail_check_place after insert or update of address, domain_id on mailbox
  for each row execute function mail_check_place();
create trigger mail_check_place after insert or update of address, domain_id on mail_alias
  for each row execute function mail_check_place();
create trigger mail_check_place after insert or update of address, domain_id on mailbox_send_as
  for each row execute function mail_check_place();

-- A person of a tenant writes what pages and programs write, and nothing that says whose something is. What is not named here is
-- written by triggers, by the mail service or by the system.
revoke insert, update on mail_domain from berth_web;
-- The update's own grants were by column, and go by column.
revoke update (verified_at, alias_of, is_enabled, quota_mib, hourly_limit, checked_at, checks, version, updated_at)
  on mail_domain from berth_web;
grant insert (id, tenant_id, name, proof, alias_of, created_by, created_at, updated_at),
  update (alias_of, is_enabled, quota_mib, hourly_limit, checked_at, checks, version, updated_at) on mail_domain to berth_web;
revoke insert on mail_key from berth_web;
grant insert (id, tenant_id, domain_id, selector, private_key, public_key, state, created_at, activated_at) on mail_key to berth_web;
revoke insert, update on mailbox from berth_web;
grant insert (id, tenant_id, domain_id, local_part, address, name, password_hash, setup_hash, setup_until, quota_mib, hourly_limit,
    max_own_aliases, created_by, created_at, updated_at),
  update (name, password_hash, setup_hash, setup_until, is_enabled, quota_mib, hourly_limit, forward_to, keeps_copy, max_own_aliases,
    version, updated_at, deleted_at, purge_after) on mailbox to berth_web;
revoke insert, update on mail_alias from berth_web;
grant insert (id, tenant_id, domain_id, local_part, address, kind, description, targets, is_enabled, created_by, created_at,
    updated_at),
  update (kind, description, targets, is_enabled, version, updated_at) on mail_alias to berth_web;
revoke insert on mailbox_app_password from berth_web;
grant insert (id, tenant_id, mailbox_id, name, digest, protocols, created_at) on mailbox_app_password to berth_web;
revoke update on mailbox_filter from berth_web, berth_mailbox;
grant update (spam_score, allowed, blocked, reply_is_on, reply_subject, reply_text, reply_from, reply_until, rules, raw, script,
    revision, updated_at) on mailbox_filter to berth_web, berth_mailbox;

-- A domain becomes its tenant's by what DNS has, which whoever asked hands over. Says whether it did.
create function mail_prove_domain(domain uuid, seen text[], at timestamptz) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update mail_domain d set verified_at = at, lost_at = null, look_at = at + interval '1 day', version = d.version + 1,
      updated_at = at
    where d.id = domain and d.tenant_id = berth_tenant() and d.verified_at is null
      and exists (select from unnest(seen) one where btrim(one) = 'berth-verification=' || d.proof);
  return found;
end $$;
revoke execute on function mail_prove_domain from public;
grant execute on function mail_prove_domain to berth_web;

-- Whether DNS still shows that a domain is its tenant's: domains are sold and expire, and who has them next can't prove them while
-- they are somebody's here.
alter table mail_domain
  -- Since when DNS has answered with none of these: its proof, a mail exchanger or a key of here.
  add column lost_at timestamptz,
  -- When it is looked at next; whoever takes it puts that off, so it is a lease as well.
  add column look_at timestamptz;
update mail_domain set look_at = now() where verified_at is not null;
create index mail_domain_look on mail_domain (look_at) where verified_at is not null;
create index mail_domain_lost on mail_domain (lost_at) where lost_at is not null;
-- Whoever proves one, by whatever way, has it looked at.
create function mail_domain_look() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  new.look_at := coalesce(new.look_at, new.verified_at + interval '1 day');
  return new;
end $$;
revoke execute on function mail_domain_look from public;
create trigger mail_domain_look before insert or update of verified_at on mail_domain for each row
  when (new.verified_at is not null) execute function mail_domain_look();

-- Counts a set-up link that is mailed, and says how many of this hour it makes for its tenant.
create function mail_count_link(tenant uuid, at timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if berth_tenant() is not null and tenant is distinct from berth_tenant() then
    raise exception 'not this tenant''s mail' using errcode = 'insufficient_privilege';
  end if;
  return mail_api.count_sent(tenant, md5('links:' || tenant)::uuid, date_trunc('hour', at), 1);
end $$;
revoke execute on function mail_count_link from public;
grant execute on function mail_count_link to berth_web;
