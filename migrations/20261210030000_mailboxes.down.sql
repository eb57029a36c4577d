drop index mail_erasure_tenant;
drop index mailbox_deleted;

create or replace function mail_sum_used() returns trigger language plpgsql security definer set search_path = public as $$
declare
  more bigint := case tg_op when 'DELETE' then -old.used_bytes when 'INSERT' then new.used_bytes
                 else new.used_bytes - old.used_bytes end;
  tenant uuid := case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end;
  domain uuid := case tg_op when 'DELETE' then old.domain_id else new.domain_id end;
begin
  if more <> 0 then
    update mail_domain set used_bytes = greatest(used_bytes + more, 0) where id = domain;
    update mail_total set used_bytes = greatest(used_bytes + more, 0) where tenant_id = tenant;
  end if;
  return null;
end $$;

create or replace function mail_count(what text, tenant uuid, domain uuid, by_how_many int) returns void
  language plpgsql security definer set search_path = public as $$
begin
  if what = 'mailbox' then
    update mail_domain set mailboxes = mailboxes + by_how_many where id = domain;
    update mail_total set mailboxes = mailboxes + by_how_many where tenant_id = tenant;
  else
    update mail_domain set aliases = aliases + by_how_many where id = domain;
    update mail_total set aliases = aliases + by_how_many where tenant_id = tenant;
  end if;
end $$;

create or replace function mail_take_address() returns trigger language plpgsql security definer set search_path = public as $$
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
  if was and will and old.address = new.address then
    return null;
  end if;
  if was then
    delete from mail_address where address = old.address;
    perform mail_count(what, old.tenant_id, old.domain_id, -1);
  end if;
  if will then
    insert into mail_address (address, tenant_id, domain_id, kind, subject)
      values (new.address, new.tenant_id, new.domain_id, what, new.id);
    perform mail_count(what, new.tenant_id, new.domain_id, 1);
  end if;
  return null;
end $$;

alter table mail_address drop constraint mail_address_pkey;
alter table mail_address add constraint mail_address_pkey primary key (address);
drop index mailbox_address_key;
create unique index mailbox_address_key on mailbox (address) where deleted_at is null;
