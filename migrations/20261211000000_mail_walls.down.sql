drop function mail_count_link;
drop trigger mail_domain_look on mail_domain;
drop function mail_domain_look;
alter table mail_domain drop column lost_at, drop column look_at;
drop function mail_prove_domain;

revoke update (spam_score, allowed, blocked, reply_is_on, reply_subject, reply_text, reply_from, reply_until, rules, raw, script,
    revision, updated_at) on mailbox_filter from berth_web, berth_mailbox;
grant update on mailbox_filter to berth_web, berth_mailbox;
revoke insert (id, tenant_id, mailbox_id, name, digest, protocols, created_at) on mailbox_app_password from berth_web;
grant insert on mailbox_app_password to berth_web;
revoke insert (id, tenant_id, domain_id, local_part, address, kind, description, targets, is_enabled, created_by, created_at,
    updated_at),
  update (kind, description, targets, is_enabled, version, updated_at) on mail_alias from berth_web;
grant insert, update on mail_alias to berth_web;
revoke insert (id, tenant_id, domain_id, local_part, address, name, password_hash, setup_hash, setup_until, quota_mib, hourly_limit,
    max_own_aliases, created_by, created_at, updated_at),
  update (name, password_hash, setup_hash, setup_until, is_enabled, quota_mib, hourly_limit, forward_to, keeps_copy, max_own_aliases,
    version, updated_at, deleted_at, purge_after) on mailbox from berth_web;
grant insert, update on mailbox to berth_web;
revoke insert (id, tenant_id, domain_id, selector, private_key, public_key, state, created_at, activated_at) on mail_key from berth_web;
grant insert on mail_key to berth_web;
revoke insert (id, tenant_id, name, proof, alias_of, created_by, created_at, updated_at) on mail_domain from berth_web;
grant insert, update (verified_at) on mail_domain to berth_web;

drop trigger mail_check_place on mailbox_send_as;
drop trigger mail_check_place on mail_alias;
drop trigger mail_check_place on mailbox;
drop function mail_check_place;

drop policy of_own on mail_fetch;
drop policy of_own on mailbox_filter;
drop policy of_own on mailbox_send_as;
drop policy of_own on mailbox_app_password;

alter table mailbox_send_as drop constraint mailbox_send_as_domain_id_fkey,
  add constraint mailbox_send_as_domain_id_fkey foreign key (domain_id) references mail_domain on delete cascade;
alter table mail_alias drop constraint mail_alias_domain_id_fkey,
  add constraint mail_alias_domain_id_fkey foreign key (domain_id) references mail_domain;
alter table mailbox drop constraint mailbox_domain_id_fkey,
  add constraint mailbox_domain_id_fkey foreign key (domain_id) references mail_domain;
alter table mail_key drop constraint mail_key_domain_id_fkey,
  add constraint mail_key_domain_id_fkey foreign key (domain_id) references mail_domain on delete cascade;
alter table mail_domain drop constraint mail_domain_alias_of_fkey,
  add constraint mail_domain_alias_of_fkey foreign key (alias_of) references mail_domain;
alter table mail_domain drop constraint mail_domain_id_tenant_key;
