-- Domains of all tenants by name, for the provider's list.
create index mail_domain_by_name on mail_domain (name, id);

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
