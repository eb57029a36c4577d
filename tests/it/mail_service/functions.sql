-- How much the views of mail_api hold that functions tell by address, of how many views, and where the two differ.
with asked as (
  select distinct address from mailbox union select distinct address from mail_alias union select 'nobody@d2.test'
), said as (
  select 'mailboxes' as what, a.address, r::text as row from asked a cross join mail_api.mailboxes(a.address) r
  union all select 'passwords', a.address, r::text from asked a cross join mail_api.passwords(a.address) r
  union all select 'recipients', a.address, r from asked a cross join mail_api.recipients(a.address) r
  union all select 'domains', d.name, r from (select distinct name from mail_domain union select 'none.test') d
      cross join mail_api.domains(d.name) r where r is not null
), holds as (
  select 'mailboxes' as what, m.address, row(m.address, m.home, m.quota_rule)::text as row from mail_api.mailboxes m
  union all select 'passwords', p.address, row(p.address, p.password)::text from mail_api.passwords p
  union all select 'recipients', r.address, r.target from mail_api.recipients r
  union all select 'domains', d.name, d.name from mail_api.domains d
), differs as (
  (select * from said except all select * from holds) union all (select * from holds except all select * from said)
)
select (select count(*) from holds)::text || ' ' || (select count(distinct what) from holds)::text || ' ' || (select count(*) from differs)::text
