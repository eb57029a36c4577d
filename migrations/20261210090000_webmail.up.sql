-- Webmail. The person of a mailbox goes there from the panel without typing a password: the panel makes one for that session, which
-- has an end, and hands it over for a token that works once.
alter table mailbox_app_password
  add column is_webmail boolean not null default false,
  add constraint mailbox_app_password_webmail_ends check (not is_webmail or expires_at is not null);

-- Those of webmail are nobody's program: they stand in no list and count against no limit.
create policy programs on mailbox_app_password as restrictive for select to berth_web, berth_mailbox
  using (tenant_id = berth_tenant() and not is_webmail);
grant select (is_webmail) on mailbox_app_password to berth_web;
grant select (expires_at, is_webmail) on mailbox_app_password to berth_mailbox;

-- A mailbox has five of webmail at most: with the next one the oldest goes.
create function mailbox_webmail_trim() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from mailbox_app_password where id in (
    select a.id from mailbox_app_password a where a.mailbox_id = new.mailbox_id and a.is_webmail
     order by a.created_at desc, a.id desc offset 5);
  return null;
end $$;
create trigger mailbox_webmail_trim after insert on mailbox_app_password for each row when (new.is_webmail)
  execute function mailbox_webmail_trim();

-- Who changes a mailbox's password, disables it or deletes it ends what is open in webmail, whoever it is.
create function mailbox_webmail_end() returns trigger language plpgsql security definer set search_path = public as $$
begin
  delete from mailbox_app_password where mailbox_id = old.id and is_webmail;
  return null;
end $$;
create trigger mailbox_webmail_end after update of password_hash, is_enabled, deleted_at on mailbox for each row
  when (old.password_hash is distinct from new.password_hash or (old.is_enabled and not new.is_enabled)
    or (old.deleted_at is null and new.deleted_at is not null))
  execute function mailbox_webmail_end();
revoke execute on function mailbox_webmail_trim, mailbox_webmail_end from public;

-- Ways into webmail that are open for a minute: of the token the hash, and the password sealed.
create table mailbox_webmail_pass (
  token_hash bytea primary key,
  tenant_id uuid not null references tenant,
  mailbox_id uuid not null references mailbox on delete cascade,
  app_password_id uuid not null references mailbox_app_password on delete cascade,
  sealed bytea not null,
  expires_at timestamptz not null
);
create index mailbox_webmail_pass_mailbox on mailbox_webmail_pass (mailbox_id);
create index mailbox_webmail_pass_password on mailbox_webmail_pass (app_password_id);
create index mailbox_webmail_pass_end on mailbox_webmail_pass (expires_at);
alter table mailbox_webmail_pass enable row level security;
create policy mailbox on mailbox_webmail_pass for insert to berth_mailbox
  with check (tenant_id = berth_tenant() and mailbox_id = (select berth_mailbox_id()));
create policy system on mailbox_webmail_pass to berth_system using (true) with check (true);
grant insert on mailbox_webmail_pass to berth_mailbox;
grant select, insert, delete on mailbox_webmail_pass to berth_system;
