-- Tenants, domains, mailboxes and aliases of all kinds by chance, the same at each run: see queries.rs.
do $$ begin perform setseed(0.25); end $$;
insert into plan (id, name, max_servers, max_cpu_millis, max_memory_mib, max_disk_mib, max_members, created_at, updated_at)
  select gen_random_uuid(), 'chance ' || n, 1, 1, 1, 1, 1, now(), now() from generate_series(1, 3) n;
insert into plan_mail (plan_id, max_mail_mib, updated_at) select id, 3, now() from plan where name = 'chance 1';
insert into tenant (id, slug, name, plan_id, status, status_reason, status_at, purge_after, created_at, updated_at)
  select gen_random_uuid(), 'chance-' || n, 'chance', p.id, s.status, case when s.status <> 'active' then 'chance' end, now(),
      case when s.status = 'closed' then now() end, now(), now()
    from generate_series(1, 9) n
    join plan p on p.name = 'chance ' || (1 + n % 3)
    cross join lateral (select case n % 4 when 0 then 'suspended' when 1 then 'closed' else 'active' end as status) s;
-- Each name by each tenant; of those that name it one has proved it.
insert into mail_domain (id, tenant_id, name, proof, verified_at, is_enabled, quota_mib, created_by, created_at, updated_at)
  select gen_random_uuid(), t.id, 'd' || n || '.test', 'chance', case when t.slug = 'chance-' || n then now() end, random() < 0.8,
      case when random() < 0.3 then floor(random() * 4)::bigint end, 'x', now(), now()
    from tenant t cross join generate_series(1, 9) n where t.slug like 'chance-%';
insert into mail_key (id, tenant_id, domain_id, selector, private_key, public_key, state, created_at)
  select gen_random_uuid(), tenant_id, id, 's1', 'private', 'public', 'active', now() from mail_domain where proof = 'chance';
insert into mailbox (id, tenant_id, domain_id, local_part, address, password_hash, is_enabled, quota_mib, used_bytes, forward_to,
    keeps_copy, created_by, created_at, updated_at, deleted_at, purge_after)
  select gen_random_uuid(), d.tenant_id, d.id, 'm' || n, 'm' || n || '@' || d.name, case when random() < 0.7 then '{PLAIN}x' end,
      random() < 0.8, case when random() < 0.5 then floor(random() * 3)::bigint end, floor(random() * 2000000)::bigint,
      case when random() < 0.3 then array['x@elsewhere.test', 'm1@d2.test'] else '{}' end, random() < 0.5, 'chance', now(), now(),
      gone.at, gone.at
    from mail_domain d cross join generate_series(1, 6) n
    cross join lateral (select case when n = 5 or random() < 0.1 then now() end as at) gone
   where d.proof = 'chance';
insert into mailbox_filter (mailbox_id, tenant_id, script, updated_at)
  select id, tenant_id, case when random() < 0.5 then 'keep; # ' || id else '' end, now() from mailbox where created_by = 'chance' and random() < 0.5;
insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, targets, is_enabled, created_by, created_at, updated_at)
  select gen_random_uuid(), d.tenant_id, d.id, k.local_part, k.local_part || '@' || d.name, k.kind,
      array['m1@' || d.name, 'x@elsewhere.test', 'm2@d' || (1 + floor(random() * 9)::int) || '.test'], random() < 0.8, 'x', now(), now()
    from mail_domain d
    cross join (values ('a1', 'alias'), ('a2', 'alias'), ('g1', 'group'), ('', 'catch_all')) as k (local_part, kind)
   where d.proof = 'chance' and random() < 0.7;
