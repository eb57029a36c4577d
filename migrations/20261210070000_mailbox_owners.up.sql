-- People of mailboxes: they sign in to the panel with their address and their mail password, for what is their own, in a role
-- that sees one mailbox.

-- Their sessions; of the cookie the hash only.
create table mailbox_session (
  id uuid primary key,
  token_hash bytea not null constraint mailbox_session_token_key unique,
  mailbox_id uuid not null references mailbox on delete cascade,
  tenant_id uuid not null references tenant,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  ip text not null,
  user_agent text not null
);
create index mailbox_session_mailbox on mailbox_session (mailbox_id);
create index mailbox_session_end on mailbox_session (expires_at);
alter table mailbox_session enable row level security;
create policy system on mailbox_session to berth_system using (true) with check (true);
grant select, insert, update, delete on mailbox_session to berth_system;

-- Who changes a mailbox's password, disables it or deletes it ends its person's sessions, whoever it is.
create function mailbox_sessions_end() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from mailbox_session where mailbox_id = old.id;
  return null;
end $$;
revoke execute on function mailbox_sessions_end from public;
create trigger mailbox_sessions_end after update of password_hash, is_enabled, deleted_at on mailbox for each row
  when (old.password_hash is distinct from new.password_hash or (old.is_enabled and not new.is_enabled)
    or (old.deleted_at is null and new.deleted_at is not null))
  execute function mailbox_sessions_end();

-- Who a cookie is. Asked outside of any transaction, by the login role.
create function mailbox_session_owner(hash bytea, at timestamptz, idle_since timestamptz) returns table (
    id uuid, last_seen_at timestamptz, mailbox_id uuid, tenant_id uuid, address text, suspended text)
  language plpgsql stable security definer set search_path = public set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
  return query
    select s.id, s.last_seen_at, m.id, m.tenant_id, m.address,
      case when t.status = 'suspended' then coalesce(t.status_reason, '') end
    from mailbox_session s join mailbox m on m.id = s.mailbox_id join mail_domain d on d.id = m.domain_id
      join tenant t on t.id = m.tenant_id
    where s.token_hash = hash and s.expires_at > at and s.last_seen_at > idle_since
      and m.is_enabled and m.deleted_at is null and d.verified_at is not null and d.is_enabled and t.status <> 'closed';
end $$;
revoke execute on function mailbox_session_owner from public;
grant execute on function mailbox_session_owner to berth;

-- The mailbox that such a transaction is bound to: the one that it says, while its person may sign in.
create function berth_mailbox_id() returns uuid
  language sql stable security definer set search_path = public as $$
  select m.id from mailbox m join mail_domain d on d.id = m.domain_id
   where m.id = nullif(current_setting('berth.mailbox_id', true), '')::uuid and m.tenant_id = berth_tenant()
     and m.is_enabled and m.deleted_at is null and d.verified_at is not null and d.is_enabled
$$;
revoke execute on function berth_mailbox_id from public;
grant execute on function berth_mailbox_id to berth_mailbox;

create policy mailbox on mailbox to berth_mailbox
  using (tenant_id = berth_tenant() and id = (select berth_mailbox_id()))
  with check (tenant_id = berth_tenant() and id = (select berth_mailbox_id()));
grant select (id, tenant_id, domain_id, local_part, address, name, is_enabled, quota_mib, hourly_limit, forward_to, keeps_copy,
    max_own_aliases, used_bytes, used_messages, last_imap_at, last_pop3_at, last_smtp_at, last_sieve_at, version, created_at,
    updated_at, deleted_at),
  update (forward_to, keeps_copy, version, updated_at) on mailbox to berth_mailbox;

create policy mailbox on mailbox_filter to berth_mailbox
  using (tenant_id = berth_tenant() and mailbox_id = (select berth_mailbox_id()))
  with check (tenant_id = berth_tenant() and mailbox_id = (select berth_mailbox_id()));
grant select, insert, update on mailbox_filter to berth_mailbox;

create policy mailbox on mailbox_app_password to berth_mailbox
  using (tenant_id = berth_tenant() and mailbox_id = (select berth_mailbox_id()))
  with check (tenant_id = berth_tenant() and mailbox_id = (select berth_mailbox_id()));
grant select (id, tenant_id, mailbox_id, name, protocols, created_at, last_used_at), insert, delete
  on mailbox_app_password to berth_mailbox;
-- Who takes one away ends what is open by it.
grant execute on function mail_ask_kick to berth_mailbox;

-- Their own aliases: plain ones, which lead to them and to nobody else.
create policy mailbox on mail_alias to berth_mailbox
  using (tenant_id = berth_tenant() and owner_id = (select berth_mailbox_id()))
  with check (tenant_id = berth_tenant() and owner_id = (select berth_mailbox_id()) and kind = 'alias'
    and exists (select from mailbox m where m.id = owner_id and m.domain_id = mail_alias.domain_id
      and mail_alias.targets = array[m.address]));
grant select, insert, delete on mail_alias to berth_mailbox;

create policy mailbox on tenant_time_zone for select to berth_mailbox
  using (tenant_id = berth_tenant() and (select berth_mailbox_id()) is not null);
grant select on tenant_time_zone to berth_mailbox;

create policy mailbox on outbox for insert to berth_mailbox
  with check (tenant_id = berth_tenant() and (select berth_mailbox_id()) is not null);
grant insert on outbox to berth_mailbox;

-- They write what they did, in the name of their mailbox, and read nothing.
alter table audit_event drop constraint audit_event_actor_kind_check,
  add constraint audit_event_actor_kind_check check (actor_kind in ('user', 'token', 'system', 'mailbox'));
create policy mailbox on audit_event for insert to berth_mailbox
  with check (tenant_id = berth_tenant() and actor_kind = 'mailbox' and actor_user_id is null and actor_token_id is null
    and target_id = (select berth_mailbox_id()));
grant insert on audit_event to berth_mailbox;

-- The addresses at which a mailbox's person is written to, so that an automatic reply knows that a mail is for them. A person sees
-- nothing else of aliases that others made; the system asks for mailboxes of all tenants.
create function mailbox_addresses(wanted uuid) returns setof text
  language sql stable security definer set search_path = public as $$
  select a.address from mailbox m join mail_alias a on a.tenant_id = m.tenant_id and a.targets @> array[m.address]
   where m.id = wanted and m.tenant_id = coalesce(berth_tenant(), m.tenant_id) and a.kind = 'alias' and a.is_enabled
     and (coalesce(current_setting('berth.mailbox_id', true), '') = ''
       or m.id = nullif(current_setting('berth.mailbox_id', true), '')::uuid)
   order by a.address limit 100
$$;
revoke execute on function mailbox_addresses from public;
grant execute on function mailbox_addresses to berth_web, berth_system, berth_mailbox;

-- How many aliases the plan allows and the tenant has, for a person who makes one. Two at once wait for each other.
create function mailbox_alias_room() returns table (allowed int, used int)
  language sql volatile security definer set search_path = public as $$
  select (mail_limits(o.tenant_id)).max_aliases, o.aliases
  from mail_total o
  where o.tenant_id = berth_tenant() and berth_mailbox_id() is not null
  for update of o
$$;
revoke execute on function mailbox_alias_room from public;
grant execute on function mailbox_alias_room to berth_mailbox;
