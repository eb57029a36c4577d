-- What Postfix, Dovecot and rspamd read of mail, as the role mail_reader, at every look-up. Nothing is copied, so what the panel
-- writes holds for the next command of any session.
--
-- mail_reader may do what is granted here and nothing else. The views run with the rights of their owner, whom row-level security
-- does not bind. Functions are in plpgsql, which keeps their plans. Two tenants may have named the same domain, and one of them has
-- proved it: an address counts by its domain's row.
create schema mail_api;
grant usage on schema mail_api to mail_reader;

-- How many recipients each mailbox, domain and tenant has sent to in an hour.
create table mail_sent (
  tenant_id uuid not null references tenant on delete cascade,
  subject uuid not null,
  hour timestamptz not null,
  sent int not null,
  primary key (tenant_id, subject, hour)
) with (fillfactor = 50);
alter table mail_sent enable row level security;
create policy web on mail_sent for select to berth_web using (tenant_id = berth_tenant());
create policy staff on mail_sent for select to berth_staff using (true);
create policy system on mail_sent to berth_system using (true) with check (true);
grant select on mail_sent to berth_web, berth_staff;
grant select, insert, update, delete on mail_sent to berth_system;

-- Domains that mail is taken for.
create view mail_api.domains as
  select d.name from public.mail_domain d join public.tenant t on t.id = d.tenant_id
   where d.verified_at is not null and d.is_enabled and t.status <> 'closed';

-- Mailboxes that mail is delivered to: disabled ones and those of suspended tenants, too. What a mailbox may hold is the least of
-- its own quota and what is left of its domain's and its tenant's; the tenant's only where the plan blocks overuse. A quota of 0
-- bytes is none at all in Dovecot, so 1 byte is the least.
create view mail_api.mailboxes as
  select m.address, '/var/mail/berth/mailboxes/' || m.id as home,
    coalesce('*:bytes=' || greatest(1, least(
      m.quota_mib * 1048576,
      d.quota_mib * 1048576 - d.used_bytes + m.used_bytes,
      case when coalesce(o.policy, 'block') = 'block'
        then coalesce(p.max_mail_mib, 10240) * 1048576 - coalesce(s.used_bytes, 0) + m.used_bytes end)), '*:bytes=0') as quota_rule
    from public.mailbox m
    join public.mail_domain d on d.id = m.domain_id
    join public.tenant t on t.id = m.tenant_id
    left join public.plan_mail p on p.plan_id = t.plan_id
    left join public.plan_overuse o on o.plan_id = t.plan_id
    left join public.mail_total s on s.tenant_id = m.tenant_id
   where m.deleted_at is null and d.verified_at is not null and d.is_enabled and t.status <> 'closed';

-- Mailboxes whose person may sign in and send.
create view mail_api.open_mailboxes as
  select m.address, m.id, m.tenant_id, m.domain_id, m.password_hash
    from public.mailbox m
    join public.mail_domain d on d.id = m.domain_id
    join public.tenant t on t.id = m.tenant_id
   where m.deleted_at is null and m.is_enabled and d.verified_at is not null and d.is_enabled and t.status = 'active';

create view mail_api.passwords as
  select address, password_hash as password from mail_api.open_mailboxes where password_hash is not null;

-- Where mail to an address goes: a mailbox to itself and its forwards, an alias to its targets, '@domain' to the catch-all's. A
-- mailbox stands here in any case, or the catch-all would take its mail. Forwarding is sending, which suspended tenants and
-- disabled mailboxes do not.
create view mail_api.recipients as
  select m.address, r.target
    from public.mailbox m
    join public.mail_domain d on d.id = m.domain_id
    join public.tenant t on t.id = m.tenant_id
    cross join lateral unnest(
      case when m.forward_to = '{}' or not m.is_enabled or t.status <> 'active' then array[m.address]
        when m.keeps_copy then m.address || m.forward_to else m.forward_to end) as r (target)
   where m.deleted_at is null and d.verified_at is not null and d.is_enabled and t.status <> 'closed'
  union all
  select k.address, r.target
    from public.mail_address k
    join public.mail_alias a on a.id = k.subject
    join public.mail_domain d on d.id = a.domain_id
    join public.tenant t on t.id = a.tenant_id
    cross join lateral unnest(a.targets) as r (target)
   where k.kind = 'alias' and a.is_enabled and d.verified_at is not null and d.is_enabled and t.status <> 'closed';

-- The same name in the domain that this one is an alias of, if mail is taken there for it. What stands behind a + stays.
create function mail_api.domain_alias(at_local text, at_domain text) returns setof text
  language plpgsql stable security definer set search_path = public as $$
declare
  instead text;
begin
  select home.name into instead
    from mail_domain d
    join mail_domain home on home.id = d.alias_of and home.tenant_id = d.tenant_id
    join tenant t on t.id = d.tenant_id
   where d.name = at_domain and d.verified_at is not null and d.is_enabled and t.status <> 'closed'
     and home.verified_at is not null and home.is_enabled;
  if instead is null then
    return;
  end if;
  if exists (select from mail_api.recipients r where r.address = split_part(at_local, '+', 1) || '@' || instead)
    or exists (select from mail_api.recipients r where r.address = '@' || instead)
  then
    return next at_local || '@' || instead;
  end if;
end
$$;

-- The mailboxes that may send as an address: its own, those that an alias (no group) of the same tenant leads to, and those that
-- were allowed to. In a domain that is an alias of another, those of the same name there.
create function mail_api.senders(wanted text) returns setof text
  language plpgsql stable security definer set search_path = public as $$
begin
  return query
    with name as (
      select split_part(split_part(lower(wanted), '@', 1), '+', 1) as local_part, split_part(lower(wanted), '@', 2) as domain
    ), place as (
      select name.local_part || '@' || d.name as address, d.id, d.tenant_id, d.name
        from name join mail_domain d on d.name = name.domain
       where d.verified_at is not null and d.is_enabled
      union all
      select name.local_part || '@' || target.name, target.id, target.tenant_id, target.name
        from name join mail_domain d on d.name = name.domain join mail_domain target on target.id = d.alias_of
       where d.verified_at is not null and d.is_enabled and target.verified_at is not null and target.is_enabled
         and target.tenant_id = d.tenant_id
    )
    select m.address from place join mail_api.open_mailboxes m on m.address = place.address and m.domain_id = place.id
    union
    select m.address
      from place
      join mail_address k on k.address = place.address and k.domain_id = place.id and k.kind = 'alias'
      join mail_alias a on a.id = k.subject and a.kind = 'alias' and a.is_enabled
      join mail_api.open_mailboxes m on m.address = any (a.targets) and m.tenant_id = a.tenant_id
    union
    select m.address
      from place
      join mailbox_send_as s on s.address in (place.address, '@' || place.name) and s.domain_id = place.id
      join mail_api.open_mailboxes m on m.id = s.mailbox_id and m.tenant_id = place.tenant_id;
end
$$;

-- What Postfix answers to a recipient of ours beside what Dovecot says about quotas (access(5)).
create function mail_api.receive(at_local text, at_domain text) returns text
  language plpgsql stable security definer set search_path = public as $$
begin
  return (
    select case
        when t.status = 'suspended' and p.when_suspended = 'refuse'
          then '450 4.2.1 This domain takes no mail at present, try again later'
        when exists (select from mailbox m
                      where m.address = split_part(at_local, '+', 1) || '@' || home.name and m.domain_id = home.id
                        and m.deleted_at is null and m.quota_mib = 0 and (m.keeps_copy or m.forward_to = '{}'))
          then '552 5.2.2 This mailbox takes no mail: its quota is 0'
        else 'DUNNO' end
      from mail_domain d
      join tenant t on t.id = d.tenant_id
      join mail_domain home on home.id = coalesce(d.alias_of, d.id)
      left join plan_mail p on p.plan_id = t.plan_id
     where d.name = at_domain and d.verified_at is not null and d.is_enabled and t.status <> 'closed'
  );
end
$$;

-- Counts one recipient more for a subject in this hour, and says how many there are now. An hour's first row takes those of the
-- days before with it.
create function mail_api.count_sent(tenant uuid, thing uuid, this_hour timestamptz) returns int
  language plpgsql security definer set search_path = public as $$
declare
  total int;
begin
  insert into mail_sent as s (tenant_id, subject, hour, sent) values (tenant, thing, this_hour, 1)
    on conflict (tenant_id, subject, hour) do update set sent = s.sent + 1
    returning sent into total;
  if total = 1 then
    delete from mail_sent s where s.tenant_id = tenant and s.subject = thing and s.hour < this_hour - interval '48 hours';
  end if;
  return total;
end $$;

-- What Postfix answers to one recipient more of a mailbox that sends (access(5)), which is counted if it is taken. Whoever may no
-- longer send is refused in a session that is open still.
create function mail_api.send(login text) returns text
  language plpgsql security definer set search_path = public as $$
declare
  sender record;
  this_hour timestamptz := date_trunc('hour', now());
  later text := ', try again after ' || to_char(date_trunc('hour', now() at time zone 'UTC') + interval '1 hour', 'HH24:MI') || ' UTC';
begin
  -- An empty sender is a bounce's or an automatic reply's.
  if position('@' in login) = 0 then
    return 'DUNNO';
  end if;
  select o.id, o.tenant_id, o.domain_id, m.hourly_limit as of_mailbox, d.hourly_limit as of_domain,
      coalesce(p.hourly_limit, 2000) as of_tenant
    into sender
    from mail_api.open_mailboxes o
    join mailbox m on m.id = o.id
    join mail_domain d on d.id = o.domain_id
    join tenant t on t.id = o.tenant_id
    left join plan_mail p on p.plan_id = t.plan_id
   where o.address = split_part(split_part(lower(login), '@', 1), '+', 1) || '@' || split_part(lower(login), '@', 2);
  if not found then
    return '550 5.7.1 This mailbox may not send mail: it is disabled, or its organisation is suspended';
  end if;
  if 0 in (coalesce(sender.of_mailbox, 1), coalesce(sender.of_domain, 1), sender.of_tenant) then
    return '550 5.7.1 This mailbox may not send mail: its hourly limit is 0';
  end if;
  -- Always in this order, so that two who count do not wait for each other in a ring. What is over a limit is not counted.
  begin
    if mail_api.count_sent(sender.tenant_id, sender.id, this_hour) > sender.of_mailbox then
      raise exception using errcode = 'BM001', message = format('the hourly limit of this mailbox (%s recipients)', sender.of_mailbox);
    end if;
    if mail_api.count_sent(sender.tenant_id, sender.domain_id, this_hour) > sender.of_domain then
      raise exception using errcode = 'BM001', message = format('the hourly limit of this domain (%s recipients)', sender.of_domain);
    end if;
    if mail_api.count_sent(sender.tenant_id, sender.tenant_id, this_hour) > sender.of_tenant then
      raise exception using errcode = 'BM001',
        message = format('the hourly limit of this organisation (%s recipients)', sender.of_tenant);
    end if;
  exception when sqlstate 'BM001' then
    return '450 4.7.1 Not sent: ' || sqlerrm || ' is reached' || later;
  -- To Postfix a query that fails is a database that is away, for a minute and for everybody.
  when others then
    return '450 4.3.0 Not sent: it can not be counted at present, try again later';
  end;
  return 'DUNNO';
end $$;

-- The mailbox whose app password for a protocol this is; notes that it was used.
create function mail_api.app_password(login text, wanted text, protocol text) returns setof text
  language plpgsql security definer set search_path = public as $$
declare
  found record;
begin
  select a.id, a.last_used_at, o.address into found
    from mailbox_app_password a join mail_api.open_mailboxes o on o.id = a.mailbox_id
   where a.digest = wanted and o.address = login and protocol = any (a.protocols);
  if found.id is null then
    return;
  end if;
  if found.last_used_at is null or found.last_used_at < now() - interval '10 seconds' then
    update mailbox_app_password set last_used_at = now() where id = found.id;
  end if;
  return next found.address;
end $$;

-- Asked last at a sign-in, with the right password already: the mailbox, if it may still sign in; notes when it did.
create function mail_api.signed_in(login text, protocol text) returns setof text
  language plpgsql security definer set search_path = public as $$
declare
  found uuid;
begin
  select id into found from mail_api.open_mailboxes where address = login;
  if found is null then
    return;
  end if;
  -- Programs sign in many times a minute, and an update is a row to clean up.
  update mailbox set
      last_imap_at = case protocol when 'imap' then now() else last_imap_at end,
      last_pop3_at = case protocol when 'pop3' then now() else last_pop3_at end,
      last_smtp_at = case protocol when 'smtp' then now() else last_smtp_at end,
      last_sieve_at = case protocol when 'sieve' then now() else last_sieve_at end
    where id = found and protocol in ('imap', 'pop3', 'smtp', 'sieve')
      and coalesce(case protocol when 'imap' then last_imap_at when 'pop3' then last_pop3_at when 'smtp' then last_smtp_at
        else last_sieve_at end, '-infinity') < now() - interval '10 seconds';
  return next login;
end $$;

-- What a mailbox without filters of its own does: spam goes to Junk.
create function mail_api.default_script() returns text language sql immutable as $$
  select $script$require ["fileinto", "mailbox", "relational", "comparator-i;ascii-numeric"];
if header :value "ge" :comparator "i;ascii-numeric" "X-Spam-Tenths" "60" {
  fileinto :create "Junk";
}
$script$
$$;

-- The filters of mailboxes, made of what people filled in. Their replies and redirects are sending, which suspended tenants and
-- disabled mailboxes do not: theirs wait. The name of a script's text changes with the text.
create view mail_api.scripts as
  select m.address, 'active' as name, s.script, md5(s.script) as id
    from mail_api.mailboxes m
    left join mail_api.open_mailboxes o on o.address = m.address
    left join public.mailbox_filter f on f.mailbox_id = o.id
    cross join lateral (select coalesce(nullif(f.script, ''), mail_api.default_script()) as script) s;

-- The keys that sign (RFC 6376).
create view mail_api.keys as
  select d.name as domain, k.selector, k.private_key
    from public.mail_domain d
    join public.mail_key k on k.domain_id = d.id and k.state = 'active'
    join public.tenant t on t.id = d.tenant_id
   where d.verified_at is not null and d.is_enabled and t.status = 'active';

-- How much mailboxes hold, as Dovecot says: it inserts. Nothing is kept here, the mailbox's row has it.
create table mail_api.quota (
  address text primary key,
  bytes bigint,
  messages bigint
);
alter table mail_api.quota enable row level security;
create policy reader on mail_api.quota to mail_reader using (true) with check (true);

create function mail_api.note_quota() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update mailbox m set used_bytes = greatest(coalesce(new.bytes, m.used_bytes), 0),
      used_messages = greatest(coalesce(new.messages, m.used_messages), 0)
    from mail_domain d
   where m.address = new.address and m.deleted_at is null and d.id = m.domain_id and d.verified_at is not null
     and (m.used_bytes, m.used_messages)
       is distinct from (coalesce(new.bytes, m.used_bytes), coalesce(new.messages, m.used_messages));
  return null;
end $$;
create trigger note_quota before insert on mail_api.quota for each row execute function mail_api.note_quota();

revoke execute on all functions in schema mail_api from public;
grant execute on function mail_api.domain_alias, mail_api.senders, mail_api.receive, mail_api.send, mail_api.app_password,
  mail_api.default_script,
  mail_api.signed_in to mail_reader;
grant select on mail_api.domains, mail_api.mailboxes, mail_api.passwords, mail_api.recipients, mail_api.scripts, mail_api.keys
  to mail_reader;
grant select, insert, update on mail_api.quota to mail_reader;
