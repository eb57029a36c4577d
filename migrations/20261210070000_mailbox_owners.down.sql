drop policy mailbox on audit_event;
drop policy mailbox on outbox;
drop policy mailbox on tenant_time_zone;
drop policy mailbox on mail_alias;
drop policy mailbox on mailbox_app_password;
drop policy mailbox on mailbox_filter;
drop policy mailbox on mailbox;
revoke all on audit_event, outbox, tenant_time_zone, mail_alias, mailbox_app_password, mailbox_filter, mailbox from berth_mailbox;
revoke select (id, tenant_id, domain_id, local_part, address, name, is_enabled, quota_mib, hourly_limit, forward_to, keeps_copy,
    max_own_aliases, used_bytes, used_messages, last_imap_at, last_pop3_at, last_smtp_at, last_sieve_at, version, created_at,
    updated_at, deleted_at),
  update (forward_to, keeps_copy, version, updated_at) on mailbox from berth_mailbox;
revoke select (id, tenant_id, mailbox_id, name, protocols, created_at, last_used_at) on mailbox_app_password from berth_mailbox;
revoke execute on function mail_ask_kick from berth_mailbox;
drop function mailbox_alias_room;
drop function mailbox_addresses;
drop function berth_mailbox_id;
drop function mailbox_session_owner;
drop trigger mailbox_sessions_end on mailbox;
drop function mailbox_sessions_end;
drop table mailbox_session;
-- What people of mailboxes did stays in the log, as done by the system.
update audit_event set actor_kind = 'system' where actor_kind = 'mailbox';
alter table audit_event drop constraint audit_event_actor_kind_check,
  add constraint audit_event_actor_kind_check check (actor_kind in ('user', 'token', 'system'));
