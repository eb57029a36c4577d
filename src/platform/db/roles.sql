-- The roles of the cluster. Run as a superuser (or a role with CREATEROLE), any number of times, also at once.
--
-- berth_owner   owns every table; nobody signs in as it. Policies do not bind an owner, so never FORCE ROW LEVEL SECURITY:
--               it would empty the views that Postfix and Dovecot read.
-- berth         signs in, may do nothing by itself (NOINHERIT), and enters one of the next five per transaction.
-- berth_web     a person or token inside one tenant: row-level security binds it.
-- berth_guest   a person or token that one server of a tenant is shared with: row-level security binds it to that server,
--               and it holds no grant on anything that is not about one.
-- berth_mailbox the person of one mailbox: row-level security binds it to that mailbox.
-- berth_staff   the provider's people: all tenants, but no secrets of accounts.
-- berth_system  sign-in, reconcilers and jobs.
-- berth_worker  owns the job queue's schema, whose tables let only their owner in.
-- mail_reader   signs in for Postfix, Dovecot and rspamd, and may use the schema mail_api and nothing else. It has no password until
--               the panel is given one.
do $roles$
declare wanted text;
begin
  perform pg_advisory_xact_lock(4212750001);
  foreach wanted in array array['berth_owner', 'berth_web', 'berth_guest', 'berth_mailbox', 'berth_staff', 'berth_system',
                                'berth_worker'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I nologin', wanted);
    end if;
  end loop;
  if not exists (select from pg_roles where rolname = 'berth') then
    create role berth login noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'mail_reader') then
    create role mail_reader login noinherit;
  end if;
  if not (pg_has_role('berth', 'berth_web', 'member') and pg_has_role('berth', 'berth_guest', 'member')
          and pg_has_role('berth', 'berth_mailbox', 'member') and pg_has_role('berth', 'berth_staff', 'member')
          and pg_has_role('berth', 'berth_system', 'member') and pg_has_role('berth', 'berth_worker', 'member')
          and pg_has_role('berth_owner', 'berth_worker', 'member')) then
    grant berth_web, berth_guest, berth_mailbox, berth_staff, berth_system, berth_worker to berth;
    grant berth_worker to berth_owner;
  end if;
  if not pg_has_role(current_user, 'berth_owner', 'member') then
    execute format('grant berth_owner, berth_worker to %I', current_user);
  end if;
  grant usage, create on schema public to berth_owner, berth_worker;
  grant usage on schema public to berth_web, berth_guest, berth_mailbox, berth_staff, berth_system;
  execute format('grant create on database %I to berth_owner, berth_worker', current_database());
  execute format('grant connect on database %I to mail_reader', current_database());
  -- Nobody here makes temporary tables, and to functions that run with their owner's rights they could stand for others.
  execute format('revoke temporary on database %I from public', current_database());
end
$roles$;
