-- What Postfix, Dovecot and rspamd read of mail, as the role mail_reader, at every look-up. Nothing is copied, so what the panel
-- writes holds for the next command of any session.
--
-- mail_reader may do what is granted here, ask mail_limits by it, and nothing else. The views run with the rights of their owner,
-- whom row-level security does not bind. Two tenants may have named the same domain, and one of them has proved it: an address counts
-- by its domain's row.
--
-- Views say what holds; what is asked at each mail is asked of the function of the same name, of one address or domain. Functions are in
-- plpgsql, which keeps their plans: to plan a view takes ten times as long as to read the rows of one address.
create schema mail_api;
grant usage on schema mail_api to mail_reader;

-- How many recipients each mailbox, domain and tenant has sent to in an hour; and under md5('elsewhere:' || tenant) how many a
-- tenant's aliases and forwards led to elsewhere, which anybody can make them do, so that it takes nothing from who sends.
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
  select m.address, m.id, '/var/mail/berth/mailboxes/' || m.id as home,
    coalesce('*:bytes=' || greatest(1, least(
      m.quota_mib * 1048576,
      d.quota_mib * 1048576 - d.used_bytes + m.used_bytes,
      case when coalesce(o.policy, 'block') = 'block'
        then (public.mail_limits(m.tenant_id)).max_mail_mib * 1048576 - coalesce(s.used_bytes, 0) + m.used_bytes end)),
      '*:bytes=0') as quota_rule
    from public.mailbox m
    join public.mail_domain d on d.id = m.domain_id
    join public.tenant t on t.id = m.tenant_id
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
-- mailbox stands here in any case, or the catch-all would take its mail, and so does an alias that leads nowhere now, which
-- receive() refuses. Forwarding is sending, which suspended tenants and disabled mailboxes do not: theirs lead to their own domains.
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
    cross join lateral unnest(case
      when not a.is_enabled then array[k.address]
      when t.status = 'active' then a.targets
      else coalesce((
        select array_agg(own.target)
          from unnest(a.targets) as own (target)
          join public.mail_domain place on place.name = split_part(own.target, '@', 2)
         where place.tenant_id = t.id and place.verified_at is not null and place.is_enabled), array[k.address])
      end) as r (target)
   where k.kind = 'alias' and (a.is_enabled or a.kind <> 'catch_all')
     and d.verified_at is not null and d.is_enabled and t.status <> 'closed';

-- The same name in the domain that this one is an alias of, if mail is taken there for it. What stands behind a + stays.
create function mail_api.domain_alias(at_local text, at_domain text) returns setof text
  language plpgsql stable security definer set search_path = public, pg_temp as $$
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
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query
    -- A quoted local part may have an @ itself: "me@mine.example"@yours.example. None of ours has.
    with name as (
      select split_part(split_part(lower(wanted), '@', 1), '+', 1) as local_part, split_part(lower(wanted), '@', 2) as domain
       where wanted ~ '^[^@]+@[^@]+$'
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

-- Counts recipients for a subject in this hour, and says how many there are now. An hour's first row takes those of the days before
-- with it.
create function mail_api.count_sent(tenant uuid, thing uuid, this_hour timestamptz, more int) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  total int;
begin
  insert into mail_sent as s (tenant_id, subject, hour, sent) values (tenant, thing, this_hour, more)
    on conflict (tenant_id, subject, hour) do update set sent = s.sent + more
    returning sent into total;
  if total = more then
    delete from mail_sent s where s.tenant_id = tenant and s.subject = thing and s.hour < this_hour - interval '48 hours';
  end if;
  return total;
end $$;

-- Where mail to an address of ours goes from there. What stands behind a + counts only where it stands.
create function mail_api.next(at text) returns setof text
  language plpgsql stable rows 3 security definer set search_path = public, pg_temp as $$
declare
  name text := split_part(at, '@', 1);
  domain text := split_part(at, '@', 2);
  known text;
begin
  foreach known in array array[at, split_part(name, '+', 1) || '@' || domain, '@' || domain] loop
    return query select r.target from mail_api.recipients r where r.address = known;
    if found then
      return;
    end if;
  end loop;
  return query select mail_api.domain_alias(name, domain);
end $$;

-- Where mail to an address of ours ends: in mailboxes here, and at addresses elsewhere, with the tenant whose alias or forward names
-- them. Each address is looked up by itself: one query for all of it would be planned for millions of rows, and be compiled first.
create function mail_api.ends(start text) returns table (address text, named_by uuid, is_here boolean)
  language plpgsql stable rows 3 security definer set search_path = public, pg_temp as $$
declare
  waiting text[] := array[start];
  seen text[] := array[start];
  place text;
  owner uuid;
begin
  while cardinality(waiting) > 0 loop
    start := waiting[1];
    waiting := waiting[2:];
    select d.tenant_id into owner from mail_domain d where d.name = split_part(start, '@', 2) and d.verified_at is not null;
    for address in select n from mail_api.next(start) n loop
      if address = start then
        -- A mailbox leads to itself, and so does an alias that leads nowhere now.
        if exists (select from mail_address k where k.address = start and k.kind = 'mailbox') then
          named_by := null;
          is_here := true;
          return next;
        end if;
      elsif address <> all (seen) then
        seen := seen || address;
        if exists (select from mail_api.domains d where d.name = split_part(address, '@', 2)) then
          waiting := waiting || address;
        else
          named_by := owner;
          is_here := false;
          return next;
        end if;
      end if;
    end loop;
  end loop;
end $$;

-- What is answered to mail that an alias, a forward, a catch-all or another domain's name leads on. What leads elsewhere is counted,
-- or one mail to a group were a thousand that nobody counted. A mailbox behind another name is full here already: mail that is
-- taken and bounced later goes to whomever it names as its sender.
create function mail_api.lead_on(start text, is_suspended boolean) returns text
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  boxes text[];
  elsewhere record;
  this_hour timestamptz := date_trunc('hour', now());
  later text := ', try again after ' || to_char(date_trunc('hour', now() at time zone 'UTC') + interval '1 hour', 'HH24:MI') || ' UTC';
  counted int := 0;
begin
  -- Always in this order, so that two who count do not wait for each other in a ring. What is over a limit is not counted.
  for elsewhere in
    select e.named_by, count(*)::int as recipients, (mail_limits(e.named_by)).hourly_limit as most
      from mail_api.ends(start) e
     where not e.is_here
     group by e.named_by
     order by e.named_by
  loop
    counted := counted + elsewhere.recipients;
    if elsewhere.recipients > elsewhere.most then
      return format('550 5.7.1 This address leads to %s recipients elsewhere, and its organisation may send to %s in an hour',
        elsewhere.recipients, elsewhere.most);
    end if;
    if mail_api.count_sent(elsewhere.named_by, md5('elsewhere:' || elsewhere.named_by)::uuid, this_hour, elsewhere.recipients)
      > elsewhere.most
    then
      raise exception using errcode = 'BM001', message = elsewhere.most::text;
    end if;
  end loop;
  if counted > 0 then
    return 'DUNNO';
  end if;
  select array_agg(e.address) into boxes from mail_api.ends(start) e;
  if boxes is null then
    return case when is_suspended then '450 4.2.1 This address leads nowhere at present, try again later'
      else '550 5.1.1 This address leads nowhere' end;
  end if;
  if cardinality(boxes) = 1 and exists (
    select from mail_api.mailboxes b join mailbox m on m.address = b.address and m.deleted_at is null
      cross join lateral (select substring(b.quota_rule from '[0-9]+$')::bigint as bytes) most
     where b.address = boxes[1] and most.bytes > 0 and (m.used_bytes >= most.bytes or m.quota_mib = 0))
  then
    return '552 5.2.2 The mailbox is full';
  end if;
  return 'DUNNO';
exception when sqlstate 'BM001' then
  return format('450 4.7.1 Not taken: the hourly limit of what its organisation sends on (%s recipients) is reached%s', sqlerrm, later);
end $$;

-- What Postfix answers to a recipient of ours beside what Dovecot says about quotas (access(5)). Most are mailboxes that keep their
-- mail, and cost no more than their own rows; of those that have room for the largest mail that is taken, Dovecot is not asked, which
-- would open the mailbox.
create function mail_api.receive(at_local text, at_domain text, max_message_mib int) returns text
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  place record;
  way record;
  box record;
begin
  select d.alias_of is not null as is_alias, t.status, t.id as tenant_id, home.id, home.name
    into place
    from mail_domain d
    join tenant t on t.id = d.tenant_id
    join mail_domain home on home.id = coalesce(d.alias_of, d.id)
   where d.name = at_domain and d.verified_at is not null and d.is_enabled and t.status <> 'closed';
  if not found then
    return null;
  end if;
  select k.kind, k.subject into way from mail_address k
   where k.address = split_part(at_local, '+', 1) || '@' || place.name and k.domain_id = place.id;
  -- Nobody has it, which Postfix says. A quoted local part may have an @ itself.
  if way.kind is null and (position('@' in at_local) > 0 or not exists (select from mail_api.next(at_local || '@' || at_domain))) then
    return null;
  end if;
  if place.status = 'suspended' and (mail_limits(place.tenant_id)).when_suspended = 'refuse' then
    return '450 4.2.1 This domain takes no mail at present, try again later';
  end if;
  if way.kind = 'mailbox' then
    select m.quota_mib = 0 as takes_none, m.keeps_copy, m.forward_to = '{}' or not m.is_enabled or place.status <> 'active' as is_last
      into box from mailbox m where m.id = way.subject;
    if box.takes_none and (box.is_last or box.keeps_copy) then
      return '552 5.2.2 This mailbox takes no mail: its quota is 0';
    end if;
    if box.is_last and not place.is_alias then
      -- A MiB more than the mail, for what is written above it on its way.
      return case when exists (
        select from mail_api.mailboxes b join mailbox m on m.id = b.id
          cross join lateral (select substring(b.quota_rule from '[0-9]+$')::bigint as bytes) most
         where b.id = way.subject
           and (most.bytes = 0 or most.bytes - m.used_bytes >= (max_message_mib + 1) * 1048576::bigint))
        then 'berth_has_room' else 'DUNNO' end;
    end if;
  elsif way.kind = 'alias' and exists (select from mail_alias a where a.id = way.subject and not a.is_enabled) then
    return '550 5.1.1 This address is turned off';
  end if;
  return mail_api.lead_on(at_local || '@' || at_domain, place.status <> 'active');
-- To Postfix a query that fails is a database that is away, for a minute and for everybody.
exception when others then
  return '450 4.3.0 Not taken: it can not be looked up at present, try again later';
end $$;

-- What Postfix answers to one recipient more of a mailbox that sends (access(5)), which is counted if it is taken. Whoever may no
-- longer send is refused in a session that is open still.
create function mail_api.send(login text) returns text
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  sender record;
  sent record;
  this_hour timestamptz := date_trunc('hour', now());
  later text := ', try again after ' || to_char(date_trunc('hour', now() at time zone 'UTC') + interval '1 hour', 'HH24:MI') || ' UTC';
begin
  -- An empty sender is a bounce's or an automatic reply's.
  if position('@' in login) = 0 then
    return 'DUNNO';
  end if;
  select o.id, o.tenant_id, o.domain_id, m.hourly_limit as of_mailbox, d.hourly_limit as of_domain,
      (mail_limits(o.tenant_id)).hourly_limit as of_tenant
    into sender
    from mail_api.open_mailboxes o
    join mailbox m on m.id = o.id
    join mail_domain d on d.id = o.domain_id
   -- See senders().
   where login ~ '^[^@]+@[^@]+$'
     and o.address = split_part(split_part(lower(login), '@', 1), '+', 1) || '@' || split_part(lower(login), '@', 2);
  if not found then
    return '550 5.7.1 This mailbox may not send mail: it is disabled, or its organisation is suspended';
  end if;
  if 0 in (coalesce(sender.of_mailbox, 1), coalesce(sender.of_domain, 1), sender.of_tenant) then
    return '550 5.7.1 This mailbox may not send mail: its hourly limit is 0';
  end if;
  begin
    -- Always in this order, so that two who count do not wait for each other in a ring. What is over a limit is not counted.
    with counted as (
      insert into mail_sent as s (tenant_id, subject, hour, sent)
        values (sender.tenant_id, sender.id, this_hour, 1), (sender.tenant_id, sender.domain_id, this_hour, 1),
          (sender.tenant_id, sender.tenant_id, this_hour, 1)
        on conflict (tenant_id, subject, hour) do update set sent = s.sent + 1
        returning s.subject, s.sent
    )
    select max(c.sent) filter (where c.subject = sender.id) as by_mailbox,
        max(c.sent) filter (where c.subject = sender.domain_id) as by_domain,
        max(c.sent) filter (where c.subject = sender.tenant_id) as by_tenant
      into sent from counted c;
    if sent.by_mailbox > sender.of_mailbox then
      raise exception using errcode = 'BM001', message = format('the hourly limit of this mailbox (%s recipients)', sender.of_mailbox);
    end if;
    if sent.by_domain > sender.of_domain then
      raise exception using errcode = 'BM001', message = format('the hourly limit of this domain (%s recipients)', sender.of_domain);
    end if;
    if sent.by_tenant > sender.of_tenant then
      raise exception using errcode = 'BM001',
        message = format('the hourly limit of this organisation (%s recipients)', sender.of_tenant);
    end if;
    -- An hour's first takes the rows of the days before with it.
    if 1 in (sent.by_mailbox, sent.by_domain, sent.by_tenant) then
      delete from mail_sent s
        where s.tenant_id = sender.tenant_id and s.subject in (sender.id, sender.domain_id, sender.tenant_id)
          and s.hour < this_hour - interval '48 hours';
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
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  found record;
begin
  select a.id, a.last_used_at, o.address into found
    from mailbox_app_password a join mail_api.open_mailboxes o on o.id = a.mailbox_id
   where a.digest = wanted and o.address = login and protocol = any (a.protocols)
     and (a.expires_at is null or a.expires_at > now());
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
  language plpgsql security definer set search_path = public, pg_temp as $$
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
--
-- Dovecot's dictionaries ask tables only, so this one has to be planned each time: it has as little to plan as can be.
create function mail_api.script(box uuid, out script text, out id text) returns setof record
  language plpgsql stable rows 1 security definer set search_path = public, pg_temp as $$
begin
  return query
    select text.script, md5(text.script)
      from mail_api.mailboxes m
      left join mail_api.open_mailboxes o on o.id = m.id
      left join mailbox_filter f on f.mailbox_id = o.id
      cross join lateral (select coalesce(nullif(f.script, ''), mail_api.default_script()) as script) text
     where m.id = box;
end $$;
create view mail_api.scripts as
  select k.address, 'active' as name, s.script, s.id
    from public.mail_address k cross join lateral mail_api.script(k.subject) s
   where k.kind = 'mailbox';

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

create function mail_api.note_quota() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
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

-- What views say of one address or domain. They run with the rights of who asks, who may read the views: to take on their owner's
-- and a search path of their own takes longer than the look-up.
create function mail_api.domains(wanted text) returns text language plpgsql stable as $$
begin
  return (select d.name from mail_api.domains d where d.name = wanted);
end $$;
create function mail_api.mailboxes(wanted text, out address text, out home text, out quota_rule text) returns setof record
  language plpgsql stable rows 1 as $$
begin
  return query select m.address, m.home, m.quota_rule from mail_api.mailboxes m where m.address = wanted;
end $$;
create function mail_api.passwords(wanted text, out address text, out password text) returns setof record
  language plpgsql stable rows 1 as $$
begin
  return query select p.address, p.password from mail_api.passwords p where p.address = wanted;
end $$;
create function mail_api.recipients(wanted text, out target text) returns setof text
  language plpgsql stable rows 3 as $$
begin
  return query select r.target from mail_api.recipients r where r.address = wanted;
end $$;

-- What rspamd needs for a mail that a mailbox sends: whether it may send as each of the authors; and if so, what signs for the first
-- one's domain, for which there may be no key.
create function mail_api.author(login text, authors text[], out is_owner boolean, out selector text, out private_key text)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  author text;
begin
  foreach author in array authors loop
    -- Most send as themselves: whose address that is decides the same as senders().
    if not (author = login and author ~ '^[^@+]+@[^@+]+$' and author = lower(author)
        and exists (select from mail_api.open_mailboxes o where o.address = author))
      and not exists (select from mail_api.senders(author) s where s = login)
    then
      is_owner := false;
      return;
    end if;
  end loop;
  is_owner := true;
  -- DMARC takes one domain, so the first author's signs.
  select k.selector, k.private_key into selector, private_key
    from mail_api.keys k where k.domain = split_part(authors[1], '@', 2);
end $$;

revoke execute on all functions in schema mail_api from public;
grant execute on function mail_api.domains, mail_api.mailboxes, mail_api.passwords, mail_api.recipients, mail_api.domain_alias,
  mail_api.senders, mail_api.author, mail_api.receive, mail_api.send, mail_api.app_password, mail_api.script, mail_api.default_script,
  mail_api.signed_in to mail_reader;
grant select on mail_api.domains, mail_api.mailboxes, mail_api.passwords, mail_api.recipients, mail_api.scripts, mail_api.keys
  to mail_reader;
grant select, insert, update on mail_api.quota to mail_reader;
