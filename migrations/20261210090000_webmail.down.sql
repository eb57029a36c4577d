create or replace function mail_api.app_password(login text, wanted text, protocol text) returns setof text
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
drop table mailbox_webmail_pass;
drop trigger mailbox_webmail_end on mailbox;
drop function mailbox_webmail_end;
drop trigger mailbox_webmail_trim on mailbox_app_password;
drop function mailbox_webmail_trim;
-- What has an end would go on for ever without it.
delete from mailbox_app_password where expires_at is not null;
drop policy programs on mailbox_app_password;
alter table mailbox_app_password drop column is_webmail, drop column expires_at;
