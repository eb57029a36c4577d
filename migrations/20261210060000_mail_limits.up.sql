-- What limits mail: the sums of tenants under lock, sessions that are to be ended, and warnings of full mailboxes.

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
